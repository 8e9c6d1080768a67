"""Forms for logging in and for passwords."""

from wtforms import EmailField, PasswordField
from wtforms.validators import DataRequired, Length

from portal.auth.passwords import MAX_LENGTH
from portal.forms import Form
from portal.i18n import _l


class LogInForm(Form):
    """E-mail address and password."""

    email = EmailField(
        _l("E-mail address"),
        [DataRequired(_l("Enter your e-mail address.")), Length(max=254, message=_l("This is too long."))],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _l("Password"),
        [DataRequired(_l("Enter your password.")), Length(max=1024, message=_l("This is too long."))],
        render_kw={"autocomplete": "current-password"},
    )


class ForgotForm(Form):
    """Where to mail the reset link."""

    email = EmailField(
        _l("E-mail address"),
        [DataRequired(_l("Enter your e-mail address.")), Length(max=254, message=_l("This is too long."))],
        render_kw={"autocomplete": "username"},
    )


class NewPasswordForm(Form):
    """A new password, set by a mailed link."""

    password = PasswordField(
        _l("New password"),
        [DataRequired(_l("Enter a new password.")), Length(max=1024, message=_l("This is too long."))],
        description=_l("At least 12 characters. A few unrelated words make a good one."),
        render_kw={"autocomplete": "new-password", "maxlength": MAX_LENGTH},
    )


class ChangePasswordForm(NewPasswordForm):
    """A new password, set by somebody who knows the current one."""

    current = PasswordField(
        _l("Current password"),
        [DataRequired(_l("Enter your current password.")), Length(max=1024, message=_l("This is too long."))],
        render_kw={"autocomplete": "current-password"},
    )
