"""Passwords: long, not common, kept as argon2id."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _

MIN_LENGTH = 12
MAX_LENGTH = 128
MIN_SCORE = 3
"""zxcvbn's "safely unguessable": moderate protection from an offline guess of a slow hash."""
SCORED_LENGTH = 72
"""zxcvbn's own advice: longer than this it only gets slow."""

NONE = "!"
"""In place of the hash of somebody who has yet to choose a password: no password belongs to it."""

_hasher = PasswordHasher()


def make_hash(password: str) -> str:
    """The hash to store."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password belongs to the stored hash.

    Takes as long when there is no hash, so that the time does not tell whether somebody exists.
    """
    known = stored if stored is not None and is_set(stored) else None
    try:
        _hasher.verify(known or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def is_set(stored: str) -> bool:
    """Whether somebody has chosen a password."""
    return stored not in ("", NONE)


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def strong_hash(password: str, *known_words: str) -> str:
    """The hash of a password that will do; nobody waits for a transaction while it is made.

    Raises:
        DomainError: it will not do, at the field `password`.
    """
    session().commit()
    if problem := weakness(password, *known_words):
        raise DomainError(problem, "password")
    return make_hash(password)


def weakness(password: str, *known_words: str) -> str | None:
    """Why this password will not do, in a sentence; none when it will.

    Args:
        known_words: what an attacker knows of the person, such as name, company and e-mail address.
    """
    if len(password) < MIN_LENGTH:
        return _("Use at least %(count)d characters. A few unrelated words make a good one.", count=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        return _("Use at most %(count)d characters.", count=MAX_LENGTH)
    words = [part for word in known_words for part in (word, *word.replace("@", " ").split()) if part]
    if zxcvbn(password[:SCORED_LENGTH], user_inputs=words)["score"] < MIN_SCORE:
        return _("This password is easy to guess. A few unrelated words make a good one.")
    return None


@cache
def _nobodys_hash() -> str:
    return make_hash("nobody has this password")
