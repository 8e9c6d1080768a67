"""What the staff say when they decide on a sign-up."""

from wtforms import TextAreaField
from wtforms.validators import Length

from portal.i18n import _l
from portal.web.forms import Form


class AdoptForm(Form):
    """Vouching for a customer."""

    reason = TextAreaField(
        _l("How do you know that it's theirs?"),
        [Length(max=300)],
        description=_l(
            "For example: I called the number in their contract. Your answer stays in the account's history."
        ),
    )


class DeclineForm(Form):
    """Turning a sign-up down."""

    note = TextAreaField(
        _l("Note to the customer (optional)"),
        [Length(max=500)],
        description=_l("We include it in the email to the customer."),
    )


class GiveUpForm(DeclineForm):
    """Ending a set-up."""
