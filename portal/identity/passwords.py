"""Passwords: long, not common, kept as argon2id.

Devices compose accents differently, and some write wide or compatible characters: what looks the same is the same
password (NFKC, as NIST SP 800-63B wants it). Older hashes were made of what was typed, so that is tried as well.
"""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _, _n

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
    return _hasher.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether the password belongs to the stored hash.

    Takes as long when there is no hash, so that the time does not tell whether somebody exists.
    """
    known = stored if stored is not None and is_set(stored) else None
    is_one = any(_is_of(known or _nobodys_hash(), spelling) for spelling in _spellings(password))
    return is_one and known is not None


def is_set(stored: str) -> bool:
    """Whether somebody has chosen a password."""
    return stored not in ("", NONE)


def is_outdated(stored: str, password: str) -> bool:
    """Whether the hash of a password that matches was made with weaker parameters, or of another spelling."""
    if _hasher.check_needs_rehash(stored):
        return True
    return len(_spellings(password)) > 1 and not _is_of(stored, _normal(password))


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
    password = _normal(password)
    if len(password) < MIN_LENGTH:
        return _n(
            "Use at least %(num)d character. A few unrelated words work well.",
            "Use at least %(num)d characters. A few unrelated words work well.",
            MIN_LENGTH,
        )
    if len(password) > MAX_LENGTH:
        return _n("Use at most %(num)d character.", "Use at most %(num)d characters.", MAX_LENGTH)
    words = [part for word in known_words for part in (word, *word.replace("@", " ").split()) if part]
    if zxcvbn(password[:SCORED_LENGTH], user_inputs=words)["score"] < MIN_SCORE:
        return _("This password is easy to guess. A few unrelated words work well.")
    return None


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _spellings(password: str) -> list[str]:
    """What a hash of it may have been made of: today's spelling first, and only one for most passwords."""
    others = (unicodedata.normalize("NFC", password), unicodedata.normalize("NFD", password))
    return list(dict.fromkeys((_normal(password), password, *others)))


def _is_of(stored: str, spelling: str) -> bool:
    try:
        return _hasher.verify(stored, spelling)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return make_hash("nobody has this password")
