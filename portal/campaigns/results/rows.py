"""The rows of a campaign in a state, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from portal import audit, contact
from portal.campaigns.results import words
from portal.db.keyset import Keyset, Page
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, Campaign, CampaignRow, Message, Person, RowState
from portal.web import csv_export

PAGE = 50
AT_ONCE = 500


@dataclass(frozen=True)
class Line:
    """A row as a page shows it."""

    row: CampaignRow

    @property
    def id(self) -> int | None:
        return self.row.id

    @property
    def number(self) -> str:
        return contact.international(self.row.recipient) if self.row.recipient else _("Number erased")

    @property
    def word(self) -> str:
        return str(words.STATE_WORDS.get(self.row.state, self.row.state))

    @property
    def kind(self) -> str:
        return words.KINDS.get(self.row.state, "neutral")

    @property
    def reason(self) -> str:
        has_reason = self.row.state in (RowState.FAILED, RowState.REFUSED, RowState.SKIPPED)
        return words.why(self.row.state, self.row.problem).happened if has_reason else ""


def page(campaign: Campaign, state: RowState, before: int, after: int) -> Page[CampaignRow]:
    """Rows in a state, the last of the file first."""
    query = select(CampaignRow).where(CampaignRow.campaign_id == campaign.id, CampaignRow.state == state)
    found: Keyset[CampaignRow] = Keyset(query, col(CampaignRow.id))
    return found.page(PAGE, before, after)


def export(person: Person, account: Account, campaign: Campaign) -> Iterator[str]:
    """What became of every row, in the order of the file; that somebody took it away is in the history."""
    audit.record_at_once(person, account, "campaign.exported", campaign.name)
    campaign_id = campaign.id

    def part(last: int | None) -> csv_export.Part[int]:
        found = _after(campaign_id, last or 0)
        rows: list[list[object]] = [] if last else [_header()]
        rows += [_cells(row, message_id, wamid) for row, message_id, wamid in found]
        return rows, found[-1][0].id if len(found) == AT_ONCE else None

    return csv_export.in_parts(part)


def _header() -> list[object]:
    return [_("Row"), _("Phone number"), _("State"), _("Code"), _("Reason"), _("Message ID"), _("Reference")]


def _after(campaign_id: UUID, last: int) -> list[Any]:
    query = (
        select(CampaignRow, Message.id, Message.wamid)
        .outerjoin(Message, col(Message.id) == col(CampaignRow.message_id))
        .where(CampaignRow.campaign_id == campaign_id, col(CampaignRow.id) > last)
    )
    return list(session().exec(query.order_by(col(CampaignRow.id)).limit(AT_ONCE)))


def _cells(row: CampaignRow, message_id: UUID | None, wamid: str | None) -> list[object]:
    line = Line(row)
    return [row.number, row.recipient, line.word, row.problem, line.reason, wamid or "", message_id or ""]
