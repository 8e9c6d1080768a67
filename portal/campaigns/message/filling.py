"""What a person chose for a campaign's message, and what speaks against it before any row is looked at."""

from dataclasses import dataclass

from portal.campaigns.message.mapping import Part, Plan, Use, fill
from portal.errors import FieldErrors
from portal.i18n import _
from portal.messages.compose import refusals
from portal.messages.compose.drafts import HEADER_FILES
from portal.models import Credential

_NUMBER = "+905301112233"
"""Stands for the number of any row."""
_TEXT, _LINK = "x", "https://example.com/x"


@dataclass(frozen=True)
class Filled:
    """The message of a campaign: which template, what it is filled with, and the key that sends it."""

    use: Use
    plan: Plan
    credential: Credential
    mmlite: bool = False
    is_fake: bool = False
    is_not_marketing: bool = False


def refuse(plan: Plan, use: Use, time_zone: str, number: int | None) -> None:
    """Refuse what no row could make good.

    Raises:
        FieldErrors: each field says what is wrong with it.
    """
    stand_ins = [_LINK if _is_file(plan, field.part) else _TEXT for field in plan.from_columns]
    wrong = refusals.of(fill(plan, use, _NUMBER, stand_ins), time_zone)
    if number is None:
        wrong["number_column"] = [_("Choose the column that holds the phone numbers.")]
    if wrong:
        raise FieldErrors(_("Check what you entered."), wrong)


def _is_file(plan: Plan, part: Part) -> bool:
    return part == Part.HEADER and plan.header in HEADER_FILES
