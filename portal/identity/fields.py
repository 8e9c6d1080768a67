"""Form fields about a person: name, time zone, a new password."""

from typing import Any

from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from portal import contact
from portal.i18n import _, _l
from portal.translations import languages
from portal.web.forms import Choice, Form, stripped, text


def first_name() -> StringField:
    """The first name, which nobody may leave out."""
    return _name(_l("First name"), "given-name", DataRequired(_l("Enter your first name.")))


def last_name(*, is_needed: bool = False) -> StringField:
    """The last name, which not everybody has."""
    needed = [DataRequired(_l("Enter your last name."))] if is_needed else []
    return _name(_l("Last name"), "family-name", *needed)


def _name(label: str, autocomplete: str, *validators: DataRequired) -> StringField:
    return StringField(
        label,
        [*validators, Length(max=80, message=_l("Use at most 80 characters."))],
        filters=[stripped],
        render_kw={"autocomplete": autocomplete, "maxlength": 80},
    )


def new_password() -> PasswordField:
    """A password that is chosen now; whether it will do is for `passwords` to say."""
    return PasswordField(
        _l("Password"),
        [DataRequired(_l("Choose a password.")), Length(max=1024, message=_l("This is too long."))],
        description=_l("At least 12 characters. A few unrelated words work well."),
        render_kw={"autocomplete": "new-password"},
    )


def time_zone(
    description: str = _l("Type a city to search, for example Istanbul."), **attributes: Any
) -> StringField:
    """An IANA zone, found by its name or by a city in it. For a form that is a `ZoneForm`."""
    return StringField(
        _l("Time zone"),
        [DataRequired(_l("Choose your time zone."))],
        filters=[lambda value: contact.time_zone(value) if isinstance(value, str) else value],
        description=description,
        render_kw={"list": "time-zones", "autocomplete": "off", **attributes},
    )


def language() -> Choice:
    """The language of pages and mails; empty for the browser's."""
    return Choice(
        _l("Language"),
        choices=lambda: [("", _("Same as your browser")), *languages().items()],
        description=_l("For pages and for the emails that we send you."),
        filters=[lambda value: value or ""],
    )


class ZoneForm(Form):
    """A form that asks for a time zone, in a field of that name."""

    def validate_time_zone(self, field: StringField) -> None:
        if not contact.is_time_zone(text(field)):
            raise ValidationError(_("Choose a time zone from the list, for example Europe/Istanbul."))
