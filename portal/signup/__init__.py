"""Sign-up, and the set-up of an account at Connexease."""

from flask import Blueprint

blueprint = Blueprint("signup", __name__)

import portal.signup.views  # noqa: E402, F401 - it registers its views on the blueprint
