"""Recovery codes: each stands in once for a lost authenticator app. The callers commit."""

import hashlib
import secrets
import unicodedata

import sqlalchemy as sa
from sqlmodel import col

from portal import audit
from portal.extensions import session
from portal.models import Person, RecoveryCode, now

COUNT = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what looks alike on paper."""


def make(person: Person) -> list[str]:
    """Fresh codes, to be shown once; those before count no longer."""
    forget(person)
    codes = ["-".join(_random(4) for _part in range(4)) for _code in range(COUNT)]
    session().add_all(RecoveryCode(person_id=person.id, code_hash=_hash(person, plain(code))) for code in codes)
    return codes


def spend(person: Person, typed: str) -> bool:
    """Take one of the person's codes, as `plain` leaves it; false when it is none, or was used before."""
    spent = session().execute(
        sa.update(RecoveryCode)
        .where(
            col(RecoveryCode.person_id) == person.id,
            col(RecoveryCode.code_hash) == _hash(person, typed),
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=now())
        .execution_options(synchronize_session=False)
    )
    if not spent.rowcount:  # type: ignore[attr-defined]
        return False
    audit.record(person, None, "person.recovery_code_used", person.email)
    return True


def left(person: Person) -> int:
    """How many codes a person has not used yet."""
    query = sa.select(sa.func.count()).where(
        col(RecoveryCode.person_id) == person.id, col(RecoveryCode.used_at).is_(None)
    )
    return int(session().execute(query).scalar_one())


def forget(person: Person) -> None:
    """Let none of a person's codes count any more."""
    session().execute(
        sa.delete(RecoveryCode)
        .where(col(RecoveryCode.person_id) == person.id)
        .execution_options(synchronize_session="fetch")
    )


def plain(code: str) -> str:
    """What was typed, without what only makes it easier to read."""
    return "".join(unicodedata.normalize("NFKC", code).split()).replace("-", "").casefold()


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _hash(person: Person, code: str) -> str:
    # Nearly eighty random bits: nobody finds them by trying, so a quick hash will do.
    return hashlib.sha256(f"{person.id}:{code}".encode("utf-8", "replace")).hexdigest()
