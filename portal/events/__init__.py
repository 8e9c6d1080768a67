"""What Connexease tells us: receivers and the event log."""

from flask import Blueprint

blueprint = Blueprint("events", __name__)

import portal.events.views.log  # noqa: E402 - they register their views on the blueprint
import portal.events.views.receivers  # noqa: E402
import portal.events.views.watches  # noqa: E402, F401
