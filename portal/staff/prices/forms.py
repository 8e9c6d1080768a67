"""Forms of the rate card: one price, and a file of them."""

from flask_wtf.file import FileField
from wtforms import DateField, StringField
from wtforms.validators import DataRequired, InputRequired

from portal.campaigns.prices.rate_card import FEE, Price, read, today
from portal.i18n import _, _l
from portal.models import MessagePrice
from portal.web.forms import Choice, Form, stripped, text

CATEGORY_WORDS = {
    "marketing": _l("Marketing"),
    "marketing_lite": _l("Marketing Messages Lite"),
    "utility": _l("Utility"),
    "authentication": _l("Authentication"),
    "authentication_international": _l("Authentication, international"),
    FEE: _l("Gateway fee"),
}


class _Day(DateField):
    """A day; the refusal of anything else is in our own words, which are translated."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter a date, for example 2026-10-01.")) from None


class PriceForm(Form):
    """One line of the rate card."""

    region = StringField(
        _l("Country (optional)"),
        filters=[stripped],
        description=_l("Two letters, for example TR. Leave it empty for all countries without their own price."),
        render_kw={"autocomplete": "off", "maxlength": 2, "spellcheck": "false"},
    )
    category = Choice(
        _l("Category"),
        choices=lambda: [(word, str(words)) for word, words in CATEGORY_WORDS.items()],
        validate_choice=False,
    )
    since = _Day(_l("Valid from"), [InputRequired(_l("Enter a date, for example 2026-10-01."))])
    amount = StringField(
        _l("Price per message"),
        [DataRequired(_l("Enter an amount with up to six decimals, for example 0.0125."))],
        filters=[stripped],
        render_kw={"autocomplete": "off", "inputmode": "decimal"},
    )
    currency = StringField(
        _l("Currency"),
        filters=[stripped],
        default="USD",
        render_kw={"autocomplete": "off", "maxlength": 3, "spellcheck": "false"},
    )

    def show(self, price: MessagePrice) -> None:
        """Fill the form with what counts."""
        self.region.data, self.category.data = price.region, price.category
        self.since.data, self.currency.data = price.since, price.currency
        self.amount.data = f"{price.amount.normalize():f}"

    def price(self) -> Price:
        """What was typed; only after the form has validated.

        Raises:
            DomainError: something of it means nothing, at its field.
        """
        return read(
            text(self.region),
            self.category.data or "",
            self.since.data or today(),
            text(self.amount),
            text(self.currency),
        )


class PriceFileForm(Form):
    """A file of prices."""

    file = FileField(
        _l("CSV file"),
        description=_l(
            "Columns: region, category, since, amount, currency. Existing prices get the file's amount."
        ),
        render_kw={"accept": ".csv,text/csv"},
    )
