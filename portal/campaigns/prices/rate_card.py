"""The rate card: what a message costs from a day on, as the staff entered it. No price is in the code."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from babel import Locale
from flask_babel import get_locale
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal import audit
from portal.contacts import csv_reading
from portal.contacts.csv_reading import compared
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import MessagePrice, Person, now

FEE = "fee"
CATEGORIES = ("marketing", "marketing_lite", "utility", "authentication", "authentication_international", FEE)
_NO_COUNTRIES = ("EU", "UN", "ZZ", "QO", "XA", "XB")
REGIONS = frozenset(str(code) for code in Locale("en").territories if len(str(code)) == 2) - {*_NO_COUNTRIES}
MOST = 5000
MOST_AMOUNT = Decimal(1000)
_DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")


@dataclass(frozen=True)
class Price:
    """One line of the rate card, as it was typed."""

    region: str
    category: str
    since: date
    amount: Decimal
    currency: str

    @property
    def words(self) -> str:
        """What the history calls it."""
        return f"{self.region or '*'} {self.category} {self.since.isoformat()}"


@dataclass
class Cost:
    """What a campaign may cost, by currency: the least and the most."""

    amounts: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    """Countries without a price, with how many people."""

    def add(self, currency: str, least: Decimal, most: Decimal) -> None:
        low, high = self.amounts.get(currency, (Decimal(0), Decimal(0)))
        self.amounts[currency] = low + least, high + most


class Card:
    """The prices of a day."""

    def __init__(self, prices: Iterable[MessagePrice]) -> None:
        self._prices = {(price.region, price.category): price for price in prices}  # the newest comes last

    @property
    def is_empty(self) -> bool:
        return not self._prices

    def price(self, region: str, category: str) -> MessagePrice | None:
        """What a message costs there; for a country without its own price, what it costs elsewhere."""
        return self._prices.get((region, category)) or self._prices.get(("", category))


def every() -> Sequence[MessagePrice]:
    """The whole rate card: by country and category, the newest first."""
    order = (col(MessagePrice.region), col(MessagePrice.category), col(MessagePrice.since).desc())
    return session().exec(select(MessagePrice).order_by(*order)).all()


def counting(every: Iterable[MessagePrice], on: date) -> set[UUID]:
    """Those of the prices that count on a day; the others are past or still to come."""
    newest: dict[tuple[str, str], MessagePrice] = {}
    for price in sorted(every, key=lambda price: price.since):
        if price.since <= on:
            newest[price.region, price.category] = price
    return {price.id for price in newest.values()}


def card(on: date) -> Card:
    """The prices that count on a day."""
    query = select(MessagePrice).where(MessagePrice.since <= on).order_by(col(MessagePrice.since))
    return Card(session().exec(query).all())


def cost(regions: Mapping[str, int], category: str, prices: Card) -> Cost | None:
    """What messages to so many people in each country may cost; none without a rate card.

    A utility template is free for who wrote within 24 hours; nobody knows beforehand who will have. Of a template
    whose category is not known the dearest counts, and the least is the fee alone.
    """
    if prices.is_empty:
        return None
    found = Cost()
    for region, count in sorted(regions.items()):
        prices_there = [price for each in _possible(category) if (price := prices.price(region, each))]
        if not prices_there:
            found.unknown[region] = count
            continue
        dearest = max(prices_there, key=lambda price: price.amount)
        most = dearest.amount * count
        is_free_possible = category in ("utility", "")
        found.add(dearest.currency, Decimal(0) if is_free_possible else most, most)
    _add_fees(found, regions, prices)
    return found


def _possible(category: str) -> Sequence[str]:
    if category == "marketing_lite":
        return "marketing_lite", "marketing"
    return (category,) if category else ("marketing", "utility", "authentication")


def _add_fees(found: Cost, regions: Mapping[str, int], prices: Card) -> None:
    for region, count in regions.items():
        if fee := prices.price(region, FEE):
            found.add(fee.currency, fee.amount * count, fee.amount * count)


# --- as the staff edit it ----------------------------------------------------------------------------


def find(price_id: UUID) -> MessagePrice | None:
    """One line of the rate card."""
    return session().get(MessagePrice, price_id)


def save(person: Person, price: Price, price_id: UUID | None = None) -> None:
    """Add a price, or correct one.

    Raises:
        DomainError: another line has the same country, category and day, or it is gone.
    """
    with unit_of_work():
        row = session().get(MessagePrice, price_id) if price_id else MessagePrice(**_values(price))
        if row is None:
            raise DomainError(_("This price was removed in another window."))
        try:
            with session().begin_nested():
                for name, value in _values(price).items():
                    setattr(row, name, value)
                session().add(row)
        except IntegrityError:
            raise DomainError(_("There's a price for this country, category and day already."), "since") from None
        audit.record(person, None, "price.corrected" if price_id else "price.added", price.words)
        session().commit()


def remove(person: Person, price_id: UUID) -> None:
    """Take a price off the rate card. Once more, nothing happens."""
    with unit_of_work():
        row = session().get(MessagePrice, price_id)
        if row is not None:
            price = Price(row.region, row.category, row.since, row.amount, row.currency)
            session().delete(row)
            audit.record(person, None, "price.removed", price.words)
        session().commit()


def take(person: Person, body: bytes) -> int:
    """Take in a file of prices, all or none of it; one that is there already gets the file's amount.

    Returns:
        How many lines it had.

    Raises:
        DomainError: it cannot be read, or one of its lines is wrong; at `file`.
    """
    table = csv_reading.read(body, MOST)
    missing = {"region", "category", "since", "amount", "currency"} - {compared(name) for name in table.columns}
    if missing:
        raise DomainError(_("The file lacks these columns: %(names)s.", names=", ".join(sorted(missing))), "file")
    read = [_read(row.number, {compared(name): text for name, text in row.cells.items()}) for row in table.rows]
    with unit_of_work():
        known = {(row.region, row.category, row.since): row for row in every()}
        for price in read:
            row = known.setdefault((price.region, price.category, price.since), MessagePrice(**_values(price)))
            row.amount, row.currency = price.amount, price.currency
            session().add(row)
        audit.record(person, None, "price.imported", "", rows=len(read))
        session().commit()
    return len(read)


def read(region: str, category: str, since: date, amount: str, currency: str) -> Price:
    """A price from what was typed.

    Raises:
        DomainError: something of it means nothing, at its field.
    """
    country = region.strip().upper()
    if country and country not in REGIONS:
        raise DomainError(_("Enter the two letters of a country, for example TR."), "region")
    if category not in CATEGORIES:
        raise DomainError(_("Choose one from the list."), "category")
    money = currency.strip().upper()
    if len(money) != 3 or money not in Locale("en").currencies:
        raise DomainError(_("Enter the three letters of a currency, for example USD."), "currency")
    return Price(country, category, since, _amount(amount), money)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        amount = Decimal(-1)
    exponent = amount.as_tuple().exponent
    if not (amount.is_finite() and 0 <= amount <= MOST_AMOUNT and isinstance(exponent, int) and exponent >= -6):
        raise DomainError(_("Enter an amount with up to six decimals, for example 0.0125."), "amount")
    return amount


def _read(number: int, cells: Mapping[str, str]) -> Price:
    try:
        since = _day(cells.get("since", ""))
        texts = [cells.get(name, "") for name in ("region", "category", "amount", "currency")]
        return read(texts[0], texts[1].strip().lower(), since, texts[2], texts[3])
    except DomainError as error:
        raise DomainError(_("Row %(row)d: %(problem)s", row=number, problem=error.message), "file") from None


def _day(text: str) -> date:
    for form in _DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise DomainError(_("Enter a date, for example 2026-10-01."), "since")


def _values(price: Price) -> dict[str, Any]:
    return {
        "region": price.region,
        "category": price.category,
        "since": price.since,
        "amount": price.amount,
        "currency": price.currency,
    }


def country(region: str) -> str:
    """What a country is called in the reader's language."""
    return str((get_locale() or Locale("en")).territories.get(region, region))


def today() -> date:
    """The day whose prices count now."""
    return now().date()
