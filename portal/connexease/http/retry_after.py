"""Reads from an answer how long the server wants us to wait."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(?:s|secs?|seconds?)?", re.IGNORECASE)

LONGEST = 24 * 60 * 60.0
"""Seconds. A longer wait is a mistake or a joke, and the end of the calendar is no time to add to."""


def seconds(text: object) -> float | None:
    """Seconds from a `Retry-After` (a number or an HTTP date) or the gateway's `1s`, `60s`, `1 seconds`.

    None if it is none of these; a date that has passed is 0, and whatever is beyond `LONGEST` is that.
    """
    written = str(text).strip()
    plain = _SECONDS.fullmatch(written)
    asked = float(plain[1]) if plain else _until(written)
    return None if asked is None else min(asked, LONGEST)


def _until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        if moment.tzinfo is None:  # "-0000": a UTC time whose origin is unknown
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None
