"""Keeping what people write, each once, as long as messages are kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from portal.db import bulk
from portal.db.search_index import Entry, SearchIndex, Term
from portal.db.words import words_in
from portal.extensions import session, settings
from portal.models import Contact, InboundMessage, now

WORDS = SearchIndex("inbound_search", key="inbound_id", marks="marks", prefix="mark=")
TWICE_WITHIN = timedelta(minutes=5)
"""The gateway and Connexease may both tell of one message: the same words of one person in this time are one."""
MOST_FOUND = 500
NAMELESS = "event:"
"""What the name of a message begins with that only Connexease told of."""


class Wrote(NamedTuple):
    """One message that a contact wrote."""

    contact: Contact
    wamid: str
    at: datetime
    type: str
    text: str
    business_number: str
    delivery_id: int | None
    is_named: bool
    """Whether the gateway named it, so that it is this one message and no other."""


@dataclass
class _New:
    """One that is not kept yet, by what another event may still correct."""

    wamid: str
    at: datetime
    business_number: str
    wrote: Wrote


def keep(account_id: UUID, wrote: Sequence[Wrote]) -> None:
    """Keep what is not kept yet. The caller has locked the account, has written the contacts, and commits."""
    if not wrote:
        return
    known = _known(account_id, wrote)
    rows: dict[str, _New] = {}
    told = _told_lately(wrote)
    for one in wrote:
        alike = told.setdefault((one.contact.id, one.text), [])
        if one.wamid not in known and one.wamid not in rows and not _is_told(one, alike):
            rows[one.wamid] = _New(one.wamid, one.at, one.business_number, one)
            alike.append(rows[one.wamid])
    session().flush()
    numbers = _insert(account_id, rows.values())
    WORDS.put(
        session(),
        [Entry(numbers[row.wamid], [account_id.hex], words_in(row.wrote.text)) for row in rows.values()],
    )


def found(account_id: UUID, typed: str) -> list[int]:
    """The contacts who wrote these words, those who did last first."""
    words = words_in(typed)[:10]
    if not words:
        return []
    terms = [Term(word, place == len(words) - 1) for place, word in enumerate(words)]
    query = (
        sa.select(col(InboundMessage.contact_id))
        .join(WORDS.table(session()), WORDS.key(session()) == col(InboundMessage.id))
        .where(WORDS.has(session(), [account_id.hex], terms))
        .order_by(col(InboundMessage.id).desc())
        .limit(MOST_FOUND)
    )
    return list(dict.fromkeys(session().execute(query).scalars()))


def forget(ids: Sequence[int | None]) -> None:
    """Delete some of them. The caller commits."""
    WORDS.forget(session(), ids)
    gone = sa.delete(InboundMessage).where(col(InboundMessage.id).in_(ids))
    session().execute(gone.execution_options(synchronize_session=False))


def old(count: int) -> list[int | None]:
    """Those whose time is over."""
    limit = now() - timedelta(days=settings().message_retention_days)
    query = sa.select(col(InboundMessage.id)).where(col(InboundMessage.received_at) < limit)
    return list(session().execute(query.order_by(col(InboundMessage.received_at)).limit(count)).scalars())


def _known(account_id: UUID, wrote: Sequence[Wrote]) -> set[str]:
    wamids = [one.wamid for one in wrote]
    query = sa.select(col(InboundMessage.wamid)).where(
        col(InboundMessage.account_id) == account_id, bulk.among(col(InboundMessage.wamid), wamids)
    )
    return set(session().execute(query).scalars())


def _told_lately(wrote: Sequence[Wrote]) -> dict[tuple[int | None, str], list[InboundMessage | _New]]:
    """Where the same people wrote the same around the same time, by the other of the two: by who and what."""
    times, is_named = [one.at for one in wrote], {one.is_named for one in wrote}
    nameless = col(InboundMessage.wamid).startswith(NAMELESS, autoescape=True)
    query = select(InboundMessage).where(
        bulk.among(col(InboundMessage.contact_id), {one.contact.id for one in wrote}),
        col(InboundMessage.at).between(min(times) - TWICE_WITHIN, max(times) + TWICE_WITHIN),
        bulk.among(col(InboundMessage.text), {one.text for one in wrote}),
        *([nameless if True in is_named else ~nameless] if len(is_named) == 1 else []),
    )
    told: dict[tuple[int | None, str], list[InboundMessage | _New]] = {}
    for row in session().exec(query):
        told.setdefault((row.contact_id, row.text), []).append(row)
    return told


def _is_told(one: Wrote, alike: Sequence[InboundMessage | _New]) -> bool:
    """Whether Connexease tells of what the gateway told, or the other way round."""
    for other in alike:
        if abs(other.at - one.at) <= TWICE_WITHIN and _is_named(other) != one.is_named:
            if one.is_named:  # the gateway knows better when it was, and to which number
                other.wamid, other.at, other.business_number = one.wamid, one.at, one.business_number
            return True
    return False


def _is_named(row: InboundMessage | _New) -> bool:
    return not row.wamid.startswith(NAMELESS)


def _insert(account_id: UUID, rows: Iterable[_New]) -> Mapping[str, int]:
    """Write them all at once; the number of each by its name."""
    received_at = now()
    values = [_values(account_id, row, received_at) for row in rows]
    if not values:
        return {}
    wamid, number = col(InboundMessage.wamid), col(InboundMessage.id)
    inserted = bulk.insert(SQLModel.metadata.tables["inbound_message"], values, wamid, number)
    return {row.wamid: row.id for row in inserted}


def _values(account_id: UUID, row: _New, received_at: datetime) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "contact_id": row.wrote.contact.id,
        "wamid": row.wamid,
        "business_number": row.business_number,
        "at": row.at,
        "received_at": received_at,
        "type": row.wrote.type,
        "text": row.wrote.text,
        "delivery_id": row.wrote.delivery_id,
    }
