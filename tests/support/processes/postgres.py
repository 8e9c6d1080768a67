"""A PostgreSQL of the tests' own: a private folder, a Unix socket and no port."""

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg

from tests.support.suite.patience import patient

MISSING = "PostgreSQL's programs (initdb, pg_ctl) are not installed: run `make setup`."
TEMPLATE = "portal_template"
USUAL = "portal_usual"
EMPTY = """
DO $$
DECLARE name text;
BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;  -- the order does not matter when all rows go
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
END $$
"""


def _programs() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if folders and (folders[-1] / "initdb").exists():
        return folders[-1]
    found = shutil.which("initdb")
    if found is None:
        raise RuntimeError(MISSING)
    return Path(found).resolve().parent


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: whom it runs as instead."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


class Postgres:
    """A cluster that is fast and forgets: nothing is synced to the disk, unless it is to be durable."""

    def __init__(self, is_durable: bool = False) -> None:
        self._is_durable = is_durable
        self._programs = _programs()
        self._user = _unprivileged()
        self._folder = Path(tempfile.mkdtemp(prefix="portal-pg-"))
        self._numbers = count(1)
        self._kept: dict[str, psycopg.Connection] = {}

    def start(self) -> None:
        if self._user:
            shutil.chown(self._folder, self._user)
        self._run("initdb", "-D", "data", "-U", "portal", "--auth=trust", "--no-sync", "--locale=C", "-E", "UTF8")
        options = f"-k {self._folder} -c listen_addresses= -c max_connections=200"
        # Whoever waits for a lock of somebody who never lets it go is told, and the test fails.
        options += f" -c lock_timeout={patient(60):.0f}s"
        if not self._is_durable:
            options += " -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
            # Nothing that wakes up by itself: on a busy machine every wake-up is missing elsewhere.
            options += " -c autovacuum=off -c bgwriter_delay=10s -c wal_writer_delay=10s"
        self._run("pg_ctl", "-D", "data", "-o", options, "-w", "-l", "log", "start")

    def stop(self) -> None:
        for connection in self._kept.values():
            connection.close()
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, name: str) -> str:
        return f"postgresql://portal@/{name}?host={self._folder}"

    def create(self, template: str | None = None, name: str | None = None) -> str:
        """Make a database and return its URL."""
        name = name or f"portal_{next(self._numbers)}"
        self._sql(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}" STRATEGY file_copy' if template else ""))
        return self.url(name)

    def drop(self, url: str) -> None:
        name = url.partition("@/")[2].partition("?")[0]
        self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def empty(self, url: str) -> None:
        """Delete every row, and close whatever is still connected: quicker than another database."""
        self.kept_connection(url).execute(EMPTY)

    def kept_connection(self, url: str) -> psycopg.Connection:
        """The only one that `empty` does not close: a new one reads all there is to know of each table."""
        if url not in self._kept:
            self._kept[url] = self._connect(url)
        return self._kept[url]

    def _sql(self, statement: str) -> None:
        with self._connect(self.url("postgres")) as connection:
            connection.execute(statement)

    def _connect(self, url: str) -> psycopg.Connection:
        return psycopg.connect(url, autocommit=True, connect_timeout=int(patient(30)))

    def _run(self, program: str, *arguments: str) -> None:
        as_user = ["runuser", "-u", self._user, "--"] if self._user else []
        command = [*as_user, str(self._programs / program), *arguments]
        subprocess.run(command, cwd=self._folder, check=True, stdout=subprocess.DEVNULL, timeout=patient(180))
