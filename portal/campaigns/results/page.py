"""What the page of a campaign that was confirmed shows, for whichever view it is asked of."""

import secrets

from flask import Response

from portal.campaigns.results import overview, words
from portal.campaigns.words import STATE_KINDS, STATE_WORDS
from portal.models import Account, Campaign
from portal.web import htmx


def show(account: Account, campaign: Campaign) -> Response:
    """The page, or for htmx the part of it that changes."""
    return htmx.page(
        "campaigns/results/show.html",
        "progress",
        account=account,
        campaign=campaign,
        facts=overview.of(campaign),
        state_word=STATE_WORDS[campaign.state],
        state_kind=STATE_KINDS.get(campaign.state, "neutral"),
        stopped=words.stopped(campaign.reason, campaign.reason_detail),
        state_words=words.STATE_WORDS,
        intent=secrets.token_hex(16),
    )
