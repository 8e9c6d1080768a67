"""The second step of a log-in: a code, or an app that makes codes and that is set up first."""

from uuid import UUID

from flask import flash, make_response, url_for
from flask.typing import ResponseReturnValue

from portal.errors import DomainError
from portal.i18n import _, _n
from portal.identity import browser_login
from portal.identity.blueprint import blueprint
from portal.identity.forms import CodeForm, FirstCodeForm
from portal.identity.second_factor import authenticator, recovery_codes
from portal.models import Person
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit


@blueprint.get("/login/code")
@access.public
def code() -> ResponseReturnValue:
    """Where the code is typed after the password."""
    half = browser_login.half_person()
    if half is None or half[1] is not None:
        return _from_the_beginning()
    return htmx.page("identity/codes/code.html", form=CodeForm())


@blueprint.post("/login/code")
@access.public
def check_code() -> ResponseReturnValue:
    """Log in with the code, or show the form again."""
    half, form = browser_login.half_person(), CodeForm()
    if half is None or half[1] is not None:
        return _from_the_beginning()
    person = half[0]
    try:
        if form.validate():
            rate_limits.take_for_address(Limit.ADDRESS_POSTS)
            rate_limits.take_for_email(Limit.CODES, person.email)
            was_recovery = authenticator.check(person, text(form.code))
            browser_login.log_in(person)
            if was_recovery:
                _tell_what_is_left(person)
            return htmx.redirect(htmx.next_address())
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("identity/codes/code.html", "form", 422, form=form)


@blueprint.get("/login/app")
@access.public
def enrol() -> ResponseReturnValue:
    """Set up an app for codes, without which some people come no further."""
    half = browser_login.half_person()
    if half is None or half[1] is None or authenticator.pending(half[0], half[1]) is None:
        return _from_the_beginning()
    return scan_page("identity/codes/enrol.html", half[0], half[1], FirstCodeForm())


@blueprint.post("/login/app")
@access.public
def finish_enrolling() -> ResponseReturnValue:
    """Log in with the app's first code, and show the recovery codes once."""
    half, form = browser_login.half_person(), FirstCodeForm()
    if half is None or half[1] is None or authenticator.pending(half[0], half[1]) is None:
        return _from_the_beginning()
    person, begun = half[0], half[1]
    try:
        if form.validate():
            rate_limits.take_for_address(Limit.ADDRESS_POSTS)
            rate_limits.take_for_email(Limit.CODES, person.email)
            codes = authenticator.confirm(person, begun, text(form.code), as_first=True)
            browser_login.log_in(person)
            return htmx.page("identity/codes/recovery_codes.html", codes=codes, goal=htmx.next_address())
    except authenticator.HasOneAlready as error:
        browser_login.log_out()
        flash(error.message, "warning")
        return _from_the_beginning()
    except DomainError as error:
        form.show_refusal(error)
    return scan_page("identity/codes/enrol.html", person, begun, form, 422)


def scan_page(
    template: str, person: Person, authenticator_id: UUID, form: FirstCodeForm, status: int = 200
) -> ResponseReturnValue:
    """A page with the picture that the app reads; nobody may keep it."""
    row = authenticator.pending(person, authenticator_id)
    if row is None:
        return htmx.redirect(url_for("auth.login"))
    address = authenticator.uri(person, row)
    secret = authenticator.secret_of(row).get_secret_value()
    context = {
        "form": form,
        "address": address,
        "picture": authenticator.picture(address),
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
    }
    response = make_response(htmx.page(template, None, status, **context))
    response.headers["Cache-Control"] = "no-store"
    return response


def _from_the_beginning() -> ResponseReturnValue:
    """The password was typed too long ago, or in another browser."""
    return htmx.redirect(url_for("auth.login", next=htmx.next_address()))


def _tell_what_is_left(person: Person) -> None:
    left = recovery_codes.left(person)
    flash(
        _n(
            "You used a recovery code and have %(num)d code left. Create new ones in your profile.",
            "You used a recovery code and have %(num)d codes left. Create new ones in your profile.",
            left,
        )
        if left
        else _("That was your last recovery code. Create new ones in your profile now."),
        "warning",
    )
