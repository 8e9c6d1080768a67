"""Who an event of the gateway is about: by number, by user id, or by both.

Since 2026 a person can hide their number. Their events carry a user id that means nothing outside this business,
and no number at all.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from portal.messages.reports.json_fields import dict_of, line_of, list_of, text_of

_DIGITS = re.compile(r"\+?(\d{5,15})")


class Someone(NamedTuple):
    """A person, as far as the event names them."""

    number: str = ""
    """E.164 with `+`; empty where it is hidden."""
    user_id: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        """What people know them by."""
        return self.name or self.number or self.user_id

    @property
    def is_known(self) -> bool:
        """Whether there is anything to know them by again. Two who are not known are not the same."""
        return bool(self.number or self.user_id)


def someone(source: Any, number: str, user_id: str, names: dict[str, str] | None = None) -> Someone:
    """The person whom an object names in these two fields."""
    found = _DIGITS.fullmatch(text_of(source, number, 20))
    digits, user = f"+{found[1]}" if found else "", text_of(source, user_id, 160)
    known = names or {}
    return Someone(digits, user, (user and known.get(user)) or (digits and known.get(digits)) or "")


def names_in(value: Any) -> dict[str, str]:
    """The names of a change's contacts, by number and by user id."""
    return dict(_names(value))


def _names(value: Any) -> Iterator[tuple[str, str]]:
    for contact in list_of(value, "contacts"):
        who, name = someone(contact, "wa_id", "user_id"), line_of(dict_of(contact, "profile"), "name", 60)
        for key in (who.number, who.user_id):
            if key and name:
                yield key, name
