"""What all forms share: typed text, and putting refusals where they belong."""

import unicodedata
from functools import lru_cache
from typing import Any

from babel.support import NullTranslations
from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import Field, SelectField, StringField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError
from wtforms.widgets import Input, Select
from wtforms.widgets.core import clean_key  # type: ignore[attr-defined]  # its stubs lack it

from portal import translations
from portal.db.engine import storable
from portal.errors import DomainError, FieldErrors
from portal.i18n import _, language, translated


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form with a CSRF token."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def get_translations(self, _form: object) -> NullTranslations:
            return translations.of_forms(language())

    def show_refusal(self, error: DomainError) -> None:
        """Put what was refused at its field, or above the form when it concerns no field that there is."""
        if isinstance(error, FieldErrors):
            for name, texts in error.fields.items():
                for text in texts:
                    self._add_error(name, text)
            if not error.fields:
                self.form_errors.append(translated(error.message))
        else:
            self._add_error(error.field or "", error.message)

    def _add_error(self, name: str, text: str) -> None:
        field: Field | None = self[name] if name in self else None
        text = translated(text)
        if field is None:
            self.form_errors.append(text)
        else:
            field.errors = [*field.errors, text]


def attributes_of(**values: Any) -> Markup:
    """HTML attributes as WTForms itself writes them, in an eighth of the time: a page has many fields."""
    written = (
        clean_key(name) if value is True else f'{clean_key(name)}="{_quoted(value)}"'
        for name, value in sorted(values.items())
        if value is not False
    )
    return Markup(" ".join(written))  # noqa: S704 - the values are escaped


def _quoted(value: object) -> str:
    """What is marked as safe is not escaped again, but for the quotation mark that would end it."""
    return str(escape(value)).replace('"', "&quot;")


Input.html_params = staticmethod(attributes_of)  # type: ignore[method-assign]


class _Options(Select):
    """The list to choose from. A page has many options, and they are the same each time."""

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        attributes.setdefault("id", field.id)
        for name in self.validation_attrs:
            if name in field.flags:
                attributes.setdefault(name, getattr(field.flags, name))
        options = "".join(
            _option(str(choice.value), str(choice.label), choice.selected) for choice in field.iter_choices()
        )
        return Markup(f"<select {attributes_of(name=field.name, **attributes)}>{options}</select>")  # noqa: S704


@lru_cache(maxsize=2_000)
def _option(value: str, label: str, is_chosen: bool) -> str:
    attributes = attributes_of(value=value, **({"selected": True} if is_chosen else {}))
    return f"<option {attributes}>{escape(label)}</option>"


class Choice(SelectField):
    """One of a list; the refusal of anything else is in our own words, which are translated."""

    widget = _Options()

    def pre_validate(self, form: BaseForm) -> None:
        try:
            super().pre_validate(form)
        except ValidationError:
            raise ValidationError(_("Choose one from the list.")) from None


def stripped(value: object) -> object:
    """A filter: what was typed, without space around it; nothing where nothing of it can be seen."""
    if not isinstance(value, str):
        return value
    is_seen = any(unicodedata.category(character)[0] not in "CZ" for character in value)
    return value.strip() if is_seen else ""


def text(field: StringField) -> str:
    """What was typed; the empty string when the field was not sent."""
    return storable(field.data or "")
