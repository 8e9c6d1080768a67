"""Log-in, log-out and passwords."""

from flask import Blueprint

blueprint = Blueprint("auth", __name__)

import portal.auth.views  # noqa: E402, F401 - it registers its views on the blueprint
