"""Words for what becomes of messages: by state, and by the gateway's code."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portal.i18n import _l
from portal.messages.sending import results
from portal.models import MessageState


class Retry(StrEnum):
    """Whether sending it again helps."""

    HELPS = "helps"
    """It was certainly not sent, and may well go through now."""
    LATER = "later"
    """Not before `Message.retry_at`."""
    AFTER_CHANGE = "after_change"
    """Only once something is put right."""
    RISKY = "risky"
    """It may arrive twice."""
    NEVER = "never"
    """It must not be sent to this person again."""
    NO_NEED = "no_need"


@dataclass(frozen=True)
class Words:
    """What happened, what to do, and whether sending it again helps."""

    happened: Any
    todo: Any
    retry: Retry


_HELPS, _CHANGE = Retry.HELPS, Retry.AFTER_CHANGE

_UNKNOWN = Words(
    _l(
        "The gateway gave no answer. It may have sent the message, or not: nobody can tell yet. It is not "
        "repeated by itself, so that nobody gets it twice."
    ),
    _l(
        "If the gateway reports here, a status event may settle it. Or ask whoever should have got it, and say "
        "below what you found."
    ),
    Retry.RISKY,
)
OF_STATE = {
    MessageState.PREPARED: Words(_l("It waits for you to confirm it."), _l("Look at it, then send it."), _CHANGE),
    MessageState.QUEUED: Words(_l("It is confirmed and goes out in a moment."), "", Retry.NO_NEED),
    MessageState.SENDING: Words(_l("The gateway is being asked to send it."), "", Retry.NO_NEED),
    MessageState.ACCEPTED: Words(
        _l("The gateway took it. Whether it arrives, its status events tell."), "", Retry.NO_NEED
    ),
    MessageState.UNKNOWN: _UNKNOWN,
    MessageState.SENT: Words(
        _l("WhatsApp has it and delivers it as soon as the phone can be reached."), "", Retry.NO_NEED
    ),
    MessageState.DELIVERED: Words(_l("It is on the phone."), "", Retry.NO_NEED),
    MessageState.READ: Words(_l("It was read."), "", Retry.NO_NEED),
}

HELD = Words(
    _l("The gateway took it, but Meta holds it back to see how people take to the template first."),
    _l("Meta sends it later by itself, or drops it and pauses the template. You don't need to do anything."),
    Retry.NO_NEED,
)
_NEW_KEY = _l(
    "Copy the key anew from the gateway's dashboard and replace it in the vault, then send the message again."
)
OF_CODE = {
    "AUTH_001": Words(_l("The gateway does not know this key, or it has expired."), _NEW_KEY, _CHANGE),
    "AUTH_002": Words(
        _l("The gateway says that no key came with the message."),
        _l("This is not your fault. Try again; if it stays so, tell us."),
        _HELPS,
    ),
    "AUTH_003": Words(_l("The gateway could not read the key."), _NEW_KEY, _CHANGE),
    "AUTH_004": Words(
        _l("The gateway could not check the key, because a part of it does not work at the moment."),
        _l("Nothing was sent. Try again in a few minutes."),
        _HELPS,
    ),
    "AUTH_005": Words(
        _l("The gateway could not check the key, because a part of it failed."),
        _l("Nothing was sent. Try again in a few minutes."),
        _HELPS,
    ),
    "BILL_001": Words(
        _l("The balance at the gateway is too low."),
        _l("Top it up in the gateway's dashboard, then send it again. Until then every message is refused."),
        _CHANGE,
    ),
    "GW_001": Words(
        _l("The gateway refused what is in the message, or its number."),
        _l("Read its reason below, correct the message and send it again. The same again is refused again."),
        _CHANGE,
    ),
    results.RATE: Words(
        _l("The gateway takes no more messages with this key for now: too many in a short time."),
        _l("Nothing was sent. Send it again when the time below is over."),
        Retry.LATER,
    ),
    results.BUSY: Words(
        _l("The gateway is receiving too many requests."),
        _l("Nothing was sent. Try again in a minute."),
        Retry.LATER,
    ),
    results.NO_KEY: Words(
        _l("The vault does not hold the key that the message was to be sent with, or cannot open it."),
        _l("Put the key into the vault again, then send the message again."),
        _CHANGE,
    ),
    results.OPTED_OUT: Words(
        _l("The person opted out of marketing before it went out, so nothing was sent."),
        _l("Send them no marketing. Anything else still reaches them."),
        Retry.NEVER,
    ),
    results.OPTED_OUT_OF_ALL: Words(
        _l("The person does not want any messages from you, so nothing was sent."),
        _l("Send them nothing more until they ask for it."),
        Retry.NEVER,
    ),
    results.CONSENT_UNREADABLE: Words(
        _l("We could not read who opted out, so nothing was sent."),
        _l("Try again later. If it stays so, tell us."),
        _HELPS,
    ),
    results.UNREADABLE: Words(
        _l("The message could not be read any more when it was to be sent."), _l("Write it again."), _CHANGE
    ),
    results.STALLED: Words(
        _l("This portal was held up before it called the gateway."),
        _l("Nothing was sent. Trying again is safe."),
        _HELPS,
    ),
    results.UNREACHABLE: Words(
        _l("The gateway could not be reached."), _l("Nothing was sent. Trying again is safe."), _HELPS
    ),
    results.KEY_REFUSED: Words(_l("The gateway did not accept the key."), _NEW_KEY, _CHANGE),
    results.MALFORMED_KEY: Words(_l("The key has characters that no key can have."), _NEW_KEY, _CHANGE),
    results.FORBIDDEN: Words(
        _l("The gateway does not allow this key to send such a message."),
        _l("See in the gateway's dashboard what the app may do, or use the key of another app."),
        _CHANGE,
    ),
    results.NO_GATEWAY: Words(
        _l("There is no gateway at the address that this portal calls."),
        _l("This is not your fault: tell us. Nothing was sent."),
        _CHANGE,
    ),
    results.REJECTED: Words(
        _l("The gateway refused the message."),
        _l("Read its reason below, correct the message and send it again."),
        _CHANGE,
    ),
    results.NOT_ARRIVED: Words(
        _l("The gateway never confirmed it, and it was found not to have arrived."),
        _l("Send it again if it is still needed."),
        _HELPS,
    ),
}
OF_STATUS: dict[int | None, Words] = {
    403: OF_CODE[results.FORBIDDEN],
    502: Words(
        _l("Meta, which runs WhatsApp, did not take the message from the gateway."),
        _l("Nothing was sent. Try again in a few minutes; if it stays so, read the reason below."),
        _HELPS,
    ),
}
OF_FAMILY = {
    "AUTH": OF_CODE[results.KEY_REFUSED],
    "BILL": OF_CODE["BILL_001"],
    "RATE": OF_CODE[results.BUSY],
    "GW": OF_CODE["GW_001"],
}
UNKNOWN_CODE = Words(
    _l("The gateway refused the message for a reason that this portal does not know."),
    _l("Read its reason below. Nothing was sent, so trying again is safe."),
    _HELPS,
)

UNDELIVERED = Words(
    _l("The gateway took it, but WhatsApp did not deliver it."),
    _l("Read the reason below before you send it again."),
    _CHANGE,
)
