"""An account's settings: its details, its people and those who are invited."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue

from portal.customers.invitations import lifecycle as invitations
from portal.customers.team import members
from portal.customers.team.blueprint import blueprint
from portal.customers.team.forms import InviteForm, RoleForm
from portal.customers.team.members import Member
from portal.errors import DomainError
from portal.i18n import _
from portal.identity import browser_login
from portal.models import Account, Role
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit

ROOT = "/accounts/<uuid:account_id>/settings/"
PERSON = f"{ROOT}people/<uuid:person_id>"
INVITATION = f"{ROOT}invitations/<uuid:invitation_id>"


@blueprint.get(ROOT)
@access.account_page(staff=True)
def settings(account: Account) -> ResponseReturnValue:
    """Details and people."""
    return _settings_page(account, InviteForm())


@blueprint.post(f"{ROOT}invitations")
@access.account_page(Role.OWNER)
def invite(account: Account) -> ResponseReturnValue:
    """Invite a colleague by mail."""
    form = InviteForm()
    try:
        if form.validate():
            rate_limits.take_for_account(Limit.INVITATIONS, account.id)
            row = invitations.invite(access.person_or_401(), account, text(form.email), Role(form.role.data))
            flash(_("We emailed an invitation to %(email)s.", email=row.email))
            return htmx.redirect(_address(account))
    except DomainError as error:
        form.show_refusal(error)
    return _settings_page(account, form, 422)


@blueprint.post(f"{INVITATION}/again")
@access.account_page(Role.OWNER)
def invite_again(account: Account, invitation_id: UUID) -> ResponseReturnValue:
    """Mail the invitation again."""

    def send() -> str:
        rate_limits.take_for_account(Limit.INVITATIONS, account.id)
        row = invitations.send_again(access.person_or_401(), account, invitation_id)
        return _("We emailed a new link to %(email)s. The previous one no longer works.", email=row.email)

    return _done(_address(account), send)


@blueprint.post(f"{INVITATION}/withdraw")
@access.account_page(Role.OWNER)
def withdraw_invitation(account: Account, invitation_id: UUID) -> ResponseReturnValue:
    """Let the invitation do nothing any more."""

    def withdraw() -> str:
        row = invitations.withdraw(access.person_or_401(), account, invitation_id)
        return _("The invitation for %(email)s is withdrawn. Its link no longer works.", email=row.email)

    return _done(_address(account), withdraw)


@blueprint.get(PERSON)
@access.account_page(Role.OWNER)
def member(account: Account, person_id: UUID) -> ResponseReturnValue:
    """One of the account's people: role, and where they are logged in."""
    found = _member_or_404(account, person_id)
    return _member_page(account, found, RoleForm(role=found.role.value))


@blueprint.post(f"{PERSON}/role")
@access.account_page(Role.OWNER)
def change_role(account: Account, person_id: UUID) -> ResponseReturnValue:
    """Let somebody do something else."""
    found, form = _member_or_404(account, person_id), RoleForm()
    try:
        if form.validate():
            members.change_role(access.person_or_401(), account, person_id, Role(form.role.data))
            flash(_("Role saved. It applies from their next click."))
            is_oneself = person_id == access.person_or_401().id
            return htmx.redirect(_address(account) if is_oneself else _address(account, person_id))
    except DomainError as error:
        form.show_refusal(error)
    return _member_page(account, found, form, 422)


@blueprint.post(f"{PERSON}/remove")
@access.account_page(Role.OWNER)
def remove_member(account: Account, person_id: UUID) -> ResponseReturnValue:
    """Take somebody out of the account."""
    found = _member_or_404(account, person_id)
    try:
        members.remove(access.person_or_401(), account, person_id)
    except DomainError as error:
        flash(error.message, "danger")
        return htmx.redirect(_address(account, person_id))
    flash(_("%(person)s is no longer a member of the account.", person=found.person.full_name))
    is_oneself = person_id == access.person_or_401().id
    return htmx.redirect(url_for("accounts.home") if is_oneself else _address(account))


@blueprint.post(f"{PERSON}/sessions/<uuid:login_id>/end")
@access.account_page(Role.OWNER)
def end_member_session(account: Account, person_id: UUID, login_id: UUID) -> ResponseReturnValue:
    """Log one of somebody's browsers out."""
    found = _member_or_404(account, person_id)
    members.end_session(access.person_or_401(), account, found.person, login_id)
    flash(_("That browser is logged out."))
    return htmx.redirect(_address(account, person_id))


@blueprint.post(f"{PERSON}/sessions/end")
@access.account_page(Role.OWNER)
def end_member_sessions(account: Account, person_id: UUID) -> ResponseReturnValue:
    """Log all of somebody's browsers out."""
    found, here = _member_or_404(account, person_id), browser_login.this_login()
    members.end_sessions(access.person_or_401(), account, found.person, here.id if here else None)
    flash(_("They're logged out of every browser."))
    return htmx.redirect(_address(account, person_id))


@blueprint.post(f"{ROOT}leave")
@access.account_page()
def leave(account: Account) -> ResponseReturnValue:
    """Belong to the account no longer."""
    person = access.person_or_401()
    try:
        members.remove(person, account, person.id)
    except DomainError as error:
        flash(error.message, "danger")
        return htmx.redirect(_address(account))
    flash(_("You've left %(account)s.", account=account.name))
    return htmx.redirect(url_for("accounts.home"))


def _done(address: str, act: Callable[[], str]) -> ResponseReturnValue:
    """Do something that has no form of its own, and say what became of it."""
    try:
        flash(act())
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(address)


def _settings_page(account: Account, form: InviteForm, status: int = 200) -> ResponseReturnValue:
    context: dict[str, Any] = {
        "account": account,
        "members": members.members_of(account),
        "invitations": invitations.open_of(account),
        "form": form,
    }
    return htmx.page("customers/team/settings.html", "invite", status, **context)


def _member_page(account: Account, found: Member, form: RoleForm, status: int = 200) -> ResponseReturnValue:
    here = browser_login.this_login()
    context = {
        "account": account,
        "member": found,
        "form": form,
        "sessions": members.sessions_of(found),
        "here": here.id if here else None,
    }
    return htmx.page("customers/team/member.html", None, status, **context)


def _address(account: Account, person_id: UUID | None = None) -> str:
    if person_id is None:
        return url_for("membership.settings", account_id=account.id)
    return url_for("membership.member", account_id=account.id, person_id=person_id)


def _member_or_404(account: Account, person_id: UUID) -> Member:
    found = members.find(account, person_id)
    if found is None:
        abort(404)
    return found
