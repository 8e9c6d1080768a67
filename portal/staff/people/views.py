"""The reseller's own people: invitations, roles, switching off, sessions, lost apps."""

from collections.abc import Callable
from uuid import UUID

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue

from portal.customers.invitations import lifecycle as invitations
from portal.errors import DomainError
from portal.i18n import _
from portal.identity import browser_login, sessions
from portal.identity.forms import PasswordForm
from portal.identity.second_factor import authenticator
from portal.identity.step_up import confirm
from portal.models import Person, StaffRole
from portal.staff.blueprint import blueprint
from portal.staff.people import staff_members
from portal.staff.people.forms import InviteForm, StaffRoleForm
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit

ROOT = "/staff/people/"
ONE = f"{ROOT}<uuid:person_id>"
INVITATION = f"{ROOT}invitations/<uuid:invitation_id>"


@blueprint.get(ROOT)
@access.staff_page()
def people() -> ResponseReturnValue:
    """Who belongs to the staff, and who is invited."""
    return _people_page(InviteForm())


@blueprint.post(f"{ROOT}invitations")
@access.staff_page(StaffRole.ADMIN)
def invite_colleague() -> ResponseReturnValue:
    """Invite a colleague by mail."""
    actor, form = access.person_or_401(), InviteForm()
    try:
        if form.validate():
            rate_limits.take_for_email(Limit.INVITATIONS, actor.email)
            row = invitations.invite(actor, None, text(form.email), StaffRole(form.role.data))
            flash(_("We emailed an invitation to %(email)s.", email=row.email))
            return htmx.redirect(url_for("staff.people"))
    except DomainError as error:
        form.show_refusal(error)
    return _people_page(form, 422)


@blueprint.post(f"{INVITATION}/again")
@access.staff_page(StaffRole.ADMIN)
def invite_again(invitation_id: UUID) -> ResponseReturnValue:
    """Mail the invitation again."""

    def send(actor: Person) -> str:
        rate_limits.take_for_email(Limit.INVITATIONS, actor.email)
        row = invitations.send_again(actor, None, invitation_id)
        return _("We've emailed a new link to %(email)s. The old link no longer works.", email=row.email)

    return _done(url_for("staff.people"), send)


@blueprint.post(f"{INVITATION}/withdraw")
@access.staff_page(StaffRole.ADMIN)
def withdraw_invitation(invitation_id: UUID) -> ResponseReturnValue:
    """Let the invitation do nothing any more."""

    def withdraw(actor: Person) -> str:
        row = invitations.withdraw(actor, None, invitation_id)
        return _("The invitation for %(email)s was withdrawn. Its link no longer works.", email=row.email)

    return _done(url_for("staff.people"), withdraw)


@blueprint.get(ONE)
@access.staff_page(StaffRole.ADMIN)
def colleague(person_id: UUID) -> ResponseReturnValue:
    """One of the staff: role, sessions, and what an admin can do."""
    person = _person_or_404(person_id)
    return _colleague_page(person, StaffRoleForm(role=person.staff_role))


@blueprint.post(f"{ONE}/role")
@access.staff_page(StaffRole.ADMIN)
def change_staff_role(person_id: UUID) -> ResponseReturnValue:
    """Let somebody do something else."""
    person, form = _person_or_404(person_id), StaffRoleForm()
    try:
        if form.validate():
            staff_members.change_role(access.person_or_401(), person_id, StaffRole(form.role.data))
            flash(_("Role saved. It applies from their next click."))
            is_oneself = person_id == access.person_or_401().id
            return htmx.redirect(url_for("staff.people") if is_oneself else _address(person_id))
    except DomainError as error:
        form.show_refusal(error)
    return _colleague_page(person, form, 422)


@blueprint.post(f"{ONE}/off")
@access.staff_page(StaffRole.ADMIN)
def switch_off(person_id: UUID) -> ResponseReturnValue:
    """Keep somebody from logging in, at once."""

    def off(actor: Person) -> str:
        person = staff_members.switch_off(actor, person_id)
        return _("%(person)s was switched off and logged out everywhere.", person=person.full_name)

    return _done(_address(person_id), off)


@blueprint.post(f"{ONE}/on")
@access.staff_page(StaffRole.ADMIN)
def switch_on(person_id: UUID) -> ResponseReturnValue:
    """Let somebody log in again."""

    def on(actor: Person) -> str:
        return _("%(person)s can log in again.", person=staff_members.switch_on(actor, person_id).full_name)

    return _done(_address(person_id), on)


@blueprint.post(f"{ONE}/remove")
@access.staff_page(StaffRole.ADMIN)
def remove_colleague(person_id: UUID) -> ResponseReturnValue:
    """Take somebody out of the staff."""
    _person_or_404(person_id)
    try:
        person = staff_members.remove(access.person_or_401(), person_id)
    except DomainError as error:
        flash(error.message, "danger")
        return htmx.redirect(_address(person_id))
    flash(_("%(person)s is no longer on the staff.", person=person.full_name))
    return htmx.redirect(url_for("staff.people"))


@blueprint.get(f"{ONE}/app")
@access.staff_page(StaffRole.ADMIN)
def app_reset(person_id: UUID) -> ResponseReturnValue:
    """What taking a colleague's app away does."""
    return _reset_page(_person_or_404(person_id), PasswordForm())


@blueprint.post(f"{ONE}/app")
@access.staff_page(StaffRole.ADMIN)
def reset_app(person_id: UUID) -> ResponseReturnValue:
    """Take a colleague's app away who lost it."""
    person, form = _person_or_404(person_id), PasswordForm()
    try:
        if form.validate():
            confirm(form)
            staff_members.reset_app(access.person_or_401(), person_id)
            flash(
                _(
                    "The authenticator app of %(person)s was reset. They'll set up another app at their next "
                    "login.",
                    person=person.full_name,
                )
            )
            return htmx.redirect(_address(person_id))
    except DomainError as error:
        form.show_refusal(error)
    return _reset_page(person, form, 422)


@blueprint.post(f"{ONE}/sessions/<uuid:login_id>/end")
@access.staff_page(StaffRole.ADMIN)
def end_session(person_id: UUID, login_id: UUID) -> ResponseReturnValue:
    """Log one of somebody's browsers out."""
    staff_members.end_session(access.person_or_401(), _person_or_404(person_id), login_id)
    flash(_("That browser is logged out."))
    return htmx.redirect(_address(person_id))


@blueprint.post(f"{ONE}/sessions/end")
@access.staff_page(StaffRole.ADMIN)
def end_sessions(person_id: UUID) -> ResponseReturnValue:
    """Log all of somebody's browsers out."""
    here = browser_login.this_login()
    staff_members.end_sessions(access.person_or_401(), _person_or_404(person_id), here.id if here else None)
    flash(_("They're logged out of every browser."))
    return htmx.redirect(_address(person_id))


def _done(address: str, act: Callable[[Person], str]) -> ResponseReturnValue:
    """Do something that has no form of its own, and say what became of it."""
    try:
        flash(act(access.person_or_401()))
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(address)


def _people_page(form: InviteForm, status: int = 200) -> ResponseReturnValue:
    everybody = staff_members.everybody()
    context = {
        "people": everybody,
        "with_app": authenticator.who_has_one(everybody),
        "invitations": invitations.open_of(None),
        "form": form,
    }
    return htmx.page("staff/people/index.html", "invite", status, **context)


def _colleague_page(person: Person, form: StaffRoleForm, status: int = 200) -> ResponseReturnValue:
    here = browser_login.this_login()
    context = {
        "colleague": person,
        "form": form,
        "app": authenticator.of(person),
        "sessions": sessions.of_person(person.id),
        "here": here.id if here else None,
    }
    return htmx.page("staff/people/colleague.html", None, status, **context)


def _reset_page(person: Person, form: PasswordForm, status: int = 200) -> ResponseReturnValue:
    return htmx.page("staff/people/app_reset.html", None, status, who=person, back=_address(person.id), form=form)


def _address(person_id: UUID) -> str:
    return url_for("staff.colleague", person_id=person_id)


def _person_or_404(person_id: UUID) -> Person:
    person = staff_members.find(person_id)
    if person is None:
        abort(404)
    return person
