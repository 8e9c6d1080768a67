"""When a forward is tried again, and when its destination is given a rest."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DELAYS = (5, 300, 1800, 7200, 18000, 36000, 36000)
"""Seconds before the second attempt, the third, and so on. After the last one it has failed for good."""
JITTER = 0.2
LONGEST_WISH = timedelta(hours=12)
"""The longest `Retry-After` that is obeyed."""
COOLING, LONGEST_COOLING = 0.1, 10.0
"""Seconds that a failing destination is left alone: so many for each failure in a row, up to a bound."""
PROBE_EVERY = timedelta(hours=1)
"""How often a destination that is held back is tried."""
KEPT_FOR = timedelta(hours=72)
"""How long events are kept for a destination that is held back."""


def delay(tries: int) -> timedelta | None:
    """The time until the next attempt, after so many; none when there is none left."""
    if tries > len(DELAYS):
        return None
    around = 1 - JITTER + secrets.randbelow(1000) / 1000 * 2 * JITTER
    return timedelta(seconds=DELAYS[tries - 1] * around)


def cooling(failures: int) -> timedelta:
    """How long a destination is left alone after so many failures in a row."""
    return timedelta(seconds=min(failures * COOLING, LONGEST_COOLING))


def wished(headers: Mapping[str, str], at: datetime) -> timedelta:
    """How long the answer asks to be left alone: `Retry-After`, in seconds or as a date."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_WISH)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return timedelta()
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - at, timedelta()), LONGEST_WISH)
