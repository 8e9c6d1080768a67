"""Single-use links that are mailed: made when the mail is written, checked when they are opened."""

import hashlib
import secrets
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from portal.extensions import session
from portal.models import EmailLink, LinkPurpose, Person, now

LIFETIME = {
    LinkPurpose.VERIFY: timedelta(days=3),
    LinkPurpose.RESET: timedelta(hours=1),
    LinkPurpose.WELCOME: timedelta(days=7),
}


def make(person: Person, purpose: LinkPurpose, browser_hash: str | None = None) -> str:
    """A new link's token. Only its hash is stored."""
    token = secrets.token_urlsafe(32)
    session().add(
        EmailLink(
            person_id=person.id,
            purpose=purpose,
            email=person.email,
            token_hash=fingerprint(token),
            browser_hash=browser_hash,
            session_epoch=person.session_epoch,
            expires_at=now() + LIFETIME[purpose],
        )
    )
    return token


def find(token: str, purpose: LinkPurpose) -> tuple[EmailLink, Person] | None:
    """The link and its person, if it can still be used.

    Not when it was used, has expired, when the person's password or address changed since, or when it would
    prove an address that is proven already.
    """
    link = (
        session()
        .exec(select(EmailLink).where(EmailLink.token_hash == fingerprint(token), EmailLink.purpose == purpose))
        .first()
    )
    if link is None or link.used_at is not None or link.expires_at <= now():
        return None
    person = session().get(Person, link.person_id)
    return (link, person) if person is not None and _still_means(link, person) else None


def _still_means(link: EmailLink, person: Person) -> bool:
    is_needed = link.purpose != LinkPurpose.VERIFY or person.email_verified_at is None
    is_same = link.session_epoch == person.session_epoch and link.email == person.email
    return person.is_enabled and is_needed and is_same


def use(link: EmailLink) -> bool:
    """Spend the link; false when another request was faster, or changed the person meanwhile.

    The person's row stays locked until the transaction ends.
    """
    person = session().get(Person, link.person_id, with_for_update=True, populate_existing=True)
    if person is None or not _still_means(link, person):
        return False
    spent = session().execute(
        sa.update(EmailLink)
        .where(col(EmailLink.id) == link.id, col(EmailLink.used_at).is_(None))
        .values(used_at=now())
    )
    return bool(spent.rowcount)  # type: ignore[attr-defined]


def fingerprint(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
