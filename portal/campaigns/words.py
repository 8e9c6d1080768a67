"""What pages call the states of a campaign."""

from portal.i18n import _l
from portal.models import CampaignState

STATE_WORDS = {
    # Translators: a campaign that is not ready yet
    CampaignState.DRAFT: _l("Draft"),
    CampaignState.CHECKING: _l("Being checked"),
    CampaignState.CHECKED: _l("Ready to confirm"),
    # Translators: a campaign that is being sent
    CampaignState.RUNNING: _l("Sending"),
    CampaignState.PAUSED: _l("Paused"),
    CampaignState.STOPPED: _l("Stopped"),
    CampaignState.FINISHED: _l("Finished"),
}
STATE_KINDS = {
    CampaignState.PAUSED: "warning",
    CampaignState.CHECKED: "warning",
    CampaignState.STOPPED: "danger",
    CampaignState.FINISHED: "success",
}
"""The colour of each; grey for the others."""
BEFORE = (CampaignState.DRAFT, CampaignState.CHECKING, CampaignState.CHECKED)
"""Before somebody confirmed it."""
