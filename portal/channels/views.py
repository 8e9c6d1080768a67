"""WhatsApp channels, and the popup through which one is connected."""

from typing import Any
from uuid import UUID

from flask import Response, abort, flash, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from portal.channels import attempts, confirmation, snapshot
from portal.channels.blueprint import blueprint
from portal.db.engine import uuid_or_none
from portal.errors import DomainError
from portal.models import Account, OnboardingAttempt, now
from portal.web import access, htmx
from portal.web.access import SENDERS


@blueprint.get("/accounts/<uuid:account_id>/channels/")
@access.account_page(staff=True, set_up=True)
def index(account: Account) -> ResponseReturnValue:
    """The account's channels, from the last time that Connexease listed them."""
    if snapshot.is_stale(account):
        snapshot.try_refresh(account)
    return htmx.page("channels/index.html", "channels", **_list_context(account))


@blueprint.post("/accounts/<uuid:account_id>/channels/refresh")
@access.account_page(staff=True)
def refresh(account: Account) -> ResponseReturnValue:
    """Ask Connexease for the list now."""
    snapshot.try_refresh(account)
    if htmx.is_fragment_request():
        return htmx.page("channels/index.html", "channels", **_list_context(account))
    return htmx.redirect(url_for("channels.index", account_id=account.id))


@blueprint.post("/accounts/<uuid:account_id>/channels/connect")
@access.account_page(*SENDERS, staff=True)
def connect(account: Account) -> ResponseReturnValue:
    """Begin an attempt: for the popup as JSON, without JavaScript as a page with a link."""
    if not access.is_set_up(account):
        abort(409)
    try:
        attempt = attempts.begin(access.person_or_401(), account, uuid_or_none(request.form.get("channel_uuid")))
    except DomainError as error:
        return _refused(account, error)
    return _dialog(account, attempt)


@blueprint.get("/accounts/<uuid:account_id>/channels/attempts/<uuid:attempt_id>")
@access.account_page(*SENDERS, staff=True)
def attempt(account: Account, attempt_id: UUID) -> ResponseReturnValue:
    """Where an attempt stands; the page asks again by itself until it has ended."""
    found = _attempt_or_404(account, attempt_id)
    confirmation.look(found, account)
    return htmx.page("channels/attempt.html", "attempt", **_attempt_context(account, found))


@blueprint.post("/accounts/<uuid:account_id>/channels/attempts/<uuid:attempt_id>/dialog")
@access.account_page(*SENDERS, staff=True)
def fresh_dialog(account: Account, attempt_id: UUID) -> ResponseReturnValue:
    """A fresh dialog for an attempt whose token has run out before it was opened."""
    found = _attempt_or_404(account, attempt_id)
    try:
        if attempts.dialog_url(found) is None and not found.ended_at:
            attempts.fetch_dialog(found, account)
    except DomainError as error:
        return _refused(account, error)
    return _dialog(account, found)


@blueprint.post("/accounts/<uuid:account_id>/channels/attempts/<uuid:attempt_id>/report")
@access.account_page(*SENDERS, staff=True)
def report(account: Account, attempt_id: UUID) -> ResponseReturnValue:
    """What the browser saw of the dialog. Each report is a hint."""
    found = _attempt_or_404(account, attempt_id)
    match request.form.get("event"):
        case "opened":
            attempts.report_opened(found)
        case "blocked":
            attempts.report_blocked(found)
        case "closed":
            attempts.report_closed(found)
        case "message":
            channel = uuid_or_none(request.form.get("channel_uuid"))
            attempts.report_message(found, request.form.get("status", ""), channel)
        case _:
            abort(400)
    return Response(status=204)


@blueprint.post("/accounts/<uuid:account_id>/channels/attempts/<uuid:attempt_id>/stop")
@access.account_page(*SENDERS, staff=True)
def stop(account: Account, attempt_id: UUID) -> ResponseReturnValue:
    """The person gives up."""
    found = _attempt_or_404(account, attempt_id)
    attempts.stop(access.person_or_401(), account, found)
    if htmx.is_fragment_request():
        return htmx.page("channels/attempt.html", "attempt", **_attempt_context(account, found))
    return htmx.redirect(url_for("channels.index", account_id=account.id))


def _dialog(account: Account, attempt: OnboardingAttempt) -> ResponseReturnValue:
    page = url_for("channels.attempt", account_id=account.id, attempt_id=attempt.id)
    if not _wants_json():
        return htmx.redirect(page)
    expires = attempt.expires_at
    return jsonify(
        page=page,
        report=url_for("channels.report", account_id=account.id, attempt_id=attempt.id),
        dialog=attempts.dialog_url(attempt),
        seconds=max(0, int((expires - now()).total_seconds())) if expires else 0,
    )


def _refused(account: Account, error: DomainError) -> ResponseReturnValue:
    if _wants_json():
        return jsonify(message=error.message), 409
    flash(error.message, "danger")
    return htmx.redirect(url_for("channels.index", account_id=account.id))


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _list_context(account: Account) -> dict[str, Any]:
    is_sender = access.may_enter("channels.connect")
    current = attempts.current(account, access.person_or_401()) if is_sender else None
    return {
        "account": account,
        "channels": snapshot.channels_of(account),
        "listing": snapshot.listing_of(account),
        **(_attempt_context(account, current) if current else {"attempt": None}),
    }


def _attempt_context(account: Account, attempt: OnboardingAttempt) -> dict[str, Any]:
    channel = attempt.confirmed_channel or attempt.reconnects
    return {
        "account": account,
        "attempt": attempt,
        "channel": snapshot.find(account.id, channel) if channel else None,
        "dialog_url": attempts.dialog_url(attempt),
        "settled": confirmation.is_settled(attempt),
    }


def _attempt_or_404(account: Account, attempt_id: UUID) -> OnboardingAttempt:
    found = attempts.find(account, attempt_id)
    if found is None:
        abort(404)
    return found
