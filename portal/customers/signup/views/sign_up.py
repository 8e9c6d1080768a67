"""Sign-up, the proof of an address, and the page that shows an account being set up."""

from typing import Any

from flask import flash, g, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from portal.customers.accounts.ending import said_at_the_end
from portal.customers.provisioning import state_machine
from portal.customers.signup import corrections, registration
from portal.customers.signup.blueprint import blueprint
from portal.customers.signup.forms import AccountForm, ConfirmForm, SignUpForm
from portal.errors import DomainError, FieldErrors
from portal.extensions import session
from portal.i18n import _
from portal.identity import browser_login
from portal.identity.authentication import LinkSpent
from portal.models import CORRECTABLE, Account, Provisioning, Role, Step
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit

BROWSER_TOKEN = "signup"


@blueprint.get("/signup")
@access.public
def signup() -> ResponseReturnValue:
    """The sign-up form, or a sentence that sign-up is closed."""
    if not registration.is_open():
        return htmx.page("customers/signup/closed.html")
    return _form_page("customers/signup/form.html", SignUpForm())


@blueprint.post("/signup")
@access.public
def sign_up() -> ResponseReturnValue:
    """Make the account, or show the form again with everything that was typed but the password."""
    form = SignUpForm()
    try:
        if form.validate():
            rate_limits.take_for_address(Limit.SIGNUPS)
            rate_limits.take_for_email(Limit.MAILS, text(form.contact_email))
            return _signed_up(registration.sign_up(form.details(), text(form.password)))
    except DomainError as error:
        form.show_refusal(error)
    return _form_page("customers/signup/form.html", form, 422)


def _signed_up(result: registration.SignedUp) -> ResponseReturnValue:
    if result.person is not None and result.account is not None:
        return htmx.redirect(
            browser_login.enter(result.person, url_for("signup.setup", account_id=result.account.id))
        )
    cookie[BROWSER_TOKEN] = result.browser_token
    return htmx.redirect(url_for("signup.sent"))


def _form_page(template: str, form: AccountForm, status: int = 200, **context: Any) -> ResponseReturnValue:
    return htmx.page(template, "form", status, form=form, **context)


@blueprint.get("/signup/sent")
@access.public
def sent() -> ResponseReturnValue:
    """Tell where to look for the mail."""
    return htmx.page("customers/signup/sent.html")


@blueprint.get("/verify/<token>")
@access.public
def verify(token: str) -> ResponseReturnValue:
    """The page behind a mailed link. Opening it spends nothing: mail programs open links by themselves."""
    if registration.waiting_for(token) is None:
        return htmx.page("identity/link_spent.html", status=410)
    return _confirm_page(token, ConfirmForm())


@blueprint.post("/verify/<token>")
@access.public
def confirm(token: str) -> ResponseReturnValue:
    """Take the address as proven and log in."""
    form = ConfirmForm()
    try:
        if form.validate():
            rate_limits.take_for_address(Limit.ADDRESS_POSTS)
            trusted = _is_trusted(token)
            person = registration.confirm(token, None if trusted else text(form.password))
            goal = browser_login.enter(person, url_for("accounts.home"))
            flash(_("Your email address is confirmed."))
            return htmx.redirect(goal)
    except LinkSpent:
        return htmx.redirect(url_for("signup.verify", token=token))
    except DomainError as error:
        form.show_refusal(error)
    return _confirm_page(token, form, 422)


def _confirm_page(token: str, form: ConfirmForm, status: int = 200) -> ResponseReturnValue:
    context = {"form": form, "asks_password": not _is_trusted(token), "owner": registration.waiting_for(token)}
    return htmx.page("customers/signup/confirm.html", "form", status, **context)


def _is_trusted(token: str) -> bool:
    return registration.may_confirm_at_once(token, cookie.get(BROWSER_TOKEN, ""), access.current_person())


@blueprint.post("/accounts/<uuid:account_id>/setup/mail")
@access.account_page(Role.OWNER)
def send_again(account: Account) -> ResponseReturnValue:
    """Mail another link to prove the address."""
    person = access.person_or_401()
    try:
        rate_limits.take_for_email(Limit.MAILS, person.email)
        registration.send_verification_again(person)
        flash(_("We emailed another link to %(email)s.", email=person.email))
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("signup.setup", account_id=account.id))


@blueprint.get("/accounts/<uuid:account_id>/setup")
@access.account_page(staff=True)
def setup(account: Account) -> ResponseReturnValue:
    """How far the set-up has come; the page asks again by itself until it is done or waits for somebody."""
    state_machine.advance_if_overdue(account.id)
    row = session().get_one(Provisioning, account.id)
    if row.step == Step.READY:
        return htmx.redirect(url_for("accounts.overview", account_id=account.id))
    is_owner = g.membership is not None and g.membership.role == Role.OWNER
    said = said_at_the_end(account) if row.step in (Step.DECLINED, Step.GIVEN_UP) else ""
    return htmx.page(
        "customers/signup/setup.html", "progress", account=account, row=row, is_owner=is_owner, said=said
    )


@blueprint.get("/accounts/<uuid:account_id>/setup/details")
@access.account_page(Role.OWNER)
def details(account: Account) -> ResponseReturnValue:
    """The account's details, to be corrected while they can be, with Connexease's refusals at their fields."""
    row = session().get_one(Provisioning, account.id)
    if row.step not in CORRECTABLE:
        return htmx.redirect(url_for("signup.setup", account_id=account.id))
    form = AccountForm(obj=account)
    _show_refusals(form, row)
    return _form_page("customers/signup/details.html", form, account=account, row=row)


@blueprint.post("/accounts/<uuid:account_id>/setup/details")
@access.account_page(Role.OWNER)
def correct(account: Account) -> ResponseReturnValue:
    """Try again with corrected details."""
    form = AccountForm()
    try:
        if form.validate():
            rate_limits.take_for_account(Limit.CORRECTIONS, account.id)
            corrections.correct_details(access.person_or_401(), account, form.details())
            return htmx.redirect(url_for("signup.setup", account_id=account.id))
    except DomainError as error:
        form.show_refusal(error)
    row = session().get_one(Provisioning, account.id)
    return _form_page("customers/signup/details.html", form, 422, account=account, row=row)


def _show_refusals(form: AccountForm, row: Provisioning) -> None:
    """Put what Connexease refused at its fields, before anything new is typed."""
    if row.step == Step.NEEDS_DETAILS and row.refused_fields:
        for field in form:
            field.errors = []
        form.show_refusal(FieldErrors(row.problem_text, row.refused_fields["fields"]))
