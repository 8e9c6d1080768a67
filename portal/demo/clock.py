"""The demo's clock: the portal's and the local Connexease's go together, forwards only, through a month."""

from datetime import UTC, datetime, timedelta

from portal.demo.vendor import JSON, Vendor
from portal.models import clock


class Clock:
    """Begins in the past; `leave` brings both clocks back to what time it is."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor

    def begin(self, at: datetime) -> None:
        """Go back to the beginning."""
        self._vendor.advance(at.timestamp() - self._vendor.now())
        clock.move(at - datetime.now(UTC))

    def now(self) -> datetime:
        return clock.now()

    def collect(self, until: datetime) -> list[JSON]:
        """What Connexease tells until then; its own clock is there afterwards."""
        return self._vendor.collect(until.timestamp())

    def go(self, at: datetime) -> None:
        """Let the portal's clock go on to a moment; where it is past that already, it stays."""
        clock.move(max(at, clock.now()) - datetime.now(UTC))

    def leave(self) -> None:
        """Back to the present."""
        clock.move(timedelta())
        self._vendor.advance(datetime.now(UTC).timestamp() - self._vendor.now())
