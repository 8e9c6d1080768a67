"""An account's webhooks at Connexease."""

from flask import Blueprint

blueprint = Blueprint("webhooks", __name__)

import portal.webhooks.form_views  # noqa: E402 - they register their views on the blueprint
import portal.webhooks.probe_views  # noqa: E402
import portal.webhooks.views  # noqa: E402, F401
