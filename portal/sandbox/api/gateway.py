"""The gateway: ``POST /v1/wa/message``, section 5 of the contract.

A call is judged in this order: key, rate, body, balance, and then by Meta. A message to a number that ends in 0000
is accepted and then reported as failed, so that this can be seen without a control call.
"""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

from flask import Blueprint, Response, request

from portal.sandbox.api.gateway_errors import gateway_error
from portal.sandbox.api.gateway_schema import MalformedError, Message, parse_message
from portal.sandbox.api.meta_rules import MetaRefusedError, judge
from portal.sandbox.api.rest import Refusal, answer
from portal.sandbox.core import Core, current_core
from portal.sandbox.delivery.status_events import report
from portal.sandbox.state import GatewayKey, GatewayMessage, State

FEE = 0.001

blueprint = Blueprint("gateway", __name__)


@blueprint.post("/v1/wa/message")
def send() -> Response:
    core = current_core()
    with core.changing() as state:
        key = _caller(state)
        limits = _count(core, key)
        message = _message(limits)
        _charge(core, limits)
        _meta(message, limits)
        sent = _accept(core, key, message)
    return answer({"isSuccess": True, "data": _success(message, sent)}, 200, limits)


def _refusal(
    code: str,
    description: str | None = None,
    *,
    params: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Refusal:
    status, body = gateway_error(code, params, description)
    return Refusal(status, body, headers)


def _caller(state: State) -> GatewayKey:
    header = request.headers.get("Authorization")
    if not header:
        raise _refusal("AUTH_002")
    words = header.split(" ")
    if len(words) != 2 or words[0] != "Bearer":
        raise _refusal("AUTH_003")
    key = state.gateway_keys.get(words[1])
    if key is None or not key.is_active or not key.sends:
        raise _refusal("AUTH_001")
    return key


def _count(core: Core, key: GatewayKey) -> dict[str, str]:
    """Count this call and return the rate headers; refuses (429) a call beyond a limit."""
    headers: dict[str, str] = {}
    exceeded: dict[str, str] | None = None
    limits = (("sec", 1, core.settings.rate_per_second), ("min", 60, core.settings.rate_per_minute))
    for name, seconds, limit in limits:
        window = (key.key, name, int(core.now() // seconds))
        used = core.rate_windows.get(window, 0) + 1
        headers[f"X-RateLimit-{name}-Limit"] = str(limit)
        headers[f"X-RateLimit-{name}-Remaining"] = str(max(0, limit - used))
        if used > limit:
            exceeded = {"limit_type": name, "retry_after": f"{seconds}s"}
        else:
            core.rate_windows[window] = used
    if exceeded:
        core.too_many += 1
        raise _refusal("RATE_001", params=exceeded, headers=headers)
    return headers


def _message(limits: dict[str, str]) -> Message:
    try:
        message = parse_message(json.loads(request.get_data()))
    except MalformedError as error:
        raise _refusal("GW_001", str(error), headers=limits) from None
    except (ValueError, RecursionError):
        raise _refusal("GW_001", "The body is not JSON.", headers=limits) from None
    if message.biz_opaque_callback_data is not None:
        if current_core().settings.callback_data == "refuse":
            raise _refusal("GW_001", "(#100) Unexpected key biz_opaque_callback_data.", headers=limits)
        if len(message.biz_opaque_callback_data) > 512:
            raise _refusal("GW_001", "(#100) biz_opaque_callback_data: at most 512 characters.", headers=limits)
    if _asks("mmlite") and message.type != "template":
        raise _refusal("GW_001", "(#100) Marketing messages must be templates.", headers=limits)
    return message


def _charge(core: Core, limits: dict[str, str]) -> None:
    balance = core.settings.balance
    if balance is None or _asks("is_fake"):
        return
    if balance < FEE:
        raise _refusal("BILL_001", headers=limits)
    core.settings.balance = round(balance - FEE, 6)


def _meta(message: Message, limits: dict[str, str]) -> None:
    """Meta judges what the gateway has taken its fee for; a test never gets that far."""
    if _asks("is_fake"):
        return
    try:
        judge(message)
    except MetaRefusedError as error:
        raise _refusal("502", str(error), headers=limits) from None


def _accept(core: Core, key: GatewayKey, message: Message) -> GatewayMessage:
    fake = _asks("is_fake")
    body = message.model_dump(mode="json", exclude_none=True)
    wamid = "wamid." + ("FAKE_" + secrets.token_hex(16) if fake else _wamid(message.digits))
    sent = GatewayMessage(
        wamid, key.account, message.to, message.type, body, core.now(), is_fake=fake, mmlite=_asks("mmlite")
    )
    sent.sender = key.number
    if message.type == "template":
        sent.message_status = core.settings.message_status
    core.state.messages[wamid] = sent
    if not fake and not sent.message_status.startswith("held"):
        fails = message.digits.endswith("0000")
        report(core, sent, ["sent", "failed"] if fails else core.settings.statuses)
    return sent


def _success(message: Message, sent: GatewayMessage) -> dict[str, Any]:
    data: dict[str, Any] = {"messaging_product": "whatsapp"}
    if not sent.is_fake:
        data["contacts"] = [{"input": message.to, "wa_id": message.digits}]
    status = {"message_status": sent.message_status} if sent.message_status else {}
    data["messages"] = [{"id": sent.wamid, **status}]
    return data


def _wamid(digits: str) -> str:
    """As the vendor's example: the recipient's number in it, then what makes it the only one."""
    number, unique = digits.encode(), secrets.token_hex(10).upper().encode()
    head = b"\x1c\x18" + bytes([len(number)]) + number + b"\x15\x02\x00\x12\x18"
    return base64.b64encode(head + bytes([len(unique)]) + unique + b"\x00").decode()


def _asks(parameter: str) -> bool:
    return request.args.get(parameter, "").lower() == "true"
