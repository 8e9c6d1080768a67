"""Setting up where the gateway reports what becomes of messages."""

from flask import flash, make_response, request, url_for
from flask.typing import ResponseReturnValue

from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.i18n import _
from portal.identity import browser_login
from portal.identity.forms import PasswordForm
from portal.identity.step_up import confirm
from portal.messages.blueprint import blueprint
from portal.messages.reports import receiver
from portal.models import Account
from portal.web import access, htmx, rate_limits
from portal.web.access import BUILDERS
from portal.web.rate_limits import Limit

ROOT = "/accounts/<uuid:account_id>/messages/status-events"


@blueprint.get(ROOT)
@access.account_page(staff=True, set_up=True)
def callback(account: Account) -> ResponseReturnValue:
    """How to set it up, and whether events come."""
    return _page(account, PasswordForm())


@blueprint.post(ROOT)
@access.account_page(*BUILDERS)
def make_callback(account: Account) -> ResponseReturnValue:
    """Make the address and its secret."""
    receiver.make(access.person_or_401(), account)
    return htmx.redirect(url_for("compose.callback", account_id=account.id))


@blueprint.post(f"{ROOT}/secret")
@access.account_page(*BUILDERS)
def reveal_callback(account: Account) -> ResponseReturnValue:
    """Let somebody who manages the account's keys see the secret, after they typed the password."""
    form = PasswordForm()
    try:
        if form.validate():
            confirm(form)
            rate_limits.take_for_account(Limit.REVEALS, account.id)
            browser_login.grant(account.id)
            return htmx.redirect(url_for("compose.callback_secret", account_id=account.id))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, form, 422)


@blueprint.get(f"{ROOT}/secret")
@access.account_page(*BUILDERS)
def callback_secret(account: Account) -> ResponseReturnValue:
    """The secret; only right after the password, and not again by "back" or "reload"."""
    if request.method == "HEAD":
        return make_response("")
    if not browser_login.use_grant(account.id):
        return htmx.redirect(url_for("compose.callback", account_id=account.id))
    try:
        with unit_of_work():
            secret = receiver.reveal(access.person_or_401(), account).get_secret_value()
    except DomainError as error:
        flash(error.message, "danger")
        return htmx.redirect(url_for("compose.callback", account_id=account.id))
    page = htmx.page(
        "messages/reports/callback_secret.html", account=account, callback=receiver.of(account), secret=secret
    )
    page.headers["Cache-Control"] = "no-store"
    return page


@blueprint.post(f"{ROOT}/renew")
@access.account_page(*BUILDERS)
def renew_callback(account: Account) -> ResponseReturnValue:
    """Make another secret; from now on the old one opens nothing."""
    form = PasswordForm()
    try:
        if form.validate():
            confirm(form)
            receiver.renew(access.person_or_401(), account)
            flash(
                _("The old secret no longer works. Enter the new one in the gateway's dashboard."),
                "warning",
            )
            return htmx.redirect(url_for("compose.callback", account_id=account.id))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, form, 422)


def _page(account: Account, form: PasswordForm, status: int = 200) -> ResponseReturnValue:
    context = {"account": account, "callback": receiver.of(account), "form": form}
    return htmx.page("messages/reports/callback.html", "callback", status, **context)
