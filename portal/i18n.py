"""gettext, typed. Every sentence that a person sees goes through here or through the templates' own `_`.

Two placeholders are filled in by themselves, wherever they stand: `%(vendor)s` with what the reader knows
Connexease by, and `%(Vendor)s` with the same at the beginning of a sentence.
"""

import re
from collections.abc import Callable
from datetime import UTC, tzinfo
from types import SimpleNamespace
from typing import Any, cast

import flask_babel
from babel import Locale
from babel.numbers import format_decimal
from babel.support import NullTranslations
from flask import Flask, current_app, g, has_app_context
from flask_babel.speaklater import LazyString
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from portal import translations
from portal.connexease.texts import source_of

VENDOR = "Connexease"
VENDOR_WORD = "vendor_word"
"""Where an application keeps the function that knows what its reader calls the vendor."""
_NAME = re.compile(VENDOR, re.IGNORECASE)
READER_IS_STAFF = "reader_is_staff"
"""In `g`, while a mail is written: whether to somebody of the staff, who know the vendor by its name."""


def _(text: str, **values: Any) -> str:
    """The sentence in the visitor's language."""
    translated = catalogue().ugettext(text)
    if "%(" in text:
        values |= standing_values(text)
    return translated % values if values else translated


def _n(one: str, many: str, count: int, /, **values: Any) -> str:
    """The sentence for one, or that for `%(num)d`, as the visitor's language counts and writes numbers."""
    return _counted(one, many, count) % (standing_values(one, many) | values)


def _counted(one: str, many: str, count: int) -> str:
    """The sentence with its count, and without its other values."""
    return catalogue().ungettext(one, many, count).replace("%(num)d", grouped(count))


def grouped(number: int) -> str:
    """A number with its thousands apart: 4,096, and 4.096 in Turkish."""
    return str(number) if abs(number) < 1000 else format_decimal(number, locale=reader()[0])


def _l(text: str) -> str:
    """The same, looked up only when it is shown: for what is written down before there is a visitor."""
    return cast(str, LazyString(_, text))


def catalogue() -> NullTranslations:
    """Those of the reader, which Flask-Babel looks for each time; here they are found once for a request."""
    found = getattr(_remembered(), "babel_translations", None)
    if found is None:
        found = flask_babel.get_translations()
        if (remembered := _remembered()) is not None:
            remembered.babel_translations = found
    return cast(NullTranslations, found)


def language() -> str:
    """The code of the language that this page or mail is written in."""
    locale = flask_babel.get_locale()
    return locale.language if locale else translations.SOURCE


def translated(sentence: str) -> str:
    """A sentence that was kept as the portal wrote it, in the reader's language; others' words as they are.

    Except for the vendor's own name, which its answers may hold.
    """
    found, word = source_of(sentence), vendor()
    text = _(found[0], **found[1]) if found else sentence
    return text if word == VENDOR else _NAME.sub(lambda _name: word, text)


def decimal(number: float) -> str:
    """A number with one decimal: 71.6, and 71,6 in Turkish."""
    return format_decimal(number, "#,##0.0", locale=reader()[0])


def reader() -> tuple[Locale, tzinfo]:
    """The language and the time zone of the reader; the defaults where there is none."""
    remembered = _remembered()
    locale, zone = getattr(remembered, "babel_locale", None), getattr(remembered, "babel_tzinfo", None)
    return locale or flask_babel.get_locale() or _DEFAULT[0], zone or flask_babel.get_timezone() or _DEFAULT[1]


_DEFAULT = Locale.parse("en"), UTC


def _remembered() -> SimpleNamespace | None:
    """What Flask-Babel remembers of this request, in names that its `force_locale` and `refresh` empty."""
    try:
        found: SimpleNamespace | None = g._get_current_object().get("_flask_babel")
    except RuntimeError:  # outside of an application
        return None
    return found


def standing_values(*texts: str) -> dict[str, str]:
    """What fills the placeholders of these texts that nobody passes a value for; empty where there are none."""
    if not any("%(vendor)s" in text or "%(Vendor)s" in text for text in texts):
        return {}
    word = vendor()
    return {"vendor": word, "Vendor": word[:1].upper() + word[1:]}


def vendor() -> str:
    """What the reader of this page or mail knows Connexease by."""
    word = current_app.extensions.get(VENDOR_WORD) if has_app_context() else None
    return str(word()) if word else VENDOR


class Catalogues(flask_babel.Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """Where Flask-Babel finds the sentences of the language at hand."""

    def get_translations(self) -> NullTranslations:
        return translations.catalogue(language())


def init_app(app: Flask) -> None:
    """Let Flask-Babel read our catalogues, and fill in the standing values in templates too."""
    app.extensions["babel"].instance.domain_instance = Catalogues()
    for name in ("gettext", "pgettext", "npgettext"):
        app.jinja_env.globals[name] = _filled_in(cast(Callable[..., str], app.jinja_env.globals[name]))
    app.jinja_env.globals["ngettext"] = _ngettext


def _filled_in(translate: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def filled_in(context: Context, *arguments: Any, **values: Any) -> str:
        texts = [argument for argument in arguments if isinstance(argument, str)]
        return translate(context, *arguments, **standing_values(*texts), **values)

    return filled_in


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int, /, **values: Any) -> str:
    """What templates call: the sentence is markup, as Jinja has it of all translations, and its values are not."""
    text = _counted(one, many, count)
    return (Markup(text) if context.eval_ctx.autoescape else text) % (  # noqa: S704 - ours, as are all sentences
        {"num": count} | standing_values(one, many) | values
    )
