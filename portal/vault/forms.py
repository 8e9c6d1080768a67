"""The vault's forms."""

import re
import secrets
from datetime import datetime, timedelta

from markupsafe import Markup
from wtforms import BooleanField, Field, HiddenField, StringField
from wtforms.validators import DataRequired, Length, ValidationError
from wtforms.widgets import TextInput

from portal.i18n import _, _l
from portal.identity.forms import PasswordForm
from portal.models import now
from portal.vault import gateway_keys
from portal.web.forms import Choice, Form, stripped, text

HOUR, DAY = 3600, 86400
NAME_LIMIT = 80


def _next_name(name: str) -> str:
    """Another name for what takes something's place: `Shop`, `Shop 2`, `Shop 3`."""
    if not name:
        return ""
    stem, _space, number = name.rpartition(" ")
    after = f"{stem} {int(number) + 1}" if stem and re.fullmatch(r"[0-9]{1,3}", number) else f"{name} 2"
    return after if len(after) <= NAME_LIMIT else name


class NameForm(Form):
    """A name of the customer's own."""

    name = StringField(
        _l("Name"),
        [DataRequired(_l("Enter a name.")), Length(max=NAME_LIMIT, message=_l("Use at most 80 characters."))],
        filters=[stripped],
        description=_l("What uses it, for example “Order system”. The name is only shown here."),
        render_kw={"maxlength": NAME_LIMIT, "autocomplete": "off"},
    )


class IntentForm(Form):
    """A form that does its work once, however often it is sent."""

    intent = HiddenField()

    def prepare(self) -> None:
        """Mark a form that is shown for the first time."""
        self.validate_intent(self.intent)

    def validate_intent(self, field: HiddenField) -> None:
        """A form that comes without a mark, as from a script, is one of its own."""
        field.data = text(field)[:64] or secrets.token_urlsafe(16)


class TokenForm(IntentForm, NameForm):
    """A new access token."""

    keep = BooleanField(
        _l("Keep the key in the vault"),
        default=True,
        description=_l(
            "We encrypt it, and show it again after you enter your password. Otherwise, we show it once."
        ),
    )


class RotateForm(TokenForm):
    """A new token in the place of another one."""

    ends = Choice(
        _l("Old token"),
        choices=lambda: [
            ("", _("keep until I revoke it")),
            (str(HOUR), _("revoke after an hour")),
            (str(DAY), _("revoke after a day")),
            (str(7 * DAY), _("revoke after a week")),
        ],
    )

    is_ours = False

    def replace(self, name: str, is_ours: bool) -> None:
        """Say what is replaced, and whether the portal uses it itself."""
        self.is_ours = is_ours
        if not self.is_submitted():
            self.name.data = _next_name(name)

    def validate_keep(self, field: BooleanField) -> None:
        if self.is_ours and not field.data:
            raise ValidationError(_("We use this token to load your templates, so keep the new key in the vault."))

    def revoke_at(self) -> datetime | None:
        """When the old token's time is over; none while it stays."""
        return now() + timedelta(seconds=int(self.ends.data)) if self.ends.data else None


class HandOverForm(IntentForm, PasswordForm):
    """A link that shows the key once."""

    note = StringField(
        _l("Recipient"),
        [
            DataRequired(_l("Enter who the link is for.")),
            Length(max=120, message=_l("Use at most 120 characters.")),
        ],
        filters=[stripped],
        description=_l("For your own records, for example “Deniz at the agency”."),
        render_kw={"maxlength": 120, "autocomplete": "off"},
    )
    lifetime = Choice(
        _l("Link expires after"),
        choices=lambda: [(str(HOUR), _("1 hour")), (str(DAY), _("1 day")), (str(7 * DAY), _("1 week"))],
        default=str(DAY),
    )

    def lasts(self) -> timedelta:
        return timedelta(seconds=int(self.lifetime.data))


class TypedForm(Form):
    """Something that cannot be undone: the name is typed first."""

    typed = StringField(
        _l("Type the name to confirm"),
        filters=[stripped],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    wanted = ""

    def expect(self, name: str) -> None:
        """Say what has to be typed."""
        self.wanted = name

    def validate_typed(self, field: StringField) -> None:
        if " ".join(text(field).split()).casefold() != " ".join(self.wanted.split()).casefold():
            raise ValidationError(_("Type “%(name)s” to confirm.", name=self.wanted))


class PastedInput(TextInput):
    """A field that a page never sends back: what was pasted is a secret."""

    def __call__(self, field: Field, **kwargs: object) -> Markup:
        return super().__call__(field, **(kwargs | {"value": ""}))


class PastedKeyForm(Form):
    """A gateway API key, as it was copied."""

    key = StringField(
        _l("API key"),
        [DataRequired(_l("Paste the API key."))],
        filters=[stripped],
        widget=PastedInput(),
        description=_l(
            "Copy it from the gateway's dashboard. We don't show it here again, so if the form reports a problem, "
            "paste the key again."
        ),
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"},
    )

    def validate_key(self, field: StringField) -> None:
        if problem := gateway_keys.problem_with(text(field)):
            raise ValidationError(problem)


class KeyUseForm(Form):
    """What a gateway key is for: nothing about the key itself tells."""

    is_trial = BooleanField(
        _l("This is a test key"),
        description=_l("Messages with this key start in test mode, so they aren't sent to WhatsApp."),
    )


class GatewayKeyForm(NameForm, PastedKeyForm, KeyUseForm):
    """A gateway API key for the vault."""
