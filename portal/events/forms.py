"""The filter of the event log: a form that is sent with GET, so that what is seen has an address."""

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import SearchField, SelectField, SelectMultipleField
from wtforms.validators import Length, ValidationError

from portal.connexease import triggers as catalogue
from portal.db.engine import uuid_or_none
from portal.db.words import words_in
from portal.events import log
from portal.events.log import Filter
from portal.events.reading import may_read_messages
from portal.i18n import _, _l
from portal.models import Account, Channel, DeliveryState
from portal.web.access import is_helping
from portal.web.forms import Choice, Form, text
from portal.web.listing import PeriodForm, as_sent

MOST_WORDS = 10

STATE_WORDS = {
    DeliveryState.RECEIVED: _l("Queued"),
    DeliveryState.PROCESSED: _l("Processed"),
    DeliveryState.KEPT: _l("Stored"),
    DeliveryState.REPEAT: _l("Duplicate"),
    DeliveryState.FAILED: _l("Failed"),
}


def state_words() -> dict[DeliveryState, str]:
    """The states in the visitor's language, for a page that names them in each of its rows."""
    return {state: str(word) for state, word in STATE_WORDS.items()}


class FilterForm(PeriodForm):
    """What to show of the log. Nothing chosen shows everything."""

    q = SearchField(
        _l("Search words"),
        [Length(max=200)],
        description=_l(
            "Enter whole words from the body. The last one can be the beginning of a word, with at least "
            "three letters."
        ),
    )
    trigger = Choice(_l("Trigger"), validate_choice=False, render_kw={"translate": "no"})
    channel = Choice(_l("Channel"), validate_choice=False)
    state = Choice(_l("State"))

    def prepare(self, account: Account, channels: list[Channel]) -> None:
        """Offer the triggers that occurred and those of the catalogue, and the account's channels."""
        names = [*(trigger.name for trigger in catalogue.CATALOGUE), *log.triggers_seen(account)]
        names += [self.trigger.data[:100]] if self.trigger.data else []
        known = {str(channel.connexease_uuid): channel.label for channel in channels}
        if uuid_or_none(self.channel.data):
            known.setdefault(self.channel.data, self.channel.data)
        anything = {"": _("Any")}
        self.trigger.choices = anything | {name: name for name in names}
        self.channel.choices = anything | known
        self.state.choices = anything | {state.value: str(word) for state, word in STATE_WORDS.items()}
        self.offer_ranges()

    def validate_q(self, field: SearchField) -> None:
        if text(field).strip() and not words_in(text(field)):
            raise ValidationError(_("Enter words or numbers to search for."))

    def validate_channel(self, field: SelectField) -> None:
        if field.data and uuid_or_none(field.data) is None:
            raise ValidationError(_("Choose a channel from the list."))

    def filter(self, account: Account) -> Filter:
        """What was chosen; only after the form has validated. Times are in the account's zone."""
        since, until = self.period(account.time_zone)
        return Filter(
            trigger=self.trigger.data or "",
            channel=uuid_or_none(self.channel.data),
            state=DeliveryState(self.state.data) if self.state.data else None,
            since=since,
            until=until,
            words=tuple(words_in(text(self.q))[:MOST_WORDS]),
            with_private=may_read_messages(),
        )


def filter_form(account: Account, channels: list[Channel], arguments: MultiDict[str, Any]) -> FilterForm:
    """The form as it was sent; fields that were not sent are empty."""
    sent = as_sent(arguments, ("q", "trigger", "channel", "state", "range"))
    if is_helping():
        sent["q"] = ""  # staff read no bodies, and finding words in them would be reading
    form = FilterForm(sent)
    form.prepare(account, channels)
    return form


class WatchForm(Form):
    """What the portal itself shall receive: one box for each trigger of each channel."""

    watch = SelectMultipleField()

    def prepare(self, offered: list[str]) -> None:
        """Take only what is offered."""
        self.watch.choices = {value: value for value in offered}
