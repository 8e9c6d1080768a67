"""How long a campaign will take, at the rate of its key and with its quiet hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.campaigns.confirming import Wishes
from portal.extensions import session
from portal.messages.sending import pace
from portal.models import KeyPace, now

LONGEST = timedelta(days=60)
"""As far ahead as anybody looks."""


@dataclass(frozen=True)
class Forecast:
    """When a campaign will be through."""

    rate: int
    """Messages a second."""
    is_assumed: bool
    """Whether the gateway has not said yet how fast the key may be used."""
    starts_at: datetime
    ends_at: datetime
    left: int
    """People whom its end leaves out."""

    @property
    def takes(self) -> timedelta:
        return self.ends_at - self.starts_at


def forecast(credential_id: UUID | None, people: int, wishes: Wishes, zone: str) -> Forecast:
    """When a campaign to so many people will be through. Quiet hours are taken to be those of this zone."""
    allowed, is_assumed = _allowed(credential_id)
    rate = min(wishes.rate or allowed, allowed)
    first = at = _awake(max(wishes.starts_at or now(), now()), wishes, zone)
    left = people
    while left and at - first < LONGEST:
        until = _quiet_from(at, wishes, zone)
        if wishes.ends_at is not None:
            until = min(until, wishes.ends_at)
        sent = min(left, max(0, int((until - at).total_seconds() * rate)))
        left, at = left - sent, at + timedelta(seconds=sent / rate)
        if wishes.ends_at is not None and at >= wishes.ends_at - timedelta(seconds=1):
            break
        at = _awake(until, wishes, zone) if left else at
    return Forecast(rate, is_assumed, first, at, left)


def _allowed(credential_id: UUID | None) -> tuple[int, bool]:
    known = session().get(KeyPace, credential_id) if credential_id else None
    if known is None or not (known.per_second or known.per_minute):
        return pace.PER_SECOND, True
    by_minute = known.per_minute // 60 if known.per_minute else None
    return max(1, min(each for each in (known.per_second, by_minute) if each)), False


def _awake(at: datetime, wishes: Wishes, zone: str) -> datetime:
    """This moment, or the end of the quiet hours that it lies in."""
    if wishes.quiet_from is None or wishes.quiet_until is None:
        return at
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    begin, end = wishes.quiet_from, wishes.quiet_until
    is_quiet = begin <= minute < end if begin < end else minute >= begin or minute < end
    return _next(local, end).astimezone(at.tzinfo) if is_quiet else at


def _quiet_from(at: datetime, wishes: Wishes, zone: str) -> datetime:
    """When the next quiet hours begin."""
    if wishes.quiet_from is None:
        return at + LONGEST
    return _next(at.astimezone(ZoneInfo(zone)), wishes.quiet_from).astimezone(at.tzinfo)


def _next(local: datetime, minute: int) -> datetime:
    """The next time that a clock shows this minute of a day."""
    found = local.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    return found if found > local else found + timedelta(days=1)
