"""The custom headers of a webhook: which names and values may be, and which are secret by their name."""

import re
from dataclasses import dataclass

from portal.i18n import _

MAX_HEADERS = 20
MAX_VALUE = 2000

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")
SECRET_NAMES = "auth|token|secret|key|password|signature|credential|cookie"
"""What a name has in it that usually carries a secret; the form's script reads it too."""
_SECRET = re.compile(SECRET_NAMES, re.IGNORECASE)
_REFUSED = frozenset(
    """connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer trailers
    transfer-encoding upgrade host content-length content-type content-encoding accept-encoding expect date
    user-agent""".split()
)


@dataclass(frozen=True)
class Header:
    """One header as it was typed. `value` is none when the one that is stored shall stay."""

    name: str
    value: str | None
    is_secret: bool


def problem_with_name(name: str) -> str | None:
    """Why a header cannot have this name, in a sentence; none when it can."""
    if not _NAME.fullmatch(name):
        return _("Enter a name of letters, digits and hyphens without spaces, for example X-Api-Key.")
    if name.casefold() in _REFUSED or name.casefold().startswith("x-connexease-"):
        return _("%(name)s is set by %(vendor)s or by the connection itself. Enter another name.", name=name)
    return None


def problem_with_value(value: str) -> str | None:
    """Why a header cannot have this value, in a sentence that does not repeat it; none when it can."""
    if not value.strip():
        return _("Enter a value for this header.")
    if len(value) > MAX_VALUE:
        return _("Enter a value of no more than %(count)d characters.", count=MAX_VALUE)
    if not _VALUE.fullmatch(value):
        return _("Enter one line of plain characters, without line breaks or accents.")
    return None


def looks_secret(name: str) -> bool:
    """Whether a header of this name usually carries a secret."""
    return _SECRET.search(name) is not None
