"""An account's webhooks at Connexease."""

from flask import Blueprint

blueprint = Blueprint("webhooks", __name__)

import portal.webhooks.views.form  # noqa: E402 - they register their views on the blueprint
import portal.webhooks.views.index  # noqa: E402
import portal.webhooks.views.probe  # noqa: E402, F401
