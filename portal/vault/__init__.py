"""The token vault: an account's access tokens and gateway API keys."""

from flask import Blueprint

blueprint = Blueprint("vault", __name__)

import portal.vault.views.gateway_keys  # noqa: E402 - they register their views on the blueprint
import portal.vault.views.handovers  # noqa: E402
import portal.vault.views.tokens  # noqa: E402, F401
