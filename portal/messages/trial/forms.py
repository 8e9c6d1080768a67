"""The form that begins a check."""

import secrets
from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, HiddenField, StringField

from portal.i18n import _, _l
from portal.models import Credential
from portal.vault import keys
from portal.web.forms import Choice, Form, stripped, text


class CheckForm(Form):
    """Which keys, and whether a real message goes out too."""

    to = StringField(
        _l("Your own WhatsApp number"),
        filters=[stripped],
        description=_l("We send nothing to it unless you ask for a real message."),
        render_kw={"autocomplete": "tel", "inputmode": "tel", "maxlength": 120, "dir": "ltr"},
    )
    credential = Choice(_l("API key"))
    wants_real = BooleanField(
        _l("Also send a real message"),
        description=_l(
            "We send one message per API key to your number, at the usual cost. First write to your business "
            "number from that phone: WhatsApp delivers text only within 24 hours after that."
        ),
    )
    intent = HiddenField()

    def offer(self, credentials: Sequence[Credential], chosen: str = "") -> None:
        """The keys to choose from."""
        each = [(str(row.id), keys.label(row)) for row in credentials]
        self.credential.choices = [("", _("All API keys")), *each] if len(each) > 1 else each
        if not self.is_submitted():
            self.credential.data = chosen if chosen in dict(self.credential.choices) else each[0][0]
            if len(each) > 1 and not chosen:
                self.credential.data = ""
        self.intent.data = text(self.intent)[:64] or secrets.token_urlsafe(16)

    def chosen(self, credentials: Sequence[Credential]) -> list[Credential]:
        """The keys that are meant."""
        wanted: Any = self.credential.data
        return [row for row in credentials if wanted in ("", str(row.id))]
