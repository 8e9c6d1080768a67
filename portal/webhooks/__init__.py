"""An account's webhooks at Connexease."""

from flask import Blueprint

blueprint = Blueprint("webhooks", __name__)

import portal.webhooks.views  # noqa: E402, F401 - it registers its views on the blueprint
