"""The part of the form that is about a template: which one, in which language, and what it is filled with."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import wtforms
from wtforms import BooleanField, FieldList, FormField, HiddenField, RadioField, StringField, TextAreaField

from portal.errors import DomainError
from portal.i18n import _, _l
from portal.messages.compose import drafts
from portal.messages.compose.drafts import ONE_TIME_CODE, Button
from portal.messages.compose.parameters import bare_name, one_line
from portal.messages.template_list import MOST_VALUES, Listed
from portal.web.forms import Choice, Form, stripped, text

BLANK_VALUES, BLANK_BUTTONS = 3, 2
LANGUAGES = "ar de en en_GB en_US es fa fr he it nl pt_BR ru tr uk zh_CN".split()
"""Only what is suggested: any code can be typed."""
_KINDS = ("url", "quick_reply", "copy_code", ONE_TIME_CODE, "flow")
_ROW = {"rows": 1, "dir": "auto", "autocomplete": "off", "data-enter": "review-message"}
"""A field that shows a line break which was pasted: a field of one line would leave it out unseen. Enter presses
the form's button all the same."""
_NUMBERS = {str(number): number for number in range(1, drafts.BUTTONS_AT_MOST + 1)}


def lines(value: Any) -> Any:
    """Line breaks as a message has them; a browser sends two characters for each."""
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


class ButtonForm(wtforms.Form):
    """What one of a template's buttons is filled with; unused without a value."""

    number = Choice(
        _l("Button"),
        choices=lambda: [(number, number) for number in _NUMBERS],
        validate_choice=False,
    )
    kind = Choice(
        _l("Content"),
        choices=lambda: [
            ("url", _("End of its URL")),
            ("quick_reply", _("Answer when pressed")),
            ("copy_code", _("Code to copy")),
            (ONE_TIME_CODE, _("One-time code")),
            ("flow", _("Form token")),
        ],
        validate_choice=False,
    )
    value = StringField(_l("Value"), render_kw={"autocomplete": "off", "dir": "auto"})

    def button(self) -> Button | None:
        """What was typed; none while there is nothing. A one-time code may stand in the text alone."""
        kind = self.kind.data if self.kind.data in _KINDS else "url"
        value = text(self.value).strip()
        if not value and kind != ONE_TIME_CODE:
            return None
        return Button(_NUMBERS.get(self.number.data or "", 0), kind, value)


class Rows(FieldList):  # type: ignore[type-arg]  # at run time it takes none
    """A list of fields that takes no number for a place which no form has, however long it is."""

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        place = re.compile(rf"{re.escape(prefix)}-([0-9]{{1,3}})(-|$)")
        return (int(found[1]) for name in formdata if (found := place.match(name)))


class TemplateFields(Form):
    """Everything about a template. Without one of the list, the name and any number of values are typed."""

    find = StringField(_l("Search"), filters=[stripped], render_kw={"autocomplete": "off", "type": "search"})
    channel = Choice(_l("Channel"), validate_choice=False)
    template = RadioField(_l("Template"), validate_choice=False, default="")
    name = StringField(
        _l("Template name"),
        filters=[stripped],
        description=_l("The template's name at Meta, for example order_update."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"},
    )
    language = StringField(
        _l("Language"),
        filters=[stripped],
        description=_l(
            "The language code that the template was approved in, for example tr, en or pt_BR. %(Vendor)s "
            "doesn't list it."
        ),
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off", "list": "languages"},
    )
    language_of = HiddenField()
    """The template that the language was offered for: another one brings its own."""
    values = Rows(TextAreaField(filters=[lines, stripped], render_kw=_ROW), max_entries=MOST_VALUES)
    names = Rows(
        StringField(
            filters=[stripped],
            render_kw={
                "autocomplete": "off",
                "spellcheck": "false",
                "autocapitalize": "off",
                "dir": "ltr",
            },
        ),
        max_entries=MOST_VALUES,
    )
    """What the values of a template are called that is typed by hand and names them."""
    header = Choice(
        _l("Header"),
        choices=lambda: [
            ("", _("None, or always the same")),
            ("text", _("Text with a value")),
            ("image", _("Image")),
            ("video", _("Video")),
            ("document", _("Document")),
        ],
        validate_choice=False,
        default="",
    )
    header_value = TextAreaField(_l("Header text or file URL"), filters=[lines, stripped], render_kw=_ROW)
    header_name = StringField(
        _l("Header value's name (optional)"),
        filters=[stripped],
        description=_l("Only if the template's values have names instead of numbers."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off", "dir": "ltr"},
    )
    buttons = Rows(
        FormField(ButtonForm), label=_l("Buttons"), min_entries=BLANK_BUTTONS, max_entries=drafts.BUTTONS_AT_MOST
    )
    is_not_marketing = BooleanField(
        _l("This isn't marketing"),
        description=_l(
            "For orders, appointments, codes and similar. People who opted out of marketing still get these. "
            "Until Meta reports a template's category, we treat it as marketing."
        ),
    )
    mmlite = BooleanField(
        _l("Marketing Messages Lite"),
        description=_l(
            "Meta's special route for marketing templates. Leave it off unless your number is enrolled."
        ),
    )

    listed: Listed | None = None

    def offer_templates(self, templates: Iterable[Listed], channels: dict[str, str]) -> None:
        """The templates that the search found, the one that is chosen, and another one by hand."""
        self.channel.choices = [("", _("All channels")), *channels.items()]
        offered = {template.value: template.name for template in templates}
        if self.listed is not None:
            offered.setdefault(self.listed.value, self.listed.name)
        self.template.choices = [*offered.items(), ("", _("Another template, entered by hand"))]

    def use(self, listed: Listed | None) -> None:
        """Ask for the values of this template; for any number of them where nobody knows the template."""
        self.listed = listed
        if listed is not None:
            self.name.data = listed.name
            wanted = len(listed.labels)
        else:
            self.template.data = ""
            self.make_room(max(len(self.values), len(self.names)))
            wanted = max(BLANK_VALUES, len(self.typed_values()))
        self.make_room(wanted)

    def more_values(self) -> None:
        """Room for more values of a template that nobody knows."""
        self.make_room(min(len(self.values) + BLANK_VALUES, MOST_VALUES))

    def more_buttons(self) -> None:
        """Room for more of the template's buttons."""
        for number in range(
            len(self.buttons) + 1, min(len(self.buttons) + BLANK_BUTTONS, drafts.BUTTONS_AT_MOST) + 1
        ):
            self.buttons.append_entry()
            self.buttons[-1].form.number.data = str(number)

    @property
    def _rows(self) -> tuple[FieldList, ...]:  # type: ignore[type-arg]  # at run time it takes none
        return self.values, self.names

    def make_room(self, wanted: int) -> None:
        """Room for exactly so many values, each with its name."""
        for rows in self._rows:
            while len(rows) > wanted:
                rows.pop_entry()
            while len(rows) < wanted:
                rows.append_entry()
        labels = self.listed.labels if self.listed else ()
        for number, (value, name) in enumerate(zip(self.values, self.names, strict=True), start=1):
            value.label.text = labels[number - 1] if labels else _("Value %(number)d", number=number)
            name.label.text = _("Name %(number)d (optional)", number=number)

    def all_values(self) -> tuple[str, ...]:
        """Every value, also those that are empty."""
        return tuple(text(entry) for entry in self.values)

    def typed_values(self) -> tuple[tuple[str, str], ...]:
        """Each value with its name, without the empty ones at the end, which only offer room."""
        pairs = zip(self.values, self.names, strict=True)
        typed = [(text(value), bare_name(text(name))) for value, name in pairs]
        while typed and not any(part.strip() for part in typed[-1]):
            typed.pop()
        return tuple(typed)

    @property
    def of_one_line(self) -> list[StringField]:
        """The fields in which Meta takes no line break."""
        return [self.header_value, *self.values]

    def make_one_line(self, name: str) -> None:
        """Take out of one field what Meta refuses in a line."""
        for field in self.of_one_line:
            if field.name == name:
                field.data = one_line(text(field))

    def show_refusal(self, error: DomainError) -> None:
        super().show_refusal(error)
        for rows in self._rows:
            if any(entry.errors for entry in rows):
                rows.errors = [entry.errors for entry in rows]

    def _add_error(self, name: str, message: str) -> None:
        entry = next((entry for rows in self._rows for entry in rows if entry.name == name), None)
        if entry is not None:
            entry.errors = [*entry.errors, message]
        else:
            super()._add_error(name, message)
