"""The test bench of a destination: a sample sent now, and code that checks signatures."""

from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from portal.errors import DomainError
from portal.identity.forms import PasswordForm
from portal.models import Account, Destination
from portal.relay.blueprint import blueprint
from portal.relay.forms.actions import TestForm
from portal.relay.testbench import snippets, testing
from portal.relay.views import common
from portal.relay.views.common import ONE
from portal.web import access, htmx, rate_limits
from portal.web.access import BUILDERS
from portal.web.rate_limits import Limit


@blueprint.get(f"{ONE}/test")
@access.account_page(*BUILDERS)
def test(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Choose a sample to send."""
    row = common.destination_or_404(account, destination_id)
    return _page(account, row, _form(row))


@blueprint.post(f"{ONE}/test")
@access.account_page(*BUILDERS)
def send_test(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Send it and show what came back."""
    row = common.destination_or_404(account, destination_id)
    form = _form(row)
    try:
        if form.validate():
            rate_limits.take_for_account(Limit.WEBHOOK_TESTS, account.id)
            return _page(account, row, form, _sent(account, row, form))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, row, form, None, 422)


def page_with_password(
    account: Account, row: Destination, password: PasswordForm, status: int
) -> ResponseReturnValue:
    """The test bench, where a password was typed to see the secret in code."""
    return _page(account, row, _offer(row, TestForm(formdata=None)), None, status, password)


def _sent(account: Account, row: Destination, form: TestForm) -> testing.Test:
    return testing.send(access.person_or_401(), account, row, form.kind.data, is_real="real" in request.form)


def _form(row: Destination) -> TestForm:
    return _offer(row, TestForm())


def _offer(row: Destination, form: TestForm) -> TestForm:
    form.kind.choices = [(kind, kind) for kind in row.kinds]
    return form


def _page(
    account: Account,
    row: Destination,
    form: TestForm,
    sent: testing.Test | None = None,
    status: int = 200,
    password: PasswordForm | None = None,
) -> ResponseReturnValue:
    context = {
        "account": account,
        "destination": row,
        "form": form,
        "sent": sent,
        "password": password or PasswordForm(formdata=None),
        "snippets": snippets.SNIPPETS,
        "public_snippets": [each.with_key(row.public_key) for each in snippets.PUBLIC_SNIPPETS]
        if row.public_key
        else [],
    }
    return htmx.page("relay/test.html", "test", status, **context)
