"""Making access tokens: intent first, the key stored before anybody sees it, a lost one found and revoked.

Connexease shows a key once and has no idempotency key. What it lists is read and noted before it is asked for a
token; when its answer never comes, whatever is listed then and was not before is the lost one. Its key is lost
with the answer, so it is revoked, and the person is told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.channels.snapshot import uuid_of
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.db import leases
from portal.db.queue import wake
from portal.errors import DomainError, nothing_changed
from portal.extensions import connexease, session, settings
from portal.i18n import _, translated
from portal.models import Account, Credential, CredentialKind, CredentialStep, LostEnding, Person, now
from portal.vault import keys, snapshot

SLACK = timedelta(minutes=1)
"""How far Connexease's clock may be from ours."""
LOOKS = 6
"""How often the list is looked through before a token counts as never made: a late call may still arrive."""


@dataclass(frozen=True)
class TokenRequest:
    """A token as somebody wants it.

    `keep` says whether its key stays in the vault; `replaces` is the token that it takes the place of, and
    `revoke_at` when that one is revoked by itself.
    """

    name: str
    keep: bool = True
    replaces: Credential | None = None
    revoke_at: datetime | None = None


def create(person: Person, account: Account, wanted: TokenRequest, intent: str) -> Credential:
    """Make a token. A form that is sent twice makes one.

    When the outcome is unknown, the row comes back as `CREATING`, and the worker finds out.

    Args:
        intent: what this form was marked with when it was shown.

    Raises:
        DomainError: nothing was made.
    """
    if (made_before := _of_intent(account, intent)) is not None:
        return made_before
    try:
        listed = snapshot.read(account)
    except cx.ConnexeaseError as error:
        raise not_done(error) from None
    try:
        row = _begin(person, account, wanted, intent, listed)
    except IntegrityError:  # the same form, a moment ago, in another request
        session().rollback()
        if (made_before := _of_intent(account, intent)) is None:
            raise DomainError(_("This form can't be sent twice. Reload the page.")) from None
        return made_before
    _ask(person, account, row, wanted)
    return row


def settle(row: Credential, account: Account) -> None:
    """Find out what became of a creation whose answer never came. The row is claimed.

    Raises:
        ConnexeaseError: it cannot be found out now.
    """
    session().commit()  # nobody waits for the database while we wait for Connexease
    listed = connexease().reseller.access_tokens(uuid_of(account))
    ours = {credential.row.connexease_uuid for credential in snapshot.known(account).credentials}
    new = [token for token in listed if str(token.uuid) not in row.known_before and token.uuid not in ours]
    if len(new) == 1 and _was_made_by(row, new[0]):
        _lose(row, LostEnding.REVOKED, CredentialStep.REVOKING)
        snapshot.see(row, new[0])
        audit.record(None, account, "token.lost_found", keys.label(row))
        session().commit()
        wake("credential", str(row.id))
    elif new:
        _lose(row, LostEnding.CANNOT_TELL)
        session().commit()
        snapshot.read(account)  # now that nothing is being made, they are listed as made elsewhere
    elif row.attempts >= LOOKS:
        _lose(row, LostEnding.NOT_MADE)
        session().commit()
    else:
        leases.try_later(row, "credential", row.problem_text)


def dismiss(person: Person, account: Account, row: Credential) -> None:
    """Take away what tells of a lost token, once it has been read. One that was revoked is past, as any other.

    Raises:
        DomainError: it is not a lost one.
    """
    if row.step != CredentialStep.LOST:
        raise DomainError(_("This token still exists, so it stays in the list."))
    audit.record(person, account, "token.dismissed", keys.label(row))
    if row.connexease_uuid is not None:
        row.step, row.ending = CredentialStep.LISTED, None
        session().add(row)
    else:
        session().delete(row)
    session().commit()


def rename(person: Person, account: Account, row: Credential, name: str) -> None:
    """Give it another name of ours."""
    audit.record(person, account, "token.renamed", name, before=keys.label(row))
    row.name = name
    session().add(row)
    session().commit()


def not_done(error: cx.ConnexeaseError) -> DomainError:
    """What to tell when Connexease certainly did nothing."""
    if isinstance(error, cx.Rejected):
        return DomainError(_("%(Vendor)s refused this: %(reason)s", reason=translated(error.message)))
    unknown = _("%(Vendor)s no longer knows this account or token. Nothing was changed. Contact us.")
    return nothing_changed(error, unknown)


def _of_intent(account: Account, intent: str) -> Credential | None:
    query = select(Credential).where(Credential.intent == intent, Credential.account_id == account.id)
    return session().exec(query).first()


def _was_made_by(row: Credential, token: schemas.AccessToken) -> bool:
    """Whether a token appeared while our call was under way. One of another time is somebody else's."""
    begun = row.call_started_at or row.created_at
    longest = timedelta(seconds=settings().connexease_timeout * 2)
    return begun - SLACK <= token.created_at <= begun + longest + SLACK


def _begin(
    person: Person, account: Account, wanted: TokenRequest, intent: str, listed: list[schemas.AccessToken]
) -> Credential:
    """Commit the intent, claimed for this process. One at a time, so that a lost one can be told from others."""
    session().execute(sa.select(col(Account.id)).where(col(Account.id) == account.id).with_for_update())
    busy = select(Credential.id).where(
        Credential.account_id == account.id, Credential.step == CredentialStep.CREATING
    )
    if session().exec(busy).first() is not None:
        session().rollback()
        raise DomainError(_("%(Vendor)s hasn't confirmed the last token yet. Wait a few minutes, then try again."))
    row = Credential(
        account_id=account.id,
        kind=CredentialKind.ACCESS_TOKEN,
        step=CredentialStep.CREATING,
        intent=intent,
        name=wanted.name,
        keep=wanted.keep,
        replaces_id=wanted.replaces.id if wanted.replaces else None,
        created_by_id=person.id,
        created_by=person.email,
        known_before=[str(token.uuid) for token in listed],
        call_started_at=now(),
    )
    row.claimed_until = row.next_attempt_at = leases.until()
    session().add(row)
    session().commit()
    return row


def _ask(person: Person, account: Account, row: Credential, wanted: TokenRequest) -> None:
    try:
        made = connexease().reseller.create_access_token(uuid_of(account))
        _keep(person, account, row, wanted, made)
    except cx.OutcomeUnknown as error:
        audit.record(person, account, "token.not_confirmed", keys.label(row))
        leases.try_later(row, "credential", error.message)
    except cx.ConnexeaseError as error:
        session().delete(row)
        session().commit()
        raise _refused(error) from None


def _keep(
    person: Person, account: Account, row: Credential, wanted: TokenRequest, made: schemas.NewAccessToken
) -> None:
    """Store the key before anybody sees it."""
    row.step, row.call_started_at, row.known_before = CredentialStep.LISTED, None, []
    row.claimed_until = row.next_attempt_at = None
    keys.seal(row, made.key)
    snapshot.see(row, made)
    old = wanted.replaces
    if row.keep and (old.is_ours if old else keys.of_the_portal(account.id) is None):
        row.is_ours = True
        if old:
            old.is_ours = False
    if old:
        old.revoke_at = wanted.revoke_at
        session().add(old)
        audit.record(person, account, "token.rotated", keys.label(old), by=keys.label(row))
    else:
        audit.record(person, account, "token.created", keys.label(row))
    session().add(row)
    session().commit()


def _lose(row: Credential, ending: LostEnding, step: CredentialStep = CredentialStep.LOST) -> None:
    row.step, row.ending, row.attempts, row.call_started_at, row.known_before = step, ending, 0, None, []
    row.claimed_until, row.next_attempt_at = None, now() if step == CredentialStep.REVOKING else None
    session().add(row)


def _refused(error: cx.ConnexeaseError) -> DomainError:
    if isinstance(error, cx.Rejected):
        return DomainError(
            _(
                "%(Vendor)s refused this: %(reason)s If you have too many tokens, revoke one that you don't need.",
                reason=f"{translated(error.message).rstrip('.')}.",
            )
        )
    return not_done(error)
