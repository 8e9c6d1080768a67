"""What every template may use: the locale, the time zone, the person, settings, words for browsers."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, g, has_request_context
from flask_babel import get_locale
from jinja2.runtime import Macro
from markupsafe import Markup, escape
from werkzeug.local import LocalProxy

from portal.brand.current import brand
from portal.contact import international
from portal.extensions import settings
from portal.i18n import _, language, translated
from portal.translations import languages
from portal.web import htmx
from portal.web.access import current_person, has_accounts, is_helping, may_enter
from portal.web.rendering import addresses
from portal.web.rendering.compiled_templates import CompiledTemplates

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
_COMMAND = re.compile("`([^`]+)`")
_SIGNS = re.compile(r"[._](?=.)|(?<=.)(?=@)")
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
        host=host,
        browser=browser,
        translated=translated,
        breakable=breakable,
        with_code=with_code,
        international=international,
    )
    # Not of this request, so that macros have them without the context that they would be compiled anew for.
    app.jinja_env.globals.update(
        settings=LocalProxy(settings),
        brand=LocalProxy(brand),
        demo_url=LocalProxy(demo_url),
        may_enter=may_enter,
        has_accounts=has_accounts,
        url_for=addresses.url_for,
        remembered=remembered,
        remembered_form=remembered_form,
    )
    app.jinja_env.bytecode_cache = CompiledTemplates()
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(_globals)


def time_zone() -> str:
    """The zone that times are shown in: the account's, else the person's, else UTC."""
    if account := g.get("account"):
        return str(account.time_zone)
    person = current_person() if has_request_context() else None
    return person.time_zone if person else "UTC"


def remembered(macro: Macro) -> Callable[..., str]:
    """A macro that is called often with few values, and writes the same for the same: once for each."""
    # Text that is markup equals the same text that is not, and only its type tells them apart.
    return lru_cache(maxsize=500, typed=True)(macro)


def remembered_form(macro: Macro) -> Callable[..., str]:
    """The same for a macro that writes a form: once for all forms that say the same."""

    @lru_cache(maxsize=100)
    def written(drawn: _Drawn, *arguments: Any, **named: Any) -> str:
        return drawn.by(macro, *arguments, **named)

    return lambda form, *arguments, **named: written(_Drawn(form), *arguments, **named)


class _Drawn:
    """A form that equals every other that says the same; once it is drawn, it keeps only that."""

    def __init__(self, form: Any) -> None:
        self._form, self._says = form, (type(form), form.says)

    def __hash__(self) -> int:
        return hash(self._says)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Drawn) and other._says == self._says

    def by(self, macro: Callable[..., str], *arguments: Any, **named: Any) -> str:
        form, self._form = self._form, None
        return macro(form, *arguments, **named)


def host(url: str) -> str:
    """The host of an address, where there is room for no more; of one that cannot be read all of it."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def breakable(name: str) -> Markup:
    """A technical name or an address that breaks beside its signs, where there is too little room."""
    return Markup(_SIGNS.sub(r"\g<0><wbr>", str(escape(name))))  # noqa: S704 - escaped


def with_code(text: str) -> Markup:
    """A sentence that names commands between backticks, as the command line prints it."""
    return Markup(_COMMAND.sub(r'<code translate="no">\1</code>', str(escape(text))))  # noqa: S704 - escaped


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
        "is_helping": is_helping(),
        "url_for": addresses.of_request(),
        "locale": language(),
        "text_direction": locale.text_direction if (locale := get_locale()) else "ltr",
        "site_languages": languages(),
        "person": current_person(),
        "is_htmx": htmx.is_htmx(),
        "is_fragment": htmx.is_fragment_request(),
    }
