"""What a campaign may cost, in words that a page can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency
from flask_babel import get_locale

from portal.campaigns.prices import rate_card
from portal.messages.reports import categories
from portal.models import Campaign


@dataclass(frozen=True)
class Shown:
    """What a campaign may cost."""

    ranges: Sequence[tuple[str, str]]
    """The least and the most of each currency."""
    unknown: Sequence[str]
    """Countries whose price nobody knows."""
    unknown_people: int
    may_be_free: bool
    """Whether it costs less for people who wrote lately."""


def of(campaign: Campaign, *, with_recent: bool) -> Shown | None:
    """What it may cost; none without a rate card."""
    counts = {region: good + (recent if with_recent else 0) for region, (good, recent) in campaign.regions.items()}
    counts = {region: count for region, count in counts.items() if count}
    found = rate_card.cost(counts, _category(campaign), rate_card.card(rate_card.today()))
    if found is None:
        return None
    locale = get_locale() or Locale("en")
    ranges = [
        (_money(least, currency, locale), _money(most, currency, locale))
        for currency, (least, most) in sorted(found.amounts.items())
    ]
    return Shown(
        ranges,
        [rate_card.country(region) for region in sorted(found.unknown)],
        sum(found.unknown.values()),
        any(least != most for least, most in found.amounts.values()),
    )


def _category(campaign: Campaign) -> str:
    key = categories.key(campaign.template_name, campaign.language)
    known = categories.known(campaign.account_id, key)
    return "marketing_lite" if campaign.mmlite else known


def _money(amount: Decimal, currency: str, locale: Locale) -> str:
    return str(format_currency(amount, currency, locale=locale))
