"""The secret of a destination: shown, put into code, and replaced, after the password was typed."""

from collections.abc import Callable
from uuid import UUID

from flask import make_response, request, url_for
from flask.typing import ResponseReturnValue

from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.identity import browser_login
from portal.identity.forms import PasswordForm
from portal.identity.step_up import confirm
from portal.models import Account, Destination, Person
from portal.relay import destinations
from portal.relay.blueprint import blueprint
from portal.relay.testbench.snippets import SNIPPETS
from portal.relay.views import bench, common, destination
from portal.relay.views.common import ONE
from portal.web import access, htmx, rate_limits
from portal.web.access import BUILDERS
from portal.web.rate_limits import Limit

SHOWN_FOR = 60
"""Seconds that a revealed secret stays on the screen."""
CODE_SHOWN_FOR = 300
"""The same with code, which is copied in parts."""
Page = Callable[[Account, Destination, PasswordForm, int], ResponseReturnValue]


@blueprint.post(f"{ONE}/reveal")
@access.account_page(*BUILDERS)
def reveal(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Let somebody see its secret, after they typed the password."""
    return _after_password(account, destination_id, "relay.revealed", destination.page)


@blueprint.post(f"{ONE}/roll")
@access.account_page(*BUILDERS)
def roll(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Give it a new secret, after the password was typed; the next page shows it."""
    return _after_password(
        account,
        destination_id,
        "relay.revealed",
        destination.page,
        lambda person, row: destinations.roll(person, account, row),
    )


@blueprint.post(f"{ONE}/code")
@access.account_page(*BUILDERS)
def fill_code(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Let somebody see code with its secret in it, after they typed the password."""
    return _after_password(account, destination_id, "relay.code", bench.page_with_password)


@blueprint.get(f"{ONE}/secret")
@access.account_page(*BUILDERS)
def revealed(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """The secret, for a minute; only right after it was made or the password was typed."""
    return _shown(account, destination_id, "relay/secret.html", SHOWN_FOR)


@blueprint.get(f"{ONE}/code")
@access.account_page(*BUILDERS)
def code(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Code with the secret in it, for some minutes; only right after the password was typed."""
    return _shown(account, destination_id, "relay/code.html", CODE_SHOWN_FOR)


def _shown(account: Account, destination_id: UUID, template: str, seconds: int) -> ResponseReturnValue:
    row = common.destination_or_404(account, destination_id)
    if request.method == "HEAD":
        return make_response("")
    if not browser_login.use_grant(row.id):
        return htmx.redirect(common.address(account, row))
    with unit_of_work():
        secret = destinations.reveal(access.person_or_401(), account, row).get_secret_value()
    filled = [snippet.filled(secret) for snippet in SNIPPETS]
    page = htmx.page(template, account=account, destination=row, secret=secret, snippets=filled)
    page.headers["Cache-Control"] = "no-store"
    page.headers["Refresh"] = f"{seconds}; url={common.address(account, row)}"
    return page


def _after_password(
    account: Account,
    destination_id: UUID,
    then: str,
    page: Page,
    change: Callable[[Person, Destination], None] | None = None,
) -> ResponseReturnValue:
    row, form = common.destination_or_404(account, destination_id), PasswordForm()
    try:
        if form.validate():
            confirm(form)
            rate_limits.take_for_account(Limit.REVEALS, account.id)
            if change is not None:
                change(access.person_or_401(), row)
            browser_login.grant(row.id)
            return htmx.redirect(url_for(then, account_id=account.id, destination_id=row.id))
    except DomainError as error:
        form.show_refusal(error)
    return page(account, row, form, 422)
