"""The page ``/phone``: an authenticator app for whoever has no phone beside this machine.

It makes the codes of RFC 6238 from the keys that it was given, by the real clock: the portal counts by that too,
wherever the sandbox's own clock was moved.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from portal.sandbox.control.calls import ControlError, body, found
from portal.sandbox.control.guard import only_from_here
from portal.sandbox.core import current_core
from portal.sandbox.pages.views import render
from portal.sandbox.state import PhoneKey, State

_NO_KEY = "Paste the setup key (letters A to Z and digits 2 to 7) or an address that begins with otpauth://totp/."
_LONGEST_NAME = 80
_SHORTEST_KEY = 14
"""Bytes: RFC 4226 asks for 128 bits, and what makes the codes takes no less than 112."""

blueprint = Blueprint("phone", __name__)
blueprint.before_request(only_from_here)


class NotAKeyError(ValueError):
    """What was pasted is no key that codes can be made from."""


@blueprint.get("/phone")
def show() -> Response:
    return _page()


@blueprint.get("/_control/phone")
def list_codes() -> Response:
    with current_core().reading() as state:
        return jsonify(_rows(state))


@blueprint.post("/_control/phone")
def add_key() -> Response:
    data = body()
    try:
        return jsonify(asdict(_add(str(data.get("key", "")), str(data.get("name", "")))))
    except NotAKeyError as error:
        raise ControlError(str(error)) from None


@blueprint.post("/phone")
def add() -> AnyResponse:
    """The form of the page."""
    try:
        _add(request.form.get("key", ""), request.form.get("name", ""))
    except NotAKeyError as error:
        return _page(422, problem=str(error), typed=request.form)
    return redirect("/phone", 303)


@blueprint.post("/_page/phone/<int:number>/remove")
def remove(number: int) -> AnyResponse:
    with current_core().changing() as state:
        state.phone_keys.remove(found(next((k for k in state.phone_keys if k.number == number), None), "key"))
    return redirect("/phone", 303)


def parsed(text: str, name: str) -> PhoneKey:
    """The key that somebody pasted: as it is typed by hand, or the whole address that a QR code holds.

    Raises:
        NotAKeyError: it is neither.
    """
    if not text.strip().lower().startswith("otpauth:"):
        return PhoneKey(0, name or "Without a name", "", _secret(text))
    address = urlsplit(text.strip())
    asked = {field: values[0] for field, values in parse_qs(address.query).items()}
    issuer, _colon, owner = unquote(address.path.strip("/")).rpartition(":")
    digits, period = asked.get("digits", "6"), asked.get("period", "30")
    is_usual = asked.get("algorithm", "SHA1").upper() == "SHA1" and digits in ("6", "8")
    if address.netloc.lower() != "totp" or not is_usual or not re.fullmatch(r"[1-9]\d?", period):
        raise NotAKeyError(_NO_KEY)
    name, issuer = name or owner.strip() or "Without a name", asked.get("issuer", issuer)
    return PhoneKey(0, name, issuer, _secret(asked.get("secret", "")), int(digits), int(period))


def _secret(text: str) -> str:
    """Base32 as it is shown: in groups, in small letters, without padding."""
    secret = re.sub(r"[\s-]", "", text).upper().rstrip("=")
    try:
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    except binascii.Error:
        raise NotAKeyError(_NO_KEY) from None
    if not key:
        raise NotAKeyError(_NO_KEY)
    if len(key) < _SHORTEST_KEY:
        raise NotAKeyError("This key is too short. Copy all of it.")
    return secret


def _add(text: str, name: str) -> PhoneKey:
    """Keep a key; one with the same name makes way, as when somebody sets up another app."""
    key = parsed(text, " ".join(name.split())[:_LONGEST_NAME])
    with current_core().changing() as state:
        key.number = state.next_number()
        kept = [other for other in state.phone_keys if (other.issuer, other.name) != (key.issuer, key.name)]
        state.phone_keys[:] = [*kept, key]
    return key


def _page(status: int = 200, **context: Any) -> Response:
    with current_core().reading() as state:
        return render("phone", state, status, rows=_rows(state), **context)


def _rows(state: State) -> list[dict[str, Any]]:
    return [_shown(key) for key in state.phone_keys]


def _shown(key: PhoneKey) -> dict[str, Any]:
    at = time.time()
    code = pyotp.TOTP(key.secret, digits=key.digits, interval=key.period).at(int(at))
    left = key.period - int(at) % key.period
    return {"number": key.number, "name": key.name, "issuer": key.issuer, "code": code, "left": left}
