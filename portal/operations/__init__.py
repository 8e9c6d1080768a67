"""Whether the portal is well: health checks, the doctor's findings, heartbeats, backlog, metrics."""

from flask import Blueprint

blueprint = Blueprint("operations", __name__)

import portal.operations.views  # noqa: E402, F401 - they register their views on the blueprint
