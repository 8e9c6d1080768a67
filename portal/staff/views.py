"""The staff's board of sign-ups under way."""

from collections.abc import Callable
from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from portal import access, htmx
from portal.errors import DomainError
from portal.i18n import _
from portal.models import Account, Person, StaffRole
from portal.staff import blueprint, service


@blueprint.get("/staff/")
@access.staff_page()
def board() -> ResponseReturnValue:
    """Sign-ups that are not finished."""
    return htmx.page("staff/board.html", "board", set_ups=service.unfinished())


@blueprint.get("/staff/accounts/")
@access.staff_page()
def accounts() -> ResponseReturnValue:
    """Find an account to look at or to help with."""
    wanted = request.args.get("q", "")
    return htmx.page("staff/accounts.html", "accounts", accounts=service.accounts(wanted), wanted=wanted)


@blueprint.post("/staff/provisioning/<uuid:account_id>/approve")
@access.staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
def approve(account_id: UUID) -> ResponseReturnValue:
    """Let a sign-up go on."""
    return _decide(service.approve, account_id, _("%(name)s is approved and being set up."))


@blueprint.post("/staff/provisioning/<uuid:account_id>/decline")
@access.staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
def decline(account_id: UUID) -> ResponseReturnValue:
    """Turn a sign-up down."""
    return _decide(service.decline, account_id, _("%(name)s is declined."))


def _decide(decision: Callable[[Person, UUID], Account], account_id: UUID, sentence: str) -> ResponseReturnValue:
    try:
        account = decision(access.person_or_401(), account_id)
        flash(sentence % {"name": account.name})
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("staff.board"))
