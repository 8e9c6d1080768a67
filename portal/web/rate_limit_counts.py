"""Counts of rate limits in the database, where several processes count together without a Redis.

The library that counts knows memory, Redis, Memcached and MongoDB, so this is a storage of its kind. One statement
counts a try. It is no part of the request's transaction, so what is refused is counted too. On SQLite the counts
lie in a file of their own, like the queue: who counts waits for nobody who writes, nor the reverse. They may
be lost in a power cut.
"""

import hashlib
import sqlite3
import threading
import time
from typing import Any

import sqlalchemy as sa
from limits.storage import Storage
from sqlalchemy.engine import make_url

URI = "database://"
LOCK = 0x6C696D697473
"""What two who make the table at once in one PostgreSQL wait for."""

_MAKE = (
    "CREATE {kind} TABLE IF NOT EXISTS rate_limit_count "
    "(key VARCHAR(64) PRIMARY KEY, count INTEGER NOT NULL, expires_at DOUBLE PRECISION NOT NULL)"
)
_COUNT = sa.text(
    "INSERT INTO rate_limit_count (key, count, expires_at) VALUES (:key, :amount, :expires_at) "
    "ON CONFLICT (key) DO UPDATE SET "
    "count = CASE WHEN rate_limit_count.expires_at <= :now THEN 0 ELSE rate_limit_count.count END + :amount, "
    "expires_at = CASE WHEN rate_limit_count.expires_at <= :now THEN :expires_at "
    "ELSE rate_limit_count.expires_at END "
    "RETURNING count"
)
_READ = sa.text("SELECT count, expires_at FROM rate_limit_count WHERE key = :key AND expires_at > :now")
_FORGET = sa.text("DELETE FROM rate_limit_count WHERE key = :key")
_CLEAN = sa.text("DELETE FROM rate_limit_count WHERE expires_at <= :now")


class DatabaseCounts(Storage):
    """A storage for `limits`, in windows that begin with the first try.

    Args:
        database_url: the portal's database.
    """

    STORAGE_SCHEME = ["database"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, *, database_url: str) -> None:
        super().__init__(uri, wrap_exceptions)
        self._url, self._opening = make_url(database_url), threading.Lock()
        self._opened: sa.Engine | None = None

    @property
    def base_exceptions(self) -> type[Exception]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and say how many it are in this window."""
        now = time.time()
        values = {"key": _key(key), "amount": amount, "now": now, "expires_at": now + expiry}
        with self._engine().connect() as connection:
            return int(connection.execute(_COUNT, values).scalar_one())

    def get(self, key: str) -> int:
        return int(self._read(key)[0])

    def get_expiry(self, key: str) -> float:
        return self._read(key)[1]

    def check(self) -> bool:
        with self._engine().connect() as connection:
            return bool(connection.execute(sa.text("SELECT 1")).scalar())

    def reset(self) -> int | None:
        with self._engine().connect() as connection:
            return connection.execute(sa.text("DELETE FROM rate_limit_count")).rowcount

    def clear(self, key: str) -> None:
        with self._engine().connect() as connection:
            connection.execute(_FORGET, {"key": _key(key)})

    def clean(self) -> None:
        """Forget the windows that are over."""
        with self._engine().connect() as connection:
            connection.execute(_CLEAN, {"now": time.time()})

    def close(self) -> None:
        """Let go of the database."""
        with self._opening:
            if self._opened is not None:
                self._opened.dispose()
            self._opened = None

    def _read(self, key: str) -> tuple[int, float]:
        now = time.time()
        with self._engine().connect() as connection:
            found = connection.execute(_READ, {"key": _key(key), "now": now}).first()
        return (int(found[0]), float(found[1])) if found else (0, now)

    def _engine(self) -> sa.Engine:
        """Opened when it is needed first, which is after a server has forked."""
        with self._opening:
            if self._opened is None:
                self._opened = _open(self._url)
            return self._opened


def _key(key: str) -> str:
    """Keys name people, whom nobody needs to read here."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _open(url: sa.URL) -> sa.Engine:
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            url.set(database=f"{url.database}.limits"), connect_args={"timeout": 15}, **options
        )
        sa.event.listen(engine, "connect", _without_waiting_for_the_disk)
        with engine.connect() as connection:
            connection.execute(sa.text(_MAKE.format(kind="")))
        return engine
    engine = sa.create_engine(url, pool_pre_ping=True, pool_size=2, max_overflow=8, **options)
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        connection.execute(sa.text(_MAKE.format(kind="UNLOGGED")))
    return engine


def _without_waiting_for_the_disk(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute(
        "PRAGMA synchronous=NORMAL"
    )  # in this mode a power cut loses the last counts and breaks nothing
    for _try in range(100):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError:  # another process makes the same file, for which SQLite does not wait
            time.sleep(0.05)
    cursor.close()
