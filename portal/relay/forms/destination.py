"""The form of a destination."""

import secrets
from collections.abc import Iterable

from wtforms import BooleanField, Field, HiddenField, IntegerField, StringField, URLField
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from portal.connexease import triggers as catalogue
from portal.i18n import _, _l
from portal.messages.reports import parsing
from portal.models import Channel, Destination
from portal.relay import conditions
from portal.relay.destinations import Wish
from portal.relay.forms.condition import FormWithConditions
from portal.web.forms import stripped, text
from portal.web.rendering.template_context import host
from portal.webhooks.forms import CheckboxesField
from portal.webhooks.rules import callback_addresses

MOST_A_SECOND = 500

GATEWAY_WORDS = {
    parsing.STATUS: _l("The status of a sent message changed"),
    parsing.INBOUND: _l("A customer wrote, reported by the gateway"),
    parsing.PREFERENCE: _l("A customer changed which messages they want"),
    parsing.TEMPLATE: _l("The status of a template changed"),
    parsing.ACCOUNT: _l("The WhatsApp account or a number changed"),
    parsing.OTHER: _l("Anything else that the gateway reports"),
}


class DestinationForm(FormWithConditions):
    """A destination: where its events go, and which."""

    intent = HiddenField()
    name = StringField(
        _l("Name"),
        [DataRequired(_l("Enter a name.")), Length(max=80)],
        filters=[stripped],
        description=_l("For you, to tell destinations apart, for example “Order system”."),
    )
    url = URLField(
        _l("URL"),
        [DataRequired(_l("Enter the URL that receives the events."))],
        filters=[stripped],
        description=_l("Your server's address. It must begin with https://."),
        render_kw={"translate": "no", "autocomplete": "off"},
    )
    kinds = CheckboxesField(_l("Events"), validate_choice=False)
    channels = CheckboxesField(_l("Channels"), validate_choice=False)
    rate = IntegerField(
        _l("Events per second, at most"),
        [Optional(), NumberRange(1, MOST_A_SECOND, _l("Enter a number from 1 to 500."))],
        description=_l("Leave this empty to receive events as fast as your server accepts them."),
    )

    has_public_key = BooleanField(_l("Also sign events with a key pair (v1a)"))

    destination: Destination | None = None

    @property
    def held_headers(self) -> list[str]:
        return [header["name"] for header in (self.destination.headers if self.destination else [])]

    @property
    def leads_elsewhere(self) -> bool:
        return self.destination is not None and host(self.destination.url) != host(text(self.url))

    def prepare(self, channels: Iterable[Channel], destination: Destination | None) -> None:
        """Offer every kind of event, and the account's channels."""
        self.destination = destination
        offered = [*(trigger.name for trigger in catalogue.CATALOGUE), *parsing.KINDS]
        held = [kind for kind in (destination.kinds if destination else []) if kind not in offered]
        self.kinds.choices = [(name, name) for name in [*offered, *held]]
        mine = set(destination.channels if destination else [])
        known = [
            (str(c.connexease_uuid), c.label) for c in channels if not c.gone_at or str(c.connexease_uuid) in mine
        ]
        strays = mine - {uuid for uuid, _label in known}
        self.channels.choices = [*known, *((uuid, uuid) for uuid in sorted(strays))]
        self.intent.data = text(self.intent)[:64] or secrets.token_urlsafe(16)

    def fill(self, destination: Destination) -> None:
        """Show what a destination is now."""
        self.name.data, self.url.data, self.rate.data = destination.name, destination.url, destination.rate
        self.kinds.data, self.channels.data = destination.kinds, destination.channels
        self.has_public_key.data = destination.public_key is not None
        self.fill_headers((header["name"], header["is_secret"]) for header in destination.headers)
        self.fill_conditions(conditions.of(destination))

    def validate_url(self, field: URLField) -> None:
        if problem := callback_addresses.problem_with(text(field)):
            raise ValidationError(problem)

    def validate_kinds(self, field: CheckboxesField) -> None:
        if not field.data:
            raise ValidationError(_("Choose at least one event."))
        self._refuse_strangers(field)

    def validate_channels(self, field: CheckboxesField) -> None:
        self._refuse_strangers(field)

    def validate_headers(self, field: Field) -> None:
        super().validate_headers(field)
        ours = [name for header in self.typed_headers() if (name := header.name).casefold().startswith("webhook-")]
        if ours:
            raise ValidationError(_("%(name)s carries our signature. Enter another name.", name=ours[0]))

    def wish(self) -> Wish:
        """What was entered; only after the form has validated."""
        return Wish(
            name=text(self.name),
            url=text(self.url),
            kinds=list(self.kinds.data or []),
            channels=list(self.channels.data or []),
            rate=self.rate.data,
            headers=self.typed_headers(),
            conditions=self.typed_conditions(),
            has_public_key=bool(self.has_public_key.data),
        )

    def _refuse_strangers(self, field: CheckboxesField) -> None:
        offered = {choice[0] for choice in field.choices or []}
        if any(value not in offered for value in field.data or []):
            raise ValidationError(_("One of these no longer exists. Reload the page."))


def meanings() -> dict[str, str]:
    """What each kind of event tells of, in the visitor's language."""
    return {trigger.name: _(trigger.meaning) for trigger in catalogue.CATALOGUE} | {
        kind: str(words) for kind, words in GATEWAY_WORDS.items()
    }
