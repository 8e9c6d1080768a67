"""The message log as a CSV file of any size: made while it is sent, a few rows at a time."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from flask_babel import force_locale, get_locale

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
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return _lines(app, str(get_locale() or "en"), account, wanted)


def _lines(app: Flask, locale: str, account: Account, wanted: Filter) -> Iterator[str]:
    """Each part is read by itself: nothing stays open while the reader takes its time, or goes away."""
    yield csv_export.BYTE_ORDER_MARK
    after: UUID | None = None
    is_first = True
    while is_first or after is not None:
        with app.app_context(), force_locale(locale):
            page = query.page(account, wanted, before=after, size=AT_ONCE)
            rows = [_header()] if is_first else []
            rows += [_cells(message, ZoneInfo(account.time_zone)) for message in page.rows]
            after, is_first = page.oldest if page.has_older else None, False
        yield csv_export.written(rows)


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
