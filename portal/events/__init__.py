"""What Connexease tells us: receivers and the event log."""

from flask import Blueprint

blueprint = Blueprint("events", __name__)

import portal.events.pages  # noqa: E402 - they register their views on the blueprint
import portal.events.views  # noqa: E402
import portal.events.watch_pages  # noqa: E402, F401
