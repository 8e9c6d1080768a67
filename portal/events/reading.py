"""Who may read what of events: the account's people, some of them what the gateway reports, and staff nothing."""

from collections.abc import Callable
from typing import Any

from portal.events import about
from portal.web.access import is_helping, may_enter


def may_read_messages() -> bool:
    """Whether this visitor may read what the gateway reports: it names people, and says what they wrote."""
    return not is_helping() and may_enter("compose.export")


def lines() -> Callable[[Any], str]:
    """What tells the line of an event in a list of the account's, as far as this visitor may read it."""
    is_ours, reads_messages = not is_helping(), may_read_messages()
    return lambda event: about.line(event.about, is_ours and (reads_messages or not is_private(event)))


def is_private(event: Any) -> bool:
    """Whether it came from the gateway."""
    return str(event.hook).startswith("gateway.")


def line_for_staff(event: Any) -> str:
    """What kind of thing it is about: not who, and not what was written."""
    return about.line(event.about, may_read=False)
