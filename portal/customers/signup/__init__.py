"""Sign-up, and the set-up of an account at Connexease."""

from flask import Blueprint

blueprint = Blueprint("signup", __name__)

import portal.customers.signup.views.invited  # noqa: E402 - they register their views on the blueprint
import portal.customers.signup.views.sign_up  # noqa: E402, F401
