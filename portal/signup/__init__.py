"""Sign-up, and the set-up of an account at Connexease."""

from flask import Blueprint

blueprint = Blueprint("signup", __name__)

import portal.signup.invitation_views  # noqa: E402
import portal.signup.views  # noqa: E402, F401 - they register their views on the blueprint
