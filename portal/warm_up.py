"""Doing what the first visitor would wait for: before a server forks its workers, so that they share it.

Templates are compiled, and the main pages are asked for once in each language, by people who do not exist, of a
database in memory. The portal's own database is not touched, Connexease is not asked, and no connection is open
when the workers begin. Each worker then asks for the pages again, because memory that it shares is copied where it
is first used, and for one of the portal's own database, because it has to connect.
"""

import base64
import gc
import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy.orm import configure_mappers

from portal import audit
from portal.app import create
from portal.brand import current
from portal.db import migrate
from portal.db.engine import prepare_sqlite
from portal.extensions import db, session, settings
from portal.identity import sessions
from portal.models import (
    Account,
    Channel,
    ChannelListing,
    Delivery,
    DeliveryState,
    Membership,
    Message,
    MessageState,
    MessageType,
    Person,
    PortalWebhook,
    Provisioning,
    Role,
    StaffRole,
    Step,
    WebhookPurpose,
    now,
)
from portal.operations import health
from portal.settings import Settings
from portal.translations import languages
from portal.web.rendering import times

_OF_ACCOUNT = ("", "events/", "messages/", "messages/new", "history/", "channels/", "settings/", "contacts/")
_OF_STAFF = ("", "accounts/", "events/", "audit/", "provisioning/", "people/")

log = logging.getLogger(__name__)


def warm_up(app: Flask) -> None:
    """All of it."""
    with app.app_context():
        _compile_templates(app)
        configure_mappers()
        app.url_map.update()
        app.extensions["static_files"].prepare()
        _look_at_pages(app)
    gc.collect()
    gc.freeze()  # what lives as long as the process is not looked through again, and stays shared after a fork


def compile_ahead() -> int:
    """Compile what later starts will find compiled, without the operator's settings; how many templates."""
    with TemporaryDirectory() as folder:
        nobodys = {
            "portal_env": "testing",
            "secret_key": secrets.token_urlsafe(48),
            "vault_keys": [base64.b64encode(secrets.token_bytes(32)).decode()],
            "connexease_reseller_token": "none",
            "database_url": f"sqlite:///{folder}/portal.db",
        }
        app = create(Settings(_env_file=None, **nobodys))  # type: ignore[arg-type]
        with app.app_context():
            return _compile_templates(app)


def warm_up_fork(app: Flask) -> None:
    """In a process that was forked, before it serves anybody: the application has another database meanwhile."""
    with app.app_context():
        _look_at_pages(app)


def visit(app: Flask) -> None:
    """In a process that was forked: ask for a page of the portal's own database, as its first visitor would."""
    with app.app_context():
        if health.problem() is None:
            _ask(_browser(app, None), ("/login",), "en")


def _compile_templates(app: Flask) -> int:
    templates = app.jinja_env.list_templates()
    for language in languages():
        with force_locale(language):
            for template in templates:
                app.jinja_env.get_template(template)
            # The language's calendar is read from a file, and its rules for one, two and many are compiled.
            times.moment(now() - timedelta(hours=3))
            times.brief(now() - timedelta(hours=3))
    return len(templates)


def _look_at_pages(app: Flask) -> None:
    try:
        _try_pages(app)
    except Exception:  # a start does not fail by it: the first visitor waits a little instead
        log.warning("the pages could not be tried before the first visitor comes", exc_info=True)


def _try_pages(app: Flask) -> None:
    with _nobody_to_ask(app), _database_in_memory() as asked:
        account, owner, staff = _somebody()
        for language in languages():
            for who, paths in (
                (None, ("/", "/signup", "/login")),
                (owner, tuple(f"/accounts/{account.id}/{path}" for path in _OF_ACCOUNT)),
                (staff, tuple(f"/staff/{path}" for path in _OF_STAFF)),
            ):
                _ask(_browser(app, who), paths, language)
    current.forget()  # the brand of a database that is gone
    _compile(asked, db.engine)


def _ask(browser: FlaskClient, paths: Sequence[str], language: str) -> None:
    headers = {"Accept-Language": language, "Accept-Encoding": "gzip"}
    for path in paths:
        # Outside of the application's context that is open here, which would remember who asked.
        answer = Context().run(browser.get, path, base_url=settings().public_url, headers=headers)
        if answer.status_code != 200:
            log.warning("%s could not be tried before the first visitor comes: %s", path, answer.status)


def _browser(app: Flask, person: Person | None) -> FlaskClient:
    client = app.test_client()
    if person is not None:
        token = sessions.start(person, "", "")
        with client.session_transaction(base_url=settings().public_url) as cookie:
            cookie.update(_user_id=token, _fresh=True)
    return client


@contextmanager
def _nobody_to_ask(app: Flask) -> Iterator[None]:
    connexease = app.extensions.pop("connexease")
    try:
        yield
    finally:
        app.extensions["connexease"] = connexease


@contextmanager
def _database_in_memory() -> Iterator[list[tuple[Any, list[str]]]]:
    """Everything goes to an empty database meanwhile; what was asked of it, with the names of the values."""
    own, asked = db.engine, []
    engine = sa.create_engine(
        "sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
    )
    prepare_sqlite(engine)

    @sa.event.listens_for(engine, "before_execute")
    def note(_connection: Any, statement: Any, many: Any, values: Any, _options: Any) -> None:
        asked.append((statement, sorted(many[0] if many else values or ())))

    try:
        db.engines["default"] = engine
        db.sessionmaker.configure(bind=engine)
        migrate.make_tables(engine)
        asked.clear()
        yield asked
    finally:
        session().close()
        db.engines["default"] = own
        db.sessionmaker.configure(bind=own)
        engine.dispose()


def _compile(asked: list[tuple[Any, list[str]]], engine: sa.Engine) -> None:
    """Have the portal's own engine know the statements that pages read with. Nothing is executed."""
    for statement, names in asked:
        if isinstance(statement, sa.Select | sa.CompoundSelect):
            statement._compile_w_cache(
                engine.dialect,
                compiled_cache=engine._compiled_cache,
                column_keys=names,
                linting=engine.dialect.compiler_linting,
            )


def _somebody() -> tuple[Account, Person, Person]:
    """An account that is set up, with one of everything that lists show; its owner, and one of the staff."""
    account = Account(
        name="Nobody",
        contact_email="nobody@example.invalid",
        billing_email="",
        time_zone="UTC",
        connexease_uuid=UUID(int=1),
    )
    owner, staff = (
        Person(
            email=f"{name}@example.invalid", password_hash="", first_name="No", last_name="Body", staff_role=role
        )
        for name, role in (("owner", None), ("staff", StaffRole.ADMIN))
    )
    session().add_all([account, owner, staff])
    session().flush()
    own: dict[str, Any] = {"account_id": account.id}
    hook = PortalWebhook(**own, purpose=WebhookPurpose.WATCH, key="nobody", secret_hash="", sealed_secret="")
    set_up = Provisioning(**own, step=Step.READY)
    session().add_all([hook, set_up, Membership(**own, person_id=owner.id, role=Role.OWNER)])
    session().add(ChannelListing(**own, read_at=now(), tried_at=now()))
    session().add(Channel(**own, connexease_uuid=UUID(int=3), name="Nobody", is_active=True, is_connected=True))
    session().flush()
    session().add_all([_event(hook), _message(owner, account)])
    audit.record(owner, account, "account.signed_up", account.name)
    session().commit()
    return account, owner, staff


def _event(hook: PortalWebhook) -> Delivery:
    event = Delivery(webhook_id=hook.id, account_id=hook.account_id, received_at=now(), body=b"{}", body_hash="")
    event.hook, event.state = "message.created", DeliveryState.KEPT
    event.about = {"facts": [{"is": "message", "name": "Nobody", "text": "Hello"}]}
    return event


def _message(owner: Person, account: Account) -> Message:
    return Message(
        account_id=account.id,
        intent="",
        type=MessageType.TEXT,
        recipient="+905321112233",
        payload={"text": {"body": "Hello"}},
        state=MessageState.DELIVERED,
        confirmed_at=now(),
        sender=owner.email,
        sender_id=owner.id,
        preview="Hello",
    )
