"""Who belongs to an account, and the account's settings."""

from flask import Blueprint

blueprint = Blueprint("membership", __name__)

import portal.customers.team.views  # noqa: E402, F401 - they register their views on the blueprint
