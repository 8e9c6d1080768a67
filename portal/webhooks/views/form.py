"""The form of a webhook: a new one, a changed one, and checking it while it is filled in."""

from typing import Any
from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.channels import snapshot
from portal.connexease import triggers as catalogue
from portal.db.engine import only_reads
from portal.errors import DomainError
from portal.extensions import session
from portal.models import Account
from portal.web import access, htmx, rate_limits
from portal.web.access import BUILDERS
from portal.web.forms import text
from portal.web.rate_limits import Limit
from portal.webhooks import callback_addresses, changes, portal_webhooks
from portal.webhooks import snapshot as webhook_snapshot
from portal.webhooks.blueprint import blueprint
from portal.webhooks.forms import BLANK_ROWS, WebhookForm
from portal.webhooks.headers import SECRET_NAMES
from portal.webhooks.rules import Broken, Subscription, broken_by
from portal.webhooks.snapshot import KnownWebhook
from portal.webhooks.views.common import ROOT, current, names, say_saved, webhook_or_404


@blueprint.get(f"{ROOT}new")
@access.account_page(*BUILDERS, staff=True)
def new(account: Account) -> ResponseReturnValue:
    """An empty form."""
    form = WebhookForm()
    form.triggers.data = request.args.getlist("trigger")
    form.channels.data = request.args.getlist("channel")
    return _form_page(account, form, None)


@blueprint.post(f"{ROOT}new")
@access.account_page(*BUILDERS, staff=True)
def create(account: Account) -> ResponseReturnValue:
    """Make a webhook."""
    form = WebhookForm()
    return _save(account, form, None)


@blueprint.get(f"{ROOT}<uuid:webhook_id>")
@access.account_page(*BUILDERS, staff=True)
def edit(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """The form, filled with what Connexease holds; never with a header's value."""
    webhook = webhook_or_404(current(account), webhook_id)
    form = WebhookForm()
    form.fill(webhook)
    return _form_page(account, form, webhook)


@blueprint.post(f"{ROOT}<uuid:webhook_id>")
@access.account_page(*BUILDERS, staff=True)
def change(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Change a webhook."""
    return _save(account, WebhookForm(), webhook_or_404(webhook_snapshot.known(account), webhook_id))


@blueprint.post(f"{ROOT}check")
@access.account_page(*BUILDERS, staff=True)
@only_reads
def check(account: Account) -> ResponseReturnValue:
    """Check a form as it changes, against the last known state; nothing is saved.

    What speaks against its address is a part of its own: a name is looked up for it, which may take a while.
    """
    form = WebhookForm()
    known = webhook_snapshot.known(account)
    webhook = known.find(_uuid_or_404(request.args.get("webhook"))) if request.args.get("webhook") else None
    form.prepare(snapshot.channels_of(account), webhook)
    context = _form_context(account, form, webhook, None)
    if request.args.get("part") == "doubt":
        return htmx.page("webhooks/form.html", "doubt", **context, doubt=_doubt(account, form))
    return htmx.page("webhooks/form.html", "choices", **context)


def _save(account: Account, form: WebhookForm, webhook: KnownWebhook | None) -> ResponseReturnValue:
    form.prepare(snapshot.channels_of(account), webhook)
    if "more" in request.form:
        form.add_blank_headers(BLANK_ROWS * 2)
        return _form_page(account, form, webhook, more=True)
    broken: list[Broken] = []
    try:
        if form.validate():
            person = access.person_or_401()
            if webhook is None:
                row = changes.create(person, account, form.desired(), form.intent.data or "")
            else:
                row = webhook.row
                changes.change(person, account, row, form.desired())
            say_saved(row)
            if doubt := callback_addresses.doubt_by_itself(form.desired().callback_url):
                flash(doubt, "warning")
            return htmx.redirect(url_for("webhooks.index", account_id=account.id))
    except changes.RulesBroken as error:
        broken = error.broken
        form.show_refusal(error)
    except DomainError as error:
        form.show_refusal(error)
    return _form_page(account, form, webhook, 422, broken)


def _form_page(
    account: Account,
    form: WebhookForm,
    webhook: KnownWebhook | None,
    status: int = 200,
    broken: list[Broken] | None = None,
    *,
    more: bool = False,
) -> ResponseReturnValue:
    if not form.triggers.choices:
        form.prepare(snapshot.channels_of(account), webhook)
    form.add_blank_headers()
    context = _form_context(account, form, webhook, broken)
    context |= {
        "doubt": _doubt(account, form),
        "more_from": form.first_blank_header if more else None,
        "secret_names": SECRET_NAMES,
    }
    return htmx.page("webhooks/form.html", "form", status, **context)


def _form_context(
    account: Account, form: WebhookForm, webhook: KnownWebhook | None, broken: list[Broken] | None
) -> dict[str, Any]:
    known = webhook_snapshot.known(account)
    chosen = list(form.triggers.data or [])
    if broken is None and chosen:
        subscription = Subscription(chosen, form.chosen_channels(), webhook.id if webhook else None)
        broken = broken_by(subscription, [other.subscription for other in known.in_the_way])
    return {
        "account": account,
        "form": form,
        "webhook": webhook,
        "snapshot": known,
        "broken": broken or [],
        "names": names(account),
        "account_wide": [name for name in chosen if catalogue.is_account_scoped(name)],
        "catalogue": catalogue,
        "onboarding_trigger": portal_webhooks.ONBOARDING_TRIGGER,
    }


def _doubt(account: Account, form: WebhookForm) -> str | None:
    """What speaks against the address; nothing while somebody only plays with the form."""
    url = text(form.callback_url)
    if not url or callback_addresses.problem_with(url):
        return None
    try:
        rate_limits.take_for_account(Limit.LOOK_UPS, account.id)
    except rate_limits.TooManyTries:
        return None
    session().commit()  # no lock is held while a stranger's name server thinks
    return callback_addresses.doubt_about(url)


def _uuid_or_404(value: str | None) -> UUID:
    try:
        return UUID(value or "")
    except ValueError:
        abort(404)
