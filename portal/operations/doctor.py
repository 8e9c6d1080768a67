"""The doctor: every health check in order, for the system page and for `portal doctor`."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask, current_app
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from portal.extensions import settings
from portal.i18n import _
from portal.operations import local_checks, remote_checks
from portal.operations.findings import Finding, Health, run


def all_checks() -> list[Finding]:
    """Everything, in the order in which it is looked at."""
    return run(_app(), [*local_checks.CHECKS, *remote_checks.CHECKS])


def quick_checks() -> list[Finding]:
    """What this machine knows by itself."""
    return run(_app(), local_checks.CHECKS)


def slow_checks() -> list[Finding]:
    """What others have to be asked for."""
    return run(_app(), remote_checks.CHECKS)


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing is bad."""
    return all(finding.health != Health.BAD for finding in findings)


def shown_settings() -> list[tuple[str, str]]:
    """Every setting as it may be shown: of secrets only whether there is one."""
    return [(name.upper(), _shown(name, getattr(settings(), name))) for name in type(settings()).model_fields]


def _shown(name: str, value: object) -> str:
    if name == "database_url":
        return _place(str(value))
    if name == "vault_keys":
        return _("set: %(count)d", count=len(settings().vault_keys))
    if isinstance(value, SecretStr):
        return _("set") if value.get_secret_value() else _("not set")
    if value is None or value == "":
        return _("not set")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _place(url: str) -> str:
    """A database without who logs in there, and without options, which may hold a password, too."""
    made = make_url(url)
    where = f"{made.host}/" if made.host else ""
    return f"{made.get_backend_name()}: {where}{made.database or ''}" if urlsplit(url).scheme else ""


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]
