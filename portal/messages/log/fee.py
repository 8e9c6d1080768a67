"""What Meta says it charges for a message, in words."""

from collections.abc import Iterable
from typing import Any

from portal.i18n import _, _l
from portal.models import MessageStatus

_CATEGORIES = {
    "marketing": _l("marketing"),
    "marketing_lite": _l("marketing with Marketing Messages Lite"),
    "utility": _l("utility"),
    "authentication": _l("authentication"),
    "authentication_international": _l("authentication, international"),
    "service": _l("service"),
    "referral_conversion": _l("after a click on an ad"),
}
_FREE = {
    "free_customer_service": _l("Free, because it was sent within 24 hours after the recipient wrote to you."),
    "free_entry_point": _l("Free, because the recipient came to you through an ad or a button on your page."),
}


def of(timeline: Iterable[MessageStatus]) -> str:
    """One sentence; empty where Meta said nothing."""
    pricing = next((status.pricing for status in timeline if status.pricing), None)
    return _sentence(pricing) if pricing else ""


def _sentence(pricing: dict[str, Any]) -> str:
    kind, word = str(pricing.get("type", "")), str(pricing.get("category", ""))
    category = str(_CATEGORIES.get(word, word))
    if pricing.get("billable") is False:
        return str(_FREE.get(kind, _("Free.")))
    if pricing.get("billable"):
        return _("Charged by Meta as %(category)s.", category=category) if category else _("Charged by Meta.")
    return _("Meta's category: %(category)s.", category=category or kind)
