"""Why a campaign was paused or stopped without a person: what happened, and what to do, in words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import format_percent

from portal.i18n import _l


class Reason(StrEnum):
    """As it stands in `Campaign.reason`."""

    BALANCE = "balance"
    KEY_REFUSED = "key_refused"
    FORBIDDEN = "forbidden"
    NO_KEY = "no_key"
    NO_GATEWAY = "no_gateway"
    UNREACHABLE = "unreachable"
    CONSENT = "consent_unreadable"
    TEMPLATE_PAUSED = "template_paused"
    TEMPLATE_DISABLED = "template_disabled"
    SPAM_LIMIT = "spam_limit"
    BLOCKED = "blocked"
    LOCKED = "locked"
    UNREGISTERED = "unregistered"
    PAYMENT = "payment"
    FAILURES = "failures"
    OPT_OUTS = "opt_outs"
    TIME_OVER = "time_over"
    """Stopped, not paused."""


@dataclass(frozen=True)
class Words:
    """What happened, and what to do. `share` stands for a number of per cent in them."""

    happened: Any
    todo: Any


WORDS = {
    Reason.BALANCE: Words(
        _l("Your balance at the gateway is too low."),
        _l("Top up your balance in the gateway's dashboard, then resume the campaign."),
    ),
    Reason.KEY_REFUSED: Words(
        _l("The gateway didn't accept the API key."),
        _l(
            "Copy the API key from the gateway's dashboard again and replace it in the vault. Then resume the "
            "campaign."
        ),
    ),
    Reason.FORBIDDEN: Words(
        _l("The gateway doesn't allow this API key to send this type of message."),
        _l("Check in the gateway's dashboard what the app may do, then resume the campaign."),
    ),
    Reason.NO_KEY: Words(
        _l("The API key for this campaign is no longer in the vault, or the vault can't open it."),
        _l(
            "A campaign stays with its API key. If the key is gone for good, stop this campaign and start a new "
            "one."
        ),
    ),
    Reason.NO_GATEWAY: Words(
        _l("The gateway isn't at the address that the portal calls."),
        _l("Contact us so that we can fix it. Then resume the campaign."),
    ),
    Reason.UNREACHABLE: Words(
        _l("We couldn't reach the gateway for several minutes."),
        _l("Resume the campaign in a few minutes. If it keeps happening, contact us."),
    ),
    Reason.CONSENT: Words(
        _l("We couldn't check who opted out, so we send to nobody."),
        _l("Try again later. If it keeps failing, contact us."),
    ),
    Reason.TEMPLATE_PAUSED: Words(
        _l("Meta has paused this template because of its quality."),
        _l(
            "See in WhatsApp Manager when Meta sends it again. Then resume the campaign, or stop it and use "
            "another template."
        ),
    ),
    Reason.TEMPLATE_DISABLED: Words(
        _l("Meta no longer sends this template."),
        _l("Stop this campaign and use another template."),
    ),
    Reason.SPAM_LIMIT: Words(
        _l("WhatsApp limits your number because people reported or blocked its messages."),
        _l("Check your number's quality in WhatsApp Manager before you resume the campaign."),
    ),
    Reason.BLOCKED: Words(
        _l("Meta has temporarily blocked your WhatsApp Business account for breaking a rule."),
        _l("See the reason in Meta's Business Support Home and ask for a review. Then resume the campaign."),
    ),
    Reason.LOCKED: Words(
        _l("Meta has locked your WhatsApp Business account."),
        _l("See the reason in Meta's Business Support Home and ask for a review. Then resume the campaign."),
    ),
    Reason.UNREGISTERED: Words(
        _l("Your number isn't registered with WhatsApp."),
        _l("Reconnect it on the Channels page. Then resume the campaign."),
    ),
    Reason.PAYMENT: Words(
        _l("Meta couldn't charge for the messages."),
        _l("Check the payment method of your WhatsApp Business account. Then resume the campaign."),
    ),
    Reason.FAILURES: Words(
        _l("Too many messages failed: %(share)s of the last ones, which is more than you allowed."),
        _l("See below why they failed. If the rest should be sent all the same, resume the campaign."),
    ),
    Reason.OPT_OUTS: Words(
        _l("Too many people opted out: %(share)s of those who got a message, which is more than you allowed."),
        _l(
            "Consider whether these people expect your messages. If the rest should be sent all the same, resume "
            "the campaign."
        ),
    ),
    Reason.TIME_OVER: Words(
        _l("Its time ran out before everybody got a message."),
        _l("The rest was skipped. To reach these people, start a new campaign."),
    ),
}


def happened(reason: str, detail: str) -> str:
    """What happened, in the reader's language; empty where a person did it."""
    return _filled(WORDS[Reason(reason)].happened, detail) if reason in WORDS else ""


def todo(reason: str) -> str:
    """What to do about it."""
    return str(WORDS[Reason(reason)].todo) if reason in WORDS else ""


def _filled(text: Any, detail: str) -> str:
    said = str(text)
    if "%(share)s" not in said:
        return said
    share = int(detail) if detail.isdigit() else 0
    return said % {"share": format_percent(share / 100)}
