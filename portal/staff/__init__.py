"""The reseller's own people."""

from flask import Blueprint

blueprint = Blueprint("staff", __name__)

import portal.staff.accounts.views.directory  # noqa: E402 - they register their views on the blueprint
import portal.staff.accounts.views.opening  # noqa: E402
import portal.staff.accounts.views.people  # noqa: E402
import portal.staff.audit.views  # noqa: E402
import portal.staff.dashboard.views  # noqa: E402
import portal.staff.events.views  # noqa: E402
import portal.staff.people.views  # noqa: E402
import portal.staff.signups.views  # noqa: E402
import portal.staff.system.views  # noqa: E402, F401
