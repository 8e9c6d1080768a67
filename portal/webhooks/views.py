"""An account's webhooks: list, form, switching, setting right, testing."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal import access, htmx, throttle
from portal.access import BUILDERS, LOOKERS
from portal.accounts.service import is_ready
from portal.channels import listing
from portal.connexease import triggers as catalogue
from portal.database import only_reads, writing
from portal.errors import DomainError
from portal.extensions import session
from portal.forms import text
from portal.i18n import _
from portal.models import Account, Person, Webhook
from portal.throttle import Limit
from portal.webhooks import addresses, blueprint, coverage, holdings, own, probe, saving
from portal.webhooks.forms import BLANK_ROWS, TestForm, WebhookForm
from portal.webhooks.headers import SECRET_NAMES
from portal.webhooks.holdings import Held, Holdings
from portal.webhooks.rules import Broken, Subscription, broken_by

ROOT = "/accounts/<uuid:account_id>/webhooks/"


@blueprint.get(ROOT)
@access.account_page(*LOOKERS, staff=True)
def index(account: Account) -> ResponseReturnValue:
    """What Connexease holds now; when it cannot be asked, the last known state."""
    if not is_ready(account):
        return htmx.redirect(url_for("signup.setup", account_id=account.id))
    held = _current(account)
    channels = listing.channels_of(account)
    table = coverage.table(held.at_connexease, [channel for channel in channels if not channel.gone_at])
    context = {
        "account": account,
        "holdings": held,
        "coverage": table,
        "names": _names(account),
        "show_hidden": "hidden" in request.args,
    }
    return htmx.page("webhooks/index.html", "webhooks", 200, **context)


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
    held = _held_or_404(_current(account), webhook_id)
    form = WebhookForm()
    form.fill(held)
    return _form_page(account, form, held)


@blueprint.post(f"{ROOT}<uuid:webhook_id>")
@access.account_page(*BUILDERS, staff=True)
def change(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Change a webhook."""
    return _save(account, WebhookForm(), _held_or_404(holdings.known(account), webhook_id))


def _save(account: Account, form: WebhookForm, held: Held | None) -> ResponseReturnValue:
    form.prepare(listing.channels_of(account), held)
    if "more" in request.form:
        form.add_blank_headers(BLANK_ROWS * 2)
        return _form_page(account, form, held, more=True)
    broken: list[Broken] = []
    try:
        if form.validate():
            person = access.person_or_401()
            if held is None:
                row = saving.create(person, account, form.wish(), form.intent.data or "")
            else:
                row = held.row
                saving.change(person, account, row, form.wish())
            _say_saved(row)
            if doubt := addresses.doubt_by_itself(form.wish().callback_url):
                flash(doubt, "warning")
            return htmx.redirect(url_for("webhooks.index", account_id=account.id))
    except saving.RulesBroken as error:
        broken = error.broken
        form.show_refusal(error)
    except DomainError as error:
        form.show_refusal(error)
    return _form_page(account, form, held, 422, broken)


@blueprint.post(f"{ROOT}check")
@access.account_page(*BUILDERS, staff=True)
@only_reads
def check(account: Account) -> ResponseReturnValue:
    """Check a form as it changes, against the last known state; nothing is saved.

    What speaks against its address is a part of its own: a name is looked up for it, which may take a while.
    """
    form = WebhookForm()
    known = holdings.known(account)
    held = known.find(_uuid_or_404(request.args.get("webhook"))) if request.args.get("webhook") else None
    form.prepare(listing.channels_of(account), held)
    context = _form_context(account, form, held, None)
    if request.args.get("part") == "doubt":
        return htmx.page("webhooks/form.html", "doubt", **context, doubt=_doubt(account, form))
    return htmx.page("webhooks/form.html", "choices", **context)


@blueprint.post(f"{ROOT}<uuid:webhook_id>/switch")
@access.account_page(*BUILDERS, staff=True)
def switch(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Switch it on or off."""
    held = _held_or_404(holdings.known(account), webhook_id)
    return _do(account, held.row, lambda person: saving.switch(person, account, held.row, on="on" in request.form))


@blueprint.post(f"{ROOT}<uuid:webhook_id>/right")
@access.account_page(*BUILDERS, staff=True)
def set_right(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Make Connexease hold again what was set here."""
    held = _held_or_404(holdings.known(account), webhook_id)
    return _do(account, held.row, lambda person: saving.set_right(person, account, held.row))


@blueprint.post(f"{ROOT}<uuid:webhook_id>/accept")
@access.account_page(*BUILDERS, staff=True)
def accept(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Keep what Connexease holds."""
    held = _held_or_404(holdings.known(account), webhook_id)
    return _do(account, held.row, lambda person: saving.accept(person, account, held.row))


@blueprint.post(f"{ROOT}<uuid:webhook_id>/hide")
@access.account_page(*BUILDERS, staff=True)
def hide(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Hide a dead one, or show it again."""
    held = _held_or_404(holdings.known(account), webhook_id)
    try:
        saving.hide(access.person_or_401(), account, held.row, hidden="hide" in request.form)
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("webhooks.index", account_id=account.id))


@blueprint.get(f"{ROOT}<uuid:webhook_id>/test")
@access.account_page(*BUILDERS, staff=True)
def test(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Choose a sample to send."""
    held = _held_or_404(holdings.known(account), webhook_id)
    return _test_page(account, held, _test_form(held), None)


@blueprint.post(f"{ROOT}<uuid:webhook_id>/test")
@access.account_page(*BUILDERS, staff=True)
def send_test(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Send the sample and show what came back."""
    held = _held_or_404(holdings.known(account), webhook_id)
    form, result = _test_form(held), None
    try:
        if form.validate():
            throttle.take_for_account(Limit.WEBHOOK_TESTS, account.id)
            result = probe.send(access.person_or_401(), account, held.row, form.trigger.data)
            return _test_page(account, held, form, result)
    except DomainError as error:
        form.show_refusal(error)
    return _test_page(account, held, form, result, 422)


def _do(account: Account, row: Webhook, change: Callable[[Person], None]) -> ResponseReturnValue:
    try:
        change(access.person_or_401())
        _say_saved(row)
    except saving.RulesBroken as error:
        flash(" ".join(_in_words(account, broken) for broken in error.broken), "danger")
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("webhooks.index", account_id=account.id))


def _say_saved(row: Webhook) -> None:
    if row.is_pending:
        flash(_("Connexease did not say whether it worked. We are finding out; the list shows it."), "warning")
    else:
        flash(_("Saved at Connexease."))


def _form_page(
    account: Account,
    form: WebhookForm,
    held: Held | None,
    status: int = 200,
    broken: list[Broken] | None = None,
    *,
    more: bool = False,
) -> ResponseReturnValue:
    if not form.triggers.choices:
        form.prepare(listing.channels_of(account), held)
    form.add_blank_headers()
    context = _form_context(account, form, held, broken)
    context |= {
        "doubt": _doubt(account, form),
        "more_from": form.first_blank_header if more else None,
        "secret_names": SECRET_NAMES,
    }
    return htmx.page("webhooks/form.html", "form", status, **context)


def _form_context(
    account: Account, form: WebhookForm, held: Held | None, broken: list[Broken] | None
) -> dict[str, Any]:
    known = holdings.known(account)
    chosen = list(form.triggers.data or [])
    if broken is None and chosen:
        subscription = Subscription(chosen, form.chosen_channels(), held.id if held else None)
        broken = broken_by(subscription, [other.subscription for other in known.in_the_way])
    return {
        "account": account,
        "form": form,
        "held": held,
        "holdings": known,
        "broken": broken or [],
        "names": _names(account),
        "account_wide": [name for name in chosen if catalogue.is_account_scoped(name)],
        "catalogue": catalogue,
        "onboarding_trigger": own.ONBOARDING_TRIGGER,
    }


def _doubt(account: Account, form: WebhookForm) -> str | None:
    """What speaks against the address; nothing while somebody only plays with the form."""
    url = text(form.callback_url)
    if not url or addresses.problem_with(url):
        return None
    try:
        throttle.take_for_account(Limit.LOOK_UPS, account.id)
    except throttle.TooManyTries:
        return None
    session().commit()  # no lock is held while a stranger's name server thinks
    return addresses.doubt_about(url)


def _test_form(held: Held) -> TestForm:
    form = TestForm()
    form.trigger.choices = [(name, name) for name in held.triggers]
    return form


def _test_page(
    account: Account, held: Held, form: TestForm, result: probe.Result | None, status: int = 200
) -> ResponseReturnValue:
    context = {"account": account, "held": held, "form": form, "result": result}
    return htmx.page("webhooks/test.html", "test", status, **context)


def _names(account: Account) -> dict[UUID, str]:
    return {channel.connexease_uuid: channel.label for channel in listing.channels_of(account)}


def _in_words(account: Account, broken: Broken) -> str:
    other = holdings.known(account).find(broken.other) if broken.other else None
    if other is None:
        return _("Connexease's rules do not allow this combination.")
    return _(
        "%(trigger)s is already held by the webhook to %(url)s.",
        trigger=broken.trigger,
        url=other.callback_url,
    )


def _current(account: Account) -> Holdings:
    with writing():
        return holdings.current(account)


def _held_or_404(held: Holdings, webhook_id: UUID) -> Held:
    found = held.find(webhook_id)
    if found is None:
        abort(404)
    return found


def _uuid_or_404(value: str | None) -> UUID:
    try:
        return UUID(value or "")
    except ValueError:
        abort(404)
