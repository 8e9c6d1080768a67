"""One row of a campaign, looked at by itself: its number, and what the template is filled with from its cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat

from portal.campaigns.message.mapping import Field, Part, Plan
from portal.messages.compose import media_check, recipients
from portal.messages.compose.drafts import HEADER_FILES, ONE_TIME_CODE, PARAMETER_LIMIT
from portal.messages.compose.parameters import CODE_LIMIT, is_one_line
from portal.messages.compose.recipients import Reason

ROUNDED, MISSING, UNEVEN, TOO_LONG = "rounded", "missing", "not_one_line", "value_too_long"
NO_LINK, CODE_TOO_LONG, MORE_CELLS = "not_a_link", "code_too_long", "more_cells"
LONGEST_KEPT = 20
"""Characters of what stands in a number's place and is none."""
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
_DECIMAL = re.compile(r"(\+?[0-9]{7,})[.,]0+")


@dataclass(frozen=True)
class Number:
    """What stands in the column of the phone numbers."""

    e164: str = ""
    region: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Looked:
    """A row that was looked at. Without a problem it is good, as far as its own cells tell."""

    recipient: str
    values: list[str]
    region: str = ""
    problem: str = ""
    column: int | None = None


def number(typed: str, region: str | None) -> Number:
    """The number in a cell, as spreadsheets spoil them."""
    if _ROUNDED.fullmatch(typed):
        return Number(problem=ROUNDED)
    if decimal := _DECIMAL.fullmatch(typed):
        typed = decimal[1]
    found = recipients.find(typed, region)
    if found.number is None:
        return Number(problem=found.reason)
    if found.is_doubtful:
        return Number(problem=Reason.NO_SUCH_NUMBER)
    country = phonenumbers.region_code_for_number(found.number) or ""
    return Number(phonenumbers.format_number(found.number, PhoneNumberFormat.E164), country[:2])


def look(plan: Plan, columns: int, region: str | None, cells: Sequence[str]) -> Looked:
    """Look at one row.

    Args:
        columns: how many the table has.
        region: the country of numbers without a country code.
    """
    typed = _cell(cells, plan.number)
    values = [_cell(cells, field.column or 0) for field in plan.from_columns]
    if len(cells) > columns:  # a stray separator moved what follows: nobody knows what belongs where
        return Looked(typed[:LONGEST_KEPT], values, problem=MORE_CELLS)
    found = number(typed, region)
    if found.problem:
        return Looked(typed[:LONGEST_KEPT], values, problem=found.problem, column=plan.number)
    for field, value in zip(plan.from_columns, values, strict=True):
        if problem := problem_with(field, value, plan):
            return Looked(found.e164, values, problem=problem, column=field.column)
    return Looked(found.e164, values, found.region)


def problem_with(field: Field, value: str, plan: Plan) -> str:
    """What is wrong with a cell as this field's value; empty where nothing is."""
    if not value:
        return MISSING
    if field.part == Part.HEADER and plan.header in HEADER_FILES:
        return NO_LINK if media_check.problem_with(value) else ""
    if field.part != Part.BUTTON and not is_one_line(value):
        return UNEVEN
    if _is_code(field, plan) and len(value) > CODE_LIMIT:
        return CODE_TOO_LONG
    return TOO_LONG if len(value) > PARAMETER_LIMIT else ""


def _is_code(field: Field, plan: Plan) -> bool:
    """Whether a button copies it: of an authentication template that is the value of its text."""
    if field.part == Part.VALUE:
        return any(each.kind == ONE_TIME_CODE for each in plan.fields)
    return field.kind == "copy_code"


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""
