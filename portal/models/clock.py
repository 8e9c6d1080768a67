"""What time it is. Only the demo moves it, to live through a month in a few seconds."""

from datetime import UTC, datetime, timedelta

_ahead = timedelta()


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC) + _ahead if _ahead else datetime.now(UTC)


def move(ahead: timedelta) -> None:
    """Let this process's clock be so far ahead of the real one; behind it, where that is negative."""
    global _ahead  # noqa: PLW0603 - a process has one clock
    _ahead = ahead
