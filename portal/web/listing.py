"""What list pages share: the filter in the address, a place in the list, news of newer rows, a file."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Response, request, stream_with_context
from werkzeug.datastructures import MultiDict
from wtforms import DateTimeLocalField
from wtforms.validators import Optional, ValidationError

from portal.db.keyset import HIGHEST, MOST_COUNTED
from portal.i18n import _, _l
from portal.models import now
from portal.web import csv_export, htmx
from portal.web.forms import Choice, Form

RANGES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
FIRST_WAIT, LONGEST_WAIT = 5, 30
"""Seconds between two looks for newer rows: they grow while nothing comes."""


class LocalTime(DateTimeLocalField):
    """A day and a time of it; the refusal of anything else is in our own words, which are translated."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter a date and time, for example 2026-03-31 14:30.")) from None


class FilterForm(Form):
    """A filter that is sent with GET, so that what is seen has an address."""

    class Meta:
        csrf = False  # it changes nothing

    @property
    def arguments(self) -> dict[str, str]:
        """What was chosen, for an address: nothing that was left empty."""
        chosen = {field.name: field.raw_data[0] for field in self if field.raw_data}
        return {name: value for name, value in chosen.items() if value}

    def context(self, path: str) -> dict[str, Any]:
        """What the templates of a list at this path need to know of its filter."""
        query = urlencode(self.arguments)
        return {"form": self, "arguments": self.arguments, "address": f"{path}?{query}" if query else path}


class PeriodForm(FilterForm):
    """A filter that narrows by time too."""

    range = Choice(_l("When"))
    # Translators: the beginning of a span of time
    since = LocalTime(_l("From"), [Optional()])
    # Translators: the end of a span of time
    until = LocalTime(_l("Until"), [Optional()])

    def offer_ranges(self) -> None:
        """Name the times to choose from."""
        self.range.choices = {
            "": _("Any time"),
            "hour": _("Last hour"),
            "day": _("Last 24 hours"),
            "week": _("Last 7 days"),
        }

    def validate_since(self, field: DateTimeLocalField) -> None:
        _refuse_far_times(field.data)

    def validate_until(self, field: DateTimeLocalField) -> None:
        _refuse_far_times(field.data)
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("Enter a time after the start."))

    def period(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """From when on and until when, which is not included; what was typed is taken in the zone."""
        starts = [_instant(self.since.data, zone)] if self.since.data else []
        if self.range.data in RANGES:
            starts.append(now() - RANGES[self.range.data])
        until = _instant(self.until.data, zone) + timedelta(minutes=1) if self.until.data else None
        return max(starts, default=None), until


def as_sent(
    arguments: MultiDict[str, Any], names: Iterable[str], others: Iterable[str] = ("since", "until")
) -> MultiDict[str, Any]:
    """The fields of a filter as they were sent. `names` that were not sent are empty, and `others` missing."""
    sent = dict.fromkeys(names, "")
    sent |= {name: arguments[name] for name in (*sent, *others) if arguments.get(name)}
    return MultiDict(sent)


def number(name: str) -> int:
    """A row's number from the address; 0 for none and for what is no number."""
    return max(0, min(request.args.get(name, 0, int), HIGHEST))


def refused(template: str, context: dict[str, Any]) -> Response:
    """The list's page, or its block for htmx, where the filter cannot mean anything."""
    return htmx.page(template, "log", 422, **context, page=None)


def shown(template: str, context: dict[str, Any]) -> Response:
    """The list's page, or its block for htmx, at the address of its filter."""
    response = htmx.page(template, "log", 200, **context)
    response.headers["HX-Push-Url"] = context["address"]
    return response


def news(than: object, count: int = 0, wait: int = FIRST_WAIT) -> dict[str, Any]:
    """How many rows are newer than the one that somebody reads, and after how many seconds to ask again."""
    return {"than": than, "count": count, "wait": wait, "most": MOST_COUNTED}


def more_news(than: object, count: int) -> dict[str, Any]:
    """The same for a page that asked again: it waits longer each time nothing came."""
    waited = max(FIRST_WAIT, request.args.get("wait", FIRST_WAIT, int))
    return news(than, count, FIRST_WAIT if count else min(LONGEST_WAIT, waited * 2))


def download(name: str, lines: Iterator[str]) -> Response:
    """A CSV file that is sent while it is made."""
    response = Response(lines, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def export(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A list as a CSV file with today's date in its name."""
    return download(f"{name}-{now():%Y-%m-%d}", stream_with_context(csv_export.lines(head, rows)))


def _instant(local: datetime, zone: str) -> datetime:
    """A time of day in the zone, to the minute."""
    return local.replace(second=0, microsecond=0, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _refuse_far_times(time: datetime | None) -> None:
    if time is not None and not 2000 <= time.year <= 2100:
        raise ValidationError(_("Enter a year between 2000 and 2100."))
