"""Forms of the staff for accounts: opening one for a customer, and inviting somebody to take one over."""

from typing import Any

from wtforms import EmailField
from wtforms.validators import DataRequired, Length

from portal.customers.signup.forms import AccountForm
from portal.i18n import _, _l
from portal.web.forms import Form

MISSING = {
    "name": _l("Enter the company's name."),
    "contact_name": _l("Enter the customer's first name."),
    "contact_lastname": _l("Enter the customer's last name."),
    "contact_email": _l("Enter the customer's email address."),
    "time_zone": _l("Choose the customer's time zone."),
}


class NewAccountForm(AccountForm):
    """The account's details, which are the customer's and not those of whoever types them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in MISSING.items():
            field = self[name]
            _required, *others = field.validators
            field.validators = [DataRequired(words), *others]
            field.render_kw = {**(field.render_kw or {}), "autocomplete": "off"}
        self.billing_email.description = _("Invoices go to this address. Leave it empty to use the work email.")


class InviteForm(Form):
    """Whom to ask to take an account over."""

    email = EmailField(
        _l("New owner's email"),
        [
            DataRequired(_l("Enter an email address, for example ada@example.com.")),
            Length(max=254, message=_l("This address is too long. Enter one with no more than 254 characters.")),
        ],
        description=_l(
            "We'll email a link. The person who opens it logs in or chooses a password and becomes the "
            "owner of the account."
        ),
        render_kw={"autocomplete": "off"},
    )
