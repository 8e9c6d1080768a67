"""What the pages of campaigns share."""

from uuid import UUID

from flask import abort, url_for

from portal.campaigns import query
from portal.campaigns.words import BEFORE
from portal.models import Account, Campaign
from portal.web import htmx

ROOT = "/accounts/<uuid:account_id>/campaigns/"
ONE = f"{ROOT}<uuid:campaign_id>/"


def campaign_or_404(account: Account, campaign_id: UUID) -> Campaign:
    """One of the account's campaigns."""
    found = query.find(account, campaign_id)
    if found is None:
        abort(404)
    return found


def draft_or_404(account: Account, campaign_id: UUID) -> Campaign:
    """One that was not confirmed yet; whoever comes to another is led to its own page."""
    found = campaign_or_404(account, campaign_id)
    if found.state not in BEFORE:
        abort(htmx.redirect(address(found)))
    return found


def address(campaign: Campaign, page: str = "show") -> str:
    """A page of a campaign."""
    return url_for(f"campaigns.{page}", account_id=campaign.account_id, campaign_id=campaign.id)
