"""The pages behind the links that staff mail: to the owner of a new account, and to take one over.

Opening a page spends nothing: mail programs open links by themselves.
"""

from flask import flash, url_for
from flask.typing import ResponseReturnValue

from portal.customers.signup import opened_by_staff, takeovers
from portal.customers.signup.blueprint import blueprint
from portal.customers.signup.forms import AcceptForm, TakeOverForm, WelcomeForm
from portal.errors import DomainError
from portal.i18n import _
from portal.identity import browser_login
from portal.identity.authentication import LinkSpent
from portal.models import AccountInvitation
from portal.web import access, htmx, rate_limits
from portal.web.forms import Form, text
from portal.web.rate_limits import Limit


@blueprint.get("/welcome/<token>")
@access.public
def welcome(token: str) -> ResponseReturnValue:
    """Choose a password for an account that the staff opened."""
    return _welcome_page(token, WelcomeForm())


@blueprint.post("/welcome/<token>")
@access.public
def begin(token: str) -> ResponseReturnValue:
    """Take the password, and the address as proven, and log in."""
    form = WelcomeForm()
    try:
        if form.validate():
            rate_limits.take_for_address(Limit.ADDRESS_POSTS)
            person = opened_by_staff.accept(token, text(form.password))
            return htmx.redirect(browser_login.enter(person, url_for("accounts.home")))
    except LinkSpent:
        return htmx.redirect(url_for("signup.welcome", token=token))
    except DomainError as error:
        form.show_refusal(error)
    return _welcome_page(token, form, 422)


def _welcome_page(token: str, form: WelcomeForm, status: int = 200) -> ResponseReturnValue:
    person = opened_by_staff.waiting_for(token)
    if person is None:
        return htmx.page("identity/link_spent.html", status=410)
    return htmx.page("customers/signup/welcome.html", "form", status, form=form, owner=person)


@blueprint.get("/invited/<token>")
@access.public
def invited(token: str) -> ResponseReturnValue:
    """What is offered, and what it takes to accept it."""
    invitation = takeovers.find(token)
    if invitation is None:
        return htmx.page("identity/link_spent.html", status=410)
    return _invited_page(token, invitation, _form_for(invitation))


@blueprint.post("/invited/<token>")
@access.public
def accept(token: str) -> ResponseReturnValue:
    """Take an account over: as the person who is logged in, or with a new password."""
    invitation = takeovers.find(token)
    if invitation is None:
        return htmx.redirect(url_for("signup.invited", token=token))
    form = _form_for(invitation)
    try:
        if form.validate():
            rate_limits.take_for_address(Limit.ADDRESS_POSTS)
            return _taken_over(token, form)
    except LinkSpent:
        return htmx.redirect(url_for("signup.invited", token=token))
    except DomainError as error:
        form.show_refusal(error)
    return _invited_page(token, invitation, form, 422)


def _taken_over(token: str, form: Form) -> ResponseReturnValue:
    if isinstance(form, TakeOverForm):
        person, account = takeovers.accept_new(token, form.newcomer())
        goal = browser_login.enter(person, url_for("accounts.overview", account_id=account.id))
    else:
        account = takeovers.accept_as(token, access.person_or_401())
        goal = url_for("accounts.overview", account_id=account.id)
    flash(_("You can now manage “%(account)s”.", account=account.name))
    return htmx.redirect(goal)


def _form_for(invitation: AccountInvitation) -> Form:
    return AcceptForm() if takeovers.invited_person(invitation) is not None else TakeOverForm()


def _invited_page(token: str, invitation: AccountInvitation, form: Form, status: int = 200) -> ResponseReturnValue:
    context = {"invitation": invitation, "token": token}
    return htmx.page("customers/signup/invited.html", "form", status, form=form, **context)
