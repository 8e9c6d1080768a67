"""The forms of what is done with a destination: testing it, and sending events to it again."""

import secrets

from wtforms import HiddenField, IntegerField
from wtforms.validators import DataRequired, NumberRange

from portal.i18n import _, _l
from portal.models import Destination
from portal.web.forms import Choice, Form, text


class TestForm(Form):
    """Which kind of event to send a sample of."""

    __test__ = False

    kind = Choice(_l("Kind of event"))


class ReplayForm(Form):
    """Which events to send again."""

    intent = HiddenField()
    which = Choice(_l("Which events"))
    kind = Choice(_l("Kind of event"), render_kw={"translate": "no"})
    hours = Choice(_l("Received in"))
    rate = IntegerField(
        _l("Events per second"),
        [
            DataRequired(_l("Enter a number from 1 to 100.")),
            NumberRange(1, 100, _l("Enter a number from 1 to 100.")),
        ],
        default=10,
    )

    def prepare(self, destination: Destination) -> None:
        """Offer the kinds that the destination takes."""
        self.which.choices = {"failed": _("Only those that weren't delivered"), "all": _("All of them")}
        self.kind.choices = {"": _("Any")} | {kind: kind for kind in destination.kinds}
        self.hours.choices = {
            "1": _("the last hour"),
            "24": _("the last 24 hours"),
            "72": _("the last 3 days"),
            "168": _("the last 7 days"),
            "0": _("all the time that events are kept"),
        }
        self.intent.data = text(self.intent)[:64] or secrets.token_urlsafe(16)
