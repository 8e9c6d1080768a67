"""The page behind an invitation's link."""

from flask import flash, make_response, url_for
from flask.typing import ResponseReturnValue

from portal.customers.invitations import lifecycle
from portal.customers.invitations.blueprint import blueprint
from portal.customers.invitations.forms import JoinForm, JoinStaffForm
from portal.errors import DomainError
from portal.identity import browser_login
from portal.identity.authentication import find_person
from portal.models import Account, Invitation
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit


@blueprint.get("/invitations/<token>")
@access.public
def invitation(token: str) -> ResponseReturnValue:
    """Who invites to what. Opening it spends nothing: mail programs open links by themselves."""
    found = lifecycle.find(token)
    return _page(token, *found, _form(found[0])) if found else _over()


@blueprint.post("/invitations/<token>")
@access.public
def join_as_new(token: str) -> ResponseReturnValue:
    """Accept with a new login, and log in."""
    found = lifecycle.find(token)
    if found is None:
        return _over()
    row, account = found
    form = _form(row)
    try:
        if form.validate():
            rate_limits.take_for_address(Limit.ADDRESS_POSTS)
            names = (text(form.first_name), text(form.last_name))
            zone = {"time_zone": text(form.time_zone)} if isinstance(form, JoinStaffForm) else {}
            person = lifecycle.join_as_new(row, *names, text(form.password), **zone)
            return htmx.redirect(browser_login.enter(person, _goal(row)))
    except DomainError as error:
        form.show_refusal(error)
    return _page(token, row, account, form, 422)


@blueprint.post("/invitations/<token>/accept")
@access.signed_in
def accept(token: str) -> ResponseReturnValue:
    """Accept with the login that one has."""
    found = lifecycle.find(token)
    if found is None:
        return htmx.redirect(url_for("invitations.invitation", token=token))
    person, row = access.person_or_401(), found[0]
    try:
        lifecycle.join(person, row)
    except DomainError as error:
        flash(error.message, "danger")
        return htmx.redirect(url_for("invitations.invitation", token=token))
    goal = _goal(row)
    return htmx.redirect(goal if row.account_id else browser_login.enter(person, goal))


def _form(row: Invitation) -> JoinForm:
    return JoinForm() if row.account_id is not None else JoinStaffForm()


def _goal(row: Invitation) -> str:
    if row.account_id is not None:
        return url_for("accounts.overview", account_id=row.account_id)
    return url_for("staff.dashboard")


def _page(
    token: str, row: Invitation, account: Account | None, form: JoinForm, status: int = 200
) -> ResponseReturnValue:
    context = {
        "token": token,
        "invitation": row,
        "account": account,
        "form": form,
        "has_login": find_person(row.email) is not None,
    }
    response = make_response(htmx.page("customers/invitations/invitation.html", "form", status, **context))
    response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"})
    return response


def _over() -> ResponseReturnValue:
    return htmx.page("customers/invitations/over.html", status=410)
