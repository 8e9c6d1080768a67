"""The webhook form."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import wtforms
from wtforms import BooleanField, FieldList, FormField, HiddenField, SelectMultipleField, StringField, URLField
from wtforms.validators import DataRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.connexease import triggers as catalogue
from portal.i18n import _, _l
from portal.models import Channel
from portal.web.access import is_helping
from portal.web.forms import Choice, Form, stripped, text
from portal.web.template_context import host
from portal.webhooks.desired import DesiredWebhook
from portal.webhooks.rules import callback_addresses, headers
from portal.webhooks.rules.headers import Header
from portal.webhooks.snapshot import KnownWebhook

BLANK_ROWS = 2


class CheckboxesField(SelectMultipleField):
    """Several of a list, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class HeaderForm(wtforms.Form):
    """One custom header. A stored value is never put into the form: an empty one keeps it."""

    name = StringField(_l("Name"), [Length(max=100)], filters=[stripped])
    value = StringField(_l("Value"), render_kw={"autocomplete": "off", "spellcheck": "false"})
    is_secret = BooleanField(_l("Secret"))
    stored = HiddenField()
    """The name under which a value is stored; empty for a new header."""
    remove = BooleanField(_l("Remove"))

    def validate_name(self, field: StringField) -> None:
        if self.is_used and not self.keeps_value and (problem := headers.problem_with_name(text(field))):
            raise ValidationError(problem)

    def validate_value(self, field: StringField) -> None:
        if not self.is_used or (self.keeps_value and not text(field)):
            return
        if problem := headers.problem_with_value(text(field)):
            raise ValidationError(problem)

    @property
    def is_used(self) -> bool:
        return not self.remove.data and bool(text(self.name) or text(self.value))

    @property
    def looks_secret(self) -> bool:
        """Whether its name alone says that it is secret."""
        return headers.looks_secret(text(self.name))

    @property
    def keeps_value(self) -> bool:
        return bool(self.stored.data) and text(self.stored).casefold() == text(self.name).casefold()

    def header(self) -> Header:
        """What was typed; only after the form has validated."""
        name, value = text(self.name), text(self.value)
        is_secret = bool(self.is_secret.data) or self.looks_secret
        return Header(name, value or None, is_secret)


class WebhookForm(Form):
    """A webhook: where it delivers, what, of which channels, with which headers."""

    callback_url = URLField(
        _l("Callback URL"),
        [DataRequired(_l("Enter the URL that should receive the events."))],
        filters=[stripped],
        description=_l("%(Vendor)s sends a POST request here for each event. The URL must start with https://."),
        render_kw={"placeholder": "https://example.com/hooks/connexease", "autocomplete": "off"},
    )
    triggers = CheckboxesField(_l("Triggers"), validate_choice=False)
    channels = CheckboxesField(_l("Channels"), validate_choice=False)
    is_active = BooleanField(_l("Active"), default=True)
    headers = FieldList(FormField(HeaderForm), label=_l("Headers"))
    intent = HiddenField()

    webhook: KnownWebhook | None = None

    @property
    def leads_elsewhere(self) -> bool:
        """Whether a webhook that is being changed gets the address of another host."""
        return self.webhook is not None and host(self.webhook.callback_url) != host(text(self.callback_url))

    @property
    def _held_triggers(self) -> list[str]:
        return self.webhook.triggers if self.webhook else []

    def prepare(self, channels: Sequence[Channel], webhook: KnownWebhook | None) -> None:
        """Offer the account's channels and the triggers, those that only this webhook has included."""
        self.webhook = webhook
        known = [(trigger.name, trigger.name) for trigger in catalogue.CATALOGUE]
        unknown = [(name, name) for name in (webhook.unknown_triggers if webhook else [])]
        self.triggers.choices = [*known, *unknown]
        mine = {str(channel) for channel in (webhook.channels if webhook else [])}
        offered = [
            (str(c.connexease_uuid), c.label) for c in channels if not c.gone_at or str(c.connexease_uuid) in mine
        ]
        strays = mine - {uuid for uuid, _label in offered}
        self.channels.choices = [*offered, *((uuid, uuid) for uuid in sorted(strays))]
        self.intent.data = text(self.intent)[:64] or secrets.token_urlsafe(16)

    def fill(self, webhook: KnownWebhook) -> None:
        """Show what a webhook is now."""
        self.callback_url.data = webhook.callback_url
        self.triggers.data = webhook.triggers
        self.channels.data = [str(channel) for channel in webhook.channels]
        self.is_active.data = webhook.is_active
        for name in webhook.header_names:
            secret = name in webhook.row.secret_headers or headers.looks_secret(name)
            self.headers.append_entry({"name": name, "stored": name, "is_secret": secret})

    def add_blank_headers(self, count: int = BLANK_ROWS) -> None:
        """Room for more headers, where there is none left."""
        blank = sum(1 for row in self.headers if not (row.form.is_used or row.form.stored.data))
        room = headers.MAX_HEADERS - len(self.headers)
        for _row in range(min(count - blank, room)):
            self.headers.append_entry()

    @property
    def first_blank_header(self) -> int:
        """The number of the first header that nothing was entered for; of the last one where there is none."""
        rows = [row.form for row in self.headers]
        blank = (number for number, row in enumerate(rows, 1) if not (row.is_used or row.stored.data))
        return next(blank, len(rows))

    def validate_callback_url(self, field: URLField) -> None:
        if problem := callback_addresses.problem_with(text(field)):
            raise ValidationError(problem)
        if is_helping() and self.leads_elsewhere and any(map(catalogue.tells_of_customers, self._held_triggers)):
            raise ValidationError(
                _(
                    "This webhook carries what customers write, so only the account's own team can point it "
                    "to another host."
                )
            )

    def validate_triggers(self, field: CheckboxesField) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one trigger."))
        self._refuse_strangers(field)
        added = [name for name in field.data if name not in self._held_triggers]
        if is_helping() and (named := [name for name in added if catalogue.tells_of_customers(name)]):
            raise ValidationError(
                _(
                    "These triggers carry what customers write, so only the account's own team can add "
                    "them: %(triggers)s.",
                    triggers=", ".join(named),
                )
            )

    def validate_channels(self, field: CheckboxesField) -> None:
        self._refuse_strangers(field)

    def validate_headers(self, field: wtforms.Field) -> None:
        names = [row.form.header().name.casefold() for row in self.headers if row.form.is_used]
        if len(names) != len(set(names)):
            raise ValidationError(_("Enter each header only once."))
        if len(names) > max(headers.MAX_HEADERS, len(self.webhook.header_names) if self.webhook else 0):
            raise ValidationError(_("Enter no more than %(count)d headers.", count=headers.MAX_HEADERS))
        if self.leads_elsewhere and any(row.form.is_used and not text(row.form.value) for row in self.headers):
            # Whoever may change the address could otherwise have the stored secrets sent to themselves.
            raise ValidationError(
                _(
                    "The URL now points to another host. Enter the stored header values again, or remove "
                    "these headers."
                )
            )

    def desired(self) -> DesiredWebhook:
        """What was entered; only after the form has validated."""
        return DesiredWebhook(
            callback_url=text(self.callback_url),
            triggers=list(self.triggers.data or []),
            channels=self.chosen_channels(),
            is_active=bool(self.is_active.data),
            headers=[row.form.header() for row in self.headers if row.form.is_used],
        )

    def chosen_channels(self) -> list[UUID]:
        chosen = []
        for value in self.channels.data or []:
            with suppress(ValueError):
                chosen.append(UUID(value))
        return chosen

    def _refuse_strangers(self, field: CheckboxesField) -> None:
        offered = {choice[0] for choice in field.choices or []}
        if any(value not in offered for value in field.data or []):
            raise ValidationError(
                _("One of your choices is no longer available. Reload the page and choose again.")
            )


class TestForm(Form):
    """Which trigger to send a sample of."""

    trigger = Choice(_l("Sample event"))
