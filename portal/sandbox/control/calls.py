"""Control calls, JSON under ``/_control/``: what tests and the demo turn. See ``client.py`` for each."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request

from portal.sandbox.control.guard import only_from_here
from portal.sandbox.core import Preset, current_core
from portal.sandbox.faults import InvalidFaultError, parse_fault
from portal.sandbox.pages import dialog
from portal.sandbox.settings import UnknownSettingError, changed
from portal.sandbox.state import Account, State

blueprint = Blueprint("control", __name__, url_prefix="/_control")
blueprint.before_request(only_from_here)

T = TypeVar("T")


class ControlError(Exception):
    """A control call that makes no sense, with the sentence that says why."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


@blueprint.app_errorhandler(ControlError)
@blueprint.app_errorhandler(InvalidFaultError)
@blueprint.app_errorhandler(UnknownSettingError)
def refuse(error: Exception) -> tuple[Response, int]:
    return jsonify(error=str(error)), getattr(error, "status", 400)


def body() -> dict[str, Any]:
    """The call's JSON object; an empty body counts as an empty object."""
    data = request.get_json() if request.get_data() else {}
    if not isinstance(data, dict):
        raise ControlError("A JSON object is expected.")
    return data


def found(row: T | None, what: str) -> T:
    if row is None:
        raise ControlError(f"There is no such {what}.", 404)
    return row


def needed(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"{name} is needed.")
    return value


def number(data: dict[str, Any], name: str, usual: float) -> float:
    value = data.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ControlError(f"{name} must be a number.")
    return value


def picked(data: dict[str, Any], kind: type[Any], *without: str) -> dict[str, Any]:
    """The fields of ``data`` for an object of this kind; refuses names it does not have."""
    allowed = {row.name for row in fields(kind)} - set(without)
    unknown = sorted(set(data) - allowed)
    if unknown:
        raise ControlError(f"{kind.__name__} has no {', '.join(unknown)} to set.")
    return data


def account_of(state: State, uuid: str) -> Account:
    return found(state.accounts.get(uuid), "account")


@blueprint.post("/reset")
def reset() -> Response:
    current_core().reset()
    return jsonify(ok=True)


@blueprint.get("/settings")
def show_settings() -> Response:
    return jsonify(asdict(current_core().settings))


@blueprint.patch("/settings")
def change_settings() -> Response:
    core, data = current_core(), body()
    with core.changing():
        core.settings = changed(core.settings, data)
    return show_settings()


@blueprint.get("/clock")
def show_clock() -> Response:
    core = current_core()
    return jsonify(now=core.now(), offset=core.state.clock_offset)


@blueprint.post("/clock")
def advance_clock() -> Response:
    seconds = number(body(), "advance", 0)
    with current_core().changing() as state:
        state.clock_offset += seconds
    return show_clock()


@blueprint.get("/faults")
def list_faults() -> Response:
    return jsonify(current_core().faults.rows())


@blueprint.post("/faults")
def add_fault() -> Response:
    return jsonify(asdict(current_core().faults.add(parse_fault(body()))))


@blueprint.delete("/faults")
def clear_faults() -> Response:
    current_core().faults.clear()
    return jsonify(ok=True)


@blueprint.delete("/faults/<int:number>")
def remove_fault(number: int) -> Response:
    found(current_core().faults.remove(number) or None, "fault")
    return jsonify(ok=True)


@blueprint.get("/requests")
def list_requests() -> Response:
    return jsonify(current_core().log.rows())


@blueprint.delete("/requests")
def clear_requests() -> Response:
    current_core().log.clear()
    return jsonify(ok=True)


@blueprint.get("/dialog")
def list_presets() -> Response:
    return jsonify([asdict(preset) for preset in current_core().presets])


@blueprint.post("/dialog")
def add_preset() -> Response:
    data = picked(body(), Preset)
    if data.get("outcome") not in dialog.OUTCOMES:
        raise ControlError(f"The outcomes are {', '.join(sorted(dialog.OUTCOMES))}.")
    preset = Preset(**data)
    with current_core().changing():
        current_core().presets.append(preset)
    return jsonify(asdict(preset))


@blueprint.delete("/dialog")
def clear_presets() -> Response:
    with current_core().changing():
        current_core().presets.clear()
    return jsonify(ok=True)


@blueprint.get("/mails")
def list_mails() -> Response:
    """Newest first; ``?to=`` leaves only those to one address."""
    wanted = request.args.get("to", "").lower()
    with current_core().reading() as state:
        mails = [mail for mail in reversed(state.mails) if not wanted or wanted in map(str.lower, mail.to)]
        return jsonify([asdict(mail) for mail in mails])


@blueprint.delete("/mails")
def clear_mails() -> Response:
    with current_core().changing() as state:
        state.mails.clear()
    return jsonify(ok=True)
