"""What a delivery tells, read from its body alone: nothing here asks the database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from portal.db.engine import uuid_or_none
from portal.events import about, bodies
from portal.events.processing import vendor_facts
from portal.messages.reports import facts, parsing
from portal.messages.reports.inbound import Inbound
from portal.messages.reports.parsing import Read


@dataclass(frozen=True)
class Contents:
    """What is noted at a delivery, and what is acted on."""

    hook: str
    kinds: Sequence[str]
    """What the log's filter finds it by."""
    about: dict[str, Any]
    words: Sequence[str]
    channel_uuid: UUID | None = None
    event: dict[str, Any] = field(default_factory=dict)
    """Of Connexease's; empty when the body is something else, which is kept all the same."""
    report: Read | None = None
    """Of the gateway's."""
    inbound: Sequence[Inbound] = ()
    """What people wrote."""


def read(body: bytes, *, of_gateway: bool) -> Contents:
    """Read a body, whatever it is."""
    return _report(body) if of_gateway else _event(body)


def line(value: object, length: int) -> str:
    """A text of one line; what a database or a page could not take, such as NUL, is left out."""
    if not isinstance(value, str):
        return ""
    shown = value if value.isprintable() else "".join(char for char in value if char.isprintable())
    return shown[:length]


def _report(body: bytes) -> Contents:
    report = parsing.read(body)
    told = about.kept(facts.of(report.changes))
    return Contents(
        " ".join(report.kinds), [*report.kinds], told, bodies.words_of(body), report=report, inbound=report.inbound
    )


def _event(body: bytes) -> Contents:
    event = _parse(body)
    channel, hook = event.get("channel"), line(event.get("hook"), 100)
    return Contents(
        hook,
        [hook] if hook else [],
        about.kept(vendor_facts.of(event)),
        bodies.words_of(body),
        uuid_or_none(channel.get("uuid")) if isinstance(channel, dict) else None,
        event,
        inbound=vendor_facts.inbound(event),
    )


def _parse(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
