"""Accounts that the staff open for a customer, and invitations to those that exist only at Connexease."""

from typing import Any
from uuid import UUID

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue

from portal.customers.signup import opened_by_staff, takeovers
from portal.customers.signup import registration as signup
from portal.errors import DomainError
from portal.i18n import _
from portal.mirror import directory
from portal.models import MirroredAccount
from portal.staff.accounts import detail as account_detail
from portal.staff.accounts.forms.opening import InviteForm, NewAccountForm
from portal.staff.accounts.views import account_page
from portal.staff.accounts.views.account_page import HELPERS
from portal.staff.blueprint import blueprint
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit


@blueprint.get("/staff/accounts/new")
@access.staff_page(*HELPERS)
def new_account() -> ResponseReturnValue:
    """The details of an account to be."""
    return _form_page(NewAccountForm())


@blueprint.post("/staff/accounts/new")
@access.staff_page(*HELPERS)
def open_account() -> ResponseReturnValue:
    """Open an account for a customer, who is invited by mail."""
    form = NewAccountForm()
    try:
        if form.validate():
            details = form.details()
            rate_limits.take_for_email(Limit.MAILS, details.contact_email)
            account = opened_by_staff.open_account(access.person_or_401(), details)
            flash(_("The account is being set up, and we've invited %(email)s.", email=account.contact_email))
            return htmx.redirect(url_for("staff.account", uuid=account.id))
    except DomainError as error:
        form.show_refusal(error)
    return _form_page(form, 422)


@blueprint.post("/staff/accounts/<uuid:uuid>/invite")
@access.staff_page(*HELPERS)
def invite(uuid: UUID) -> ResponseReturnValue:
    """Ask somebody to take over an account that exists only at Connexease."""
    row, form = _row_or_404(uuid), InviteForm()
    try:
        if form.validate():
            rate_limits.take_for_email(Limit.MAILS, text(form.email))
            sent = takeovers.invite(access.person_or_401(), row, text(form.email))
            flash(_("We've invited %(email)s to take over the account.", email=sent.email))
            return htmx.redirect(url_for("staff.account", uuid=uuid))
    except DomainError as error:
        form.show_refusal(error)
    return account_page.show(row, form, 422)


@blueprint.post("/staff/accounts/<uuid:uuid>/withdraw")
@access.staff_page(*HELPERS)
def withdraw(uuid: UUID) -> ResponseReturnValue:
    """Let an invitation lead nowhere."""
    takeovers.withdraw(access.person_or_401(), _row_or_404(uuid))
    flash(_("The invitation was withdrawn. Its link no longer works."))
    return htmx.redirect(url_for("staff.account", uuid=uuid))


@blueprint.post("/staff/accounts/<uuid:uuid>/mail")
@access.staff_page(*HELPERS)
def mail_again(uuid: UUID) -> ResponseReturnValue:
    """Mail the owner again what they need to get in: the invitation, or the link that proves their address."""
    detail = account_detail.of(_row_or_404(uuid))
    actor, owner, account = access.person_or_401(), detail.owner, detail.account
    if owner is None or account is None:
        abort(404)
    try:
        rate_limits.take_for_email(Limit.MAILS, owner.email)
        if detail.waits_for_password:
            opened_by_staff.invite_again(actor, account, owner)
        elif owner.email_verified_at is None:
            signup.send_verification_again(owner, actor, account)
        else:
            raise DomainError(_("No email was sent, because the owner can already log in."))
        flash(_("We've emailed a new link to %(email)s.", email=owner.email))
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("staff.account", uuid=uuid))


def _row_or_404(uuid: UUID) -> MirroredAccount:
    row = directory.find(uuid)
    if row is None:
        abort(404)
    return row


def _form_page(form: NewAccountForm, status: int = 200) -> ResponseReturnValue:
    context: dict[str, Any] = {"form": form}
    return htmx.page("staff/accounts/new.html", "form", status, **context)
