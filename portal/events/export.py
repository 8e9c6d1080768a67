"""The event log as a CSV file of any size: made while it is sent, a few rows at a time. Bodies are not in it."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

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

    def part(before: int | None) -> csv_export.Part[int]:
        page = log.page(account, wanted, before=before or 0, size=AT_ONCE)
        head = [_("Event number"), _("Received"), _("Trigger"), _("Channel"), _("State"), _("Event")]
        rows = [] if before else [head]
        rows += [cells(event) for event in page.rows]
        return rows, page.oldest if page.has_older else None

    return csv_export.in_parts(part)
