"""The filter of the staff's list of accounts: sent with GET, so that what is seen has an address."""

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, SearchField
from wtforms.validators import Length

from portal.i18n import _, _l
from portal.mirror import directory, facets, search_words
from portal.mirror.directory import Order, Sort
from portal.mirror.facets import Recency
from portal.models import MessageState, Step
from portal.web.forms import Choice, text
from portal.web.listing import FilterForm, as_sent

STEP_WORDS = {
    Step.READY: _l("Ready"),
    Step.CREATING_ACCOUNT: _l("Setting up"),
    Step.REGISTERING_WEBHOOK: _l("Setting up"),
    Step.WAITING_FOR_EMAIL: _l("Email not confirmed"),
    Step.WAITING_FOR_APPROVAL: _l("Waiting for approval"),
    Step.NEEDS_DETAILS: _l("Refused by Connexease"),
    Step.NEEDS_PROOF: _l("Email not proven"),
    Step.DECLINED: _l("Declined"),
    Step.GIVEN_UP: _l("Stopped"),
}
MESSAGE_WORDS = {
    MessageState.PREPARED: _l("Draft"),
    MessageState.QUEUED: _l("Queued"),
    MessageState.SENDING: _l("Sending"),
    MessageState.ACCEPTED: _l("Accepted"),
    MessageState.REFUSED: _l("Not sent"),
    MessageState.UNKNOWN: _l("Unknown"),
    MessageState.SENT: _l("Sent"),
    MessageState.FAILED: _l("Failed"),
    MessageState.DELIVERED: _l("Delivered"),
    MessageState.READ: _l("Read"),
}
ONLY_THERE, GONE = _l("Only at Connexease"), _l("Gone from Connexease")
TRAITS = {
    "no_channel": facets.NO_CHANNEL,
    "disconnected": facets.DISCONNECTED,
    "no_webhook": facets.NO_WEBHOOK,
    "expiring": facets.EXPIRING,
}
ACTIVITIES = {
    "day": (Recency.DAY,),
    "week": (Recency.DAY, Recency.WEEK),
    "month": (Recency.DAY, Recency.WEEK, Recency.MONTH),
    "-month": (Recency.QUARTER, Recency.LONGER),
    "-quarter": (Recency.LONGER,),
}
"""How long ago something last happened, by what can be chosen."""
FIELDS = ("q", "state", "activity", "sort")


class AccountFilter(FilterForm):
    """Which accounts to show, and in which order."""

    q = SearchField(
        _l("Find an account"),
        [Length(max=254)],
        description=_l("Search by name, email address, phone number, channel or UUID (ours or Connexease's)."),
    )
    state = Choice(_l("State"))
    activity = Choice(_l("Last activity"))
    sort = Choice(_l("Sort by"))
    no_channel = BooleanField(_l("No channel"))
    disconnected = BooleanField(_l("Disconnected channel"))
    no_webhook = BooleanField(_l("No webhook of their own"))
    expiring = BooleanField(_l("Token expires within 60 days"))

    def prepare(self) -> None:
        """Offer what there is to choose from."""
        states = {facets.step_mark(step): str(word) for step, word in STEP_WORDS.items()}
        places = {facets.ONLY_THERE: str(ONLY_THERE), facets.GONE: str(GONE)}
        self.state.choices = {"": _("Any")} | states | places
        self.activity.choices = {
            "": _("Any time"),
            "day": _("In the last 24 hours"),
            "week": _("In the last 7 days"),
            "month": _("In the last 30 days"),
            "-month": _("None for 30 days"),
            "-quarter": _("None for 90 days"),
        }
        self.sort.choices = {
            "": _("Newest first"),
            "created": _("Oldest first"),
            "name": _("Name, A to Z"),
            "-name": _("Name, Z to A"),
            "-activity": _("Latest activity first"),
            "activity": _("Oldest activity first"),
        }

    @property
    def traits(self) -> list[BooleanField]:
        """The boxes to tick."""
        return [self[name] for name in TRAITS]

    @property
    def order(self) -> Order:
        chosen = self.sort.data or "-created"
        return Order(Sort(chosen.lstrip("-")), descending=chosen.startswith("-"))

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the order was chosen."""
        return any(name != "sort" for name in self.arguments)

    def filter(self) -> directory.Filter:
        """What was chosen; only after the form has validated."""
        state = [self.state.data] if self.state.data else []
        return directory.Filter(
            words=tuple(search_words.wanted(text(self.q))),
            marks=(*state, *(mark for name, mark in TRAITS.items() if self[name].data)),
            recencies=ACTIVITIES.get(self.activity.data or "", ()),
        )


def account_filter(arguments: MultiDict[str, Any]) -> AccountFilter:
    """The form as it was sent; fields that were not sent are empty."""
    form = AccountFilter(as_sent(arguments, FIELDS, TRAITS))
    form.prepare()
    return form
