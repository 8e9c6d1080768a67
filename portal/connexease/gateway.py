"""The gateway: sending one WhatsApp message."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, TypeAdapter

from portal.connexease.errors import ConnexeaseError, GatewayRefused, OutcomeUnknown, RateLimited
from portal.connexease.http import retry_after
from portal.connexease.http.calls import Answer, Call
from portal.connexease.http.reachability import Probe
from portal.connexease.http.transport import Transport
from portal.connexease.messages import Message, RateLimits, SendResult, SentMessage

_SENT = TypeAdapter(SentMessage)
_DEEPEST = 5


class Gateway:
    """Sends messages with a gateway app's own key.

    `plus`: whether a recipient is written with `+`, as in the guide, or as digits only, as on the vendor's
    other pages.
    """

    def __init__(self, transport: Transport, *, plus: bool = True) -> None:
        self._transport = transport
        self._plus = plus

    def probe(self) -> Probe:
        """Whether the host answers at all; no credential goes along."""
        return self._transport.probe()

    def send(
        self,
        key: SecretStr,
        message: Message,
        mmlite: bool = False,
        is_fake: bool = False,
        *,
        is_one_of_many: bool = False,
    ) -> SendResult:
        """Send a message, once. `mmlite` takes Meta's marketing route, `is_fake` does all but the sending.
        `is_one_of_many` lets it share a connection with the message just before it.

        Raises `GatewayRefused` when it was not sent, `RateLimited` when there were too many, `Unauthorized`
        when the key is refused in no shape of the gateway's, and `OutcomeUnknown` when it may have been sent:
        there is no way to find out, and it must not be repeated by itself.
        """
        query = {name: "true" for name, wanted in (("mmlite", mmlite), ("is_fake", is_fake)) if wanted}
        url = self._transport.url("v1", "wa", "message", slash=False)
        body = self.body(message)
        call = Call(method="POST", url=url, token=key, query=query, body=body, is_one_of_many=is_one_of_many)
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
    first = sent.messages[0]
    status = _text(answer, first.message_status) if isinstance(first.message_status, str) else ""
    return SendResult(first.id, _wa_id(answer, sent.contacts), _rate_limits(answer.headers), status)


def _wa_id(answer: Answer, contacts: Any) -> str | None:
    """The recipient's name at WhatsApp, where the answer tells it: it was sent, whatever is said of contacts."""
    first = contacts[0] if isinstance(contacts, list) and contacts else contacts
    named = first.get("wa_id") if isinstance(first, dict) else None
    return _text(answer, named) or None if isinstance(named, str | int) else None


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
    if answer.status == 429 or (_is_decided(answer) and code.startswith("RATE_")):
        return _rate_limited(answer, params)
    # Of the failures only those that are documented say that nothing was sent: 502 is Meta's, 500 the
    # authentication's. Any other may come after the message went out, whatever its code.
    if _is_decided(answer) or answer.status == 502 or (answer.status == 500 and code.startswith("AUTH_")):
        return GatewayRefused(answer.record, code=code, group=group, description=description, params=params)
    return OutcomeUnknown(answer.record)


def _is_decided(answer: Answer) -> bool:
    """Whether the gateway looked at the request and came to an end with it; 408 says that it did not."""
    return answer.is_success or (400 <= answer.status < 500 and answer.status != 408)


def _rate_limited(answer: Answer, params: dict[str, Any]) -> RateLimited:
    asked = retry_after.seconds(params.get("retry_after"))
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
