"""Hours in which nobody is disturbed, by the clock of whoever gets the message.

A number tells its country, and often no more: where that has several zones, it must be quiet in none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone

from portal.models import Campaign

MOST_STEPS = 200
BLOCK = 4
"""Digits at the end of a number that tell nothing of where it is."""
_DAY = 24 * 60


@dataclass(frozen=True)
class Hours:
    """Quiet hours, in minutes after midnight."""

    start: int
    until: int

    def end(self, zones: Sequence[str], account_zone: str, at: datetime) -> datetime | None:
        """Until when people in one of these zones are left alone; none where they may be written to then.

        Args:
            account_zone: counts where no zone is known, and where it is always quiet in one of them.
        """
        later = self._awake(zones or (account_zone,), at)
        if later is None:
            later = self._awake((account_zone,), at) or at
        return later if later > at else None

    def begin(self, zones: Sequence[str], account_zone: str, at: datetime) -> datetime:
        """When they begin next for people in one of these zones."""
        counting = zones if zones and self._awake(zones, at) is not None else (account_zone,)
        return min(_next(at.astimezone(ZoneInfo(zone)), self.start) for zone in counting).astimezone(UTC)

    def _awake(self, zones: Sequence[str], at: datetime) -> datetime | None:
        """The first instant that is quiet in none of the zones; none where there is no such in some days."""
        moment = at
        for _ in range(MOST_STEPS):
            later = max(self._after(zone, moment) for zone in zones)
            if later == moment:
                return moment
            moment = later
        return None

    def _after(self, zone: str, at: datetime) -> datetime:
        local = at.astimezone(ZoneInfo(zone))
        minute = local.hour * 60 + local.minute
        passed = (minute - self.start) % _DAY
        if passed >= (self.until - self.start) % _DAY:
            return at
        is_tomorrow = minute >= self.until
        day = (local + timedelta(days=1)).date() if is_tomorrow else local.date()
        end = datetime(day.year, day.month, day.day, self.until // 60, self.until % 60, tzinfo=local.tzinfo)
        # Where clocks are set, an hour of the night is missing or there twice.
        return max(end.astimezone(UTC), at + timedelta(minutes=1))


def ends(campaign: Campaign, number: str, account_zone: str, at: datetime) -> datetime | None:
    """Until when a number's owner is left alone; none where they may be written to now."""
    start, until = campaign.quiet_from, campaign.quiet_until
    if start is None or until is None or start == until:
        return None
    return Hours(start, until).end(zones_of(number), account_zone, at)


def zones_of(number: str) -> tuple[str, ...]:
    """The time zones in which a number may be; none where nobody knows."""
    return _zones_of_block(f"{number[:-BLOCK]}{'0' * BLOCK}")


@lru_cache(maxsize=65536)
def _zones_of_block(number: str) -> tuple[str, ...]:
    try:
        found = timezone.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(zone for zone in found if zone != timezone.UNKNOWN_TIMEZONE and _is_known(zone))


def _next(local: datetime, minute: int) -> datetime:
    """The next time that a clock shows this minute of a day."""
    found = local.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    return found if found > local else found + timedelta(days=1)


@lru_cache(maxsize=512)
def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True
