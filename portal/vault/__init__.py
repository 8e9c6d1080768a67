"""The token vault: an account's access tokens and gateway API keys."""

from flask import Blueprint

blueprint = Blueprint("vault", __name__)

import portal.vault.gateway_key_views  # noqa: E402 - they register their views on the blueprint
import portal.vault.hand_over_views  # noqa: E402
import portal.vault.views  # noqa: E402, F401
