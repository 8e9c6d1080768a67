"""The form of somebody new who was invited."""

from typing import Any

from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from portal.forms import Form
from portal.i18n import _l


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


class JoinForm(Form):
    """Name and password of a new login; the address is the one that was invited."""

    first_name = StringField(
        _l("First name"),
        [DataRequired(_l("Enter your first name.")), Length(max=80, message=_l("Use at most 80 characters."))],
        filters=[_stripped],
        render_kw={"autocomplete": "given-name", "maxlength": 80},
    )
    last_name = StringField(
        _l("Last name"),
        [Length(max=80, message=_l("Use at most 80 characters."))],
        filters=[_stripped],
        render_kw={"autocomplete": "family-name", "maxlength": 80},
    )
    password = PasswordField(
        _l("Password"),
        [DataRequired(_l("Choose a password.")), Length(max=1024, message=_l("This is too long."))],
        description=_l("At least 12 characters. A few unrelated words make a good one."),
        render_kw={"autocomplete": "new-password"},
    )
