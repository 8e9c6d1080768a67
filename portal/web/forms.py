"""What all forms share: typed text, and putting refusals where they belong."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import DateTimeLocalField, Field, SelectField, StringField
from wtforms.form import BaseForm
from wtforms.validators import Optional, ValidationError

from portal.db.engine import storable
from portal.errors import DomainError, FieldErrors
from portal.i18n import _, _l
from portal.models import now

RANGES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form with a CSRF token."""

    def show_refusal(self, error: DomainError) -> None:
        """Put what was refused at its field, or above the form when it concerns no field that there is."""
        if isinstance(error, FieldErrors):
            for name, texts in error.fields.items():
                for text in texts:
                    self._add_error(name, text)
            if not error.fields:
                self.form_errors.append(error.message)
        else:
            self._add_error(error.field or "", error.message)

    def _add_error(self, name: str, text: str) -> None:
        field: Field | None = self[name] if name in self else None
        if field is None:
            self.form_errors.append(text)
        else:
            field.errors = [*field.errors, text]


class Choice(SelectField):
    """One of a list; the refusal of anything else is in our own words, which are translated."""

    def pre_validate(self, form: BaseForm) -> None:
        try:
            super().pre_validate(form)
        except ValidationError:
            raise ValidationError(_("Choose one of the list.")) from None


class LocalTime(DateTimeLocalField):
    """A day and a time of it; the refusal of anything else is in our own words, which are translated."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter a day and a time, such as 2026-03-31 14:30.")) from None


class PeriodForm(Form):
    """A filter by time, sent with GET so that what is seen has an address."""

    class Meta:
        csrf = False  # it changes nothing

    range = Choice(_l("When"))
    since = LocalTime(_l("From"), [Optional()])
    until = LocalTime(_l("Up to"), [Optional()])

    def offer_ranges(self) -> None:
        """Name the times to choose from."""
        self.range.choices = {
            "": _("Any time"),
            "hour": _("Last hour"),
            "day": _("Last 24 hours"),
            "week": _("Last 7 days"),
        }

    def validate_since(self, field: DateTimeLocalField) -> None:
        _refuse_far_times(field.data)

    def validate_until(self, field: DateTimeLocalField) -> None:
        _refuse_far_times(field.data)
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("This lies before the beginning."))

    def period(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """From when on and until when, which is not included; what was typed is taken in the zone."""
        starts = [_instant(self.since.data, zone)] if self.since.data else []
        if self.range.data in RANGES:
            starts.append(now() - RANGES[self.range.data])
        until = _instant(self.until.data, zone) + timedelta(minutes=1) if self.until.data else None
        return max(starts, default=None), until

    @property
    def arguments(self) -> dict[str, str]:
        """What was chosen, for an address."""
        chosen = {field.name: field.raw_data[0] for field in self if field.raw_data}
        return {name: value for name, value in chosen.items() if value}


def as_sent(arguments: MultiDict[str, Any], names: Iterable[str]) -> MultiDict[str, Any]:
    """These fields of a filter and its exact times as they were sent; fields that were not sent are empty."""
    sent = dict.fromkeys(names, "")
    sent |= {name: arguments[name] for name in (*sent, "since", "until") if name in arguments}
    return MultiDict(sent)


def _instant(local: datetime, zone: str) -> datetime:
    """A time of day in the zone, to the minute."""
    return local.replace(second=0, microsecond=0, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _refuse_far_times(time: datetime | None) -> None:
    if time is not None and not 2000 <= time.year <= 2100:
        raise ValidationError(_("Enter a year between 2000 and 2100."))


def stripped(value: object) -> object:
    """A filter: what was typed, without space around it; nothing where nothing of it can be seen."""
    if not isinstance(value, str):
        return value
    is_seen = any(unicodedata.category(character)[0] not in "CZ" for character in value)
    return value.strip() if is_seen else ""


def text(field: StringField) -> str:
    """What was typed; the empty string when the field was not sent."""
    return storable(field.data or "")
