"""What a sign-up asks for: the fields of Connexease's account call, under its names, and a password."""

from typing import Any

from wtforms import EmailField, PasswordField, StringField, TelField
from wtforms.validators import DataRequired, Length, ValidationError

from portal import contact
from portal.customers.signup.registration import AccountDetails
from portal.customers.signup.takeovers import Newcomer
from portal.errors import DomainError
from portal.i18n import _l
from portal.identity import fields, passwords
from portal.web.forms import Form, stripped, text

GUESSED = {"data-guess": "time-zone"}
"""The browser says where it is."""


class AccountForm(fields.ZoneForm):
    """The account's details. The fields bear the names that Connexease's refusals use."""

    name = StringField(
        _l("Company"),
        [
            DataRequired(_l("Enter your company's name.")),
            Length(max=80, message=_l("Use at most 80 characters.")),
        ],
        filters=[stripped],
        render_kw={"autocomplete": "organization", "maxlength": 80},
    )
    contact_name = fields.first_name()
    contact_lastname = fields.last_name(is_needed=True)
    contact_email = EmailField(
        _l("Work email"),
        [DataRequired(_l("Enter your work email address.")), Length(max=254, message=_l("This is too long."))],
        filters=[stripped],
        render_kw={"autocomplete": "email"},
    )
    billing_email = EmailField(
        _l("Billing email"),
        [Length(max=254, message=_l("This is too long."))],
        filters=[stripped],
        description=_l("Where we send invoices. Leave it empty to use your work email."),
    )
    contact_phone_number = TelField(
        _l("Phone (optional)"),
        [Length(max=40, message=_l("Enter a phone number of at most 40 characters."))],
        filters=[stripped],
        render_kw={"autocomplete": "tel"},
    )
    time_zone = fields.time_zone(**GUESSED)

    def validate_contact_email(self, field: EmailField) -> None:
        field.data = _checked(contact.email, text(field), "contact_email")

    def validate_billing_email(self, field: EmailField) -> None:
        if field.data:
            field.data = _checked(contact.email, text(field), "billing_email")

    def validate_contact_phone_number(self, field: TelField) -> None:
        if field.data:
            # What was typed stays in the field; the number that is sent is made when it is asked for.
            _checked(contact.phone, text(field), text(self.time_zone), "contact_phone_number")

    def details(self) -> AccountDetails:
        """What was entered; only after the form has validated."""
        phone = text(self.contact_phone_number)
        zone = text(self.time_zone)
        return AccountDetails(
            name=text(self.name),
            contact_name=text(self.contact_name),
            contact_lastname=text(self.contact_lastname),
            contact_email=text(self.contact_email),
            billing_email=text(self.billing_email) or text(self.contact_email),
            contact_phone_number=contact.phone(phone, zone, "contact_phone_number") if phone else "",
            time_zone=zone,
        )


class SignUpForm(AccountForm):
    """The account's details and the password to log in with."""

    password = fields.new_password()

    def validate_password(self, field: PasswordField) -> None:
        known = (
            text(self.name),
            text(self.contact_name),
            text(self.contact_lastname),
            text(self.contact_email),
        )
        if weakness := passwords.weakness(text(field), *known):
            raise ValidationError(weakness)


class WelcomeForm(Form):
    """The first password of somebody whose account the staff opened."""

    password = fields.new_password()


class TakeOverForm(WelcomeForm, fields.ZoneForm):
    """Who takes an account over that exists only at Connexease, and has no login yet."""

    first_name = fields.first_name()
    last_name = fields.last_name(is_needed=True)
    time_zone = fields.time_zone(**GUESSED)

    def newcomer(self) -> Newcomer:
        """What was entered; only after the form has validated."""
        return Newcomer(text(self.first_name), text(self.last_name), text(self.time_zone), text(self.password))


class AcceptForm(Form):
    """Nothing but the button, for somebody who is logged in."""


class ConfirmForm(Form):
    """Confirm an e-mail address; in another browser than the one that signed up, with the password."""

    password = PasswordField(
        _l("Password"),
        [Length(max=1024, message=_l("This is too long."))],
        render_kw={"autocomplete": "current-password"},
    )


def _checked(check: Any, *args: str) -> str:
    try:
        return str(check(*args))
    except DomainError as error:
        raise ValidationError(error.message) from None
