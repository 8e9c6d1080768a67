"""What the buttons of the pages do; each ends on the page it came from."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from portal.sandbox.control.calls import ControlError, account_of, found
from portal.sandbox.control.deliveries import delivery_of, hold_deliveries, release_deliveries
from portal.sandbox.control.guard import only_from_here
from portal.sandbox.core import Preset, current_core
from portal.sandbox.delivery.conversation import play
from portal.sandbox.delivery.events import duplicate, release
from portal.sandbox.faults import parse_fault
from portal.sandbox.operations import issue_gateway_key
from portal.sandbox.pages import dialog
from portal.sandbox.state import GatewayCallback

blueprint = Blueprint("page_actions", __name__, url_prefix="/_page")
blueprint.before_request(only_from_here)


def _back(section: str, account: str = "") -> AnyResponse:
    """The control page at one of its sections; an account that something was done to is the first one."""
    return redirect(f"/?account={account}#{section}" if account else f"/#{section}", 303)


@blueprint.post("/channels/<uuid>")
def change_channel(uuid: str) -> AnyResponse:
    change = request.form.get("change")
    core = current_core()
    with core.changing() as state:
        channel = found(state.channels.get(uuid), "channel")
        if change == "connected":
            channel.connected = not channel.connected
        elif change == "is_active":
            channel.is_active = not channel.is_active
        elif change == "conversation":
            play(core, channel)
    return _back("deliveries") if change == "conversation" else _back("accounts", channel.account)


@blueprint.post("/accounts/<uuid>/gateway-key")
def issue_key(uuid: str) -> AnyResponse:
    core = current_core()
    with core.changing() as state:
        issue_gateway_key(core, account_of(state, uuid).uuid, staging="staging" in request.form)
    return _back("accounts", uuid)


@blueprint.post("/accounts/<uuid>/callback")
def set_callback(uuid: str) -> AnyResponse:
    url, secret = request.form.get("url", "").strip(), request.form.get("secret", "")
    with current_core().changing() as state:
        account = account_of(state, uuid)
        state.callbacks.pop(account.uuid, None)
        if url:
            state.callbacks[account.uuid] = GatewayCallback(account.uuid, url, secret)
    return _back("accounts", uuid)


@blueprint.post("/deliveries/hold")
def hold() -> AnyResponse:
    hold_deliveries()
    return _back("deliveries")


@blueprint.post("/deliveries/release")
def release_all() -> AnyResponse:
    release_deliveries()
    return _back("deliveries")


@blueprint.post("/deliveries/<int:serial>/release")
def release_one(serial: int) -> AnyResponse:
    core = current_core()
    with core.changing() as state:
        release(core, delivery_of(state, serial))
    return _back("deliveries")


@blueprint.post("/deliveries/<int:serial>/duplicate")
def deliver_again(serial: int) -> AnyResponse:
    core = current_core()
    with core.changing() as state:
        duplicate(state, delivery_of(state, serial), core.now())
    return _back("deliveries")


@blueprint.post("/faults")
def add_fault() -> AnyResponse:
    form: dict[str, Any] = {name: value for name, value in request.form.items() if value}
    for name, kind in (("times", int), ("status", int), ("seconds", float)):
        if name in form:
            form[name] = kind(form[name])
    form["times"] = form.get("times") or None
    form["after"] = "after" in form
    current_core().faults.add(parse_fault(form))
    return _back("faults")


@blueprint.post("/faults/clear")
def clear_faults() -> AnyResponse:
    current_core().faults.clear()
    return _back("faults")


@blueprint.post("/faults/<int:number>/remove")
def remove_fault(number: int) -> AnyResponse:
    current_core().faults.remove(number)
    return _back("faults")


@blueprint.post("/dialog")
def add_preset() -> AnyResponse:
    outcome = request.form.get("outcome", "")
    if outcome not in dialog.OUTCOMES:
        raise ControlError("There is no such outcome.")
    with current_core().changing():
        current_core().presets.append(Preset(outcome))
    return _back("dialog")


@blueprint.post("/dialog/clear")
def clear_presets() -> AnyResponse:
    with current_core().changing():
        current_core().presets.clear()
    return _back("dialog")


@blueprint.post("/clock/<int:seconds>")
def advance(seconds: int) -> AnyResponse:
    with current_core().changing() as state:
        state.clock_offset += seconds
    return _back("clock")


@blueprint.post("/mails/clear")
def clear_mails() -> AnyResponse:
    with current_core().changing() as state:
        state.mails.clear()
    return redirect("/mailbox", 303)


@blueprint.post("/reset")
def reset() -> AnyResponse:
    current_core().reset()
    return _back("accounts")
