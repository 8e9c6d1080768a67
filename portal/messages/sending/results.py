"""The result of a call to the gateway, as it is kept with the message."""

from dataclasses import dataclass, replace

from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.db.engine import storable
from portal.models import Message, MessageState, Scope

# Why a message was not sent, where the gateway gave no code of its own. The words are in `outcome`.
NO_KEY = "no_key"
UNREADABLE = "unreadable"
UNREACHABLE = "unreachable"
BUSY = "busy"
RATE = "RATE_001"
KEY_REFUSED = "key_refused"
FORBIDDEN = "forbidden"
MALFORMED_KEY = "malformed_key"
NO_GATEWAY = "no_gateway"
REJECTED = "rejected"
STALLED = "stalled"
OPTED_OUT, OPTED_OUT_OF_ALL, CONSENT_UNREADABLE = "opted_out", "opted_out_of_all", "consent_unreadable"
# Why nobody knows whether it was sent.
NO_ANSWER = "no_answer"
INTERRUPTED = "interrupted"
# What a person said of a message without an answer.
NOT_ARRIVED = "not_arrived"

OWN = frozenset(
    (
        *(NO_KEY, UNREADABLE, UNREACHABLE, BUSY, KEY_REFUSED, FORBIDDEN, MALFORMED_KEY, NO_GATEWAY, REJECTED),
        *(OPTED_OUT, OPTED_OUT_OF_ALL, CONSENT_UNREADABLE),
        *(STALLED, NO_ANSWER, INTERRUPTED, NOT_ARRIVED),
    )
)
_FOREIGN = "vendor:"


def opted_out(scope: Scope | None) -> str:
    """The code of a message that its recipient does not want; of one where that cannot be told."""
    if scope is None:
        return CONSENT_UNREADABLE
    return OPTED_OUT_OF_ALL if scope == Scope.EVERYTHING else OPTED_OUT


def vendors(code: str) -> str:
    """A code of the vendor's as it is kept: one that is spelled like ours does not mean the same."""
    return f"{_FOREIGN}{code}" if code in OWN else code


def spelled(code: str) -> str:
    """The vendor's own spelling of a code that is kept; empty for one of ours."""
    return "" if code in OWN else code.removeprefix(_FOREIGN)


@dataclass(frozen=True)
class Result:
    """What is known after a call. `wait`: seconds until the gateway would take it, where it said."""

    state: MessageState
    code: str = ""
    group: str = ""
    description: str = ""
    http_status: int | None = None
    wait: float | None = None
    wamid: str | None = None
    rate_limits: dict[str, int] | None = None
    message_status: str = ""
    is_busy: bool = False
    """Whether the gateway only wants us to come again later."""

    def write_to(self, row: Message, wamid: str | None) -> None:
        """Note it at the message, under this name."""
        row.state, row.wamid = self.state, wamid or row.wamid
        row.code, row.code_group = storable(self.code, 64), storable(self.group, 64)
        row.description, row.http_status = storable(self.description, 500), self.http_status
        row.rate_limits, row.message_status = self.rate_limits, storable(self.message_status, 40)


def of_success(sent: schemas.SendResult) -> Result:
    """The gateway took the message."""
    limits = {
        "per_second": sent.rate_limits.per_second,
        "per_minute": sent.rate_limits.per_minute,
        "left_this_minute": sent.rate_limits.left_this_minute,
    }
    known = {name: value for name, value in limits.items() if value is not None}
    return Result(
        MessageState.ACCEPTED,
        http_status=200,
        wamid=storable(sent.wamid, 200),
        rate_limits=known or None,
        message_status=sent.message_status,
    )


def of_error(error: cx.ConnexeaseError) -> Result:
    """The call failed. Only what says that certainly nothing was sent counts as refused."""
    if isinstance(error, cx.GatewayRefused):
        return _refused(error, vendors(error.code), error.group, error.description)
    if isinstance(error, cx.RateLimited):
        code = RATE if error.limit_type else BUSY
        busy = _refused(error, code, error.limit_type or "", wait=error.retry_after)
        return replace(busy, is_busy=True)
    if isinstance(error, cx.Unauthorized):
        return _refused(error, {401: KEY_REFUSED, 403: FORBIDDEN}.get(error.status or 0, MALFORMED_KEY))
    if isinstance(error, cx.NotFound):
        return _refused(error, NO_GATEWAY)
    if isinstance(error, cx.Rejected):
        return _refused(error, REJECTED, description=_sentences(error))
    if isinstance(error, cx.Unavailable):
        return _refused(error, UNREACHABLE, wait=error.retry_after)
    return Result(MessageState.UNKNOWN, NO_ANSWER, http_status=error.status)


def _refused(
    error: cx.ConnexeaseError, code: str, group: str = "", description: str = "", wait: float | None = None
) -> Result:
    return Result(MessageState.REFUSED, code, group, description, error.status, wait)


def _sentences(error: cx.Rejected) -> str:
    fields = [f"{name}: {text}" for name, texts in error.fields.items() for text in texts]
    return " ".join([*error.messages, *fields])
