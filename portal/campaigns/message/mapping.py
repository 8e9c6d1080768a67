"""How a row becomes a message: what each field of the template is filled with.

`Campaign.draft` is the JSON of a `Plan`, in this shape:

    {
        "number": 0,
        "header": "text",
        "fields": [
            {"part": "header", "name": "", "column": null, "text": "Hello", "number": 0, "kind": ""},
            {"part": "value", "name": "first_name", "column": 1, "text": "", "number": 0, "kind": ""},
            {"part": "button", "name": "", "column": 3, "text": "", "number": 1, "kind": "url"}
        ]
    }

`number` is the column of the phone numbers; columns count from 0, as `Campaign.columns` does. A field is filled
from its column, or with its text for everybody where it has none. `CampaignRow.values` are the cells of the fields
that have a column, in the order of `fields`. Which template it is stands in the campaign's own columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.connexease import schemas
from portal.messages import template_list
from portal.messages.compose import payloads
from portal.messages.compose.drafts import Button, Draft
from portal.messages.template_list import Listed
from portal.models import Campaign, CampaignRow, MessageType


class Part(StrEnum):
    """Where in the template a field is."""

    HEADER = "header"
    VALUE = "value"
    BUTTON = "button"


@dataclass(frozen=True)
class Field:
    """One thing that the template is filled with."""

    part: Part
    name: str = ""
    """Of a value, in a template that names its values."""
    column: int | None = None
    text: str = ""
    """For everybody, where it has no column."""
    number: int = 0
    """Of a button, counted from 1."""
    kind: str = ""
    """Of a button, see `portal.messages.compose.drafts.Button`."""


@dataclass(frozen=True)
class Plan:
    """What a template is filled with."""

    number: int = 0
    """The column of the phone numbers."""
    header: str = ""
    """As `Draft.header`."""
    fields: tuple[Field, ...] = ()

    @property
    def from_columns(self) -> tuple[Field, ...]:
        """The fields that differ from row to row, in the order of a row's values."""
        return tuple(field for field in self.fields if field.column is not None)

    @property
    def kept(self) -> dict[str, Any]:
        """What is kept with a campaign."""
        return {"number": self.number, "header": self.header, "fields": [asdict(field) for field in self.fields]}


@dataclass(frozen=True)
class Use:
    """Which template it is."""

    name: str
    language: str
    uuid: UUID | None = None
    listed: Listed | None = None
    """As Connexease lists it; none where it was written by hand."""


def plan_of(kept: Mapping[str, Any]) -> Plan:
    """A plan from what was kept of it."""
    fields = tuple(Field(**{**field, "part": Part(field["part"])}) for field in kept["fields"])
    return Plan(kept["number"], kept["header"], fields)


def message_of(campaign: Campaign, row: CampaignRow) -> schemas.Message:
    """The message of a row that the check found good, as the gateway takes it.

    Raises:
        ValueError: the campaign's content was erased.
    """
    if campaign.draft is None or not row.recipient:
        raise ValueError("this campaign's content was erased")
    return payloads.of_checked(draft_of(campaign, row.recipient, row.values), row.recipient)


def draft_of(campaign: Campaign, to: str, values: Sequence[str]) -> Draft:
    """The template as it is filled in for one person.

    Args:
        values: as `CampaignRow.values`.
    """
    return fill(plan_of(campaign.draft or Plan().kept), use_of(campaign), to, values)


def use_of(campaign: Campaign) -> Use:
    """Which template a campaign sends."""
    return Use(campaign.template_name, campaign.language, campaign.template_uuid, seen(campaign))


def seen(campaign: Campaign) -> Listed | None:
    """The template as whoever made the campaign saw it; none where its text is not known."""
    return template_list.of_kept(campaign.template_seen) if campaign.template_seen else None


def fill(plan: Plan, use: Use, to: str, values: Sequence[str]) -> Draft:
    """A template filled in by a plan.

    Args:
        values: of the fields that have a column, in their order.
    """
    cells = iter(values)
    filled = [(field, field.text if field.column is None else next(cells, "")) for field in plan.fields]
    header = next(((field, text) for field, text in filled if field.part == Part.HEADER), (Field(Part.HEADER), ""))
    body = [(field, text) for field, text in filled if field.part == Part.VALUE]
    names = tuple(field.name for field, _text in body)
    return Draft(
        MessageType.TEMPLATE,
        to,
        template=use.uuid,
        name=use.name,
        language=use.language,
        header=plan.header,
        header_value=header[1],
        header_name=header[0].name,
        values=tuple(text for _field, text in body),
        value_names=names if any(names) else (),
        expected=use.listed.labels if use.listed else None,
        buttons=tuple(Button(f.number, f.kind, text) for f, text in filled if f.part == Part.BUTTON),
    ).with_code()
