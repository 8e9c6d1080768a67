"""The chain that holds the audit log together, and the walk that finds where it was broken.

Each entry bears a SHA-256 over all its columns and the hash of the entry before it. The number and the hash of the
last entry stand in one row, `audit_chain`, sealed by the vault: only a process that has `VAULT_KEYS` can write
another end. That row is also the lock under which entries are chained, taken just before the commit.

What this proves, and what it does not. Somebody who can write to the database, but has no vault key, cannot
change, add, remove or reorder entries, nor cut off the last ones, without `verify` ending with an error. It names
the entry; or, when they took off the seal too, and the portal had to put on another to go on, where that was:
what lies before is proven by nothing then, and `verify` and the doctor say so until somebody who runs the portal
acknowledges it, which is an entry under the new seal. Such a person can at best put the log back to an earlier
state of it, seal and all, its emptiness among them. Somebody who has the database *and* a vault key can write
any history. Against both there is what `verify` prints at its end, a number and a hash: kept elsewhere, and
handed to a later run, it proves that nothing up to there was touched. Triggers refuse UPDATE and DELETE, which
stops mistakes and no owner of the database. An entry says what the portal saw; a process that was taken over can
lie from then on.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from portal.db import dialect
from portal.db.engine import writing
from portal.extensions import db, vault
from portal.i18n import _
from portal.models import AuditChain, AuditEntry, now
from portal.models.operations.audit import THE_CHAIN
from portal.secrets.crypto import VaultError
from portal.secrets.stored import chain_place

BATCH = 1000
FIRST = "0" * 64
"""What stands in place of the hash before the first entry."""
RESEALED, ACKNOWLEDGED = "audit.resealed", "audit.resealing_acknowledged"

_ENTRIES: sa.Table = AuditEntry.__table__  # type: ignore[attr-defined]
_CHAIN: sa.Table = AuditChain.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class End:
    """The last entry of the chain, or where there is none yet: 0 and nothing."""

    number: int = 0
    hash: str = FIRST
    resealed: int = 0
    """The entry at which the seal was put on anew and which nobody has acknowledged yet; 0 for none."""

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass
class Verdict:
    """What a walk along the chain found; nothing in `problem` means that all of it fits."""

    entries: int = 0
    end: End = field(default_factory=End)
    problem: str = ""
    resealed: list[tuple[End, datetime]] = field(default_factory=list)
    """Entries where the seal of the end was put on anew: each should be known to whoever runs the portal."""
    unacknowledged: int = 0
    """The last of them, as long as nobody has said that it is known: nothing proves what lies before."""


def hash_of(values: Mapping[str, Any], before: str) -> str:
    """The hash of an entry: over every column, in a form that is the same on every database."""
    facts = [
        before,
        values["id"],
        values["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        _text(values["actor_id"]),
        values["actor"],
        _text(values["account_id"]),
        values["action"],
        values["target"],
        values["details"],
        values["address"],
    ]
    written = json.dumps(facts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def append(connection: sa.Connection, noted: Sequence[Mapping[str, Any]]) -> None:
    """Chain entries to the end, in the transaction at hand, which should commit right afterwards.

    Whoever else chains waits for that commit. An end whose seal does not open is gone on from all the same,
    because nothing could be done any more otherwise; an entry says so, and so does the new seal, until somebody
    acknowledges it.
    """
    end = _open(_lock(connection))
    if end is None:
        end = _last(connection)
        if end.number:
            noted = [_of_its_own(RESEALED, end.number), *noted]
    rows = []
    for values in noted:
        row = {**values, "id": end.number + 1}
        row["hash"] = hash_of(row, end.hash)
        resealed = {RESEALED: row["id"], ACKNOWLEDGED: 0}.get(row["action"], end.resealed)
        end = End(row["id"], row["hash"], resealed)
        rows.append(row)
    connection.execute(sa.insert(_ENTRIES), rows)
    connection.execute(sa.update(_CHAIN).where(_CHAIN.c.id == THE_CHAIN).values(sealed_end=_seal(end)))


def seal() -> None:
    """Seal the end of a log that has no seal, such as one that a migration has just chained."""
    with writing(), db.engine.begin() as connection:
        if _lock(connection) is not None:
            return
        if _last(connection).number:
            append(connection, [])
        else:
            connection.execute(sa.update(_CHAIN).values(sealed_end=_seal(End())))


def acknowledge(number: int) -> bool:
    """Note for good that the sealing anew at an entry is known; false when it is not the one that waits for it."""
    with writing(), db.engine.begin() as connection:
        end = _open(_lock(connection))
        if end is None or not number or end.resealed != number:
            return False
        append(connection, [_of_its_own(ACKNOWLEDGED, number)])
    return True


def verify(known: Sequence[End] = ()) -> Verdict:
    """Walk the whole chain, in batches, and stop at the first entry that does not fit.

    Args:
        known: numbers and hashes that were kept elsewhere.
    """
    sealed, highest = _snapshot()
    verdict = Verdict()
    wanted = {end.number: end.hash for end in known if end.number}
    for row in _rows(highest):
        if row.hash != hash_of(row._asdict(), verdict.end.hash):
            verdict.problem = _misfit(row.id, verdict.end.number)
            return verdict
        if wanted.pop(row.id, row.hash) != row.hash:
            verdict.problem = _rewritten(row.id)
            return verdict
        verdict.entries, verdict.end = verdict.entries + 1, End(row.id, row.hash)
        if row.action == RESEALED:
            verdict.resealed.append((verdict.end, row.at))
    verdict.problem = _wrong_end(sealed, verdict.end) or _unknown(wanted)
    meant = _open(sealed)
    verdict.unacknowledged = meant.resealed if meant else 0
    return verdict


def check_end() -> str:
    """What is wrong with the end of the log alone, without walking along it; empty when it fits its seal."""
    with db.engine.connect() as connection:
        last = _last(connection)
        sealed = connection.execute(sa.select(_CHAIN.c.sealed_end).where(_CHAIN.c.id == THE_CHAIN)).scalar()
        still = _last(connection)
    if last != still:  # somebody wrote just now; the next look will tell
        return ""
    if sealed is None and not last.number:
        return ""
    meant = _open(sealed)
    return _wrong_end(sealed, last) or (sealed_anew(meant.resealed) if meant and meant.resealed else "")


def sealed_anew(number: int) -> str:
    """What it means that a seal was put on anew which nobody acknowledged."""
    return _(
        "The log was resealed at entry %(number)d, because its seal was missing or couldn't be opened. "
        "Nothing proves the entries before it.",
        number=number,
    )


def _misfit(number: int, before: int) -> str:
    said = _(
        "Entry %(number)d doesn't match its hash. It, or the entry before it, was changed, moved or removed.",
        number=number,
    )
    if number > before + 1:
        said += " " + _("The entries between %(before)d and %(number)d are missing.", before=before, number=number)
    return said


def _wrong_end(sealed: str | None, end: End) -> str:
    if sealed is None:
        return _("The end of the log has no seal. Someone removed it, or `portal db upgrade` wasn't run.")
    meant = _open(sealed)
    if meant is None:
        return _("The seal at the end of the log can't be opened. It's damaged, or its key isn't in VAULT_KEYS.")
    if meant.number > end.number:
        return _(
            "Entry %(first)d is missing. The log was cut off: it used to end with entry %(last)d.",
            first=end.number + 1,
            last=meant.number,
        )
    if meant.number < end.number:
        return _(
            "Entry %(first)d wasn't written by the portal, whose log ends with entry %(last)d.",
            first=meant.number + 1,
            last=meant.number,
        )
    if meant.hash != end.hash:
        return _(
            "Entry %(number)d isn't the last entry that the portal wrote. The log was rewritten.",
            number=end.number,
        )
    return ""


def _unknown(wanted: Mapping[int, str]) -> str:
    return _("Entry %(number)d is missing. You gave its hash with --kept.", number=min(wanted)) if wanted else ""


def _rewritten(number: int) -> str:
    return _("Entry %(number)d doesn't have the hash that you kept. The log was rewritten.", number=number)


def _snapshot() -> tuple[str | None, int]:
    """The seal and the last number, as they were at one moment."""
    sealed = sa.select(_CHAIN.c.sealed_end).where(_CHAIN.c.id == THE_CHAIN).scalar_subquery()
    highest = sa.select(sa.func.coalesce(sa.func.max(_ENTRIES.c.id), 0)).scalar_subquery()
    with db.engine.connect() as connection:
        row = connection.execute(sa.select(sealed, highest)).one()
    return row[0], row[1]


def _rows(highest: int) -> Iterator[sa.Row[Any]]:
    after: int | None = None
    while True:
        query = sa.select(_ENTRIES).where(_ENTRIES.c.id <= highest).order_by(_ENTRIES.c.id).limit(BATCH)
        if after is not None:
            query = query.where(_ENTRIES.c.id > after)
        with db.engine.connect() as connection:
            rows = connection.execute(query).all()
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def _lock(connection: sa.Connection) -> str | None:
    """The sealed end, which nobody else changes before this transaction is over."""
    row = dialect.insert(connection, _CHAIN).values(id=THE_CHAIN, sealed_end=None)
    connection.execute(row.on_conflict_do_nothing())
    query = sa.select(_CHAIN.c.sealed_end).where(_CHAIN.c.id == THE_CHAIN).with_for_update()
    return connection.execute(query).scalar()


def _last(connection: sa.Connection) -> End:
    """The last entry as the table has it, for want of a seal."""
    query = sa.select(_ENTRIES.c.id, _ENTRIES.c.hash).order_by(_ENTRIES.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return End(row.id, row.hash) if row else End()


def _of_its_own(action: str, number: int) -> dict[str, Any]:
    """An entry of the chain about itself."""
    return {
        "at": now(),
        "actor_id": None,
        "actor": "portal",
        "account_id": None,
        "action": action,
        "target": str(number),
        "details": {},
        "address": "",
    }


def _seal(end: End) -> str:
    return vault().seal(SecretStr(f"{end}:{end.resealed}"), chain_place())


def _open(sealed: str | None) -> End | None:
    if sealed is None:
        return None
    try:
        number, hash_, *resealed = vault().open(sealed, chain_place()).get_secret_value().split(":")
    except VaultError:
        return None
    return End(int(number), hash_, int(resealed[0]) if resealed else 0)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
