"""Control calls for the gateway: its keys, its callbacks, and what it reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from portal.sandbox.control.calls import account_of, body, found, needed
from portal.sandbox.control.guard import only_from_here
from portal.sandbox.core import current_core
from portal.sandbox.delivery.status_events import inbound, mixed, report, report_together
from portal.sandbox.operations import issue_gateway_key
from portal.sandbox.state import GatewayCallback

blueprint = Blueprint("control_gateway", __name__, url_prefix="/_control/gateway")
blueprint.before_request(only_from_here)


@blueprint.get("/keys")
def list_keys() -> Response:
    with current_core().reading() as state:
        return jsonify([asdict(key) for key in state.gateway_keys.values()])


@blueprint.post("/keys")
def issue_key() -> Response:
    data = body()
    core = current_core()
    with core.changing() as state:
        account = account_of(state, needed(data, "account"))
        kind = {name: bool(data.get(name)) for name in ("staging", "publishable")}
        return jsonify(asdict(issue_gateway_key(core, account.uuid, **kind, number=str(data.get("number", "")))))


@blueprint.post("/keys/revoke")
def revoke_key() -> Response:
    with current_core().changing() as state:
        key = found(state.gateway_keys.get(str(body().get("key"))), "gateway key")
        key.is_active = False
        return jsonify(asdict(key))


@blueprint.get("/callbacks")
def list_callbacks() -> Response:
    with current_core().reading() as state:
        return jsonify([asdict(callback) for callback in state.callbacks.values()])


@blueprint.post("/callbacks")
def set_callback() -> Response:
    """One callback per account; an empty URL takes it away."""
    data = body()
    with current_core().changing() as state:
        account = account_of(state, needed(data, "account"))
        state.callbacks.pop(account.uuid, None)
        callback = GatewayCallback(account.uuid, str(data.get("url", "")), str(data.get("secret", "")))
        if callback.url:
            state.callbacks[account.uuid] = callback
        return jsonify(asdict(callback))


@blueprint.get("/messages")
def list_messages() -> Response:
    with current_core().reading() as state:
        return jsonify([asdict(message) for message in state.messages.values()])


@blueprint.get("/sends")
def count_sends() -> Response:
    """How many messages were taken for each number, and how many calls were too many."""
    with current_core().reading() as state:
        sends = Counter(message.to for message in state.messages.values())
        return jsonify(sends=sends, too_many=current_core().too_many)


@blueprint.post("/statuses")
def report_of_many() -> Response:
    """``status`` of every message to the numbers in ``to``, or of all, in as few events as Meta would make."""
    data = body()
    core = current_core()
    with core.changing() as state:
        account, only = account_of(state, needed(data, "account")), data.get("to")
        messages = [
            message
            for message in state.messages.values()
            if message.account == account.uuid and (only is None or message.to in only)
        ]
        queued = report_together(core, account.uuid, messages, needed(data, "status"), data.get("error"))
        return jsonify([row.wire() for row in queued])


@blueprint.post("/messages/<path:wamid>/statuses")
def report_statuses(wamid: str) -> Response:
    """Any statuses in any order, repeated if they are named twice.

    ``error``: Meta's reason for a failure; ``after``: the seconds until each.
    """
    data = body()
    core = current_core()
    with core.changing() as state:
        message = found(state.messages.get(wamid), "message")
        queued = report(core, message, data.get("statuses", []), data.get("error"), data.get("after", ()))
        return jsonify([row.wire() for row in queued])


@blueprint.post("/inbound")
def receive() -> Response:
    data = body()
    core = current_core()
    with core.changing() as state:
        account = account_of(state, needed(data, "account"))
        sender, text = str(data.get("from", "905301112233")), str(data.get("text", "Hello"))
        return jsonify([row.wire() for row in inbound(core, account.uuid, sender, text)])


@blueprint.post("/mixed")
def report_several_things() -> Response:
    data = body()
    core = current_core()
    with core.changing() as state:
        account = account_of(state, needed(data, "account"))
        return jsonify([row.wire() for row in mixed(core, account.uuid, data)])
