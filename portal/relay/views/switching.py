"""Switching a webhook of the customer's over to the portal, and handing it back."""

from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.db.engine import uuid_or_none
from portal.errors import DomainError
from portal.i18n import _
from portal.models import Account, Destination, Webhook
from portal.relay import coverage, destinations, switching
from portal.relay.blueprint import blueprint
from portal.relay.views import common
from portal.web import access, htmx
from portal.web.access import BUILDERS
from portal.webhooks import snapshot

ONE_WEBHOOK = "/accounts/<uuid:account_id>/webhooks/<uuid:webhook_id>"


@blueprint.post(f"{ONE_WEBHOOK}/switch-over")
@access.account_page(*BUILDERS)
def switch_over(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Have its events come to the portal and go on from there."""
    row, person = _webhook_or_404(account, webhook_id), access.person_or_401()
    beside = destinations.find(account, wanted) if (wanted := uuid_or_none(request.form.get("beside"))) else None
    try:
        heir = switching.switch(person, account, row)
    except DomainError as error:
        flash(error.message, "danger")
        return htmx.redirect(_back(account, beside))
    say_switched(row, heir)
    if beside is not None:
        common.say(coverage.close(person, account, beside))
    return htmx.redirect(common.address(account, beside or heir))


@blueprint.post(f"{ONE_WEBHOOK}/hand-back")
@access.account_page(*BUILDERS)
def hand_back(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Have its events delivered directly again."""
    row = _webhook_or_404(account, webhook_id)
    try:
        destination = switching.hand_back(access.person_or_401(), account, row)
    except DomainError as error:
        flash(error.message, "danger")
        return htmx.redirect(_back(account, None))
    flash(
        _(
            "%(Vendor)s delivers these events directly again. The destination “%(name)s” still sends what is "
            "waiting. Switch it off when you no longer need it.",
            name=destination.name,
        )
    )
    return htmx.redirect(_back(account, None))


def say_switched(row: Webhook, heir: Destination) -> None:
    """What became of it."""
    if row.is_pending:
        said = _("%(Vendor)s hasn't confirmed the change yet. No event is lost while we check.")
        flash(said, "warning")
    else:
        flash(_("The events now come to the portal, which sends them to “%(name)s”.", name=heir.name))


def _webhook_or_404(account: Account, webhook_id: UUID) -> Webhook:
    found = snapshot.known(account).find(webhook_id)
    if found is None:
        abort(404)
    return found.row


def _back(account: Account, beside: Destination | None) -> str:
    return common.address(account, beside) if beside else url_for("webhooks.index", account_id=account.id)
