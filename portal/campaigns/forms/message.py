"""What a campaign says: the composer's form, in which each value can come from a column."""

from collections.abc import Sequence
from typing import Any

from wtforms import FieldList, FormField

from portal.campaigns.message import guessing
from portal.campaigns.message.mapping import Field, Part, Plan, Use
from portal.i18n import _, _l
from portal.messages.compose import drafts
from portal.messages.compose.drafts import HEADER_FILES, ONE_TIME_CODE
from portal.messages.compose.forms.message import ComposeForm
from portal.messages.compose.forms.template import BLANK_BUTTONS, ButtonForm, Rows
from portal.messages.compose.parameters import bare_name
from portal.messages.template_list import MOST_VALUES
from portal.models import Campaign, MessageType
from portal.web.forms import Choice, text

TEXT = ""
"""The same text for everybody, instead of a column."""


class SourcedButtonForm(ButtonForm):
    """What one of a template's buttons is filled with."""

    source = Choice(_l("Comes from"), validate_choice=False, default=TEXT)

    def field(self) -> Field | None:
        """What was chosen; none while there is nothing."""
        column, button = _column(self.source), self.button()
        if button is None and column is None:
            return None
        kind = button.kind if button else self.kind.data or "url"
        number = int(self.number.data) if (self.number.data or "").isdigit() else 0
        if kind == ONE_TIME_CODE:  # the code is the value of the text
            return Field(Part.BUTTON, number=number, kind=kind)
        return Field(Part.BUTTON, "", column, "" if column is not None else text(self.value).strip(), number, kind)


class MessageForm(ComposeForm):
    """A campaign's message. Of the composer's fields, those of a template count."""

    number_column = Choice(_l("Column with phone numbers"), validate_choice=False)
    sources = Rows(Choice(validate_choice=False, default=TEXT), max_entries=MOST_VALUES)
    header_source = Choice(_l("Header text or file comes from"), validate_choice=False, default=TEXT)
    buttons = Rows(
        FormField(SourcedButtonForm),
        label=_l("Buttons"),
        min_entries=BLANK_BUTTONS,
        max_entries=drafts.BUTTONS_AT_MOST,
    )

    @property
    def chosen_kind(self) -> MessageType:
        return MessageType.TEMPLATE

    @property
    def _rows(self) -> tuple[FieldList, ...]:  # type: ignore[type-arg]  # at run time it takes none
        return self.values, self.names, self.sources

    # --- before it is shown or read

    def offer_columns(self, names: Sequence[str]) -> None:
        """The columns to choose from, by what they are called."""
        self._columns = [(str(place), _("Column “%(name)s”", name=name)) for place, name in enumerate(names)]
        numbers = [(str(place), name) for place, name in enumerate(names)]
        self.number_column.choices = [("", _("Choose a column")), *numbers]
        self._offer_sources()

    def _offer_sources(self) -> None:
        sources = [(TEXT, _("Same text for everyone")), *getattr(self, "_columns", ())]
        for row in self.buttons:
            row.form.source.choices = sources
        for field in (self.header_source, *self.sources):
            field.choices = sources
        for number, source in enumerate(self.sources, start=1):
            source.label.text = _("Value %(number)d comes from", number=number)

    def make_room(self, wanted: int) -> None:
        super().make_room(wanted)
        self._offer_sources()

    def more_buttons(self) -> None:
        super().more_buttons()
        self._offer_sources()

    def guess(self, columns: Sequence[str]) -> None:
        """Fill the values from the columns that seem to hold them."""
        number = guessing.number_column(columns) if _column(self.number_column) is None else None
        if number is not None:
            self.number_column.data = str(number)
        if self.listed is not None:
            found = guessing.columns_for(self.listed, columns, _column(self.number_column))
            for source, column in zip(self.sources, found, strict=True):
                source.data = TEXT if column is None else str(column)

    def show(self, campaign: Campaign, plan: Plan) -> None:
        """Fill the form with what was chosen before."""
        self.number_column.data = str(plan.number)
        self.template.data = str(campaign.template_uuid or "")
        self.name.data, self.language.data = campaign.template_name, campaign.language
        self.credential.data = self.mode_of.data = str(campaign.credential_id or "")
        self.is_fake.data, self.mmlite.data = campaign.is_fake, campaign.mmlite
        self.is_not_marketing.data = not campaign.is_marketing
        self.header.data = plan.header
        self._show_fields(plan)

    def _show_fields(self, plan: Plan) -> None:
        self.make_room(0)
        buttons = 0
        for field in plan.fields:
            chosen = TEXT if field.column is None else str(field.column)
            if field.part == Part.HEADER:
                self.header_source.data, self.header_value.data = chosen, field.text
                self.header_name.data = field.name
            elif field.part == Part.VALUE:
                for rows, value in zip(self._rows, (field.text, field.name, chosen), strict=True):
                    rows.append_entry(value)
            else:
                if buttons >= len(self.buttons):
                    self.buttons.append_entry()
                row = self.buttons[buttons].form
                row.number.data, row.kind.data = str(field.number), field.kind
                row.value.data, row.source.data = field.text, chosen
                buttons += 1
        self._offer_sources()

    # --- what was chosen

    @property
    def number(self) -> int | None:
        """The column of the phone numbers; none while nobody chose it."""
        return _column(self.number_column)

    def use(self, listed: Any) -> None:
        super().use(listed)
        self._offer_sources()

    def use_of_template(self) -> Use:
        """Which template was chosen."""
        name = self.listed.name if self.listed else text(self.name)
        uuid = self.listed.uuid if self.listed else None
        return Use(name, drafts.language_code(text(self.language)), uuid, self.listed)

    def plan(self) -> Plan:
        """What the template is filled with, finished or not."""
        header = self.header.data if self.header.data in ("text", *HEADER_FILES) else ""
        fields = [*self._header_fields(header), *self._value_fields()]
        fields += [field for row in self.buttons if (field := row.form.field())]
        return Plan(self.number or 0, header, tuple(fields))

    def _header_fields(self, header: str) -> list[Field]:
        if not header:
            return []
        column = _column(self.header_source)
        words = "" if column is not None else text(self.header_value)
        return [Field(Part.HEADER, bare_name(text(self.header_name)), column, words)]

    def _value_fields(self) -> list[Field]:
        names = self.listed.names if self.listed else [bare_name(text(name)) for name in self.names]
        columns = [_column(source) for source in self.sources]
        texts = [text(value) if column is None else "" for value, column in zip(self.values, columns, strict=True)]
        found = [
            Field(Part.VALUE, name, column, words)
            for name, column, words in zip(names, columns, texts, strict=True)
        ]
        while self.listed is None and found and found[-1] == Field(Part.VALUE):
            found.pop()
        return found

    def typed_values(self) -> tuple[tuple[str, str], ...]:
        """Each value with its name, also those that come from a column."""
        rows = zip(self.values, self.names, self.sources, strict=True)
        typed = [(text(value), bare_name(text(name)), source.data or "") for value, name, source in rows]
        while typed and not any(part.strip() for part in typed[-1]):
            typed.pop()
        return tuple((value, name) for value, name, _source in typed)


def _column(field: Choice) -> int | None:
    """The column that was chosen; none for a text, and for what is no column."""
    offered = {str(choice[0]) for choice in field.choices or ()}
    chosen = field.data or ""
    return int(chosen) if chosen in offered and chosen.isdigit() else None
