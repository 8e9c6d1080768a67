"""The reseller's own people."""

from flask import Blueprint

blueprint = Blueprint("staff", __name__)

import portal.staff.views  # noqa: E402, F401 - it registers its views on the blueprint
