"""The reseller's own people."""

from flask import Blueprint

blueprint = Blueprint("staff", __name__)

import portal.staff.audit_views  # noqa: E402 - they register their views on the blueprint
import portal.staff.board_views  # noqa: E402
import portal.staff.customer_views  # noqa: E402
import portal.staff.dashboard_views  # noqa: E402
import portal.staff.events.views  # noqa: E402
import portal.staff.opening_views  # noqa: E402
import portal.staff.people_views  # noqa: E402
import portal.staff.system_views  # noqa: E402
import portal.staff.views  # noqa: E402, F401
