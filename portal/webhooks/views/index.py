"""An account's webhooks: the list, and what is done to one from there."""

from collections.abc import Callable
from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.channels import snapshot
from portal.errors import DomainError
from portal.i18n import _
from portal.models import Account, Person, Webhook
from portal.web import access, htmx
from portal.web.access import BUILDERS, LOOKERS
from portal.webhooks import changes
from portal.webhooks import snapshot as webhook_snapshot
from portal.webhooks.blueprint import blueprint
from portal.webhooks.rules import coverage
from portal.webhooks.rules.subscriptions import Broken
from portal.webhooks.views.common import ROOT, current, names, say_saved, webhook_or_404


@blueprint.get(ROOT)
@access.account_page(*LOOKERS, staff=True, set_up=True)
def index(account: Account) -> ResponseReturnValue:
    """What Connexease holds now; when it cannot be asked, the last known state."""
    known = current(account)
    channels = snapshot.channels_of(account)
    table = coverage.table(known.at_connexease, [channel for channel in channels if not channel.gone_at])
    context = {
        "account": account,
        "snapshot": known,
        "coverage": table,
        "names": names(account),
        "show_hidden": "hidden" in request.args,
    }
    return htmx.page("webhooks/index.html", "webhooks", 200, **context)


@blueprint.post(f"{ROOT}<uuid:webhook_id>/switch")
@access.account_page(*BUILDERS, staff=True)
def switch(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Switch it on or off."""
    webhook = webhook_or_404(webhook_snapshot.known(account), webhook_id)
    return _do(
        account, webhook.row, lambda person: changes.switch(person, account, webhook.row, on="on" in request.form)
    )


@blueprint.post(f"{ROOT}<uuid:webhook_id>/right")
@access.account_page(*BUILDERS, staff=True)
def set_right(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Make Connexease hold again what was set here."""
    webhook = webhook_or_404(webhook_snapshot.known(account), webhook_id)
    return _do(account, webhook.row, lambda person: changes.set_right(person, account, webhook.row))


@blueprint.post(f"{ROOT}<uuid:webhook_id>/accept")
@access.account_page(*BUILDERS, staff=True)
def accept(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Keep what Connexease holds."""
    webhook = webhook_or_404(webhook_snapshot.known(account), webhook_id)
    return _do(account, webhook.row, lambda person: changes.accept(person, account, webhook.row))


@blueprint.post(f"{ROOT}<uuid:webhook_id>/hide")
@access.account_page(*BUILDERS, staff=True)
def hide(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Hide a dead one, or show it again."""
    webhook = webhook_or_404(webhook_snapshot.known(account), webhook_id)
    try:
        changes.hide(access.person_or_401(), account, webhook.row, hidden="hide" in request.form)
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("webhooks.index", account_id=account.id))


def _do(account: Account, row: Webhook, change: Callable[[Person], None]) -> ResponseReturnValue:
    try:
        change(access.person_or_401())
        say_saved(row)
    except changes.RulesBroken as error:
        flash(" ".join(_in_words(account, broken) for broken in error.broken), "danger")
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("webhooks.index", account_id=account.id))


def _in_words(account: Account, broken: Broken) -> str:
    other = webhook_snapshot.known(account).find(broken.other) if broken.other else None
    if other is None:
        return _("%(Vendor)s doesn't allow this combination.")
    return _(
        "The webhook to %(url)s already uses %(trigger)s.",
        trigger=broken.trigger,
        url=other.callback_url,
    )
