"""The page on which a customer chooses the events that the portal itself watches."""

from typing import Any

from flask import flash, url_for
from flask.typing import ResponseReturnValue

from portal.events import watches
from portal.events.blueprint import blueprint
from portal.events.forms import WatchForm
from portal.events.views.log import ROOT
from portal.events.watches import Outcome, Watch
from portal.i18n import _
from portal.models import Account
from portal.web import access, htmx
from portal.web.access import BUILDERS, LOOKERS
from portal.webhooks import portal_webhooks


@blueprint.get(f"{ROOT}watch")
@access.account_page(*LOOKERS, staff=True, set_up=True)
def watch(account: Account) -> ResponseReturnValue:
    """What is watched now; when Connexease cannot be asked, what was last known."""
    found = watches.current(account)
    form = WatchForm()
    form.watch.data = [f"{place.scope}:{name}" for place in found.places for name in place.watched]
    return _watch_page(account, found, form)


@blueprint.post(f"{ROOT}watch")
@access.account_page(*BUILDERS, staff=True)
def change_watch(account: Account) -> ResponseReturnValue:
    """Watch what was chosen."""
    form = WatchForm()
    form.prepare([place.value(trigger) for place in watches.known(account).places for trigger in place.triggers])
    if not form.validate():
        return _watch_page(account, watches.known(account), form, 422)
    outcome = watches.change(access.person_or_401(), account, form.watch.data or [])
    _say(outcome)
    if outcome.refusals:
        return _watch_page(account, watches.known(account), form, 422, outcome)
    return htmx.redirect(url_for("events.watch", account_id=account.id))


def _say(outcome: Outcome) -> None:
    if outcome.unknown:
        names = ", ".join(outcome.unknown)
        flash(
            _(
                "%(Vendor)s hasn't confirmed the change for %(names)s. We're checking, and this page will "
                "show the result.",
                names=names,
            ),
            "warning",
        )
    if outcome.saved:
        flash(_("Your choices for %(names)s were saved.", names=", ".join(outcome.saved)))
    if not (outcome.unknown or outcome.saved or outcome.refusals):
        flash(_("There was nothing to change."))


def _watch_page(
    account: Account, found: Watch, form: WatchForm, status: int = 200, outcome: Outcome | None = None
) -> ResponseReturnValue:
    context: dict[str, Any] = {
        "account": account,
        "watch": found,
        "snapshot": found.snapshot,
        "form": form,
        "may_change": found.snapshot.is_current and access.may_enter("events.change_watch"),
        "chosen": set(form.watch.data or []),
        "refusals": outcome.refusals if outcome else [],
        "names": {place.channel: place.label for place in found.channels},
        "onboarding_trigger": portal_webhooks.ONBOARDING_TRIGGER,
    }
    return htmx.page("events/watch.html", "watch", status, **context)
