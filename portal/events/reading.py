"""Who may read what of events: the account's people, some of them what the gateway reports, and staff nothing."""

from collections.abc import Callable
from typing import Any

from portal.events import about
from portal.web.access import is_helping, may_enter


def may_read_messages() -> bool:
    """Whether this visitor may read what the gateway reports: it names people, and says what they wrote."""
    return not is_helping() and may_enter("compose.export")


def lines() -> Callable[[Any, str], str]:
    """What tells the line of an event in a list of the account's, as far as this visitor may read it.

    It is told what the event is about, and its hook.
    """
    is_ours, reads_messages = not is_helping(), may_read_messages()
    return lambda told, hook: about.line(told, is_ours and (reads_messages or not is_private(hook)))


def is_private(hook: str) -> bool:
    """Whether an event came from the gateway."""
    return hook.startswith("gateway.")


def line_for_staff(told: Any, _hook: str) -> str:
    """What kind of thing an event is about: not who, and not what was written."""
    return about.line(told, may_read=False)
