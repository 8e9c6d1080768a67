"""Control calls for events: make them happen, hold them back, let them come late or twice."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, request

from portal.sandbox.control.calls import account_of, body, found, needed, number
from portal.sandbox.control.guard import only_from_here
from portal.sandbox.core import Core, current_core
from portal.sandbox.delivery.conversation import play
from portal.sandbox.delivery.courier import Courier, receiver_of
from portal.sandbox.delivery.events import duplicate, emit, release
from portal.sandbox.settings import changed
from portal.sandbox.state import Account, Attempt, Channel, Delivery, State

blueprint = Blueprint("control_deliveries", __name__, url_prefix="/_control")
blueprint.before_request(only_from_here)


@blueprint.post("/emit")
def emit_event() -> Response:
    """Any hook, known or not, for an account and, if given, one of its channels; ``after`` so many seconds.

    ``{"account", "channel", "events": [{"hook", "payload", "after"}, …]}`` is several at once.
    """
    data = body()
    events = data.get("events", [data])
    core = current_core()
    with core.changing() as state:
        account = account_of(state, needed(data, "account"))
        channel = found(state.channels.get(data["channel"]), "channel") if data.get("channel") else None
        rows = [row for each in events for row in _emit(core, account, channel, each, hold=bool(data.get("hold")))]
        return jsonify([row.wire() for row in rows])


def _emit(
    core: Core, account: Account, channel: Channel | None, event: dict[str, Any], *, hold: bool
) -> list[Delivery]:
    hook, after = needed(event, "hook"), number(event, "after", 0)
    return emit(core, hook, account, channel, event.get("payload"), hold=hold, delay=after)


@blueprint.post("/channels/<uuid>/conversation")
def play_conversation(uuid: str) -> Response:
    core = current_core()
    with core.changing() as state:
        channel = found(state.channels.get(uuid), "channel")
        return jsonify([row.wire() for row in play(core, channel)])


@blueprint.get("/deliveries")
def list_deliveries() -> Response:
    with current_core().reading() as state:
        return jsonify([row.wire() for row in state.deliveries])


@blueprint.post("/deliveries/settle")
def settle() -> Response:
    courier = cast(Courier, current_app.extensions["sandbox_courier"])
    return jsonify(settled=courier.settle(min(60.0, number(body(), "timeout", 5))))


@blueprint.post("/deliveries/hold")
def hold_deliveries() -> Response:
    core = current_core()
    with core.changing():
        core.settings = changed(core.settings, {"hold_deliveries": True})
    return jsonify(ok=True)


@blueprint.post("/deliveries/release")
def release_deliveries() -> Response:
    """Let all go at once; with ``when_due`` each at the time that it was meant for."""
    core = current_core()
    when_due = request.is_json and bool(body().get("when_due"))
    with core.changing() as state:
        core.settings = changed(core.settings, {"hold_deliveries": False})
        held = [row for row in state.deliveries if row.status == "held"]
        for row in held:
            row.status = "pending"
            row.next_at = row.next_at if when_due else core.now()
        return jsonify(released=[row.number for row in held])


@blueprint.post("/deliveries/collect")
def collect() -> Response:
    """Hand what is held and due until then to the caller, who stands for the network; they count as delivered.

    The clock goes on to ``until``, so that a month can be lived through in a few seconds.
    """
    core, until = current_core(), number(body(), "until", 0)
    with core.changing() as state:
        due = [row for row in state.deliveries if row.status == "held" and row.next_at <= until]
        carried = [(row, receiver_of(state, row)) for row in sorted(due, key=lambda row: row.next_at)]
        for row, receiver in carried:
            row.status = "delivered" if receiver else "given_up"
            row.attempts += [Attempt(row.next_at, receiver.url, 0, 200)] if receiver else []
        state.clock_offset += max(0.0, until - core.now())
    return jsonify([{**row.wire(), **receiver._asdict()} for row, receiver in carried if receiver])


@blueprint.post("/deliveries/<int:serial>/release")
def release_delivery(serial: int) -> Response:
    core = current_core()
    with core.changing() as state:
        row = delivery_of(state, serial)
        release(core, row)
        return jsonify(row.wire())


@blueprint.post("/deliveries/<int:serial>/duplicate")
def duplicate_delivery(serial: int) -> Response:
    data = body()
    times, delay = int(number(data, "times", 1)), number(data, "delay", 0)
    core = current_core()
    with core.changing() as state:
        row = delivery_of(state, serial)
        copies = [duplicate(state, row, core.now() + delay) for _ in range(times)]
        return jsonify([copy.wire() for copy in copies])


def delivery_of(state: State, serial: int) -> Delivery:
    return found(next((row for row in state.deliveries if row.number == serial), None), "delivery")
