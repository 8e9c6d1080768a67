"""Who somebody is: logging in and out, sessions, passwords, codes of an app, mailed links, profile, roles."""

from flask import Blueprint

blueprint = Blueprint("auth", __name__)

import portal.identity.views.codes  # noqa: E402 - they register their views on the blueprint
import portal.identity.views.email_change  # noqa: E402
import portal.identity.views.login  # noqa: E402
import portal.identity.views.profile  # noqa: E402, F401
