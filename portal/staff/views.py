"""The staff's list of accounts."""

from flask import request
from flask.typing import ResponseReturnValue

from portal import access, htmx
from portal.staff import blueprint, service


@blueprint.get("/staff/accounts/")
@access.staff_page()
def accounts() -> ResponseReturnValue:
    """Find an account to look at or to help with."""
    wanted = request.args.get("q", "")
    return htmx.page("staff/accounts.html", "accounts", accounts=service.accounts(wanted), wanted=wanted)
