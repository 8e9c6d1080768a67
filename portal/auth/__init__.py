"""Log-in, log-out and passwords."""

from flask import Blueprint

blueprint = Blueprint("auth", __name__)

import portal.auth.code_views  # noqa: E402 - they register their views on the blueprint
import portal.auth.email_views  # noqa: E402
import portal.auth.profile_views  # noqa: E402
import portal.auth.views  # noqa: E402, F401
