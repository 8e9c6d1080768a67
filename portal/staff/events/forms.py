"""The filter of all accounts' events."""

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import SearchField
from wtforms.validators import Length

from portal.audit import log
from portal.connexease import triggers as catalogue
from portal.events.forms import STATE_WORDS
from portal.i18n import _, _l
from portal.messages.reports.parsing import KINDS
from portal.models import DeliveryState
from portal.staff.events import log as event_log
from portal.web.forms import Choice, text
from portal.web.listing import PeriodForm, as_sent

FIELDS = ("account", "trigger", "state", "range")


class EventForm(PeriodForm):
    """What to show of the events. Nothing chosen shows everything."""

    account = SearchField(_l("Account"), [Length(max=254)], description=_l("Enter a name, email address or UUID."))
    trigger = Choice(_l("Trigger"), validate_choice=False, render_kw={"translate": "no"})
    state = Choice(_l("State"))

    def prepare(self) -> None:
        """Offer the catalogue's triggers, and the one that was asked for."""
        known = [*(trigger.name for trigger in catalogue.CATALOGUE), *KINDS]
        asked = [self.trigger.data[:100]] if self.trigger.data else []
        anything = {"": _("Any")}
        self.trigger.choices = anything | {name: name for name in (*known, *asked)}
        self.state.choices = anything | {state.value: str(word) for state, word in STATE_WORDS.items()}
        self.offer_ranges()

    def filter(self, zone: str) -> event_log.Filter:
        """What was chosen; only after the form has validated."""
        since, until = self.period(zone)
        account = text(self.account).strip()
        return event_log.Filter(
            accounts=log.accounts_named(account) if account else None,
            trigger=self.trigger.data or "",
            state=DeliveryState(self.state.data) if self.state.data else None,
            since=since,
            until=until,
        )


def event_form(arguments: MultiDict[str, Any]) -> EventForm:
    """The form as it was sent; fields that were not sent are empty."""
    form = EventForm(as_sent(arguments, FIELDS))
    form.prepare()
    return form
