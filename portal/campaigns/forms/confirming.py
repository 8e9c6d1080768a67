"""When and how fast a campaign is sent, and when it pauses by itself."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from wtforms import BooleanField, HiddenField, IntegerField, TimeField
from wtforms.validators import InputRequired, NumberRange, Optional

from portal.campaigns.confirming import Wishes
from portal.i18n import _, _l
from portal.models import Campaign
from portal.web.forms import Form
from portal.web.listing import LocalTime

_PER_CENT = _l("Enter a number from 1 to 100.")


class _Number(IntegerField):
    """A number; the refusal of anything else is in our own words, which are translated."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter a whole number.")) from None


class _TimeOfDay(TimeField):
    """A time of day; the same."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter a time, for example 21:00.")) from None


class ConfirmForm(Form):
    """The last step before a campaign is sent."""

    with_recent = BooleanField(_l("Also send to people who got this template in the last 7 days"))
    starts_at = LocalTime(
        # Translators: when a campaign begins to be sent
        _l("Start (optional)"),
        [Optional()],
        description=_l("Leave it empty to start now."),
    )
    ends_at = LocalTime(
        # Translators: when a campaign stops being sent
        _l("End (optional)"),
        [Optional()],
        description=_l("Nothing is sent after this time. Anyone not reached by then is skipped."),
    )
    quiet_from = _TimeOfDay(_l("Quiet hours from (optional)"), [Optional()])
    quiet_until = _TimeOfDay(_l("Quiet hours until (optional)"), [Optional()])
    rate = _Number(
        _l("Messages per second (optional)"),
        [Optional(), NumberRange(1, 1000, _l("Enter a number from 1 to 1,000."))],
        description=_l("Leave it empty to send as fast as your API key allows."),
        render_kw={"inputmode": "numeric"},
    )
    most_failures = _Number(
        _l("Pause above this share of failed messages (percent)"),
        [InputRequired(_PER_CENT), NumberRange(1, 100, _PER_CENT)],
        default=20,
        render_kw={"inputmode": "numeric"},
    )
    most_opt_outs = _Number(
        _l("Pause above this share of opt-outs (percent)"),
        [InputRequired(_PER_CENT), NumberRange(1, 100, _PER_CENT)],
        default=5,
        render_kw={"inputmode": "numeric"},
    )
    seen = HiddenField()
    """What was looked at."""
    people = HiddenField()
    """How many people the button named."""

    def show(self, campaign: Campaign) -> None:
        """What counts where nobody says otherwise."""
        self.most_failures.data, self.most_opt_outs.data = campaign.most_failures, campaign.most_opt_outs

    def wishes(self, zone: str) -> Wishes:
        """What was chosen, as far as it means something."""
        return Wishes(
            with_recent=bool(self.with_recent.data),
            starts_at=_instant(self.starts_at.data, zone),
            ends_at=_instant(self.ends_at.data, zone),
            quiet_from=_minutes(self.quiet_from.data),
            quiet_until=_minutes(self.quiet_until.data),
            rate=self.rate.data,
            most_failures=self.most_failures.data or Wishes.most_failures,
            most_opt_outs=self.most_opt_outs.data or Wishes.most_opt_outs,
        )


def _instant(local: datetime | None, zone: str) -> datetime | None:
    if local is None or not 2000 <= local.year <= 2100:
        return None
    return local.replace(second=0, microsecond=0, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _minutes(at: time | None) -> int | None:
    return at.hour * 60 + at.minute if at is not None else None
