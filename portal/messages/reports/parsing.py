"""Reading what the gateway reports: Meta's shape as far as it fits, and nothing that does not."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.db.engine import storable
from portal.messages.sending import callback_data
from portal.messages.sending.results import vendors
from portal.models import now

STATUS, INBOUND, TEMPLATE, ACCOUNT, OTHER = (
    f"gateway.{kind}" for kind in ("status", "message", "template", "account", "other")
)
KINDS = (STATUS, INBOUND, TEMPLATE, ACCOUNT, OTHER)
"""What an event of the gateway is about, in the place where other events have their trigger."""

FIRST, AHEAD = datetime(2009, 1, 1, tzinfo=UTC), timedelta(days=1)
"""Nothing was reported before there was WhatsApp, and nothing from farther ahead than a clock may be wrong."""


@dataclass(frozen=True)
class Report:
    """What an event says of one message."""

    wamid: str
    status: str
    recipient: str
    at: datetime | None
    code: str = ""
    description: str = ""
    pricing: dict[str, Any] | None = None
    callback_data: str | None = None


@dataclass(frozen=True)
class Read:
    """What could be read of an event."""

    kind: str
    reports: tuple[Report, ...] = ()


def read(body: bytes) -> Read:
    """Whatever came; what does not fit is of the kind `OTHER`."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return Read(OTHER)
    changes = [change for entry in _list(event, "entry") for change in _list(entry, "changes")]
    reports = tuple(report for change in changes for report in _reports(change))
    kinds = [_kind(change) for change in changes] or [OTHER]
    return Read(STATUS if reports else kinds[0], reports)


def _kind(change: Any) -> str:
    field, value = _text(change, "field", 64), _dict(change, "value")
    if _list(value, "messages"):
        return INBOUND
    if "template" in field:
        return TEMPLATE
    return ACCOUNT if field.startswith(("account", "phone_number", "business")) else OTHER


def _reports(change: Any) -> Iterator[Report]:
    for status in _list(_dict(change, "value"), "statuses"):
        wamid, word = _text(status, "id", 200), _text(status, "status", 40)
        if wamid and word:
            code, description = _reason(status)
            recipient = _text(status, "recipient_id", 20).removeprefix("+")
            facts = (_instant(status), code, description, _pricing(status), _callback_data(status))
            yield Report(wamid, word, recipient, *facts)


def _callback_data(status: Any) -> str | None:
    """Our own value; none where it is another system's, which is nothing of ours to keep."""
    value = _text(status, "biz_opaque_callback_data", 64)
    return value if callback_data.may_be_ours(value) else None


def _pricing(status: Any) -> dict[str, Any] | None:
    """What Meta says it charges; none where nothing of it fits."""
    told = _dict(status, "pricing")
    words = {name: word for name in ("type", "category") if (word := _text(told, name, 40))}
    billable = told.get("billable")
    return {**words, **({"billable": billable} if isinstance(billable, bool) else {})} or None


def _reason(status: Any) -> tuple[str, str]:
    """The first error's code, and its title with the details."""
    errors = _list(status, "errors")
    if not errors:
        return "", ""
    error = errors[0]
    title = _text(error, "title", 200) or _text(error, "message", 200)
    details = _text(_dict(error, "error_data"), "details", 280)
    is_more = bool(details) and details.rstrip(".").casefold() != title.rstrip(".").casefold()
    return vendors(_text(error, "code", 64)), f"{title}: {details}" if title and is_more else title or details


def _instant(status: Any) -> datetime | None:
    """When it happened; none where the event names a time at which it cannot have."""
    try:
        at = datetime.fromtimestamp(int(_text(status, "timestamp", 20)), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if FIRST <= at <= now() + AHEAD else None


def _dict(value: Any, name: str) -> dict[str, Any]:
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _list(value: Any, name: str) -> list[Any]:
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else []


def _text(value: Any, name: str, limit: int) -> str:
    inner = value.get(name) if isinstance(value, dict) else None
    if isinstance(inner, bool) or not isinstance(inner, str | int):
        return ""
    return storable(str(inner), limit).strip()
