"""gettext, typed. Every sentence that a person sees goes through here or through the templates' own `_`."""

from typing import Any, cast

import flask_babel


def _(text: str, **values: Any) -> str:
    """The sentence in the visitor's language."""
    return cast(str, flask_babel.gettext(text, **values))


def _n(one: str, many: str, count: int, **values: Any) -> str:
    """The sentence for one, or that for `%(num)d`, as the visitor's language counts."""
    return cast(str, flask_babel.ngettext(one, many, count, **values))


def _l(text: str) -> str:
    """The same, looked up only when it is shown: for what is written down before there is a visitor."""
    return cast(str, flask_babel.lazy_gettext(text))
