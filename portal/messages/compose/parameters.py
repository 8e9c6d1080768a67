"""Meta's rules for what a template is filled with: one line, names, codes, and ends of addresses."""

import re
from urllib.parse import quote, unquote

CODE_LIMIT = 15
"""Characters of a code that a button copies."""
_BREAKS = "\r\n\t\v\f\x1c-\x1e\x85\u2028\u2029"
_UNEVEN = re.compile(rf"[ ]*[{_BREAKS}][ {_BREAKS}]*|[ ]{{4,}}")
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,99}")
_IN_ADDRESSES = "!$&'()*+,;=:@/?#-._~"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def is_one_line(value: str) -> bool:
    """Whether Meta takes it: a line break, a tab and four spaces in a row are refused."""
    return _UNEVEN.search(value) is None


def one_line(value: str) -> str:
    """The same with a single space in place of what Meta refuses."""
    return _UNEVEN.sub(" ", value).strip()


def is_name(text: str) -> bool:
    """Whether a template's value can be called this."""
    return _NAME.fullmatch(text) is not None


def bare_name(text: str) -> str:
    """A name without the marks that a template's text has around it: `{{first_name}}`, `$first_name`."""
    return text.strip().removeprefix("$").strip("{}").strip()


def name_of(placeholder: str) -> str:
    """The name in a placeholder; empty for one that is numbered, such as `$1` or `{{1}}`."""
    name = bare_name(placeholder)
    return "" if name.isdigit() else name


def address_end(value: str) -> str:
    """The end of an address, percent-encoded; what is encoded already stays as it is."""
    return quote(_STRAY_PERCENT.sub("%25", value), safe=_IN_ADDRESSES + "%", errors="replace")


def typed_end(encoded: str) -> str:
    """What was typed, from an address's end as it goes over the wire, where that can be told."""
    typed = unquote(encoded)
    return typed if address_end(typed) == encoded else encoded
