"""The gateway: sending one WhatsApp message."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, TypeAdapter

from portal.connexease import delays
from portal.connexease.calls import Answer, Call
from portal.connexease.errors import ConnexeaseError, GatewayRefused, OutcomeUnknown, RateLimited
from portal.connexease.knocking import Knock
from portal.connexease.messages import Message, RateLimits, SendResult, SentMessage
from portal.connexease.transport import Transport

_SENT = TypeAdapter(SentMessage)
_REFUSING_FAMILIES = ("AUTH_", "BILL_", "RATE_", "GW_")
_DEEPEST = 5


class Gateway:
    """Sends messages with a gateway app's own key.

    `plus`: whether a recipient is written with `+`, as in the guide, or as digits only, as on the vendor's
    other pages.
    """

    def __init__(self, transport: Transport, *, plus: bool = True) -> None:
        self._transport = transport
        self._plus = plus

    def knock(self) -> Knock:
        """Whether the host answers at all; no credential goes along."""
        return self._transport.knock()

    def send(self, key: SecretStr, message: Message, mmlite: bool = False, is_fake: bool = False) -> SendResult:
        """Send a message, once. `mmlite` takes Meta's marketing route, `is_fake` does all but the sending.

        Raises `GatewayRefused` when it was not sent, `RateLimited` when there were too many, `Unauthorized`
        when the key is refused in no shape of the gateway's, and `OutcomeUnknown` when it may have been sent:
        there is no way to find out, and it must not be repeated by itself.
        """
        query = {name: "true" for name, wanted in (("mmlite", mmlite), ("is_fake", is_fake)) if wanted}
        url = self._transport.url("v1", "wa", "message", slash=False)
        call = Call(method="POST", url=url, token=key, query=query, body=self.body(message))
        answer = self._transport.call(call)
        return _result(answer)

    def body(self, message: Message) -> dict[str, Any]:
        """A message exactly as it goes over the wire."""
        body = message.as_json(without_none=True)
        body["to"] = message.to if self._plus else message.to.removeprefix("+")
        return body


def _result(answer: Answer) -> SendResult:
    errors = _gateway_errors(answer.json())
    if errors is not None:
        raise _refusal(answer, errors)
    sent = answer.read(_SENT).data
    contact = sent.contacts[0] if sent.contacts else None
    return SendResult(sent.messages[0].id, (contact and contact.wa_id) or None, _rate_limits(answer.headers))


def _gateway_errors(body: Any) -> dict[str, Any] | None:
    """`errors` of a body in the gateway's own shape; None for any other."""
    if not isinstance(body, dict) or body.get("isSuccess") is not False:
        return None
    errors = body.get("errors")
    if isinstance(errors, list) and errors:
        errors = errors[0]
    return errors if isinstance(errors, dict) else None


def _refusal(answer: Answer, errors: dict[str, Any]) -> ConnexeaseError:
    code, group, description = (_text(answer, errors.get(name)) for name in ("code", "group", "description"))
    params = _clean(answer, errors.get("params"))
    params = params if isinstance(params, dict) else {}
    if answer.status == 429 or code.startswith("RATE_"):
        return _rate_limited(answer, params)
    # Only a documented failure says that nothing was sent: 502 is Meta's, 500 the authentication's. Any other
    # 5xx may come after the message went out.
    if answer.status >= 500 and answer.status != 502 and not code.startswith(_REFUSING_FAMILIES):
        return OutcomeUnknown(answer.record)
    return GatewayRefused(answer.record, code=code, group=group, description=description, params=params)


def _rate_limited(answer: Answer, params: dict[str, Any]) -> RateLimited:
    asked = delays.seconds(params.get("retry_after"))
    limit_type = params.get("limit_type")
    return RateLimited(
        answer.record,
        retry_after=answer.retry_after if asked is None else asked,
        limit_type=None if limit_type is None else str(limit_type),
    )


def _rate_limits(headers: Mapping[str, str]) -> RateLimits:
    return RateLimits(
        per_second=_number(headers.get("X-RateLimit-sec-Limit")),
        left_this_second=_number(headers.get("X-RateLimit-sec-Remaining")),
        per_minute=_number(headers.get("X-RateLimit-min-Limit")),
        left_this_minute=_number(headers.get("X-RateLimit-min-Remaining")),
    )


def _number(text: str | None) -> int | None:
    digits = (text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None


def _text(answer: Answer, value: object) -> str:
    return "" if value is None else answer.call.tidy(str(value))


def _clean(answer: Answer, value: Any, depth: int = 0) -> Any:
    """Foreign JSON with every text made safe, and nothing below a sane depth."""
    if isinstance(value, str):
        return answer.call.tidy(value)
    if isinstance(value, dict | list) and depth >= _DEEPEST:
        return None
    if isinstance(value, dict):
        return {answer.call.tidy(key): _clean(answer, item, depth + 1) for key, item in value.items()}
    return [_clean(answer, item, depth + 1) for item in value] if isinstance(value, list) else value
