"""What every template may use: the locale, the time zone, times in words, words for states."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, g, has_request_context
from flask_babel import (
    format_date,
    format_datetime,
    format_time,
    format_timedelta,
    get_locale,
    get_timezone,
    to_user_timezone,
)
from markupsafe import Markup, escape

from portal.brand.current import brand
from portal.extensions import settings
from portal.i18n import _, language, translated
from portal.models import now
from portal.translations import languages
from portal.web import htmx
from portal.web.access import current_person, has_accounts, is_helping, may_enter

# The first that occurs counts: browsers name each other for compatibility.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def init_app(app: Flask) -> None:
    """Hand the helpers to the templates."""
    app.jinja_env.filters.update(
        ago=ago,
        moment=moment,
        due=due,
        clock=clock,
        day=day,
        by_day=by_day,
        shortdate=shortdate,
        host=host,
        browser=browser,
        translated=translated,
    )
    app.jinja_env.filters["breakable"] = breakable
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(_globals)


def time_zone() -> str:
    """The zone that times are shown in: the account's, else the person's, else UTC."""
    if account := g.get("account"):
        return str(account.time_zone)
    person = current_person() if has_request_context() else None
    return person.time_zone if person else "UTC"


def ago(instant: datetime) -> str:
    """An instant relative to now, such as "3 minutes ago" or "in 3 minutes"."""
    delta = instant - now()
    if abs(delta) < timedelta(seconds=10):
        return _("in a moment") if delta > timedelta(seconds=1) else _("just now")
    return str(format_timedelta(delta, add_direction=True, threshold=1.2))


def moment(instant: datetime | None) -> Markup:
    """An instant for a list: relative, with the absolute time in the account's zone on hover."""
    if instant is None:
        return Markup("")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        instant.isoformat(timespec="seconds"), _absolute(instant), ago(instant)
    )


def due(instant: datetime) -> Markup:
    """When something goes on by itself, like `moment`; what could go on already does so now."""
    return moment(instant) if instant > now() + timedelta(seconds=1) else escape(_("now"))


def clock(instant: datetime) -> Markup:
    """An instant below the heading of its day: the time of day, with all of it on hover."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        instant.isoformat(timespec="seconds"), _absolute(instant), format_time(instant, "short")
    )


def _absolute(instant: datetime) -> str:
    """An instant in the visitor's zone; at the ends of the calendar, where a zone would lead beyond it, in UTC."""
    try:
        return f"{format_datetime(instant, 'medium')} {get_timezone()}"
    except (OverflowError, ValueError):
        return f"{instant.isoformat(sep=' ', timespec='seconds')}"


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


def host(url: str) -> str:
    """The host of an address, where there is room for no more; of one that cannot be read all of it."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def breakable(name: str) -> Markup:
    """A technical name that breaks after its dots and underscores, where there is too little room."""
    return Markup(str(escape(name)).replace(".", ".<wbr>").replace("_", "_<wbr>"))  # noqa: S704 - escaped


def browser(agent: str) -> str:
    """What a browser says of itself, in words that its owner knows."""
    name = next((word for mark, word in BROWSERS if mark in agent), "")
    system = next((word for mark, word in SYSTEMS if mark in agent), "")
    if name and system:
        return _("%(browser)s on %(system)s", browser=name, system=system)
    return name or system or agent.partition(" ")[0][:40] or _("Unknown browser")


def demo_url() -> str:
    """Where the local Connexease of a demo has its pages; empty where there is none."""
    is_local = settings().portal_env == "development" and settings().connexease_api_url.startswith("http://")
    return settings().connexease_api_url if is_local else ""


def _globals() -> dict[str, Any]:
    return {
        "demo_url": demo_url(),
        "settings": settings(),
        "brand": brand(),
        "is_helping": is_helping(),
        "may_enter": may_enter,
        "has_accounts": has_accounts,
        "locale": language(),
        "text_direction": locale.text_direction if (locale := get_locale()) else "ltr",
        "site_languages": languages(),
        "person": current_person(),
        "is_htmx": htmx.is_htmx(),
        "is_fragment": htmx.is_fragment_request(),
    }
