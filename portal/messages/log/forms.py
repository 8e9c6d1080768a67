"""The filter of the message log: a form that is sent with GET, so that what is seen has an address."""

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, SearchField, SelectField
from wtforms.validators import Length, ValidationError

from portal.db.engine import uuid_or_none
from portal.errors import DomainError
from portal.i18n import _, _l
from portal.messages.compose import recipients
from portal.messages.log import query
from portal.messages.log.display import STATE_WORDS, TYPE_WORDS
from portal.messages.log.query import Filter
from portal.models import Account, MessageState, MessageType
from portal.web.forms import Choice, text
from portal.web.listing import PeriodForm, as_sent


class LogForm(PeriodForm):
    """What to show of the log. Nothing chosen shows everything."""

    recipient = SearchField(
        # Translators: the recipient of a message.
        _l("To"),
        [Length(max=64)],
        description=_l("Enter the full number, for example +90 501 234 56 78."),
        render_kw={"autocomplete": "off"},
    )
    type = Choice(_l("Type"))
    state = Choice(_l("State"))
    sender = Choice(_l("Sent by"), validate_choice=False)
    campaign = HiddenField()
    """Nobody chooses it here: a campaign's page leads to it."""

    number = ""
    """The recipient in E.164 form."""

    def prepare(self, account: Account) -> None:
        """Offer what there is to choose from."""
        anything = {"": _("Any")}
        self.type.choices = anything | {kind.value: str(word) for kind, word in TYPE_WORDS.items()}
        shown = {state.value: str(word) for state, word in STATE_WORDS.items() if state != MessageState.PREPARED}
        self.state.choices = anything | shown
        self.sender.choices = anything | {str(key): email for key, email in query.senders(account).items()}
        self.zone = account.time_zone
        self.offer_ranges()

    def validate_recipient(self, field: SearchField) -> None:
        if text(field).strip():
            try:
                self.number = recipients.read(text(field), self.zone).e164
            except DomainError as error:
                raise ValidationError(error.message) from None

    def validate_sender(self, field: SelectField) -> None:
        if field.data and uuid_or_none(field.data) is None:
            raise ValidationError(_("Choose one from the list."))

    def filter(self) -> Filter:
        """What was chosen; only after the form has validated. Times are in the account's zone."""
        since, until = self.period(self.zone)
        return Filter(
            state=MessageState(self.state.data) if self.state.data else None,
            type=MessageType(self.type.data) if self.type.data else None,
            recipient=self.number,
            sender_id=uuid_or_none(self.sender.data),
            campaign_id=uuid_or_none(self.campaign.data),
            since=since,
            until=until,
        )


def log_form(account: Account, arguments: MultiDict[str, Any], *, may_read: bool) -> LogForm:
    """The form as it was sent; fields that were not sent are empty.

    Args:
        may_read: whether numbers are shown to this person; finding one would be reading it.
    """
    sent = as_sent(arguments, ("recipient", "type", "state", "sender", "campaign", "range"))
    if not may_read:
        sent["recipient"] = ""
    form = LogForm(sent)
    form.prepare(account)
    return form
