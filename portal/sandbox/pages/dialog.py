"""The onboarding dialog, on an origin of its own, with a button for each way it can end.

Where the guide is silent the sandbox has chosen: closing the window does not spend the token, cancelling
and failing do; "cancelled" and "error" are what the dialog posts when it does not end with "ok".
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from portal.sandbox.core import Core, current_core
from portal.sandbox.operations import connect_channel
from portal.sandbox.state import OnboardingToken

PATH = "/reseller/channels/whatsapp/connect"
TERMINAL = {
    "connect",
    "cancel",
    "fail",
    "connect_silently",
    "connect_without_event",
    "connect_message_first",
    "spent",
    "expired",
}
OUTCOMES = TERMINAL | {"close", "noise"}
"""What a button or a preset can ask for; "close" and "noise" happen in the browser alone."""

_SENTENCES = {
    "unknown": (404, "This link is not valid."),
    "spent": (410, "This link has already been used."),
    "expired": (410, "This link has expired."),
}

blueprint = Blueprint("dialog", __name__)


@blueprint.get(PATH)
def show() -> Response:
    core = current_core()
    with core.changing() as state:
        token = state.onboarding.get(request.args.get("token", ""))
        problem = _problem(core, token)
        if token is None or problem:
            return _error_page(problem)
        _bind_preset(core, token)
        return _page(
            "dialog.html",
            account=state.accounts[token.account],
            channel=state.channels.get(token.channel or ""),
            name=token.preset_name or f"WhatsApp {len(state.channels_of(token.account)) + 1}",
            token=token.token,
            preset=token.preset,
        )


@blueprint.post(PATH)
def finish() -> Response:
    core = current_core()
    outcome = request.form.get("outcome", "")
    name = " ".join(request.form.get("name", "").split())[:80] or "WhatsApp"
    with core.changing() as state:
        token = state.onboarding.get(request.form.get("token", ""))
        problem = _problem(core, token)
        if token is None or problem:
            return _error_page(problem)
        if outcome not in TERMINAL:
            return make_response(f"There is no outcome called {outcome!r}.", 400)
        token.outcome = outcome
        if outcome == "expired":
            token.outcome, token.expires_at = None, int(core.now())
        if outcome in ("spent", "expired"):
            return _error_page(outcome)
        return _finished_page(outcome, _message(core, token, outcome, name))


def _message(core: Core, token: OnboardingToken, outcome: str, name: str) -> dict[str, Any]:
    """Do what the outcome says and return what the dialog has to tell its opener."""
    if outcome == "cancel":
        return {"status": "cancelled"}
    if outcome == "fail":
        return {"status": "error", "error": "meta_refused", "message": "WhatsApp could not be connected."}
    channel = connect_channel(
        core,
        token,
        name,
        announce=outcome != "connect_without_event",
        hold=outcome == "connect_message_first",
    )
    return {"status": "ok", "channel_uuid": channel.uuid}


def _problem(core: Core, token: OnboardingToken | None) -> str:
    if token is None:
        return "unknown"
    if token.outcome is not None:
        return "spent"
    return "expired" if core.now() >= token.expires_at else ""


def _bind_preset(core: Core, token: OnboardingToken) -> None:
    if token.preset is not None or not core.presets:
        return
    preset = core.presets[0]
    token.preset, token.preset_name = preset.outcome, preset.name
    if preset.times is not None:
        preset.times -= 1
        if preset.times <= 0:
            core.presets.remove(preset)


def _error_page(problem: str) -> Response:
    status, sentence = _SENTENCES[problem]
    message = {"status": "error", "error": f"token_{problem}", "message": sentence}
    return _page("dialog_end.html", status, title="This did not work", sentence=sentence, message=message)


def _finished_page(outcome: str, message: dict[str, Any]) -> Response:
    title, sentence = {
        "cancelled": ("Cancelled", "Nothing was connected."),
        "error": ("Not connected", "WhatsApp refused the connection."),
        "ok": ("Connected", "The WhatsApp channel is connected."),
    }[message["status"]]
    silent = outcome == "connect_silently"
    return _page("dialog_end.html", title=title, sentence=sentence, message=message, silent=silent)


def _page(template: str, status: int = 200, **context: Any) -> Response:
    response = make_response(render_template(template, **context), status)
    response.headers["Cache-Control"] = "no-store"
    policy = current_core().settings.dialog_opener_policy
    if policy:
        response.headers["Cross-Origin-Opener-Policy"] = policy
    return response
