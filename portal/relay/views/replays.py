"""Sending many events to a destination again: the form, the count, and stopping it."""

from datetime import timedelta
from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.errors import DomainError
from portal.i18n import _, _n
from portal.models import Account, Destination, now
from portal.relay import replays
from portal.relay.blueprint import blueprint
from portal.relay.forms.actions import ReplayForm
from portal.relay.replays import Wanted
from portal.relay.views import common
from portal.relay.views.common import ONE
from portal.web import access, htmx
from portal.web.access import BUILDERS


@blueprint.get(f"{ONE}/replay")
@access.account_page(*BUILDERS)
def replay_many(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Choose which events to send again, and see how many that would be."""
    row = common.destination_or_404(account, destination_id)
    return _page(account, row, _form(row), None)


@blueprint.post(f"{ONE}/replay")
@access.account_page(*BUILDERS)
def begin_replay(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Count them, or send them again once the count was seen."""
    row = common.destination_or_404(account, destination_id)
    form = _form(row)
    if not form.validate():
        return _page(account, row, form, None, 422)
    wanted = _wanted(form)
    if "begin" not in request.form:
        return _page(account, row, form, replays.count(row, wanted))
    try:
        replays.begin(access.person_or_401(), account, row, wanted, form.intent.data or "")
    except DomainError as error:
        form.show_refusal(error)
        return _page(account, row, form, None, 422)
    flash(_("The events are being sent again. You can follow the progress here."))
    return htmx.redirect(common.address(account, row))


@blueprint.post(f"{ONE}/replay/stop")
@access.account_page(*BUILDERS)
def stop_replay(account: Account, destination_id: UUID) -> ResponseReturnValue:
    """Send no more of them again."""
    row = common.destination_or_404(account, destination_id)
    replays.stop(access.person_or_401(), account, row)
    flash(_("Stopped. Events that were already due may still be sent."))
    return htmx.redirect(url_for("relay.show", account_id=account.id, destination_id=row.id))


def _form(row: Destination) -> ReplayForm:
    form = ReplayForm()
    form.prepare(row)
    return form


def _wanted(form: ReplayForm) -> Wanted:
    hours = int(form.hours.data or 0)
    return Wanted(
        kind=form.kind.data or "",
        since=now() - timedelta(hours=hours) if hours else None,
        only_failed=form.which.data != "all",
        rate=form.rate.data or 10,
    )


def _page(
    account: Account, row: Destination, form: ReplayForm, count: int | None, status: int = 200
) -> ResponseReturnValue:
    said = _n("%(num)d event will be sent again.", "%(num)d events will be sent again.", count or 0)
    context = {"account": account, "destination": row, "form": form, "count": count, "said": said}
    return htmx.page("relay/replay.html", "form", status, **context)
