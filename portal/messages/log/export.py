"""The message log as a CSV file of any size: made while it is sent, a few rows at a time."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from portal import audit
from portal.i18n import _
from portal.messages.compose import review
from portal.messages.log import query
from portal.messages.log.display import Shown
from portal.messages.log.query import Filter
from portal.models import Account, Message, Person
from portal.web import csv_export

AT_ONCE = 500


def export(person: Person, account: Account, wanted: Filter) -> Iterator[str]:
    """All messages that match, newest first; that somebody took them away is in the history."""
    audit.record_at_once(person, account, "message.exported")
    zone = ZoneInfo(account.time_zone)

    def part(after: UUID | None) -> csv_export.Part[UUID]:
        page = query.whole(account, wanted, after, AT_ONCE)
        rows = [] if after else [_header()]
        rows += [_cells(message, zone) for message in page.rows]
        return rows, page.oldest if page.has_older else None

    return csv_export.in_parts(part)


def _header() -> list[str]:
    return [
        _("Confirmed"),
        _("To"),
        _("Type"),
        _("Content"),
        _("State"),
        _("Test"),
        _("Sent by"),
        _("Key"),
        _("Message ID"),
        _("Code"),
        _("Reason"),
        _("Reference"),
    ]


def _cells(message: Message, zone: ZoneInfo) -> list[str]:
    shown = Shown(message, may_read=True)
    return [
        _time(message.confirmed_at, zone),
        message.recipient,
        shown.type_word,
        review.content(message),
        shown.state_word,
        _("Yes") if shown.is_test else _("No"),
        message.sender,
        message.credential_name,
        message.wamid or "",
        message.code,
        message.description,
        str(message.id),
    ]


def _time(instant: datetime | None, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(" ", "seconds") if instant else ""
