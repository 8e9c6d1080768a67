"""Whether a host of the vendor's answers at all. No credential goes along, so any answer will do."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Probe:
    """What came back: a status, or none and the name of what went wrong.

    `skew` is how far the host's clock is ahead of ours, None when it did not say.
    """

    status: int | None
    seconds: float
    cause: str = ""
    skew: timedelta | None = None


def answered(status: int, started: float, date: str | None) -> Probe:
    """An answer whose headers came now. `started` is a `time.monotonic()`."""
    seconds = time.monotonic() - started
    return Probe(status, seconds, skew=_skew(date, seconds))


def _skew(date: str | None, seconds: float) -> timedelta | None:
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    # The header was written somewhere in between, and has cut off its fraction of a second.
    ours = datetime.now(UTC) - timedelta(seconds=seconds / 2)
    return theirs + timedelta(seconds=0.5) - ours
