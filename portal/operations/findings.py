"""What a check found, and running checks so that none can keep anybody waiting."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum

from flask import Flask
from flask_babel import force_locale, get_locale
from sqlalchemy.exc import SQLAlchemyError

from portal.db.engine import lacks_tables
from portal.extensions import session
from portal.i18n import _

log = logging.getLogger(__name__)

DEADLINE = 15.0
"""Seconds that all of the checks together may take."""


class Health(StrEnum):
    """How well something is."""

    GOOD = "good"
    WARNING = "warning"
    """It works, and somebody should know."""
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, what was seen, and for a bad one what to do."""

    name: str
    health: Health
    says: str
    todo: str = ""


Check = Callable[[], list[Finding]]


def good(name: str, says: str) -> Finding:
    return Finding(name, Health.GOOD, says)


def warning(name: str, says: str, todo: str = "") -> Finding:
    return Finding(name, Health.WARNING, says, todo)


def bad(name: str, says: str, todo: str) -> Finding:
    return Finding(name, Health.BAD, says, todo)


def run(app: Flask, checks: Sequence[tuple[str, Check]], deadline: float = DEADLINE) -> list[Finding]:
    """Run the checks side by side, each in an application context of its own, in the time that there is.

    Args:
        checks: each with the name that its line bears should it not come to an end.
    """
    pool = ThreadPoolExecutor(max_workers=max(len(checks), 1), thread_name_prefix="doctor")
    language = str(get_locale() or "en")
    futures: list[Future[list[Finding]]] = [
        pool.submit(_guarded, app, language, name, check) for name, check in checks
    ]
    wait(futures, timeout=deadline)
    pool.shutdown(wait=False, cancel_futures=True)
    return [
        finding
        for (name, _check), future in zip(checks, futures, strict=True)
        for finding in (future.result() if future.done() else [_too_slow(name, deadline)])
    ]


def _guarded(app: Flask, language: str, name: str, check: Check) -> list[Finding]:
    with app.app_context(), force_locale(language):
        try:
            return check()
        except SQLAlchemyError as error:
            session().rollback()
            if lacks_tables(error):
                says = _("The check couldn't run, because the database lacks tables that this version needs.")
                return [bad(name, says, _("Fix the database first."))]
            return [bad(name, _("The database isn't responding."), _("Check DATABASE_URL and the database."))]
        except Exception as error:
            log.exception("the check of %s failed", name)
            kind = type(error).__name__
            return [bad(name, _("The check itself failed (%(kind)s).", kind=kind), _("See the log for details."))]


def _too_slow(name: str, deadline: float) -> Finding:
    says = _("No answer within %(seconds)d seconds.", seconds=round(deadline))
    return bad(name, says, _("Check the connection: DNS, firewall, proxy."))
