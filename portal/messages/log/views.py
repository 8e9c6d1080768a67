"""The message log's pages: the list, one message, and the list as a file."""

from typing import Any
from uuid import UUID

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from portal.extensions import settings
from portal.messages.blueprint import blueprint
from portal.messages.compose import review
from portal.messages.log import export as log_export
from portal.messages.log import fee, query
from portal.messages.log.display import STATUS_WORDS, Shown, cells
from portal.messages.log.forms import LogForm, log_form
from portal.messages.reports import receiver, recognition, statuses
from portal.messages.sending import outbox
from portal.models import Account, Message, MessageState
from portal.web import access, htmx, listing
from portal.web.access import SENDERS

ROOT = "/accounts/<uuid:account_id>/messages/"
ONE = f"{ROOT}<uuid:message_id>"
MOST_WATCHED = query.PAGE


@blueprint.get(ROOT)
@access.account_page(staff=True, set_up=True)
def index(account: Account) -> ResponseReturnValue:
    """The log, newest first, or the part of it that was asked for."""
    form = _form(account)
    if not form.validate():
        return listing.refused("messages/log/index.html", _context(account, form))
    before, after = (request.args.get(name, type=UUID) for name in ("before", "after"))
    page = query.page(account, form.filter(), before, after)
    context = {
        **_context(account, form),
        **_rows(account, page.rows),
        "page": page,
        **_unconfirmed(account),
        "has_key": outbox.has_gateway_key(account),
        "callback": receiver.is_made(account),
        **listing.news(page.newest or query.newest_id(account) or ""),
    }
    return listing.shown("messages/log/index.html", context)


@blueprint.get(f"{ROOT}rows")
@access.account_page(staff=True)
def rows(account: Account) -> ResponseReturnValue:
    """The rows that somebody looks at, as they stand now; the page asks by itself."""
    ids = request.args.getlist("id", UUID)[:MOST_WATCHED]
    context = {**_context(account, _form(account)), **_rows(account, query.some(account, ids))}
    return htmx.page("messages/log/_rows.html", None, 200, **context)


@blueprint.get(f"{ROOT}newer")
@access.account_page(staff=True)
def newer(account: Account) -> ResponseReturnValue:
    """How many messages are newer than those that somebody reads; the page asks again by itself."""
    form = _form(account)
    if not form.validate():
        abort(400)
    than = request.args.get("than", type=UUID)
    news = listing.more_news(than or "", query.count_newer(account, form.filter(), than))
    return htmx.page("messages/log/_newer.html", None, 200, **_context(account, form), **news)


@blueprint.get(f"{ROOT}export.csv")
@access.account_page(*SENDERS)
def export(account: Account) -> ResponseReturnValue:
    """What the filter shows, as a file."""
    form = _form(account)
    if not form.validate():
        return htmx.redirect(_context(account, form)["address"])
    return listing.download("messages", log_export.export(access.person_or_401(), account, form.filter()))


@blueprint.get(ONE)
@access.account_page(staff=True)
def message(account: Account, message_id: UUID) -> ResponseReturnValue:
    """One message: where it stands, what was sent, and what was reported of it."""
    row = _message_or_404(account, message_id)
    if row.state == MessageState.PREPARED:
        return htmx.redirect(url_for("compose.review", account_id=account.id, message_id=row.id))
    outbox.send_if_overdue(row)
    shown = Shown(row, _may_read())
    return htmx.page(
        "messages/log/message.html",
        "message",
        account=account,
        shown=shown,
        timeline=(timeline := statuses.timeline(row)),
        events_kept=statuses.events_kept(timeline),
        status_words=STATUS_WORDS,
        fee=fee.of(timeline),
        hint=recognition.hint(row) if row.state == MessageState.UNKNOWN else None,
        callback=receiver.of(account),
        bubble=review.bubble(row) if _may_read() else None,
        **_may(),
    )


@blueprint.post(f"{ONE}/settle")
@access.account_page(*SENDERS)
def settle(account: Account, message_id: UUID) -> ResponseReturnValue:
    """Somebody found out what became of a message without an answer."""
    row, arrived = _message_or_404(account, message_id), request.form.get("arrived")
    if arrived not in ("yes", "no"):
        abort(400)
    outbox.settle(access.person_or_401(), account, row, arrived == "yes")
    return htmx.redirect(url_for("compose.message", account_id=account.id, message_id=row.id))


def _unconfirmed(account: Account) -> dict[str, Any]:
    """What this visitor wrote and can still send: the newest, and how many there are."""
    if not access.may_enter("compose.review"):
        return {"unconfirmed": [], "unconfirmed_count": 0}
    person = access.person_or_401()
    newest = [Shown(row, may_read=True) for row in query.unconfirmed(account, person)]
    is_all = len(newest) < query.MOST_UNCONFIRMED
    count = len(newest) if is_all else query.count_unconfirmed(account, person)
    return {"unconfirmed": newest, "unconfirmed_count": count}


def _may_read() -> bool:
    """Whether this visitor reads what is in messages: whoever may take them all away."""
    return access.may_enter("compose.export")


def _may() -> dict[str, bool]:
    return {"may_read": _may_read(), "may_write": access.may_enter("compose.new")}


def _form(account: Account) -> LogForm:
    return log_form(account, request.args, may_read=_may_read())


def _rows(account: Account, messages: Any) -> dict[str, Any]:
    may_read = _may_read()
    shown = [Shown(message, may_read) for message in messages]
    looks = [seconds for each in shown if (seconds := each.look_after)]
    ids = "&".join([f"id={each.id}" for each in shown])
    watched = f"{url_for('compose.rows', account_id=account.id)}?{ids}" if looks else ""
    return {"rows": cells(shown), "watched": watched, "look_after": max(2, min(looks)) if looks else 0}


def _context(account: Account, form: LogForm) -> dict[str, Any]:
    return {
        "account": account,
        **form.context(url_for("compose.index", account_id=account.id)),
        "days": settings().message_retention_days,
        **_may(),
    }


def _message_or_404(account: Account, message_id: UUID) -> Message:
    found = query.find(account, message_id)
    may_know = found is not None and (found.state != MessageState.PREPARED or _may_read())
    if found is None or not may_know:
        abort(404)
    return found
