"""Forms for logging in and for passwords."""

from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from portal import contact
from portal.errors import DomainError
from portal.i18n import _, _l
from portal.identity import browser_login, fields
from portal.identity.second_factor import authenticator
from portal.web import access
from portal.web.forms import Form, stripped, text

CODE_INPUT = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false", "maxlength": 40}


class LogInForm(Form):
    """E-mail address and password."""

    email = EmailField(
        _l("Email address"),
        [DataRequired(_l("Enter your email address.")), Length(max=254, message=_l("This is too long."))],
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
        _l("Email address"),
        [DataRequired(_l("Enter your email address.")), Length(max=254, message=_l("This is too long."))],
        render_kw={"autocomplete": "username"},
    )


class NewPasswordForm(Form):
    """A new password, set by a mailed link."""

    password = PasswordField(
        _l("New password"),
        [DataRequired(_l("Enter a new password.")), Length(max=1024, message=_l("This is too long."))],
        description=_l("At least 12 characters. A few unrelated words work well."),
        render_kw={"autocomplete": "new-password"},
    )


class ChangePasswordForm(NewPasswordForm):
    """A new password, set by somebody who knows the current one."""

    current = PasswordField(
        _l("Current password"),
        [DataRequired(_l("Enter your current password.")), Length(max=1024, message=_l("This is too long."))],
        render_kw={"autocomplete": "current-password"},
    )


class CodeForm(Form):
    """The second step of a log-in."""

    code = StringField(
        _l("Code"),
        [DataRequired(_l("Enter the code.")), Length(max=40, message=_l("This is too long."))],
        description=_l("The 6-digit code from your authenticator app, or one of your recovery codes."),
        render_kw={**CODE_INPUT, "autofocus": True},
    )


class FirstCodeForm(Form):
    """The first code of an app that was just set up."""

    code = StringField(
        _l("Code"),
        [DataRequired(_l("Enter the code.")), Length(max=40, message=_l("This is too long."))],
        description=_l("The 6-digit code that the app shows now."),
        render_kw={**CODE_INPUT, "inputmode": "numeric"},
    )


class PasswordForm(Form):
    """Whoever sits there shows again who they are, where they did not a moment ago."""

    password = PasswordField(
        _l("Your password"),
        [Length(max=1024, message=_l("This is too long."))],
        render_kw={"autocomplete": "current-password"},
    )
    code = StringField(
        _l("Code"),
        [Length(max=40, message=_l("This is too long."))],
        description=_l("From your authenticator app, or a recovery code."),
        render_kw=CODE_INPUT,
    )

    @property
    def needs_password(self) -> bool:
        return not browser_login.has_confirmed()

    @property
    def needs_code(self) -> bool:
        return self.needs_password and authenticator.of(access.person_or_401()) is not None

    def validate_password(self, field: PasswordField) -> None:
        if self.needs_password and not field.data:
            raise ValidationError(_("Enter your password."))

    def validate_code(self, field: StringField) -> None:
        if not field.data and self.needs_code:
            raise ValidationError(_("Enter the code."))


class EmailForm(PasswordForm):
    """Another address to log in with."""

    email = EmailField(
        _l("New email address"),
        [DataRequired(_l("Enter your new email address.")), Length(max=254, message=_l("This is too long."))],
        filters=[stripped],
        render_kw={"autocomplete": "email"},
    )

    def validate_email(self, field: EmailField) -> None:
        """Before anybody is asked for their password."""
        try:
            contact.email(text(field), "email")
        except DomainError as error:
            raise ValidationError(error.message) from None


class ConfirmEmailForm(Form):
    """The address that a link was mailed to, from a browser that nobody is logged in with."""

    password = PasswordField(
        _l("Your password"),
        [Length(max=1024, message=_l("This is too long."))],
        render_kw={"autocomplete": "current-password"},
    )


class ProfileForm(fields.ZoneForm):
    """A person's own details."""

    first_name = fields.first_name()
    last_name = fields.last_name()
    time_zone = fields.time_zone(_l("For times outside an account. Type a city to search, for example Istanbul."))
    language = fields.language()
