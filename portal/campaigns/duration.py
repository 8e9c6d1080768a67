"""How long a campaign will take, at the rate of its key and with the quiet hours of each recipient's zone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.campaigns.confirming import Wishes
from portal.campaigns.sending import quiet_hours
from portal.extensions import session
from portal.messages.sending import pace
from portal.models import Campaign, KeyPace, now

LONGEST = timedelta(days=60)
"""As far ahead as anybody looks."""
People = Mapping[str, int]
"""How many there are, by the zones that their numbers may be in, as `Campaign.zones` has them."""


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


@dataclass
class _Group:
    """People who are left alone at the same hours."""

    zones: Sequence[str]
    left: float


def of(campaign: Campaign, people: int, wishes: Wishes, zone: str) -> Forecast:
    """When a campaign to so many people will be through.

    Anyone who wasn't counted by zone is assumed to be in the account's.
    """
    recent = wishes.with_recent
    found = {zones: counts[0] + counts[1] * recent for zones, counts in campaign.zones.items()}
    found[""] = found.get("", 0) + max(0, people - sum(found.values()))
    return forecast(campaign.credential_id, found, wishes, zone)


def forecast(credential_id: UUID | None, people: People, wishes: Wishes, zone: str) -> Forecast:
    """When a campaign will be through.

    Args:
        zone: the account's, for numbers that tell none.
    """
    allowed, is_assumed = _allowed(credential_id)
    rate = min(wishes.rate or allowed, allowed)
    begin = at = max(wishes.starts_at or now(), now())
    end = min(wishes.ends_at or begin + LONGEST, begin + LONGEST)
    groups, starts_at = _groups(people, begin), None
    while any(group.left for group in groups) and at < end:
        changes = [(group, *_stands(group, wishes, zone, at)) for group in groups if group.left]
        until = min(end, *(change for _group, _is_quiet, change in changes))
        awake = [group for group, is_quiet, _change in changes if not is_quiet]
        waiting = sum(group.left for group in awake)
        sent = min(waiting, (until - at).total_seconds() * rate)
        for group in awake:
            group.left *= 1 - sent / waiting
        starts_at = starts_at or (at if awake else None)
        at = at + timedelta(seconds=sent / rate) if awake and sent == waiting else until
    left = round(sum(group.left for group in groups))
    return Forecast(rate, is_assumed, starts_at or begin, at, left)


def _groups(people: People, at: datetime) -> list[_Group]:
    """Zones whose clocks show the same now are one: few remain of hundreds."""
    found: dict[frozenset[timedelta | None], _Group] = {}
    for names, count in people.items():
        zones = names.split()
        clocks = frozenset(at.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones)
        found.setdefault(clocks, _Group(zones, 0)).left += count
    return list(found.values())


def _stands(group: _Group, wishes: Wishes, zone: str, at: datetime) -> tuple[bool, datetime]:
    """Whether they are left alone then, and until when that stays so."""
    if wishes.quiet_from is None or wishes.quiet_until is None or wishes.quiet_from == wishes.quiet_until:
        return False, at + LONGEST
    quiet = quiet_hours.Hours(wishes.quiet_from, wishes.quiet_until)
    end = quiet.end(group.zones, zone, at)
    return (True, end) if end is not None else (False, quiet.begin(group.zones, zone, at))


def _allowed(credential_id: UUID | None) -> tuple[int, bool]:
    known = session().get(KeyPace, credential_id) if credential_id else None
    if known is None or not (known.per_second or known.per_minute):
        return pace.PER_SECOND, True
    by_minute = known.per_minute // 60 if known.per_minute else None
    return max(1, min(each for each in (known.per_second, by_minute) if each)), False
