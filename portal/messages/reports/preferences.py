"""Who wants marketing messages and who does not: what people told WhatsApp, for the ledger of consent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.contacts.consent import ledger
from portal.contacts.consent.ledger import Told
from portal.contacts.people import Who
from portal.db import account_lock
from portal.messages.reports.json_fields import dict_of, line_of, list_of, text_of
from portal.messages.reports.people import Someone, names_in, someone
from portal.models import ConsentSource, Scope, Wish

MARKETING = "marketing_messages"
STOP, RESUME = "stop", "resume"

OPTED_OUT = "131050"
"""Meta's reason for a message that failed because its recipient does not want marketing."""


@dataclass(frozen=True)
class Preference:
    """What somebody wants, by one event."""

    who: Someone
    category: str
    value: str
    at: datetime | None
    detail: str = ""
    business_number: str = ""
    source: ConsentSource = ConsentSource.USER_PREFERENCES


def in_change(change: Any, instant: Any) -> Iterator[Preference]:
    """What a change tells of preferences; of nobody whom it does not name.

    Args:
        instant: reads the time of an object, if it names one.
    """
    value = dict_of(change, "value")
    if not (wishes := list_of(value, "user_preferences")):
        return
    names, number = names_in(value), someone(dict_of(value, "metadata"), "display_phone_number", "").number
    for told in wishes:
        who = someone(told, "wa_id", "user_id", names)
        category, wish = text_of(told, "category", 40), text_of(told, "value", 40)
        if who.is_known and category and wish:
            yield Preference(who, category, wish, instant(told), line_of(told, "detail", 200), number)


def opted_out(who: Someone, at: datetime | None) -> Preference:
    """What a message that failed for this reason says of its recipient."""
    return Preference(who, MARKETING, STOP, at, source=ConsentSource.REFUSED_MESSAGE)


def keep(account_id: UUID, preferences: Sequence[Preference], delivery_id: int | None) -> None:
    """Add what an event tells to the ledger, each once; unknown words stay in the event. The caller commits."""
    told = [
        Told(
            Who(each.who.number, each.who.user_id),
            Scope.MARKETING,
            Wish.OUT if each.value == STOP else Wish.IN,
            each.source,
            ledger.at_the_end_of(each.at) if each.at and each.value == STOP else each.at,
            each.detail,
            each.business_number,
            delivery_id=delivery_id,
        )
        for each in preferences
        if each.category == MARKETING and each.value in (STOP, RESUME)
    ]
    if told:
        account_lock.take(account_id)
        ledger.add(account_id, told)
