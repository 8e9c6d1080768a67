"""The value of our own that goes along with a message and that its statuses may bring back."""

import re
import secrets

_OURS = re.compile(r"[A-Za-z0-9_-]{43}")


def made() -> str:
    """A new one, which nobody can guess."""
    return secrets.token_urlsafe(32)


def may_be_ours(value: str) -> bool:
    """Whether it looks like one of them: another system may send its own through the same gateway."""
    return _OURS.fullmatch(value) is not None
