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
        "The gateway didn't answer, so we don't know yet whether it sent the message. We won't send it again "
        "automatically, so that the recipient doesn't get it twice."
    ),
    _l(
        "If status events are set up, one may still show what happened. Or ask the recipient, then note below "
        "what you found out."
    ),
    Retry.RISKY,
)
OF_STATE = {
    MessageState.PREPARED: Words(
        _l("This message is waiting for you to confirm it."), _l("Review it, then send it."), _CHANGE
    ),
    MessageState.QUEUED: Words(_l("The message is confirmed and will be sent in a moment."), "", Retry.NO_NEED),
    MessageState.SENDING: Words(_l("We're handing the message to the gateway."), "", Retry.NO_NEED),
    MessageState.ACCEPTED: Words(
        _l("The gateway accepted the message. Status events will tell whether it arrives."), "", Retry.NO_NEED
    ),
    MessageState.UNKNOWN: _UNKNOWN,
    MessageState.SENT: Words(
        _l("WhatsApp has the message and delivers it as soon as the phone is online."), "", Retry.NO_NEED
    ),
    MessageState.DELIVERED: Words(_l("The message is on the recipient's phone."), "", Retry.NO_NEED),
    MessageState.READ: Words(_l("The recipient has read the message."), "", Retry.NO_NEED),
}

HELD = Words(
    _l("The gateway accepted the message, but Meta is holding it back to see how people like the template first."),
    _l("Meta will either send it later or drop it and pause the template. You don't need to do anything."),
    Retry.NO_NEED,
)
_NEW_KEY = _l(
    "Copy the API key from the gateway's dashboard again and replace it in the vault. Then send the message again."
)
OF_CODE = {
    "AUTH_001": Words(_l("The gateway doesn't know this API key, or the key has expired."), _NEW_KEY, _CHANGE),
    "AUTH_002": Words(
        _l("The gateway says that the message came without an API key."),
        _l("Try again. If it keeps happening, contact us."),
        _HELPS,
    ),
    "AUTH_003": Words(_l("The gateway couldn't read the API key."), _NEW_KEY, _CHANGE),
    "AUTH_004": Words(
        _l("The gateway couldn't check the API key because part of the gateway is down."),
        _l("Nothing was sent. Try again in a few minutes."),
        _HELPS,
    ),
    "AUTH_005": Words(
        _l("The gateway couldn't check the API key because part of the gateway failed."),
        _l("Nothing was sent. Try again in a few minutes."),
        _HELPS,
    ),
    "BILL_001": Words(
        _l("Your balance at the gateway is too low."),
        _l(
            "Top up your balance in the gateway's dashboard. Then send the message again. Until then, every "
            "message is refused."
        ),
        _CHANGE,
    ),
    "GW_001": Words(
        _l("The gateway refused the message's content or number."),
        _l(
            "Read the reason below, correct the message and send it again. Without a change it will be "
            "refused again."
        ),
        _CHANGE,
    ),
    results.RATE: Words(
        _l(
            "The gateway accepts no more messages with this API key for now, because it got too many in a "
            "short time."
        ),
        _l("Nothing was sent. Send it again after the time shown below."),
        Retry.LATER,
    ),
    results.BUSY: Words(
        _l("The gateway is getting too many requests."),
        _l("Nothing was sent. Try again in a minute."),
        Retry.LATER,
    ),
    results.NO_KEY: Words(
        _l("The API key for this message is no longer in the vault, or the vault can't open it."),
        _l("Add the API key to the vault again. Then send the message again."),
        _CHANGE,
    ),
    results.OPTED_OUT: Words(
        _l("This person opted out of marketing, so the message wasn't sent."),
        _l("Don't send this person marketing. You can still send other messages."),
        Retry.NEVER,
    ),
    results.OPTED_OUT_OF_ALL: Words(
        _l("This person opted out of all messages, so the message wasn't sent."),
        _l("Don't write to this person again unless they ask for it."),
        Retry.NEVER,
    ),
    results.CONSENT_UNREADABLE: Words(
        _l("We couldn't check who opted out, so the message wasn't sent."),
        _l("Try again later. If it keeps failing, contact us."),
        _HELPS,
    ),
    results.UNREADABLE: Words(
        _l("We couldn't read the stored message, so it wasn't sent."), _l("Write the message again."), _CHANGE
    ),
    results.STALLED: Words(
        _l("The portal was interrupted before it called the gateway."),
        _l("Nothing was sent. You can safely send it again."),
        _HELPS,
    ),
    results.UNREACHABLE: Words(
        _l("We couldn't reach the gateway."), _l("Nothing was sent. You can safely send it again."), _HELPS
    ),
    results.KEY_REFUSED: Words(_l("The gateway didn't accept the API key."), _NEW_KEY, _CHANGE),
    results.MALFORMED_KEY: Words(
        _l("The API key contains characters that API keys never have."), _NEW_KEY, _CHANGE
    ),
    results.FORBIDDEN: Words(
        _l("The gateway doesn't allow this API key to send this type of message."),
        _l("Check in the gateway's dashboard what the app may do, or use another app's API key."),
        _CHANGE,
    ),
    results.NO_GATEWAY: Words(
        _l("The gateway isn't at the address that the portal calls."),
        _l("Nothing was sent. Contact us so that we can fix it."),
        _CHANGE,
    ),
    results.REJECTED: Words(
        _l("The gateway refused the message."),
        _l("Read the reason below, correct the message and send it again."),
        _CHANGE,
    ),
    results.NOT_ARRIVED: Words(
        _l("The gateway never confirmed the message, and it didn't arrive."),
        _l("Send it again if it's still needed."),
        _HELPS,
    ),
}
OF_STATUS: dict[int | None, Words] = {
    403: OF_CODE[results.FORBIDDEN],
    502: Words(
        _l("Meta, which runs WhatsApp, didn't accept the message from the gateway."),
        _l("Nothing was sent. Try again in a few minutes. If it keeps happening, read the reason below."),
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
    _l("The gateway refused the message for a reason that the portal doesn't know."),
    _l("Nothing was sent. Read the reason below. You can safely send it again."),
    _HELPS,
)

UNDELIVERED = Words(
    _l("The gateway accepted the message, but WhatsApp didn't deliver it."),
    _l("Read the reason below before you send it again."),
    _CHANGE,
)
