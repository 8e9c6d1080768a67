"""What the staff say when they decide on a sign-up."""

from wtforms import TextAreaField
from wtforms.validators import Length

from portal.i18n import _l
from portal.web.forms import Form


class AdoptForm(Form):
    """Vouching for a customer."""

    reason = TextAreaField(
        _l("How do you know that it is theirs?"),
        [Length(max=300)],
        description=_l("Such as: I called the number in their contract. It stays in the account's history."),
    )


class DeclineForm(Form):
    """Turning a sign-up down."""

    note = TextAreaField(
        _l("A sentence for the customer (optional)"),
        [Length(max=500)],
        description=_l("It goes into the mail that tells them."),
    )


class GiveUpForm(DeclineForm):
    """Ending a set-up."""
