"""Log-in, log-out and passwords."""

from flask import flash, url_for
from flask.typing import ResponseReturnValue

from portal.errors import DomainError
from portal.i18n import _
from portal.identity import authentication, browser_login, mailed_links
from portal.identity.blueprint import blueprint
from portal.identity.forms import ChangePasswordForm, ForgotForm, LogInForm, NewPasswordForm
from portal.models import LinkPurpose
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit


@blueprint.get("/login")
@access.public
def login() -> ResponseReturnValue:
    """The log-in page; somebody who is logged in goes on at once."""
    if access.current_person() is not None:
        return htmx.redirect(htmx.next_address())
    return htmx.page("identity/login.html", form=LogInForm())


@blueprint.post("/login")
@access.public
def log_in() -> ResponseReturnValue:
    """Log in, or show the form again."""
    form = LogInForm()
    try:
        if form.validate():
            rate_limits.take_for_log_in(text(form.email))
            person = authentication.check_log_in(text(form.email), text(form.password))
            return htmx.redirect(browser_login.enter(person, htmx.next_address()))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("identity/login.html", "form", 422, form=form)


@blueprint.post("/logout")
@access.public
def logout() -> ResponseReturnValue:
    """End this browser's session."""
    browser_login.log_out()
    flash(_("You are logged out."))
    return htmx.redirect(url_for("auth.login"))


@blueprint.get("/password/forgot")
@access.public
def forgot() -> ResponseReturnValue:
    """Ask where to mail the reset link."""
    return htmx.page("identity/forgot.html", form=ForgotForm())


@blueprint.post("/password/forgot")
@access.public
def request_reset() -> ResponseReturnValue:
    """Promise the mail; the answer is the same whether or not anybody has the address."""
    form = ForgotForm()
    try:
        if form.validate():
            rate_limits.take_for_address(Limit.ADDRESS_POSTS)
            rate_limits.take_for_email(Limit.MAILS, text(form.email))
            authentication.request_reset(text(form.email))
            return htmx.redirect(url_for("auth.reset_sent"))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("identity/forgot.html", "form", 422, form=form)


@blueprint.get("/password/sent")
@access.public
def reset_sent() -> ResponseReturnValue:
    """Tell where to look."""
    return htmx.page("identity/reset_sent.html")


@blueprint.get("/password/reset/<token>")
@access.public
def reset(token: str) -> ResponseReturnValue:
    """The page behind a mailed link; opening it spends nothing."""
    if mailed_links.find(token, LinkPurpose.RESET) is None:
        return htmx.page("identity/link_spent.html", status=410)
    return htmx.page("identity/reset.html", form=NewPasswordForm())


@blueprint.post("/password/reset/<token>")
@access.public
def set_password(token: str) -> ResponseReturnValue:
    """Set the new password and log in."""
    form = NewPasswordForm()
    try:
        if form.validate():
            rate_limits.take_for_address(Limit.ADDRESS_POSTS)
            goal = browser_login.enter(
                authentication.reset_password(token, text(form.password)), url_for("accounts.home")
            )
            flash(_("Your password is changed. You're logged out of every other browser."))
            return htmx.redirect(goal)
    except authentication.LinkSpent:
        return htmx.redirect(url_for("auth.reset", token=token))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("identity/reset.html", "form", 422, form=form)


@blueprint.get("/profile/password")
@access.signed_in
def password() -> ResponseReturnValue:
    """The page for changing one's own password."""
    return htmx.page("identity/password.html", form=ChangePasswordForm())


@blueprint.post("/profile/password")
@access.signed_in
def change_password() -> ResponseReturnValue:
    """Change it, end every session, and go on in this browser with a new one."""
    person, form = access.person_or_401(), ChangePasswordForm()
    try:
        if form.validate():
            rate_limits.take_for_person(Limit.PASSWORDS, person.id)
            authentication.change_password(person, text(form.current), text(form.password))
            browser_login.log_in(person)
            flash(_("Your password is changed. You're logged out of every other browser."))
            return htmx.redirect(url_for("auth.password"))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("identity/password.html", "form", 422, form=form)
