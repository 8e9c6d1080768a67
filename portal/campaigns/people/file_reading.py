"""A campaign's file: kept in pieces, and read from any row on."""

from collections.abc import Iterator

from portal.contacts.csv_reading import Line
from portal.contacts.kept_file import Shelf
from portal.models import Campaign, CampaignFilePart

SHELF = Shelf(CampaignFilePart, "campaign_id")


def lines(campaign: Campaign, offset: int = 0, number: int = 0) -> Iterator[Line]:
    """The rows of a campaign's file, as `Shelf.lines`."""
    return SHELF.lines(campaign.id, campaign.encoding, campaign.separator, offset, number)
