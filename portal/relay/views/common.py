"""What the pages of destinations share."""

from uuid import UUID

from flask import abort, flash, url_for

from portal.channels import snapshot
from portal.events.watches import Outcome
from portal.i18n import _
from portal.models import Account, Destination
from portal.relay import destinations

ROOT = "/accounts/<uuid:account_id>/webhooks/destinations/"
ONE = f"{ROOT}<uuid:destination_id>"


def destination_or_404(account: Account, destination_id: UUID) -> Destination:
    """One of the account's destinations."""
    found = destinations.find(account, destination_id)
    if found is None:
        abort(404)
    return found


def names(account: Account) -> dict[str, str]:
    """What the account's channels are called."""
    return {str(channel.connexease_uuid): channel.label for channel in snapshot.channels_of(account)}


def address(account: Account, destination: Destination) -> str:
    """The page of a destination."""
    return url_for("relay.show", account_id=account.id, destination_id=destination.id)


def say(outcome: Outcome) -> None:
    """What could not be arranged; the page of the destination shows what is missing."""
    for refusal in outcome.refusals:
        flash(
            _(
                "Some events don't reach the portal yet (%(place)s): %(reason)s",
                place=refusal.place.label,
                reason=refusal.message,
            ),
            "warning",
        )
    if outcome.unknown:
        flash(_("%(Vendor)s hasn't confirmed yet that it delivers these events. We're checking."), "warning")
