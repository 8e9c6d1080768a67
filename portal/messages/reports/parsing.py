"""Reading what the gateway reports: Meta's shape as far as it fits, and nothing that does not.

One event may tell of several things, for several numbers. Each is read by itself.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from portal.messages.reports import categories, inbound, preferences, standings
from portal.messages.reports.inbound import Inbound, Moved
from portal.messages.reports.json_fields import dict_of, list_of, text_of
from portal.messages.reports.people import Someone, someone
from portal.messages.reports.preferences import Preference
from portal.messages.reports.standings import Told
from portal.messages.sending import callback_data
from portal.messages.sending.results import vendors
from portal.models import now

STATUS, INBOUND, PREFERENCE, TEMPLATE, ACCOUNT, OTHER = (
    f"gateway.{kind}" for kind in ("status", "message", "preference", "template", "account", "other")
)
KINDS = (STATUS, INBOUND, PREFERENCE, TEMPLATE, ACCOUNT, OTHER)
"""What an event of the gateway is about, in the place where other events have their trigger."""

FIRST, AHEAD = datetime(2009, 1, 1, tzinfo=UTC), timedelta(days=1)
"""Nothing was reported before there was WhatsApp, and nothing from farther ahead than a clock may be wrong."""


class Report(NamedTuple):
    """What an event says of one message."""

    wamid: str
    status: str
    recipient: str
    at: datetime | None
    code: str = ""
    description: str = ""
    who: Someone = Someone()
    pricing: dict[str, Any] | None = None
    callback_data: str | None = None
    business_number: str = ""
    """The number that the message came from, E.164, where the event names it."""


@dataclass(frozen=True)
class Read:
    """What could be read of an event."""

    kinds: tuple[str, ...]
    """What it tells of, in the order of `KINDS`; there is at least one."""
    reports: tuple[Report, ...] = ()
    preferences: tuple[Preference, ...] = ()
    standings: tuple[Told, ...] = ()
    inbound: tuple[Inbound, ...] = ()
    moved: tuple[Moved, ...] = ()
    categories: tuple[tuple[str, str], ...] = ()
    """Templates that are of another kind from now on."""
    changes: tuple[Any, ...] = ()
    """Its parts as they came."""
    event: dict[str, Any] = field(default_factory=dict, repr=False)
    """All of it."""


def read(body: bytes) -> Read:
    """Whatever came; what does not fit is of the kind `OTHER`."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return Read((OTHER,))
    parts = [(entry, change) for entry in list_of(event, "entry") for change in list_of(entry, "changes")]
    changes = tuple(change for _entry, change in parts)
    reports = tuple(report for change in changes for report in _reports(change))
    told = tuple(wish for change in changes for wish in preferences.in_change(change, instant))
    refused = tuple(
        preferences.opted_out(report.who, report.at)
        for report in reports
        if report.code == preferences.OPTED_OUT and report.who.is_known
    )
    stand = tuple(told for entry, change in parts for told in standings.in_change(change, instant(entry, "time")))
    kinds = {kind for change in changes for kind in kinds_of(change)} or {OTHER}
    return Read(
        tuple(kind for kind in KINDS if kind in kinds),
        reports,
        (*told, *refused),
        stand,
        tuple(wrote for change in changes for wrote in inbound.in_change(change, instant)),
        tuple(moved for change in changes for moved in inbound.moves_in(change)),
        tuple(told for change in changes for told in categories.in_change(change)),
        changes,
        event if isinstance(event, dict) else {},
    )


def kinds_of(change: Any) -> set[str]:
    """What a part of an event tells of."""
    name, value = text_of(change, "field", 64), dict_of(change, "value")
    kinds = {STATUS} if any(_statuses(change)) else set()
    if list_of(value, "messages"):
        kinds.add(INBOUND)
    if list_of(value, "user_preferences"):
        kinds.add(PREFERENCE)
    if "template" in name:
        kinds.add(TEMPLATE)
    elif name.startswith(("account", "phone_number", "business")):
        kinds.add(ACCOUNT)
    return kinds or {OTHER}


def _statuses(change: Any) -> Iterator[tuple[Any, str, str]]:
    """Each status that says of which message it is, with the message's `wamid` and the word for it."""
    for status in list_of(dict_of(change, "value"), "statuses"):
        wamid, word = text_of(status, "id", 200), text_of(status, "status", 40)
        if wamid and word:
            yield status, wamid, word


def _reports(change: Any) -> Iterator[Report]:
    number = someone(dict_of(dict_of(change, "value"), "metadata"), "display_phone_number", "").number
    for status, wamid, word in _statuses(change):
        code, description = _reason(status)
        recipient = text_of(status, "recipient_id", 20).removeprefix("+")
        who = someone(status, "recipient_id", "recipient_user_id")
        facts = (instant(status), code, description, who, _pricing(status), _callback_data(status), number)
        yield Report(wamid, word, recipient, *facts)


def _callback_data(status: Any) -> str | None:
    """Our own value; none where it is another system's, which is nothing of ours to keep."""
    value = text_of(status, "biz_opaque_callback_data", 64)
    return value if callback_data.may_be_ours(value) else None


def _pricing(status: Any) -> dict[str, Any] | None:
    """What Meta says it charges; none where nothing of it fits."""
    told = dict_of(status, "pricing")
    words = {name: word for name in ("type", "category") if (word := text_of(told, name, 40))}
    billable = told.get("billable")
    return {**words, **({"billable": billable} if isinstance(billable, bool) else {})} or None


def _reason(status: Any) -> tuple[str, str]:
    """The first error's code, and its title with the details."""
    errors = list_of(status, "errors")
    if not errors:
        return "", ""
    error = errors[0]
    title = text_of(error, "title", 200) or text_of(error, "message", 200)
    details = text_of(dict_of(error, "error_data"), "details", 280)
    is_more = bool(details) and details.rstrip(".").casefold() != title.rstrip(".").casefold()
    return vendors(text_of(error, "code", 64)), f"{title}: {details}" if title and is_more else title or details


def instant(source: Any, name: str = "timestamp") -> datetime | None:
    """When it happened; none where the event names a time at which it cannot have."""
    try:
        at = datetime.fromtimestamp(int(text_of(source, name, 20)), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if FIRST <= at <= now() + AHEAD else None
