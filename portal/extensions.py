"""Flask extensions, not yet bound to an application, and the four things that services work with."""

from typing import TYPE_CHECKING, cast

from flask import current_app
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_sqlalchemy_lite import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlmodel import Session

if TYPE_CHECKING:
    from portal.connexease import Connexease
    from portal.secrets.crypto import Vault
    from portal.settings import Settings

db = SQLAlchemy(session_options={"class_": Session, "expire_on_commit": False})
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()
limiter = Limiter(key_func=get_remote_address)


def session() -> Session:
    """The database session of this request or task, as the SQLModel session that it is."""
    return cast(Session, db.session)


def connexease() -> "Connexease":
    """The adapter that speaks to Connexease."""
    return cast("Connexease", current_app.extensions["connexease"])


def vault() -> "Vault":
    """What seals and opens stored secrets."""
    return cast("Vault", current_app.extensions["vault"])


def settings() -> "Settings":
    """The settings that this application was made with."""
    return cast("Settings", current_app.config["SETTINGS"])
