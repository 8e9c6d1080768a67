"""An account's own pages: overview and history."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)

import portal.customers.accounts.views  # noqa: E402, F401 - they register their views on the blueprint
