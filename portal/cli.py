"""The `portal` command."""

import logging
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import click
import psycopg
import redis
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError

from portal.db.engine import lacks_tables
from portal.settings import SettingsError

if TYPE_CHECKING:
    from portal.audit.chain import End
    from portal.secrets.stored import Findings

P = ParamSpec("P")


class Plainly(click.Group):
    """Tells in a sentence what an operator can mend; a trace would show them nothing more."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ProgrammingError, OperationalError) as error:
            if lacks_tables(error):
                raise click.ClickException(
                    "The database lacks tables of this version: run `portal db upgrade`."
                ) from None
            if not isinstance(error, OperationalError):
                raise
            raise click.ClickException("The database does not answer: check DATABASE_URL.") from None
        except psycopg.OperationalError:
            raise click.ClickException("The database does not answer: check DATABASE_URL.") from None
        except redis.ConnectionError:
            raise click.ClickException("Redis does not answer: check REDIS_URL.") from None


@click.group(cls=Plainly)
def main() -> None:
    """The reseller portal for Connexease."""


def with_app(command: Callable[P, None]) -> Callable[P, None]:
    """Run a command inside the application; a bad setting is a sentence, not a trace."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        with app_or_exit().app_context():
            command(*args, **kwargs)

    return wrapped


def app_or_exit() -> Flask:
    """The application, or an end with a sentence for each setting that will not do."""
    from portal import create_app  # noqa: PLC0415 - `portal demo` needs no application of its own

    try:
        return create_app()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


@main.command()
@click.option("--port", default=8000, show_default=True, help="The portal's port.")
@click.option("--sandbox-port", default=8001, show_default=True, help="The port of the local Connexease.")
@click.option("--dialog-port", default=8002, show_default=True, help="The port of its dialog.")
@click.option("--mail-port", default=8025, show_default=True, help="The port of its mail server.")
@click.option("--folder", default="var/demo", show_default=True, help="Where the demo keeps its data.")
@click.option("--empty", is_flag=True, help="Begin a fresh folder without customers and a month of messages.")
def demo(port: int, sandbox_port: int, dialog_port: int, mail_port: int, folder: str, *, empty: bool) -> None:
    """Start the portal, its worker and a local Connexease; Ctrl-C ends all of it."""
    from portal.demo.processes import Demo  # noqa: PLC0415

    sys.exit(Demo(folder, port, sandbox_port, dialog_port, mail_port, is_empty=empty).run())


@main.command()
def worker() -> None:
    """Do what is due: set up accounts, send mail, process events."""
    from portal.worker.consumer import run  # noqa: PLC0415

    run(app_or_exit())


@main.command()
@click.option("--markdown", "form", flag_value="markdown", help="As docs/settings.md.")
@click.option("--env", "form", flag_value="env", help="As .env.example: a file to fill in.")
def settings(form: str | None) -> None:
    """Every setting: its name, its default and what it means."""
    from portal.operations import settings_reference as reference  # noqa: PLC0415

    write = {"markdown": reference.as_markdown, "env": reference.as_env}.get(form or "", reference.as_text)
    click.echo(write())


@main.group()
def db() -> None:
    """The database."""


@db.command()
@with_app
def upgrade() -> None:
    """Bring the database to the newest revision."""
    from portal.audit import chain  # noqa: PLC0415
    from portal.db import migrate  # noqa: PLC0415
    from portal.extensions import db as database  # noqa: PLC0415

    if (revision := migrate.revision_of(database.engine)) and not migrate.is_known(revision):
        raise click.ClickException(
            f"The database is at revision {revision}, which this version does not know: start the newer version "
            "again, or restore the backup from before."
        )
    migrate.upgrade(database.engine)
    chain.seal()
    click.echo("The database is up to date.")


@main.group()
def staff() -> None:
    """The reseller's own people."""


@staff.command()
@click.argument("email")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--role", type=click.Choice(["admin", "support", "read_only"]), default="admin", show_default=True)
@click.option("--time-zone", default="UTC", show_default=True)
@click.password_option(
    help="Asked for when it is not given; PORTAL_STAFF_PASSWORD is read too.", envvar="PORTAL_STAFF_PASSWORD"
)
@with_app
def create(email: str, first_name: str, last_name: str, role: str, time_zone: str, password: str) -> None:
    """Make a login for somebody of the staff."""
    from portal.errors import DomainError  # noqa: PLC0415
    from portal.models import StaffRole  # noqa: PLC0415
    from portal.staff.people import staff_members  # noqa: PLC0415

    try:
        person = staff_members.create(
            email,
            password,
            StaffRole(role),
            first_name=first_name,
            last_name=last_name,
            time_zone=time_zone,
        )
    except DomainError as error:
        raise click.ClickException(error.message) from None
    click.echo(f"{person.email} can log in as {role}, and sets up an authenticator app then.")


@staff.command("reset-totp")
@click.argument("email")
@with_app
def reset_totp(email: str) -> None:
    """Take the authenticator app away from somebody who lost it; the next log-in sets up another."""
    from portal.identity.authentication import find_person  # noqa: PLC0415
    from portal.identity.second_factor import authenticator  # noqa: PLC0415

    person = find_person(email)
    if person is None:
        raise click.ClickException("There is no login with this address.")
    authenticator.reset(None, person)
    click.echo(f"The app and the recovery codes of {person.email} do not count any more; every session has ended.")


@main.command()
@with_app
def doctor() -> None:
    """Look whether everything works that the portal needs; ends with an error when something is broken."""
    from portal.operations import doctor as checks  # noqa: PLC0415

    logging.getLogger().setLevel(logging.WARNING)
    signs = {"good": "ok    ", "warning": "look  ", "bad": "BROKEN"}
    findings = checks.all_checks()
    for finding in findings:
        click.echo(f"{signs[finding.health]}  {finding.name}: {finding.says}")
        if finding.todo and finding.health != "good":
            click.echo(f"        {finding.todo}")
    # A check that hangs in a thread of its own must not keep the command from ending.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if checks.is_well(findings) else 1)


@main.group()
def vault() -> None:
    """The stored secrets, and the keys that seal them."""


@vault.command()
@with_app
def check() -> None:
    """Open every stored secret, and name those that do not open."""
    from portal.secrets import stored as vault_keeping  # noqa: PLC0415

    findings = vault_keeping.check()
    _tell(findings)
    if findings.outdated:
        click.echo(f"Older keys wrap {findings.outdated} of them: `portal vault rotate` moves them to the newest.")


@vault.command()
@with_app
def rotate() -> None:
    """Move every stored secret to the newest of VAULT_KEYS; the portal may go on running."""
    from portal.secrets import stored  # noqa: PLC0415

    rewrapped, findings = stored.rotate()
    click.echo(f"Re-wrapped with the newest key: {rewrapped}.")
    _tell(findings)
    click.echo("The newest key is enough for all of them: the older keys may be removed from VAULT_KEYS.")


@main.group()
def audit() -> None:
    """The audit log."""


@audit.command()
@click.option(
    "--kept", multiple=True, metavar="NUMBER:HASH", help="The end that an earlier run printed; may be given often."
)
@click.option("--resealed", metavar="NUMBER:HASH", help="Acknowledge that the end was sealed anew there.")
@with_app
def verify(kept: tuple[str, ...], resealed: str | None) -> None:
    """Walk along the audit log, and name the first entry that does not fit."""
    from portal.audit import chain  # noqa: PLC0415

    acknowledged = [_end(resealed)] if resealed else []
    known = [*(_end(text) for text in kept), *acknowledged]
    verdict = chain.verify(known)
    if not verdict.problem and acknowledged:
        if not chain.acknowledge(acknowledged[0].number):
            raise click.ClickException("No sealing anew at this entry waits to be acknowledged.")
        verdict = chain.verify(known)
    if verdict.problem:
        raise click.ClickException(verdict.problem)
    click.echo(f"{verdict.entries} entries, and each fits the one before it.")
    for end, at in verdict.resealed:
        click.echo(f"The end was sealed anew at entry {end.number}, {at:%Y-%m-%d %H:%M} UTC.", err=True)
        if end.number == verdict.unacknowledged:
            click.echo(f"If you know why, say so once with --resealed {end}", err=True)
    if verdict.unacknowledged:
        raise click.ClickException(chain.sealed_anew(verdict.unacknowledged))
    click.echo(f"Keep this elsewhere, to hand to a later run with --kept: {verdict.end}")


def _end(text: str) -> "End":
    from portal.audit.chain import End  # noqa: PLC0415

    number, _, hash_ = text.partition(":")
    if not number.isdecimal() or len(hash_) != 64:
        raise click.BadParameter("it must look as it was printed: a number, a colon and 64 letters and digits")
    return End(int(number), hash_)


def _tell(findings: "Findings") -> None:
    """Say how many secrets open; end the command when one does not."""
    count = findings.opened + len(findings.closed)
    click.echo(f"{findings.opened} of {count} stored secrets open.")
    for record, reason in findings.closed:
        click.echo(f"{record.column}, {record.owner}, record {record.id}: {reason}", err=True)
    if findings.closed:
        raise click.ClickException("Not every secret opens. Remove no key from VAULT_KEYS before that is settled.")
