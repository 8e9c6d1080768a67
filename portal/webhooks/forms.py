"""The webhook form."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from wtforms import BooleanField, HiddenField, SelectMultipleField, URLField
from wtforms.validators import DataRequired, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.connexease import triggers as catalogue
from portal.i18n import _, _l
from portal.models import Channel
from portal.web.access import is_helping
from portal.web.forms import Choice, Form, stripped, text
from portal.web.rendering.template_context import host
from portal.webhooks.desired import DesiredWebhook
from portal.webhooks.header_fields import FormWithHeaders
from portal.webhooks.rules import callback_addresses
from portal.webhooks.rules.headers import looks_secret
from portal.webhooks.snapshot import KnownWebhook


class CheckboxesField(SelectMultipleField):
    """Several of a list, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class WebhookForm(FormWithHeaders):
    """A webhook: where it delivers, what, of which channels, with which headers."""

    callback_url = URLField(
        _l("Callback URL"),
        [DataRequired(_l("Enter the URL that should receive the events."))],
        filters=[stripped],
        description=_l("%(Vendor)s sends a POST request here for each event. The URL must start with https://."),
        render_kw={"placeholder": "https://example.com/hooks/whatsapp", "autocomplete": "off"},
    )
    triggers = CheckboxesField(_l("Triggers"), validate_choice=False)
    channels = CheckboxesField(_l("Channels"), validate_choice=False)
    is_active = BooleanField(_l("Active"), default=True)
    intent = HiddenField()

    webhook: KnownWebhook | None = None

    @property
    def held_headers(self) -> list[str]:
        return self.webhook.header_names if self.webhook else []

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
        secret = webhook.row.secret_headers
        self.fill_headers((name, name in secret or looks_secret(name)) for name in webhook.header_names)

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

    def desired(self) -> DesiredWebhook:
        """What was entered; only after the form has validated."""
        return DesiredWebhook(
            callback_url=text(self.callback_url),
            triggers=list(self.triggers.data or []),
            channels=self.chosen_channels(),
            is_active=bool(self.is_active.data),
            headers=self.typed_headers(),
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
