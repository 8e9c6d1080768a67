"""A person's own page: name, time zone, address, password, app for codes, and where they are logged in."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, make_response, render_template, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from portal import contact
from portal.errors import DomainError
from portal.i18n import _
from portal.identity import authentication, browser_login, email_change, sessions
from portal.identity.blueprint import blueprint
from portal.identity.forms import FirstCodeForm, PasswordForm, ProfileForm
from portal.identity.second_factor import authenticator, recovery_codes
from portal.identity.step_up import confirm
from portal.identity.views.codes import scan_page
from portal.models import Person
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit

BEGUN = "app"
"""In the cookie: the app that the person is setting up."""


@blueprint.get("/time-zones")
@access.public
def time_zones() -> ResponseReturnValue:
    """The zones that a field offers, fetched when somebody goes there."""
    response = make_response(render_template("identity/_time_zones.html", zones=contact.time_zones()))
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@blueprint.get("/profile")
@access.signed_in
def profile() -> ResponseReturnValue:
    """Everything about oneself."""
    return _profile_page(ProfileForm(obj=access.person_or_401()))


@blueprint.post("/profile")
@access.signed_in
def change_profile() -> ResponseReturnValue:
    """Change name, time zone and language."""
    form = ProfileForm()
    if not form.validate():
        return _profile_page(form, 422)
    names = (text(form.first_name), text(form.last_name))
    authentication.change_details(access.person_or_401(), *names, text(form.time_zone), form.language.data or None)
    flash(_("Your details are saved."))
    return htmx.redirect(url_for("auth.profile"))


@blueprint.get("/profile/app")
@access.signed_in
def app_first() -> ResponseReturnValue:
    """Before an app for codes is set up: the password."""
    return _confirm_page("identity/codes/app_begin.html", PasswordForm())


@blueprint.post("/profile/app")
@access.signed_in
def begin_app() -> ResponseReturnValue:
    """Begin to set up an app for codes."""

    def begin(person: Person) -> ResponseReturnValue:
        cookie[BEGUN] = str(authenticator.begin(person).id)
        return htmx.redirect(url_for("auth.scan"))

    return _confirmed("identity/codes/app_begin.html", begin)


@blueprint.get("/profile/app/scan")
@access.signed_in
def scan() -> ResponseReturnValue:
    """The picture that the app reads."""
    person, begun = access.person_or_401(), _begun()
    if begun is None:
        return htmx.redirect(url_for("auth.app_first"))
    return scan_page("identity/codes/app_scan.html", person, begun, FirstCodeForm())


@blueprint.post("/profile/app/scan")
@access.signed_in
def finish_app() -> ResponseReturnValue:
    """Take the app by its first code, and show the recovery codes once."""
    person, begun, form = access.person_or_401(), _begun(), FirstCodeForm()
    if begun is None:
        return htmx.redirect(url_for("auth.app_first"))
    try:
        if form.validate():
            rate_limits.take_for_person(Limit.CODES, person.id)
            return _codes_page(authenticator.confirm(person, begun, text(form.code)))
    except DomainError as error:
        form.show_refusal(error)
    return scan_page("identity/codes/app_scan.html", person, begun, form, 422)


@blueprint.get("/profile/app/off")
@access.signed_in
def app_off() -> ResponseReturnValue:
    """What doing without codes means."""
    return _confirm_page("identity/codes/app_off.html", PasswordForm())


@blueprint.post("/profile/app/off")
@access.signed_in
def switch_app_off() -> ResponseReturnValue:
    """Do without codes from now on."""

    def remove(person: Person) -> ResponseReturnValue:
        authenticator.remove(person)
        flash(_("Your authenticator app is off. You now log in with your password only."))
        return htmx.redirect(url_for("auth.profile"))

    return _confirmed("identity/codes/app_off.html", remove)


@blueprint.get("/profile/recovery")
@access.signed_in
def recovery() -> ResponseReturnValue:
    """Before recovery codes are made anew: the password."""
    if authenticator.of(access.person_or_401()) is None:
        return htmx.redirect(url_for("auth.profile"))
    return _confirm_page("identity/codes/recovery.html", PasswordForm())


@blueprint.post("/profile/recovery")
@access.signed_in
def make_recovery_codes() -> ResponseReturnValue:
    """Fresh recovery codes, shown once."""
    if authenticator.of(access.person_or_401()) is None:
        return htmx.redirect(url_for("auth.profile"))
    return _confirmed(
        "identity/codes/recovery.html", lambda person: _codes_page(authenticator.recovery_codes(person))
    )


@blueprint.post("/profile/sessions/<uuid:login_id>/end")
@access.signed_in
def end_session(login_id: UUID) -> ResponseReturnValue:
    """End one's log-in in another browser, or in this one."""
    here = browser_login.this_login()
    if here is not None and here.id == login_id:
        browser_login.log_out()
        flash(_("You are logged out."))
        return htmx.redirect(url_for("auth.login"))
    authentication.end_session(access.person_or_401(), login_id)
    flash(_("That browser is logged out."))
    return htmx.redirect(url_for("auth.profile"))


@blueprint.post("/profile/sessions/end")
@access.signed_in
def end_other_sessions() -> ResponseReturnValue:
    """Log out everywhere but here."""
    here = browser_login.this_login()
    authentication.end_other_sessions(access.person_or_401(), here.id if here else None)
    flash(_("You're logged out of every other browser."))
    return htmx.redirect(url_for("auth.profile"))


def _begun() -> UUID | None:
    begun = UUID(cookie[BEGUN]) if BEGUN in cookie else None
    return begun if begun and authenticator.pending(access.person_or_401(), begun) else None


def _profile_page(form: ProfileForm, status: int = 200) -> ResponseReturnValue:
    person, here = access.person_or_401(), browser_login.this_login()
    context: dict[str, Any] = {
        "form": form,
        "wish": email_change.of(person),
        "app": authenticator.of(person),
        "codes_left": recovery_codes.left(person),
        "sessions": sessions.of_person(person.id),
        "here": here.id if here else None,
    }
    return htmx.page("identity/profile.html", "details", status, **context)


def _confirm_page(template: str, form: PasswordForm, status: int = 200) -> ResponseReturnValue:
    app = authenticator.of(access.person_or_401())
    return htmx.page(template, None, status, form=form, app=app)


def _confirmed(template: str, act: Callable[[Person], ResponseReturnValue]) -> ResponseReturnValue:
    """Do something that matters, once it is sure who asks for it."""
    form = PasswordForm()
    try:
        if form.validate():
            confirm(form)
            return act(access.person_or_401())
    except DomainError as error:
        form.show_refusal(error)
    return _confirm_page(template, form, 422)


def _codes_page(codes: list[str]) -> ResponseReturnValue:
    return htmx.page("identity/codes/recovery_codes.html", codes=codes, goal=url_for("auth.profile"))
