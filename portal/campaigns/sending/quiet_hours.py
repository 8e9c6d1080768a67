"""Hours in which nobody is disturbed, by the clock of whoever gets the message.

A number tells its country, and often no more: where that has several zones, it must be quiet in none of them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone

from portal.models import Campaign

MOST_STEPS = 200
_DAY = 24 * 60


def ends(campaign: Campaign, number: str, account_zone: str, at: datetime) -> datetime | None:
    """Until when a number's owner is left alone; none where they may be written to now."""
    quiet_from, quiet_until = campaign.quiet_from, campaign.quiet_until
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return None
    later = _end(zones_of(number) or (account_zone,), quiet_from, quiet_until, at)
    if later is None:  # it is always quiet somewhere there
        later = _end((account_zone,), quiet_from, quiet_until, at) or at
    return later if later > at else None


@lru_cache(maxsize=4096)
def zones_of(number: str) -> tuple[str, ...]:
    """The time zones in which a number may be; none where nobody knows."""
    try:
        found = timezone.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(zone for zone in found if zone != timezone.UNKNOWN_TIMEZONE and _is_known(zone))


def _end(zones: Sequence[str], quiet_from: int, quiet_until: int, at: datetime) -> datetime | None:
    """The first instant that is quiet in none of the zones; none where there is no such in some days."""
    moment = at
    for _ in range(MOST_STEPS):
        later = max(_after(zone, quiet_from, quiet_until, moment) for zone in zones)
        if later == moment:
            return moment
        moment = later
    return None


def _after(zone: str, quiet_from: int, quiet_until: int, at: datetime) -> datetime:
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    passed = (minute - quiet_from) % _DAY
    if passed >= (quiet_until - quiet_from) % _DAY:
        return at
    is_tomorrow = minute >= quiet_until
    day = (local + timedelta(days=1)).date() if is_tomorrow else local.date()
    end = datetime(day.year, day.month, day.day, quiet_until // 60, quiet_until % 60, tzinfo=local.tzinfo)
    # Where clocks are set, an hour of the night is missing or there twice.
    return max(end.astimezone(UTC), at + timedelta(minutes=1))


@lru_cache(maxsize=512)
def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True
