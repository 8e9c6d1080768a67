"""Sending a sample of what a webhook gets."""

from uuid import UUID

from flask.typing import ResponseReturnValue

from portal.errors import DomainError
from portal.models import Account
from portal.web import access, htmx, rate_limits
from portal.web.access import BUILDERS
from portal.web.rate_limits import Limit
from portal.webhooks import snapshot
from portal.webhooks.blueprint import blueprint
from portal.webhooks.forms import TestForm
from portal.webhooks.snapshot import KnownWebhook
from portal.webhooks.testing import probe
from portal.webhooks.views.common import ROOT, webhook_or_404


@blueprint.get(f"{ROOT}<uuid:webhook_id>/test")
@access.account_page(*BUILDERS, staff=True)
def test(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Choose a sample to send."""
    webhook = webhook_or_404(snapshot.known(account), webhook_id)
    return _test_page(account, webhook, _test_form(webhook), None)


@blueprint.post(f"{ROOT}<uuid:webhook_id>/test")
@access.account_page(*BUILDERS, staff=True)
def send_test(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Send the sample and show what came back."""
    webhook = webhook_or_404(snapshot.known(account), webhook_id)
    form, result = _test_form(webhook), None
    try:
        if form.validate():
            rate_limits.take_for_account(Limit.WEBHOOK_TESTS, account.id)
            result = probe.send(access.person_or_401(), account, webhook.row, form.trigger.data)
            return _test_page(account, webhook, form, result)
    except DomainError as error:
        form.show_refusal(error)
    return _test_page(account, webhook, form, result, 422)


def _test_form(webhook: KnownWebhook) -> TestForm:
    form = TestForm()
    form.trigger.choices = [(name, name) for name in webhook.triggers]
    return form


def _test_page(
    account: Account, webhook: KnownWebhook, form: TestForm, result: probe.Result | None, status: int = 200
) -> ResponseReturnValue:
    context = {"account": account, "webhook": webhook, "form": form, "result": result}
    return htmx.page("webhooks/test.html", "test", status, **context)
