"""What a campaign is called, and whom it goes to."""

import secrets
from typing import BinaryIO, cast

from flask_wtf.file import FileField
from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import DataRequired, Length

from portal.campaigns.drafting import Asked
from portal.i18n import _, _l
from portal.models import Audience, Campaign
from portal.web.forms import Form, stripped, text

TOO_LONG = _l("This is too long.")


class PeopleForm(Form):
    """A new campaign, or other people for one."""

    name = StringField(
        _l("Name"),
        [DataRequired(_l("Enter a name.")), Length(max=80, message=TOO_LONG)],
        filters=[stripped],
        description=_l("Only your team sees it."),
        render_kw={"autocomplete": "off"},
    )
    audience = RadioField(
        # Translators: the people whom a campaign goes to
        _l("Recipients"),
        choices=lambda: [
            (Audience.FILE.value, _("People in a CSV file")),
            (Audience.CONTACTS.value, _("Your contacts")),
        ],
        default=Audience.FILE.value,
        validate_choice=False,
    )
    file = FileField(
        _l("CSV file"),
        description=_l(
            "Up to 100,000 rows and 30 MB. The first row names the columns. One column holds the phone numbers."
        ),
        render_kw={"accept": ".csv,.txt,text/csv"},
    )
    tag = StringField(
        _l("Tag"),
        [Length(max=40, message=TOO_LONG)],
        filters=[stripped],
        description=_l("The campaign goes to all contacts that have this tag. Leave it empty for all contacts."),
        render_kw={"autocomplete": "off"},
    )
    intent = HiddenField()

    def begin(self) -> None:
        """Mark an empty form, so that it makes one campaign however often it is sent."""
        self.intent.data = text(self.intent)[:64] or secrets.token_urlsafe(16)

    def show(self, campaign: Campaign) -> None:
        """Fill the form with what is known."""
        self.name.data, self.audience.data, self.tag.data = campaign.name, campaign.audience.value, campaign.tag

    @property
    def chosen(self) -> Audience:
        return Audience.CONTACTS if self.audience.data == Audience.CONTACTS else Audience.FILE

    def asked(self) -> Asked:
        """What was chosen; only after the form has validated."""
        upload = self.file.data if hasattr(self.file.data, "stream") else None
        file = cast(BinaryIO, upload.stream) if upload and upload.filename else None
        name = (upload.filename or "") if upload else ""
        tag = text(self.tag) if self.chosen == Audience.CONTACTS else ""
        return Asked(text(self.name), self.chosen, tag, file if self.chosen == Audience.FILE else None, name)
