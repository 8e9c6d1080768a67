"""Writing WhatsApp messages, sending each once, and the log of what became of them."""

from flask import Blueprint

blueprint = Blueprint("compose", __name__)

import portal.compose.callback_pages  # noqa: E402
import portal.compose.composer_views  # noqa: E402
import portal.compose.pages  # noqa: E402, F401 - they register their views on the blueprint
