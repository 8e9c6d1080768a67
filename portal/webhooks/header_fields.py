"""The part of a form where custom headers are typed: for a webhook, and for a destination."""

from collections.abc import Iterable

import wtforms
from wtforms import BooleanField, FieldList, FormField, HiddenField, StringField
from wtforms.validators import Length, ValidationError

from portal.i18n import _, _l
from portal.web.forms import Form, stripped, text
from portal.webhooks.rules import headers
from portal.webhooks.rules.headers import Header

BLANK_ROWS = 2


class HeaderForm(wtforms.Form):
    """One custom header. A stored value is never put into the form: an empty one keeps it."""

    name = StringField(_l("Name"), [Length(max=100)], filters=[stripped])
    value = StringField(_l("Value"), render_kw={"autocomplete": "off", "spellcheck": "false"})
    is_secret = BooleanField(_l("Secret"))
    stored = HiddenField()
    """The name under which a value is stored; empty for a new header."""
    remove = BooleanField(_l("Remove"))

    def validate_name(self, field: StringField) -> None:
        if self.is_used and not self.keeps_value and (problem := headers.problem_with_name(text(field))):
            raise ValidationError(problem)

    def validate_value(self, field: StringField) -> None:
        if not self.is_used or (self.keeps_value and not text(field)):
            return
        if problem := headers.problem_with_value(text(field)):
            raise ValidationError(problem)

    @property
    def is_used(self) -> bool:
        return not self.remove.data and bool(text(self.name) or text(self.value))

    @property
    def looks_secret(self) -> bool:
        """Whether its name alone says that it is secret."""
        return headers.looks_secret(text(self.name))

    @property
    def keeps_value(self) -> bool:
        return bool(self.stored.data) and text(self.stored).casefold() == text(self.name).casefold()

    def header(self) -> Header:
        """What was typed; only after the form has validated."""
        name, value = text(self.name), text(self.value)
        is_secret = bool(self.is_secret.data) or self.looks_secret
        return Header(name, value or None, is_secret)


class FormWithHeaders(Form):
    """A form with room for custom headers."""

    headers = FieldList(FormField(HeaderForm), label=_l("Headers"))

    @property
    def held_headers(self) -> list[str]:
        """The names of those whose values are stored."""
        return []

    @property
    def leads_elsewhere(self) -> bool:
        """Whether what has stored headers gets the address of another host."""
        return False

    def fill_headers(self, held: Iterable[tuple[str, bool]]) -> None:
        """Show the names of those that are stored, and whether each is secret."""
        for name, is_secret in held:
            self.headers.append_entry({"name": name, "stored": name, "is_secret": is_secret})

    def typed_headers(self) -> list[Header]:
        """What was entered; only after the form has validated."""
        return [row.form.header() for row in self.headers if row.form.is_used]

    def add_blank_headers(self, count: int = BLANK_ROWS) -> None:
        """Room for more headers, where there is none left."""
        blank = sum(1 for row in self.headers if not (row.form.is_used or row.form.stored.data))
        room = headers.MAX_HEADERS - len(self.headers)
        for _row in range(min(count - blank, room)):
            self.headers.append_entry()

    @property
    def first_blank_header(self) -> int:
        """The number of the first header that nothing was entered for; of the last one where there is none."""
        rows = [row.form for row in self.headers]
        blank = (number for number, row in enumerate(rows, 1) if not (row.is_used or row.stored.data))
        return next(blank, len(rows))

    def validate_headers(self, field: wtforms.Field) -> None:
        names = [row.form.header().name.casefold() for row in self.headers if row.form.is_used]
        if len(names) != len(set(names)):
            raise ValidationError(_("Enter each header only once."))
        if len(names) > max(headers.MAX_HEADERS, len(self.held_headers)):
            raise ValidationError(_("Enter no more than %(count)d headers.", count=headers.MAX_HEADERS))
        if self.leads_elsewhere and any(row.form.is_used and not text(row.form.value) for row in self.headers):
            # Whoever may change the address could otherwise have the stored secrets sent to themselves.
            raise ValidationError(
                _(
                    "The URL now points to another host. Enter the stored header values again, or remove "
                    "these headers."
                )
            )
