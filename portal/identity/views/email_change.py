"""Changing the address that one logs in with: the form, what waits for it, and the page behind the mailed link."""

from flask import flash, url_for
from flask.typing import ResponseReturnValue

from portal.errors import DomainError
from portal.i18n import _
from portal.identity import browser_login, email_change
from portal.identity.authentication import LinkSpent
from portal.identity.blueprint import blueprint
from portal.identity.forms import ConfirmEmailForm, EmailForm
from portal.identity.memberships import accounts_of
from portal.identity.step_up import confirm
from portal.models import EmailChange, Person
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit


@blueprint.get("/profile/email")
@access.signed_in
def email() -> ResponseReturnValue:
    """Which address it shall be; or why it cannot be changed now."""
    return _ask_page(EmailForm())


@blueprint.post("/profile/email")
@access.signed_in
def change_email() -> ResponseReturnValue:
    """Mail a link to it; the answer is the same whether or not somebody else logs in with it."""
    person, form = access.person_or_401(), EmailForm()
    try:
        if form.validate():
            confirm(form)
            _count_mail(person, text(form.email))
            row = email_change.ask(person, text(form.email))
            flash(_("We emailed a link to %(email)s. Open it to confirm the address.", email=row.email))
            return htmx.redirect(url_for("auth.profile"))
    except DomainError as error:
        form.show_refusal(error)
    return _ask_page(form, 422)


@blueprint.post("/profile/email/again")
@access.signed_in
def send_email_link_again() -> ResponseReturnValue:
    """Mail another link to the new address."""
    person = access.person_or_401()
    try:
        if (waiting := email_change.of(person)) is not None:
            _count_mail(person, waiting.email)
        row = email_change.send_again(person)
        flash(_("We emailed a new link to %(email)s. The previous one no longer works.", email=row.email))
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("auth.profile"))


@blueprint.post("/profile/email/cancel")
@access.signed_in
def cancel_email_change() -> ResponseReturnValue:
    """Keep the address that one has."""
    person = access.person_or_401()
    email_change.cancel(person)
    flash(_("Your email address stays %(email)s.", email=person.email))
    return htmx.redirect(url_for("auth.profile"))


@blueprint.get("/email/<token>")
@access.public
def new_email(token: str) -> ResponseReturnValue:
    """The page behind the mailed link. Opening it changes nothing: mail programs open links by themselves."""
    found = email_change.find(token)
    return _confirm_page(*found, ConfirmEmailForm()) if found else _spent()


@blueprint.post("/email/<token>")
@access.public
def confirm_new_email(token: str) -> ResponseReturnValue:
    """Log in with the new address from now on; and go on in this browser, with a new session."""
    found, form = email_change.find(token), ConfirmEmailForm()
    if found is None:
        return htmx.redirect(url_for("auth.new_email", token=token))
    row, person = found
    try:
        if form.validate():
            return htmx.redirect(_confirmed(token, person, form))
    except LinkSpent:
        return htmx.redirect(url_for("auth.new_email", token=token))
    except email_change.AddressTaken as error:
        flash(error.message, "danger")
        return htmx.redirect(url_for("auth.profile"))
    except DomainError as error:
        form.show_refusal(error)
    return _confirm_page(row, person, form, 422)


def _confirmed(token: str, person: Person, form: ConfirmEmailForm) -> str:
    """Confirm it; where to go then."""
    is_them = _is_them(person)
    if is_them:
        rate_limits.take_for_address(Limit.ADDRESS_POSTS)
    else:
        rate_limits.take_for_log_in(person.email)
    email_change.confirm(token, None if is_them else text(form.password))
    goal = url_for("auth.profile")
    if is_them:
        browser_login.log_in(person)
    else:
        goal = browser_login.enter(person, goal)
    flash(_("Your email address is now %(email)s. You're logged out of every other browser.", email=person.email))
    return goal


def _count_mail(person: Person, address: str) -> None:
    rate_limits.take_for_person(Limit.MAILS, person.id)
    rate_limits.take_for_email(Limit.MAILS, address)


def _is_them(person: Person) -> bool:
    here = access.current_person()
    return here is not None and here.id == person.id


def _ask_page(form: EmailForm, status: int = 200) -> ResponseReturnValue:
    person = access.person_or_401()
    context = {
        "form": form,
        "set_up": email_change.set_up_of(person),
        "wish": email_change.of(person),
        "accounts": accounts_of(person),
    }
    return htmx.page("identity/email.html", "form", status, **context)


def _confirm_page(
    row: EmailChange, owner: Person, form: ConfirmEmailForm, status: int = 200
) -> ResponseReturnValue:
    context = {"form": form, "wish": row, "is_them": _is_them(owner)}
    return htmx.page("identity/email_confirm.html", "form", status, **context)


def _spent() -> ResponseReturnValue:
    return htmx.page("identity/link_spent.html", status=410)
