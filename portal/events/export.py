"""The event log as a CSV file of any size: made while it is sent, a few rows at a time. Bodies are not in it."""

from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from flask_babel import force_locale, get_locale

from portal import audit
from portal.channels import snapshot
from portal.events import about, log, reading
from portal.events.forms import STATE_WORDS
from portal.events.log import Filter
from portal.i18n import _
from portal.models import Account, Person
from portal.web import csv_export

AT_ONCE = 500


def export(person: Person, account: Account, wanted: Filter) -> Iterator[str]:
    """All events that match, newest first; that somebody took them away is in the history."""
    audit.record_at_once(person, account, "event.exported")
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    names = {channel.connexease_uuid: channel.label for channel in snapshot.channels_of(account)}
    may_read_messages, zone = reading.may_read_messages(), ZoneInfo(account.time_zone)

    def cells(event: Any) -> list[str]:
        may_read = may_read_messages or not reading.is_private(event.hook)
        return [
            str(event.id),
            event.received_at.astimezone(zone).isoformat(" ", "seconds"),
            event.hook,
            names.get(event.channel_uuid, str(event.channel_uuid or "")),
            str(STATE_WORDS[event.state]),
            about.line(event.about, may_read),
        ]

    return _lines(app, str(get_locale() or "en"), account, wanted, cells)


def _lines(
    app: Flask, locale: str, account: Account, wanted: Filter, cells: Callable[[Any], list[str]]
) -> Iterator[str]:
    """Each part is read by itself: nothing stays open while the reader takes its time, or goes away."""
    yield csv_export.BYTE_ORDER_MARK
    before, is_first = 0, True
    while is_first or before:
        with app.app_context(), force_locale(locale):
            page = log.page(account, wanted, before=before, size=AT_ONCE)
            head = [_("Event number"), _("Received"), _("Trigger"), _("Channel"), _("State"), _("Event")]
            rows = [head] if is_first else []
            rows += [cells(event) for event in page.rows]
            before, is_first = page.oldest if page.has_older else 0, False
        yield csv_export.written(rows)
