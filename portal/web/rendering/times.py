"""Times in words, in the visitor's language and zone."""

from bisect import bisect
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import groupby
from typing import Any

from babel import Locale, dates
from flask import Flask
from flask_babel import format_date, to_user_timezone
from markupsafe import Markup, escape

from portal.i18n import _, reader
from portal.models import now
from portal.web.rendering.templating import written

THRESHOLD = 1.2
"""From how many of a unit on it is the unit that is named."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_LIMITS = (THRESHOLD * _MINUTE, THRESHOLD * _HOUR, THRESHOLD * _DAY)
_STEPS = (1, 6, 60, 360)
"""Seconds that are taken for the same: below each limit, and beyond the last one."""
_EPOCH = datetime.fromtimestamp(0, UTC)


def init_app(app: Flask) -> None:
    """Hand them to the templates."""
    app.jinja_env.filters.update(
        ago=ago, brief=brief, moment=moment, due=due, clock=clock, day=day, by_day=by_day, shortdate=shortdate
    )


def ago(instant: datetime) -> str:
    """An instant relative to now, such as "3 minutes ago" or "in 3 minutes"."""
    return _clock().ago(instant)


def moment(instant: datetime | None) -> Markup:
    """An instant in a sentence: relative, with the absolute time in the account's zone on hover."""
    return _in_words(instant) if instant is not None else Markup("")


def brief(instant: datetime | None) -> Markup:
    """The same for a list, where rows have little room: "5 min ago"."""
    return _in_words(instant, is_brief=True) if instant is not None else Markup("")


def _in_words(instant: datetime, is_brief: bool = False) -> Markup:
    clock = _clock()
    opened = clock.opened(_second(instant))
    return Markup(f"{opened}{written(clock.ago(instant, is_brief))}</time>")  # noqa: S704 - both are escaped


def due(instant: datetime) -> Markup:
    """When something goes on by itself, like `moment`; what could go on already does so now."""
    return moment(instant) if instant > now() + timedelta(seconds=1) else escape(_("now"))


def clock(instant: datetime) -> Markup:
    """An instant below the heading of its day: the time of day, with all of it on hover."""
    shown, second = _clock(), _second(instant)
    return Markup(f"{shown.opened(second)}{written(shown.time_of_day(second))}</time>")  # noqa: S704 - both are escaped


def _second(instant: datetime) -> int:
    """The whole second of an instant, from 1970 on: a float would round the calendar's last one up."""
    since = instant - _EPOCH
    return since.days * _DAY + since.seconds


class _Clock:
    """Times in the words and in the zone of one reader; most of them are shown again and again."""

    def __init__(self, locale: Locale, zone: tzinfo) -> None:
        self.locale, self.zone = locale, zone
        self.opened = lru_cache(maxsize=5_000)(self._opened)
        self.time_of_day = lru_cache(maxsize=5_000)(self._time_of_day)
        self._words = lru_cache(maxsize=20_000)(self._relative)

    def ago(self, instant: datetime, is_brief: bool = False) -> str:
        delta = instant - now()
        seconds = delta.days * _DAY + delta.seconds
        if -10 <= seconds < 10:
            return _("in a moment") if delta > timedelta(seconds=1) else _("just now")
        return self._words(_rounded(seconds), is_brief and abs(seconds) < THRESHOLD * _DAY)

    def _opened(self, second: int) -> Markup:
        """The beginning of the element that holds an instant."""
        instant = _EPOCH + timedelta(seconds=second)
        return Markup('<time datetime="{}" title="{}">').format(instant.isoformat(), self._absolute(instant))

    def _absolute(self, instant: datetime) -> str:
        """An instant in the zone; at the ends of the calendar, where a zone would lead beyond it, in UTC."""
        try:
            return f"{dates.format_datetime(instant, 'medium', self.zone, self.locale)} {self.zone}"
        except (OverflowError, ValueError):
            return instant.isoformat(sep=" ")

    def _time_of_day(self, second: int) -> str:
        return dates.format_time(_EPOCH + timedelta(seconds=second), "short", self.zone, self.locale)

    def _relative(self, seconds: int, is_brief: bool) -> str:
        words = dates.format_timedelta(
            timedelta(seconds=seconds),
            threshold=THRESHOLD,
            add_direction=True,
            format="short" if is_brief else "long",
            locale=self.locale,
        )
        return words.replace(".", "") if is_brief else words


def _clock() -> _Clock:
    """That of the reader. It is mostly the one that was just asked for, which spares the look at what it is of."""
    global _last  # noqa: PLW0603 - whichever thread writes it, it is a whole clock
    locale, zone = reader()
    shown = _last
    if shown is None or shown[0] is not locale or shown[1] is not zone:
        _last = shown = (locale, zone, _clock_of(locale, zone))
    return shown[2]


_clock_of = lru_cache(maxsize=100)(_Clock)
_last: tuple[Locale, tzinfo, _Clock] | None = None


def _rounded(seconds: int) -> int:
    """The same in steps within which the words are the same, so that few of them are remembered.

    The words change where a unit's threshold or a half of it is reached. All of these lie between two steps.
    """
    length = abs(seconds)
    step = _STEPS[bisect(_LIMITS, length)]
    whole = length // step * step + step // 2
    return whole if seconds > 0 else -whole


def day(of: date) -> str:
    """A day in words, such as "Today" or "Monday, 2 November 2026"."""
    today: date = to_user_timezone(now()).date()
    if of == today:
        return _("Today")
    return _("Yesterday") if of == today - timedelta(days=1) else str(format_date(of, "full"))


def shortdate(of: date) -> str:
    """A day where there is little room."""
    return str(format_date(of, "d MMM"))


def by_day(entries: Iterable[Any]) -> list[tuple[date, list[Any]]]:
    """What has an `at`, a list for each day in the visitor's zone, in the order that it comes in."""
    days = groupby(entries, lambda entry: to_user_timezone(entry.at).date())
    return [(of, list(those)) for of, those in days]
