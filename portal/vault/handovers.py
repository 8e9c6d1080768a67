"""Links that show a key once to a colleague who cannot log in here."""

import secrets
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.db.engine import storable
from portal.db.queue import wake
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.identity.mailed_links import fingerprint
from portal.identity.memberships import owners_of
from portal.mail import outbox
from portal.models import Account, Credential, HandOver, Mail, MailKind, Person, now
from portal.vault import keys, snapshot


class AlreadyMade(DomainError):
    """The same form was sent again: its link was shown then, and is not kept."""

    def __init__(self) -> None:
        super().__init__(
            _("This form already created a link, which we showed once. Withdraw it and create a new one.")
        )


def make(
    person: Person, account: Account, row: Credential, lifetime: timedelta, note: str, intent: str
) -> tuple[HandOver, SecretStr]:
    """A new link; its secret part is returned once, and only its hash is kept.

    Raises:
        DomainError: there is no key to hand over, or this form made its link already.
    """
    credential = snapshot.KnownCredential(row)
    if not credential.is_kept or not credential.is_live:
        raise keys.NoKey
    token = secrets.token_urlsafe(32)
    link = HandOver(
        account_id=account.id,
        credential_id=row.id,
        intent=intent,
        token_hash=fingerprint(token),
        note=note,
        created_by_id=person.id,
        created_by=person.email,
        expires_at=now() + lifetime,
    )
    session().add(link)
    audit.record(person, account, "key.handed_over", keys.label(row), to=note)
    try:
        session().commit()
    except IntegrityError:  # of the intent
        session().rollback()
        raise AlreadyMade from None
    return link, SecretStr(token)


def refuse_again(account: Account, intent: str) -> None:
    """Refuse a form that made its link before.

    Raises:
        AlreadyMade: it did.
    """
    query = select(HandOver.id).where(HandOver.account_id == account.id, HandOver.intent == intent)
    if session().exec(query).first() is not None:
        raise AlreadyMade


def of_credential(row: Credential) -> list[HandOver]:
    """The links that were made for a key, newest first."""
    query = select(HandOver).where(HandOver.credential_id == row.id).order_by(col(HandOver.created_at).desc())
    return list(session().exec(query))


def find(token: str) -> tuple[HandOver, Credential] | None:
    """The link and its key, while it can be opened."""
    link = session().exec(select(HandOver).where(HandOver.token_hash == fingerprint(token))).first()
    if link is None or link.opened_at or link.withdrawn_at or link.expires_at <= now():
        return None
    row = session().get_one(Credential, link.credential_id)
    credential = snapshot.KnownCredential(row)
    return (link, row) if credential.is_kept and credential.is_live else None


def open_link(token: str, address: str, agent: str) -> tuple[Credential, SecretStr] | None:
    """Show the key, once; none when the link does nothing any more.

    Args:
        address: the network address that opens it.
        agent: what the browser says of itself.
    """
    found = find(token)
    if found is None:
        return None
    link, row = found
    spent = session().execute(
        sa.update(HandOver)
        .where(
            col(HandOver.id) == link.id, col(HandOver.opened_at).is_(None), col(HandOver.withdrawn_at).is_(None)
        )
        .values(opened_at=now(), opened_from=address[:64], opened_with=storable(agent, 200))
        .execution_options(synchronize_session=False)
    )
    if not spent.rowcount:  # type: ignore[attr-defined]
        session().rollback()
        return None
    key = keys.open_key(row)
    audit.record(None, link.account_id, "key.hand_over_opened", keys.label(row), to=link.note)
    mails = [outbox.promise(MailKind.KEY_HANDED_OVER, to, link=str(link.id)) for to in owners_of(link.account_id)]
    session().commit()
    for mailed in mails:
        wake("mail", str(mailed.id))
    return row, key


def withdraw(person: Person, account: Account, row: Credential, link_id: UUID) -> None:
    """Let a link do nothing any more.

    Raises:
        DomainError: it was opened before, or is over.
    """
    done = session().execute(
        sa.update(HandOver)
        .where(
            col(HandOver.id) == link_id,
            col(HandOver.credential_id) == row.id,
            col(HandOver.opened_at).is_(None),
            col(HandOver.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=now())
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        session().rollback()
        raise DomainError(
            _("This link was already opened or withdrawn. If the wrong person has the key, rotate it.")
        )
    audit.record(person, account, "key.hand_over_withdrawn", keys.label(row))
    session().commit()


def withdraw_open(row: Credential) -> None:
    """Let no link of a key be opened any more. Nothing is committed yet."""
    session().execute(
        sa.update(HandOver)
        .where(
            col(HandOver.credential_id) == row.id,
            col(HandOver.opened_at).is_(None),
            col(HandOver.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=now())
        .execution_options(synchronize_session=False)
    )


def withdraw_made_by(account_id: UUID, person_id: UUID) -> None:
    """Let no link of somebody be opened any more who may not hand keys over now. Nothing is committed yet."""
    session().execute(
        sa.update(HandOver)
        .where(
            col(HandOver.account_id) == account_id,
            col(HandOver.created_by_id) == person_id,
            col(HandOver.opened_at).is_(None),
            col(HandOver.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=now())
        .execution_options(synchronize_session=False)
    )


@outbox.writes(MailKind.KEY_HANDED_OVER)
def _write_opened(mailed: Mail) -> outbox.Context | None:
    link = session().get(HandOver, UUID(mailed.context["link"]))
    if link is None:
        return None
    row = session().get_one(Credential, link.credential_id)
    account = session().get_one(Account, link.account_id)
    return {"link": link, "label": keys.label(row), "account": account, "credential": row}
