"""Who wants marketing messages and who does not: what people told WhatsApp, kept for good.

It is only added to, so we can tell at any time who may be written to, and why.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.db import first_come
from portal.messages.reports.json_fields import dict_of, line_of, list_of, text_of
from portal.messages.reports.people import Someone, names_in, someone
from portal.models import ContactPreference, now
from portal.models.contact_preference import MARKETING, STOP, PreferenceSource

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
    source: PreferenceSource = PreferenceSource.USER_PREFERENCES


def in_change(change: Any, instant: Any) -> Iterator[Preference]:
    """What a change tells of preferences; of nobody whom it does not name.

    Args:
        instant: reads the time of an object, if it names one.
    """
    value = dict_of(change, "value")
    names, number = names_in(value), someone(dict_of(value, "metadata"), "display_phone_number", "").number
    for told in list_of(value, "user_preferences"):
        who = someone(told, "wa_id", "user_id", names)
        category, wish = text_of(told, "category", 40), text_of(told, "value", 40)
        if who.is_known and category and wish:
            yield Preference(who, category, wish, instant(told), line_of(told, "detail", 200), number)


def opted_out(who: Someone, at: datetime | None) -> Preference:
    """What a message that failed for this reason says of its recipient."""
    return Preference(who, MARKETING, STOP, at, source=PreferenceSource.REFUSED_MESSAGE)


def keep(account_id: UUID, preferences: Sequence[Preference], delivery_id: int | None) -> None:
    """Add what an event tells to the ledger, each once. The caller commits."""
    rows = [
        {
            "account_id": account_id,
            "number": told.who.number,
            "user_id": told.who.user_id,
            "category": told.category,
            "value": told.value,
            "source": told.source,
            "detail": told.detail,
            "business_number": told.business_number,
            "at": told.at or now(),
            "delivery_id": delivery_id,
        }
        for told in preferences
    ]
    first_come.insert(ContactPreference, rows)
