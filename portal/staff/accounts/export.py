"""The list of accounts as a file for a spreadsheet."""

from collections.abc import Iterator, Sequence

from portal import audit
from portal.mirror import directory
from portal.mirror.directory import Filter, Order, Row
from portal.models import MirroredAccount, Person
from portal.staff.accounts.forms.filter import GONE, ONLY_THERE, STEP_WORDS

COLUMNS = (
    "company",
    "email",
    "phone",
    "state",
    "account",
    "connexease_uuid",
    "channels",
    "channels_disconnected",
    "webhooks",
    "access_tokens",
    "first_token_expires",
    "since",
    "last_activity",
    "read",
    "gone",
)


def exported(actor: Person, wanted: Filter, order: Order) -> Iterator[Sequence[object]]:
    """Every account that matches, after noting who took the list away."""
    audit.record_at_once(actor, None, "account.list_exported")
    return (_cells(row) for row in directory.every(wanted, order))


def state_of(row: Row | MirroredAccount) -> str:
    """Where an account stands, in a word."""
    if row.gone_at is not None:
        return str(GONE)
    return str(STEP_WORDS.get(row.step, row.step)) if row.step is not None else str(ONLY_THERE)


def _cells(row: Row) -> Sequence[object]:
    moments = (row.token_expires_at, row.created_at, row.last_activity_at, row.read_at, row.gone_at)
    return (
        row.name,
        row.contact_email,
        row.phone,
        state_of(row),
        row.account_id,
        row.connexease_uuid,
        row.channels,
        row.channels_disconnected,
        row.webhooks,
        row.tokens,
        *(moment.isoformat(timespec="seconds") if moment else "" for moment in moments),
    )
