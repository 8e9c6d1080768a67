"""The event log's pages."""

from typing import Any

from flask import Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.channels import snapshot
from portal.events import also_shown, bodies, log, reading
from portal.events import export as log_export
from portal.events.blueprint import blueprint
from portal.events.forms import FilterForm, filter_form, state_words
from portal.events.processing import batches
from portal.extensions import settings
from portal.i18n import _
from portal.models import Account, Channel, Delivery, DeliveryState
from portal.web import access, htmx, listing
from portal.web.access import BUILDERS, LOOKERS

ROOT = "/accounts/<uuid:account_id>/events/"


@blueprint.get(ROOT)
@access.account_page(*LOOKERS, staff=True, set_up=True)
def index(account: Account) -> ResponseReturnValue:
    """The log, newest first, or the part of it that was asked for."""
    channels = snapshot.channels_of(account)
    form = _form(account, channels)
    if not form.validate():
        return listing.refused("events/index.html", _context(account, form, channels))
    page = log.page(account, form.filter(account), listing.number("before"), listing.number("after"))
    news = listing.news(page.newest or log.newest_id(account))
    return listing.shown("events/index.html", {**_context(account, form, channels), **news, "page": page})


@blueprint.get(f"{ROOT}newer")
@access.account_page(*LOOKERS, staff=True)
def newer(account: Account) -> ResponseReturnValue:
    """How many events came that are newer than those that somebody reads; the page asks again by itself.

    A log that was empty is shown again as soon as there is something in it.
    """
    channels = snapshot.channels_of(account)
    form = _form(account, channels)
    if not form.validate():
        abort(400)
    than, context = listing.number("than"), _context(account, form, channels)
    count = log.count_newer(account, form.filter(account), than)
    if count and request.args.get("than") == "0" and not form.arguments:
        return htmx.redirect(context["address"])  # the log was empty: nobody reads anything that could move
    return htmx.page("events/_newer.html", None, 200, **context, **listing.more_news(than, count))


@blueprint.get(f"{ROOT}export.csv")
@access.account_page(*LOOKERS)
def export(account: Account) -> ResponseReturnValue:
    """What the filter shows, as a file."""
    channels = snapshot.channels_of(account)
    form = _form(account, channels)
    if not form.validate():
        return htmx.redirect(_context(account, form, channels)["address"])
    return listing.download("events", log_export.export(access.person_or_401(), account, form.filter(account)))


@blueprint.get(f"{ROOT}<int:event_id>")
@access.account_page(*LOOKERS, staff=True)
def event(account: Account, event_id: int) -> ResponseReturnValue:
    """One event: what came, what became of it, and its repeats."""
    delivery = _delivery_or_404(account, event_id)
    first = log.first_of(account, delivery)
    return htmx.page(
        "events/event.html",
        account=account,
        event=delivery,
        body=bodies.show(delivery.body) if _may_read(delivery) else None,
        first=first,
        repeats=log.repeats_of(delivery),
        sections=also_shown.sections(account, delivery),
        names=_names(snapshot.channels_of(account)),
        line=reading.lines(),
        state_words=state_words(),
    )


@blueprint.get(f"{ROOT}<int:event_id>/body")
@access.account_page(*LOOKERS)
def body(account: Account, event_id: int) -> ResponseReturnValue:
    """What came, whole, as a file: never as a page, since it may be anything."""
    delivery = _delivery_or_404(account, event_id)
    if not _may_read(delivery):
        abort(404)
    response = Response(delivery.body, mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="event-{event_id}.json"'
    return response


@blueprint.post(f"{ROOT}<int:event_id>/process")
@access.account_page(*BUILDERS, staff=True)
def process_again(account: Account, event_id: int) -> ResponseReturnValue:
    """Try once more what failed."""
    batches.process_again(access.person_or_401(), account, _delivery_or_404(account, event_id))
    if _delivery_or_404(account, event_id).state == DeliveryState.FAILED:
        flash(
            _("Processing failed again. Try later. If it keeps failing, contact us with the event's number."),
            "danger",
        )
    else:
        flash(_("The event was processed."))
    return htmx.redirect(url_for("events.event", account_id=account.id, event_id=event_id))


def _may_read(delivery: Delivery) -> bool:
    """Whether this visitor may see a body: staff see none, and what the gateway tells of messages few do."""
    if access.is_helping():
        return False
    return reading.may_read_messages() or not log.is_gateways(delivery)


def _form(account: Account, channels: list[Channel]) -> FilterForm:
    return filter_form(account, channels, request.args)


def _context(account: Account, form: FilterForm, channels: list[Channel]) -> dict[str, Any]:
    return {
        "account": account,
        **form.context(url_for("events.index", account_id=account.id)),
        "names": _names(channels),
        "line": reading.lines(),
        "state_words": state_words(),
        "days": settings().event_retention_days,
    }


def _names(channels: list[Channel]) -> dict[Any, str]:
    return {channel.connexease_uuid: channel.label for channel in channels}


def _delivery_or_404(account: Account, event_id: int) -> Delivery:
    delivery = log.find(account, event_id)
    if delivery is None:
        abort(404)
    return delivery
