"""An account's own pages: overview and settings."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)

import portal.accounts.settings_views  # noqa: E402 - they register their views on the blueprint
import portal.accounts.views  # noqa: E402, F401
