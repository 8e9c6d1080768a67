"""What the pages of a check show: the counts, the wrong rows, the first messages, and the wrong rows as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlmodel import col, select

from portal import audit
from portal.campaigns.checking import problems
from portal.campaigns.message import mapping
from portal.campaigns.people import audience
from portal.contacts.csv_reading import Line
from portal.db.keyset import Keyset, Page
from portal.extensions import session
from portal.i18n import _
from portal.messages.compose import preview
from portal.messages.compose.preview import Bubble
from portal.models import Account, Campaign, CampaignRow, CampaignState, Person, RowState
from portal.web import csv_export

PAGE, AT_ONCE, FIRST = 50, 500, 3


@dataclass(frozen=True)
class Shown:
    """A message as its recipient will see it."""

    number: int
    recipient: str
    bubble: Bubble


def wrong_rows(campaign: Campaign, before: int = 0, after: int = 0, size: int = PAGE) -> Page[CampaignRow]:
    """The wrong rows, the first of the file first."""
    query = select(CampaignRow).where(CampaignRow.campaign_id == campaign.id, CampaignRow.state == RowState.WRONG)
    listed: Keyset[CampaignRow] = Keyset(query, col(CampaignRow.id))
    if before:
        rows = session().exec(listed.below(before).limit(size + 1)).all()  # type: ignore[call-overload]
        return Page(rows[:size][::-1], has_newer=len(rows) > size, has_older=True)
    rows = session().exec(listed.above(after).limit(size + 1)).all()  # type: ignore[call-overload]
    return Page(rows[:size], has_newer=bool(after), has_older=len(rows) > size)


def first_messages(campaign: Campaign) -> list[Shown]:
    """The first good rows as they will look."""
    query = select(CampaignRow).where(
        CampaignRow.campaign_id == campaign.id, CampaignRow.state == RowState.WAITING
    )
    rows = session().exec(query.order_by(col(CampaignRow.id)).limit(FIRST)).all()
    listed = mapping.seen(campaign)
    drafts = ((row, mapping.draft_of(campaign, row.recipient, row.values)) for row in rows)
    return [Shown(row.number, row.recipient, preview.of_draft(draft, listed)) for row, draft in drafts]


def share_done(campaign: Campaign) -> int | None:
    """Per cent of a file that were looked at; none where nobody knows how much there is."""
    if campaign.state != CampaignState.CHECKING or not campaign.file_size:
        return None
    return min(99, campaign.checked_bytes * 100 // campaign.file_size)


def export(person: Person, account: Account, campaign: Campaign) -> Iterator[str]:
    """The wrong rows with their own columns and what is wrong; that somebody took them away is in the history."""
    audit.record_at_once(person, account, "campaign.rows_exported")
    account_id, campaign_id = account.id, campaign.id

    def part(place: tuple[int, int, int] | None) -> csv_export.Part[tuple[int, int, int]]:
        account, campaign = session().get_one(Account, account_id), session().get_one(Campaign, campaign_id)
        offset, number, last_id = place or (0, 0, 0)
        rows: list[list[object]] = [] if place else [[*campaign.columns, _("Row"), _("Column"), _("Problem")]]
        lines = list(islice(audience.rows(account, campaign, offset, number), AT_ONCE))
        if not lines:
            return rows, None
        found = _wrong(campaign, last_id, lines[-1].number)
        rows += [_cells(campaign, line, found[line.number]) for line in lines if line.number in found]
        last_id = max((row.id or 0 for row in found.values()), default=last_id)
        return rows, (lines[-1].end, lines[-1].number, last_id)

    return csv_export.in_parts(part)


def _wrong(campaign: Campaign, after: int, until: int) -> dict[int, CampaignRow]:
    """The wrong rows that come after one, up to a number: rows were written in the order of their numbers."""
    query = select(CampaignRow).where(
        CampaignRow.campaign_id == campaign.id, CampaignRow.state == RowState.WRONG, col(CampaignRow.id) > after
    )
    found = session().exec(query.order_by(col(CampaignRow.id)).limit(AT_ONCE))
    return {row.number: row for row in found if row.number <= until}


def _cells(campaign: Campaign, line: Line, row: CampaignRow) -> list[object]:
    width = len(campaign.columns)
    return [*[*line.cells, *[""] * width][:width], row.number, row.column, problems.word(row.problem)]
