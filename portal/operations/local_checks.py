"""Health checks of this machine: settings, database, worker, waiting mail, vault, disk."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask_babel import format_timedelta
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from portal.audit import chain
from portal.db import migrate
from portal.extensions import db, session, settings, vault
from portal.i18n import _, _l, decimal
from portal.models import now
from portal.operations import backlog, heartbeats
from portal.operations.findings import Check, Finding, bad, good, warning
from portal.secrets import stored
from portal.secrets.crypto import VaultError

SAMPLE, LOOKED_AT = 20, 1000
"""Secrets of each kind that are opened, and rows among which they are looked for."""
KINDS = {
    "sign-ups": _l("sign-ups"),
    "webhooks": _l("webhooks"),
    "tokens": _l("tokens"),
    "messages": _l("messages"),
    "mails": _l("emails"),
    "events": _l("events"),
}
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
GB = 1024**3
LITTLE, TOO_LITTLE = 2 * GB, 300 * 1024**2
"""Bytes on the disk."""


def database() -> list[Finding]:
    """It answers, and has the tables of this version."""
    name, needed = _("Database"), migrate.newest_revision()
    kind = NAMES.get(db.engine.dialect.name, db.engine.dialect.name)
    revision = migrate.revision_of(db.engine)
    if revision is None:
        return [bad(name, _("The database is empty."), _("Run `portal db upgrade`."))]
    if not migrate.is_known(revision):
        says = _("The database is at revision %(is)s, which this version doesn't know.", **{"is": revision})
        return [
            bad(name, says, _("Start the newer version again, or restore the backup from before the upgrade."))
        ]
    if revision != needed:
        says = _(
            "The database is at revision %(is)s, but this version needs %(needs)s.",
            **{"is": revision, "needs": needed},
        )
        return [bad(name, says, _("Stop every portal process, then run `portal db upgrade`."))]
    return [good(name, _("%(kind)s responds and is up to date (%(revision)s).", kind=kind, revision=revision))]


def worker() -> list[Finding]:
    """It lives, and keeps up."""
    name = _("Worker")
    last = heartbeats.last()
    if last is None:
        return [bad(name, _("The worker has never run."), _("Start `portal worker`."))]
    ago = format_timedelta(now() - last)
    if not heartbeats.is_alive():
        says = _("Last heartbeat %(ago)s ago.", ago=ago)
        return [bad(name, says, _("Start `portal worker` and check its log."))]
    return [good(name, _("Last heartbeat %(ago)s ago.", ago=ago)), _backlog()]


def _backlog() -> Finding:
    name, rows = _("Backlog"), backlog.waiting()
    said = ", ".join(f"{KINDS[row.kind]} {row.count}" for row in rows if row.count)
    overdue = ", ".join(f"{KINDS[row.kind]} {row.overdue}" for row in rows if row.overdue)
    if overdue:
        says = _("Overdue for more than 5 minutes: %(what)s.", what=overdue)
        return warning(name, says, _("If it grows, raise WORKER_THREADS or start another `portal worker`."))
    return good(name, _("Waiting: %(what)s.", what=said) if said else _("Nothing is waiting."))


def outbox() -> list[Finding]:
    """Mail that nobody took."""
    name, failed = _("Outbox"), backlog.failed_mails()
    if failed:
        says = _("Emails that couldn't be sent: %(count)d.", count=failed)
        return [bad(name, says, _("Fix the mail server, then send them again on the staff's System page."))]
    return [good(name, _("No emails are stuck."))]


def secrets() -> list[Finding]:
    """A sample of each kind opens; to open all of them takes as long as there are many."""
    name, total, closed = _("Vault"), 0, 0
    for column in stored.PLACES:
        sample = _sample(column)
        total += len(sample)
        closed += sum(not _opens(column, row) for row in sample)
    if closed:
        says = _("Secrets that can't be opened: %(closed)d in a sample of %(total)d.", total=total, closed=closed)
        todo = _("Put the missing key back into VAULT_KEYS. `portal vault check` lists each record.")
        return [bad(name, says, todo)]
    return [
        good(
            name,
            _(
                "All secrets in a sample of %(total)d can be opened. `portal vault check` checks all secrets.",
                total=total,
            ),
        )
    ]


def _sample(name: str) -> Sequence[sa.Row[Any]]:
    """A few secrets among the last rows, whose numbers are random in most tables; no table is read to its end."""
    column = _column(name)
    some = sa.select(column.table).order_by(column.table.c.id.desc()).limit(LOOKED_AT).subquery()
    query = sa.select(some).where(some.c[column.name].is_not(None)).limit(SAMPLE)
    return session().execute(query).all()


def _opens(name: str, row: sa.Row[Any]) -> bool:
    try:
        vault().open(row._mapping[_column(name).name], stored.PLACES[name](row))
    except VaultError:
        return False
    return True


def _column(name: str) -> sa.Column[str]:
    table, _dot, column = name.partition(".")
    return SQLModel.metadata.tables[table].c[column]


def audit_log() -> list[Finding]:
    """Its end fits the seal; `portal audit verify` walks along all of it."""
    name, problem = _("Audit log"), chain.check_end()
    if problem:
        todo = _(
            "If the vault is broken, fix it first. Otherwise run `portal audit verify` and find out who wrote "
            "to the log."
        )
        return [bad(name, problem, todo)]
    return [good(name, _("The end of the log matches its seal. `portal audit verify` checks the whole log."))]


def disk() -> list[Finding]:
    """Room for the database and what grows beside it."""
    name = _("Disk")
    url = make_url(settings().database_sqlalchemy_url)
    folder = Path(url.database or ".").parent if url.get_backend_name() == "sqlite" else Path()
    usage = shutil.disk_usage(folder if folder.exists() else Path())
    says = _("%(free)s of %(total)s GB are free.", free=decimal(usage.free / GB), total=decimal(usage.total / GB))
    if usage.free < TOO_LITTLE:
        return [bad(name, says, _("Free up space now. A full disk loses events."))]
    if usage.free < LITTLE:
        return [warning(name, says, _("Free up space soon."))]
    return [good(name, says)]


CHECKS: list[tuple[str, Check]] = [
    (_l("Database"), database),
    (_l("Worker"), worker),
    (_l("Outbox"), outbox),
    (_l("Vault"), secrets),
    (_l("Audit log"), audit_log),
    (_l("Disk"), disk),
]
