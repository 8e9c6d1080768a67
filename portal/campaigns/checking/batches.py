"""The worker's part of a check: batch after batch, each with the place where the next one begins.

Rows, counts and the place are written in one transaction, and only if the place is still where the batch began. So
a worker that is killed, or continues after another took over, leaves each row there exactly once.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.campaigns import tallies
from portal.campaigns.checking import rows, standing
from portal.campaigns.checking.rows import Looked
from portal.campaigns.message.mapping import plan_of
from portal.campaigns.people import audience
from portal.campaigns.sending import quiet_hours
from portal.contact import country_of
from portal.contacts.csv_reading import Line
from portal.contacts.people import one_spelling
from portal.db import leases
from portal.db.queue import wake
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _l
from portal.models import Account, Audience, Campaign, CampaignRow, CampaignState, RowState, now
from portal.secrets.crypto import VaultError

TASK = "campaign_check"
AT_ONCE = 1000
"""Rows of a batch."""
SECONDS = 5
"""As long one turn of the worker's thread lasts."""
_NOT_ASKED = _l("We couldn't check who opted out. Nothing was sent. Try again later.")


@dataclass(frozen=True)
class _Judged:
    """A row with what became of it."""

    number: int
    looked: Looked
    state: RowState


def due() -> Sequence[UUID]:
    """Checks that wait for the worker."""
    query = select(Campaign.id).where(
        Campaign.state == CampaignState.CHECKING,
        col(Campaign.next_attempt_at) <= now(),
        leases.is_free(Campaign),
    )
    return session().exec(query.limit(100)).all()


def check(campaign_id: UUID) -> None:
    """Look at the rows of a campaign for some seconds, and go on later where some remain."""
    is_checking = col(Campaign.state) == CampaignState.CHECKING
    campaign = leases.take(Campaign, campaign_id, is_checking)
    if campaign is None:
        return
    try:
        is_ended = _check(campaign)
    except DomainError as error:
        is_ended = _give_up(campaign, error.message)
    except VaultError:
        is_ended = _give_up(campaign, _NOT_ASKED)
    if not is_ended:
        wake(TASK, str(campaign_id))


def _check(campaign: Campaign) -> bool:
    """Whether nothing is left to look at, or it is no longer ours to do."""
    if campaign.position == 0:
        _forget_rows(campaign.id)
    account, ends_at = session().get_one(Account, campaign.account_id), time.monotonic() + SECONDS
    place = campaign.checked_bytes if campaign.audience == Audience.FILE else campaign.position
    lines = audience.rows(account, campaign, place, _number(campaign))
    while time.monotonic() < ends_at:
        some = list(islice(lines, AT_ONCE))
        if not some:
            _finish(campaign)
            return True
        if not _keep(campaign, some, _judged(account, campaign, some)):
            return True
    return not _let_go(campaign)


def _number(campaign: Campaign) -> int:
    """The number of the last row that was looked at: of contacts, their count."""
    return campaign.position if campaign.audience == Audience.FILE else campaign.checked_rows


# --- what becomes of each row ------------------------------------------------------------------------


def _judged(account: Account, campaign: Campaign, lines: Sequence[Line]) -> list[_Judged]:
    plan, columns, region = plan_of(campaign.draft or {}), len(campaign.columns), country_of(account.time_zone)
    looked = [rows.look(plan, columns, region, line.cells) for line in lines]
    good = [each.recipient for each in looked if not each.problem]
    taken, out = standing.taken(campaign.id, good), standing.opted_out(campaign, good)
    recent = standing.recent(campaign, good)
    session().rollback()  # nothing stays open while this is put together
    judged = []
    for line, each in zip(lines, looked, strict=True):
        spelled = one_spelling(each.recipient)
        state = _state(each, spelled, taken, out, recent)
        if not each.problem:
            taken.add(spelled)
        judged.append(_Judged(line.number, each, state))
    return judged


def _state(looked: Looked, spelled: str, taken: set[str], out: set[str], recent: set[str]) -> RowState:
    if looked.problem:
        return RowState.WRONG
    if spelled in taken:
        return RowState.DOUBLE
    if looked.recipient in out:
        return RowState.OPTED_OUT
    return RowState.RECENT if spelled in recent else RowState.WAITING


# --- what is written ---------------------------------------------------------------------------------


def _keep(campaign: Campaign, lines: Sequence[Line], judged: Sequence[_Judged]) -> bool:
    """Write a batch, unless somebody else has written it or the check was begun anew."""
    last = lines[-1]
    is_file = campaign.audience == Audience.FILE
    changes = {
        "position": last.number if is_file else last.end,
        "checked_bytes": last.end if is_file else 0,
        "checked_rows": campaign.checked_rows + len(lines),
        "regions": _counted(campaign.regions, judged, lambda looked: looked.region),
        "zones": _counted(campaign.zones, judged, _zones),
    }
    with unit_of_work():
        if not _move(campaign, claimed_until=leases.until(), **changes):
            return False
        table = CampaignRow.__table__  # type: ignore[attr-defined]
        session().execute(sa.insert(table), [_row(campaign, each) for each in judged])
        tallies.add(campaign.id, Counter(each.state for each in judged))
        session().commit()
    for name, value in changes.items():
        setattr(campaign, name, value)
    return True


def _move(campaign: Campaign, **changes: Any) -> bool:
    """Change a campaign whose check still is where we left it."""
    moved = session().execute(
        sa.update(Campaign)
        .where(
            col(Campaign.id) == campaign.id,
            col(Campaign.state) == CampaignState.CHECKING,
            col(Campaign.attempts) == campaign.attempts,
            col(Campaign.position) == campaign.position,
        )
        .values(**changes)
        .execution_options(synchronize_session=False)
    )
    return bool(moved.rowcount)  # type: ignore[attr-defined]


def _row(campaign: Campaign, judged: _Judged) -> dict[str, Any]:
    looked = judged.looked
    column = audience.column_name(campaign, looked.column)[:100] if looked.column is not None else ""
    return {
        "campaign_id": campaign.id,
        "number": judged.number,
        "recipient": looked.recipient,
        "values": looked.values,
        "state": judged.state,
        "problem": looked.problem,
        "column": column,
    }


def _counted(
    known: dict[str, list[int]], judged: Iterable[_Judged], word: Callable[[Looked], str]
) -> dict[str, list[int]]:
    """How many of the good rows and of those that were sent the same lately have each word."""
    counted = {name: list(counts) for name, counts in known.items()}
    for each in judged:
        if each.state in (RowState.WAITING, RowState.RECENT):
            counted.setdefault(word(each.looked), [0, 0])[each.state == RowState.RECENT] += 1
    return counted


def _zones(looked: Looked) -> str:
    return " ".join(quiet_hours.zones_of(looked.recipient))


# --- how it ends -------------------------------------------------------------------------------------


def _finish(campaign: Campaign) -> None:
    with unit_of_work():
        _move(campaign, state=CampaignState.CHECKED, checked_at=now(), next_attempt_at=None, claimed_until=None)
        session().commit()


def _let_go(campaign: Campaign) -> bool:
    with unit_of_work():
        is_ours = _move(campaign, claimed_until=None)
        session().commit()
    return is_ours


def _give_up(campaign: Campaign, problem: str) -> bool:
    """Leave a campaign whose rows cannot be looked at to whoever made it."""
    with unit_of_work():
        facts = {"state": CampaignState.DRAFT, "problem": str(problem)[:500]}
        _move(campaign, **facts, next_attempt_at=None, claimed_until=None)
        session().commit()
    return True


def _forget_rows(campaign_id: UUID) -> None:
    """Take away what an earlier check has left, some at a time."""
    own = col(CampaignRow.campaign_id) == campaign_id
    while True:
        with unit_of_work():
            some = sa.select(col(CampaignRow.id)).where(own).order_by(col(CampaignRow.id)).limit(5 * AT_ONCE)
            gone = session().execute(
                sa.delete(CampaignRow)
                .where(col(CampaignRow.id).in_(some))
                .execution_options(synchronize_session=False)
            )
            session().commit()
        if not gone.rowcount:  # type: ignore[attr-defined]
            return
