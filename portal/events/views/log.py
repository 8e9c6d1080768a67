"""The event log's pages."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.channels import snapshot
from portal.events import bodies, log, processing
from portal.events.blueprint import blueprint
from portal.events.forms import STATE_WORDS, FilterForm, filter_form
from portal.extensions import settings
from portal.i18n import _
from portal.models import Account, Delivery, DeliveryState
from portal.web import access, htmx
from portal.web.access import BUILDERS, LOOKERS

ROOT = "/accounts/<uuid:account_id>/events/"
FIRST_WAIT, LONGEST_WAIT = 5, 30
"""Seconds between two looks for newer events: they grow while nothing comes."""


@blueprint.get(ROOT)
@access.account_page(*LOOKERS, staff=True, set_up=True)
def index(account: Account) -> ResponseReturnValue:
    """The log, newest first, or the part of it that was asked for."""
    form = _form(account)
    if not form.validate():
        return htmx.page("events/index.html", "log", 422, **_context(account, form), page=None)
    page = _page(account, form)
    news = {"than": page.newest or log.newest_id(account), "count": 0, "wait": FIRST_WAIT}
    context = {**_context(account, form), **news, "page": page}
    response = htmx.page("events/index.html", "log", 200, **context)
    response.headers["HX-Push-Url"] = context["address"]
    return response


@blueprint.get(f"{ROOT}newer")
@access.account_page(*LOOKERS, staff=True)
def newer(account: Account) -> ResponseReturnValue:
    """How many events came that are newer than those that somebody reads; the page asks again by itself.

    A log that was empty is shown again as soon as there is something in it.
    """
    form = _form(account)
    if not form.validate():
        abort(400)
    than, wait = _number("than"), request.args.get("wait", FIRST_WAIT, int)
    count = log.count_newer(account, form.filter(account), than)
    if count and request.args.get("than") == "0" and not form.arguments:
        return htmx.redirect(_address(account, form))  # the log was empty: nobody reads anything that could move
    longer = FIRST_WAIT if count else min(LONGEST_WAIT, max(FIRST_WAIT, wait) * 2)
    context = {**_context(account, form), "than": than, "count": count, "wait": longer}
    return htmx.page("events/_newer.html", None, 200, **context)


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
        names=_names(account),
        state_words=STATE_WORDS,
    )


@blueprint.post(f"{ROOT}<int:event_id>/process")
@access.account_page(*BUILDERS, staff=True)
def process_again(account: Account, event_id: int) -> ResponseReturnValue:
    """Try once more what failed."""
    processing.process_again(access.person_or_401(), account, _delivery_or_404(account, event_id))
    if _delivery_or_404(account, event_id).state == DeliveryState.FAILED:
        flash(_("It failed again. If it stays so, tell us the number of this event."), "danger")
    else:
        flash(_("The event was processed."))
    return htmx.redirect(url_for("events.event", account_id=account.id, event_id=event_id))


def _may_read(delivery: Delivery) -> bool:
    """Whether this visitor may see a body: staff see none, and what the gateway tells of messages few do."""
    if access.is_helping():
        return False
    return access.may_enter("compose.export") or not processing.is_gateways(delivery)


def _form(account: Account) -> FilterForm:
    return filter_form(account, snapshot.channels_of(account), request.args)


def _page(account: Account, form: FilterForm) -> log.Page:
    wanted = form.filter(account)
    if before := _number("before"):
        return log.older(account, wanted, before)
    if after := _number("after"):
        return log.newer(account, wanted, after)
    return log.newest(account, wanted)


def _number(name: str) -> int:
    """An event's number from the address; 0 for none and for what is no number."""
    return max(0, min(request.args.get(name, 0, int), log.HIGHEST))


def _context(account: Account, form: FilterForm) -> dict[str, Any]:
    return {
        "account": account,
        "form": form,
        "arguments": form.arguments,
        "address": _address(account, form),
        "most": log.MOST_COUNTED,
        "names": _names(account),
        "state_words": STATE_WORDS,
        "days": settings().event_retention_days,
    }


def _address(account: Account, form: FilterForm) -> str:
    """The log as it is filtered, without what was left empty."""
    path = url_for("events.index", account_id=account.id)
    return f"{path}?{urlencode(form.arguments)}" if form.arguments else path


def _names(account: Account) -> dict[Any, str]:
    return {channel.connexease_uuid: channel.label for channel in snapshot.channels_of(account)}


def _delivery_or_404(account: Account, event_id: int) -> Delivery:
    delivery = log.find(account, event_id)
    if delivery is None:
        abort(404)
    return delivery
