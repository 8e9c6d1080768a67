"""The destinations of an account: made, changed, paused, switched off, and given a new secret."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, Destination, DestinationState, Person
from portal.relay import signing
from portal.relay.conditions import Condition
from portal.relay.forwarding import health
from portal.webhooks.rules.headers import Header

MOST = 50
"""Destinations of one account that are not switched off."""


@dataclass(frozen=True)
class Wish:
    """A destination as somebody wants it."""

    name: str
    url: str
    kinds: Sequence[str]
    channels: Sequence[str] = ()
    """UUIDs; none for all."""
    rate: int | None = None
    headers: Sequence[Header] = field(default=(), repr=False)
    """What is sent along; one without a value keeps the value that is stored."""
    conditions: Sequence[Condition] = ()
    has_public_key: bool = False

    def put(self, row: Destination) -> None:
        row.name, row.url, row.rate = self.name, self.url, self.rate
        row.kinds, row.channels = list(self.kinds), list(self.channels)
        row.conditions = [condition.as_row() for condition in self.conditions]
        signing.use_public_key(row, wanted=self.has_public_key)
        self._put_headers(row)

    def _put_headers(self, row: Destination) -> None:
        stored = {name.casefold(): value for name, value in signing.headers_of(row).items()}
        values = {header.name: header.value or stored.get(header.name.casefold()) for header in self.headers}
        kept = {name: value for name, value in values.items() if value}
        signing.set_headers(row, kept)
        row.headers = [
            {"name": header.name, "is_secret": header.is_secret} for header in self.headers if header.name in kept
        ]


def of_account(account: Account) -> list[Destination]:
    """All of them, those that are switched off last."""
    query = select(Destination).where(Destination.account_id == account.id)
    rows = session().exec(query.order_by(col(Destination.created_at), col(Destination.id)))
    return sorted(rows, key=lambda row: row.state == DestinationState.OFF)


def find(account: Account, destination_id: UUID) -> Destination | None:
    """One of the account's."""
    query = select(Destination).where(Destination.id == destination_id, Destination.account_id == account.id)
    return session().exec(query).first()


def create(person: Person, account: Account, wish: Wish, intent: str) -> Destination:
    """Make a destination with a secret of its own. A form that is sent twice makes one.

    Args:
        intent: what this form was marked with when it was shown.

    Raises:
        DomainError: nothing was made.
    """
    if (made_before := _of_intent(account, intent)) is not None:
        return made_before
    counted = sa.select(sa.func.count()).where(
        col(Destination.account_id) == account.id, col(Destination.state) != DestinationState.OFF
    )
    if session().execute(counted).scalar_one() >= MOST:
        raise DomainError(_("There are %(count)d destinations already. Switch one off first.", count=MOST))
    row = Destination(account_id=account.id, intent=intent, name="", url="", sealed_secret="")
    signing.make(row)
    wish.put(row)
    session().add(row)
    audit.record(person, account, "destination.created", row.name, host=_host(row))
    try:
        session().commit()
    except IntegrityError:  # the same form, a moment ago, in another request
        session().rollback()
        if (made_before := _of_intent(account, intent)) is not None:
            return made_before
        raise DomainError(_("This form was already used. Open it again.")) from None
    return row


def change(person: Person, account: Account, row: Destination, wish: Wish) -> None:
    """Change a destination. What waits for it goes to its new address; its secret stays."""
    wish.put(row)
    audit.record(person, account, "destination.changed", row.name, host=_host(row))
    session().add(row)
    session().commit()


def pause(person: Person, account: Account, row: Destination) -> None:
    """Send it nothing for now; its events are kept."""
    _set(person, account, row, DestinationState.PAUSED, "destination.paused")


def resume(person: Person, account: Account, row: Destination) -> None:
    """Send it what was kept, and what comes from now on. One that was held back begins with a clean sheet."""
    if row.state == DestinationState.ON and row.held_at is None:
        return
    was_off = row.state == DestinationState.OFF
    row.state, row.held_at, row.problem_text = DestinationState.ON, None, ""
    row.failures, row.failing_since, row.warned = 0, None, 0
    if not was_off:
        health.send_what_was_kept(row)
    audit.record(person, account, "destination.switched_on" if was_off else "destination.resumed", row.name)
    session().add(row)
    session().commit()


def switch_off(person: Person, account: Account, row: Destination) -> None:
    """Send it nothing, and keep nothing for it. The worker gives up what waits."""
    _set(person, account, row, DestinationState.OFF, "destination.switched_off")


def roll(person: Person, account: Account, row: Destination) -> None:
    """Give it a new secret; the old one signs beside it for a day."""
    signing.roll(row)
    audit.record(person, account, "destination.rolled", row.name)
    session().add(row)
    session().commit()


def reveal(person: Person, account: Account, row: Destination) -> SecretStr:
    """Open its secret for one of the account's own people."""
    secret = signing.secret_of(row)
    audit.record(person, account, "destination.revealed", row.name)
    session().commit()
    return secret


def _set(person: Person, account: Account, row: Destination, state: DestinationState, action: str) -> None:
    if row.state == state:
        return
    row.state = state
    audit.record(person, account, action, row.name)
    session().add(row)
    session().commit()


def _host(row: Destination) -> str:
    """What the audit log says of an address: its path and query may hold keys."""
    return urlsplit(row.url).hostname or ""


def _of_intent(account: Account, intent: str) -> Destination | None:
    query = select(Destination).where(Destination.intent == intent, Destination.account_id == account.id)
    return session().exec(query).first()
