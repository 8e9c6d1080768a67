"""WhatsApp channels, and connecting one through Connexease's dialog."""

from flask import Blueprint

blueprint = Blueprint("channels", __name__)

import portal.channels.views  # noqa: E402, F401 - they register their views on the blueprint
