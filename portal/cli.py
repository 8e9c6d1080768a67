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
                    "The database lacks tables that this version needs. Run `portal db upgrade`."
                ) from None
            if not isinstance(error, OperationalError):
                raise
            raise click.ClickException("The database isn't responding. Check DATABASE_URL.") from None
        except psycopg.OperationalError:
            raise click.ClickException("The database isn't responding. Check DATABASE_URL.") from None
        except redis.ConnectionError:
            raise click.ClickException("Redis isn't responding. Check REDIS_URL.") from None


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
@click.option("--dialog-port", default=8002, show_default=True, help="The port of the local Connexease's dialog.")
@click.option("--mail-port", default=8025, show_default=True, help="The port of the demo's mail server.")
@click.option("--folder", default="var/demo", show_default=True, help="Where the demo keeps its data.")
@click.option("--empty", is_flag=True, help="Start with an empty demo, without customers and a month of messages.")
def demo(port: int, sandbox_port: int, dialog_port: int, mail_port: int, folder: str, *, empty: bool) -> None:
    """Start the portal, its worker and a local Connexease. Ctrl-C stops everything."""
    from portal.demo.processes import Demo  # noqa: PLC0415

    sys.exit(Demo(folder, port, sandbox_port, dialog_port, mail_port, is_empty=empty).run())


@main.command()
def worker() -> None:
    """Run the worker: set up accounts, send email and messages, process events."""
    from portal.worker.consumer import run  # noqa: PLC0415

    run(app_or_exit())


@main.command()
@click.option("--markdown", "form", flag_value="markdown", help="Print as docs/settings.md.")
@click.option("--env", "form", flag_value="env", help="Print them in the format of .env.example, to fill in.")
def settings(form: str | None) -> None:
    """List every setting with its default and meaning."""
    from portal.operations import settings_reference as reference  # noqa: PLC0415

    write = {"markdown": reference.as_markdown, "env": reference.as_env}.get(form or "", reference.as_text)
    click.echo(write())


@main.command("compile")
def compile_() -> None:
    """Compile the pages in every language, which is done once for an image so that each start is quick."""
    from portal.warm_up import compile_ahead  # noqa: PLC0415

    click.echo(f"Compiled {compile_ahead()} templates.")


@main.group()
def db() -> None:
    """Manage the database."""


@db.command()
@with_app
def upgrade() -> None:
    """Upgrade the database to the newest revision."""
    from portal.audit import chain  # noqa: PLC0415
    from portal.db import migrate  # noqa: PLC0415
    from portal.extensions import db as database  # noqa: PLC0415

    if (revision := migrate.revision_of(database.engine)) and not migrate.is_known(revision):
        raise click.ClickException(
            f"The database is at revision {revision}, which this version doesn't know. Start the newer version "
            "again, or restore the backup from before the upgrade."
        )
    migrate.upgrade(database.engine)
    chain.seal()
    click.echo("The database is up to date.")


@main.group()
def staff() -> None:
    """Manage staff logins."""


@staff.command()
@click.argument("email")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--role", type=click.Choice(["admin", "support", "read_only"]), default="admin", show_default=True)
@click.option("--time-zone", default="UTC", show_default=True)
@click.password_option(
    help="If you leave it out, the command uses PORTAL_STAFF_PASSWORD or asks.", envvar="PORTAL_STAFF_PASSWORD"
)
@with_app
def create(email: str, first_name: str, last_name: str, role: str, time_zone: str, password: str) -> None:
    """Create a staff login."""
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
    click.echo(
        f"Created a login for {person.email} as {role}. They set up an authenticator app at their first login."
    )


@staff.command("reset-totp")
@click.argument("email")
@with_app
def reset_totp(email: str) -> None:
    """Reset the authenticator app of someone who lost it. They set up another at their next login."""
    from portal.identity.authentication import find_person  # noqa: PLC0415
    from portal.identity.second_factor import authenticator  # noqa: PLC0415

    person = find_person(email)
    if person is None:
        raise click.ClickException("No one logs in with this email address.")
    authenticator.reset(None, person)
    click.echo(f"Reset the authenticator app and recovery codes of {person.email}, and ended every session.")


@main.command()
@with_app
def doctor() -> None:
    """Check everything that the portal needs. Fails if something is broken."""
    from portal.operations import doctor as checks  # noqa: PLC0415

    logging.getLogger().setLevel(logging.WARNING)
    signs = {"good": "ok    ", "warning": "warn  ", "bad": "BROKEN"}
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
    """Manage the stored secrets and the keys that encrypt them."""


@vault.command()
@with_app
def check() -> None:
    """Open every stored secret and list those that can't be opened."""
    from portal.secrets import stored as vault_keeping  # noqa: PLC0415

    findings = vault_keeping.check()
    _tell(findings)
    if findings.outdated:
        click.echo(
            f"{findings.outdated} of them still use older keys. Run `portal vault rotate` to move them to the "
            "newest."
        )


@vault.command()
@with_app
def rotate() -> None:
    """Move every stored secret to the newest of VAULT_KEYS. The portal can keep running."""
    from portal.secrets import stored  # noqa: PLC0415

    rewrapped, findings = stored.rotate()
    click.echo(f"Moved {rewrapped} secrets to the newest key.")
    _tell(findings)
    click.echo("The newest key opens all secrets. You can remove the older keys from VAULT_KEYS.")


@main.group()
def audit() -> None:
    """Check the audit log."""


@audit.command()
@click.option(
    "--kept",
    multiple=True,
    metavar="NUMBER:HASH",
    help="The end that an earlier run printed. You can give several.",
)
@click.option("--resealed", metavar="NUMBER:HASH", help="Acknowledge that the log was resealed at this entry.")
@with_app
def verify(kept: tuple[str, ...], resealed: str | None) -> None:
    """Check every entry of the audit log and report the first that doesn't match."""
    from portal.audit import chain  # noqa: PLC0415

    acknowledged = [_end(resealed)] if resealed else []
    known = [*(_end(text) for text in kept), *acknowledged]
    verdict = chain.verify(known)
    if not verdict.problem and acknowledged:
        if not chain.acknowledge(acknowledged[0].number):
            raise click.ClickException("No resealing at this entry is waiting to be acknowledged.")
        verdict = chain.verify(known)
    if verdict.problem:
        raise click.ClickException(verdict.problem)
    click.echo(f"Checked {verdict.entries} entries. Each one matches its hash.")
    for end, at in verdict.resealed:
        click.echo(f"The log was resealed at entry {end.number}, {at:%Y-%m-%d %H:%M} UTC.", err=True)
        if end.number == verdict.unacknowledged:
            click.echo(f"If you know why, acknowledge it once with --resealed {end}", err=True)
    if verdict.unacknowledged:
        raise click.ClickException(chain.sealed_anew(verdict.unacknowledged))
    click.echo(f"Keep this somewhere else and pass it to a later run with --kept: {verdict.end}")


def _end(text: str) -> "End":
    from portal.audit.chain import End  # noqa: PLC0415

    number, _, hash_ = text.partition(":")
    if not number.isdecimal() or len(hash_) != 64:
        raise click.BadParameter("enter it as it was printed: a number, a colon, and 64 letters and digits")
    return End(int(number), hash_)


def _tell(findings: "Findings") -> None:
    """Say how many secrets open; end the command when one does not."""
    count = findings.opened + len(findings.closed)
    click.echo(f"Opened {findings.opened} of {count} stored secrets.")
    for record, reason in findings.closed:
        click.echo(f"{record.column}, {record.owner}, record {record.id}: {reason}", err=True)
    if findings.closed:
        raise click.ClickException(
            "Not every secret can be opened. Don't remove any key from VAULT_KEYS until this is fixed."
        )
