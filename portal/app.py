"""The application factory: configuration, extensions, blueprints, static files."""

import logging
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import FileSystemLoader
from sqlalchemy.engine import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import discovery, i18n
from portal.audit import names
from portal.connexease import Connexease, Retries, Timeouts
from portal.db import engine, queue
from portal.events.receiving.application import Receiver
from portal.extensions import babel, csrf, db, limiter
from portal.identity import browser_login, roles
from portal.mirror import projection as _followed  # noqa: F401 - from here on the list follows what is changed
from portal.secrets.crypto import Vault
from portal.settings import Settings, load_settings
from portal.web import access, errors, rate_limit_counts
from portal.web.rendering import languages, template_context, times, white_label
from portal.web.rendering.templating import TranslatedEnvironment
from portal.web.serving import compression, security_headers, static_files, uploads
from portal.worker import scheduler


def create(settings: Settings | None = None) -> Flask:
    """The portal, ready to serve; see `portal.create_app`."""
    settings = settings or load_settings()
    discovery.load("views")  # before logging is set up: what is imported has nothing to say to operators
    app = Flask("portal")
    app.jinja_environment = TranslatedEnvironment
    app.jinja_loader = FileSystemLoader(template_folders())
    _configure(app, settings)
    _open_database(app, settings)
    app.extensions["connexease"] = connexease(settings)
    app.extensions["vault"] = Vault(settings.vault_key_bytes)
    queue.init_app(app, settings)
    scheduler.register(app)

    uploads.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    babel.init_app(app, locale_selector=languages.locale_of_reader, timezone_selector=template_context.time_zone)
    i18n.init_app(app)
    languages.init_app(app)
    white_label.init_app(app)
    browser_login.init_app(app)
    errors.init_app(app)
    security_headers.init_app(app, settings)
    template_context.init_app(app)
    times.init_app(app)
    compression.init_app(app)
    roles.init_app(app)
    names.init_app(app)

    for module in discovery.load("blueprint"):
        app.register_blueprint(module.blueprint)
    app.wsgi_app = Receiver(app, app.wsgi_app)  # type: ignore[method-assign]
    static_files.init_app(app, is_fixed=settings.is_production or app.testing)
    _trust_proxies(app, settings.trusted_proxies)
    access.check_views(app)
    return app


def template_folders() -> list[Path]:
    """Where each room keeps its templates, which are named by the room. The sandbox loads its own."""
    rooms = Path(__file__).parent.glob("*/templates")
    return sorted(folder for folder in rooms if folder.parent.name != "sandbox")


def _configure(app: Flask, settings: Settings) -> None:
    https = settings.public_url.startswith("https://")
    app.config.from_mapping(
        SETTINGS=settings,
        TESTING=settings.portal_env == "testing",
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SESSION_COOKIE_NAME="__Host-portal" if https else "portal",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open over lunch still works
        WTF_CSRF_SSL_STRICT=https,
        **_limits_storage(settings),
        RATELIMIT_HEADERS_ENABLED=False,
        BABEL_DEFAULT_LOCALE="en",
        SQLALCHEMY_ENGINES={"default": engine.engine_options(settings.database_sqlalchemy_url)},
    )
    if not app.config["TESTING"]:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


def _limits_storage(settings: Settings) -> dict[str, Any]:
    """Where tries are counted: in one place for all processes. Tests have one process each."""
    if settings.redis_url is not None:
        return {"RATELIMIT_STORAGE_URI": settings.redis_url.get_secret_value()}
    if settings.portal_env == "testing":
        return {"RATELIMIT_STORAGE_URI": "memory://"}
    options = {"database_url": settings.database_sqlalchemy_url}
    return {"RATELIMIT_STORAGE_URI": rate_limit_counts.URI, "RATELIMIT_STORAGE_OPTIONS": options}


def _open_database(app: Flask, settings: Settings) -> None:
    url = make_url(settings.database_sqlalchemy_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    # It closes asynchronous sessions, of which there are none, in an event loop made at the end of each request.
    closers = app.teardown_appcontext_funcs
    app.teardown_appcontext_funcs = [closer for closer in closers if not iscoroutinefunction(closer)]
    with app.app_context():
        engine.init_app(app, db.engine)


def connexease(settings: Settings, retries: Retries = Retries()) -> Connexease:  # noqa: B008 - frozen
    """The adapter to Connexease, as the settings have it."""
    return Connexease(
        reseller_token=settings.connexease_reseller_token,
        api_url=settings.connexease_api_url,
        account_api_url=settings.connexease_account_api_url,
        gateway_url=settings.connexease_gateway_url,
        timeouts=Timeouts(
            connect=min(3.05, settings.connexease_timeout),
            read=settings.connexease_timeout,
            total=settings.connexease_timeout * 2,
        ),
        retries=retries,
        recipient_plus=settings.connexease_recipient_plus,
    )


def _trust_proxies(app: Flask, hops: int) -> None:
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops)  # type: ignore[method-assign]
