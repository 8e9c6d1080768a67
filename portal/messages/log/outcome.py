"""What became of a message, in plain words: what happened, what to do, and whether trying again helps."""

import re
from dataclasses import dataclass

from portal.i18n import _
from portal.messages.log import meta_words
from portal.messages.log import outcome_words as words
from portal.messages.log.outcome_words import Retry, Words
from portal.models import Message, MessageState

INVALID, PAUSED = "100", "132015"


@dataclass(frozen=True)
class Outcome:
    """What a page tells about a message. `todo` is empty where there is nothing to do."""

    happened: str
    todo: str
    retry: Retry = Retry.NO_NEED


def explain(message: Message) -> Outcome:
    """The outcome of a message as it stands now."""
    if message.state == MessageState.REFUSED:
        return _outcome(_refusal(message))
    if message.state == MessageState.FAILED:
        return _outcome(_failure(message))
    if message.state == MessageState.QUEUED and message.code:
        return Outcome(_("The gateway asked us to wait a few seconds."), _("It will be sent automatically."))
    if message.state == MessageState.ACCEPTED and message.is_fake:
        return Outcome(
            _("The gateway checked and accepted the message. It was a test, so the recipient won't get it."), ""
        )
    if message.state == MessageState.ACCEPTED and message.is_held:
        return _outcome(words.HELD)
    if message.state == MessageState.DELIVERED and message.settled_arrived and message.wamid is None:
        return Outcome(
            _(
                "The gateway never confirmed the message. %(who)s found out that it arrived.",
                who=message.settled_by,
            ),
            "",
        )
    return _outcome(words.OF_STATE[message.state])


def meta_code(message: Message) -> str:
    """The number of Meta's error, which the gateway passes on as the code or inside its sentence."""
    return meta_code_in(message.code, message.description)


def meta_code_in(code: str, description: str) -> str:
    """The same of a code and a sentence."""
    if code.isdigit():
        return code
    found = re.search(r"\(#([0-9]{2,7})\)", description)
    return found[1] if found else ""


def _outcome(said: Words) -> Outcome:
    return Outcome(str(said.happened), str(said.todo), said.retry)


def _refusal(message: Message) -> Words:
    known = _of_meta(message) or words.OF_CODE.get(message.code)
    if known is not None:
        return known
    if message.http_status in words.OF_STATUS:
        return words.OF_STATUS[message.http_status]
    family = message.code.partition("_")[0]
    return words.OF_FAMILY.get(family, words.UNKNOWN_CODE)


def _failure(message: Message) -> Words:
    return words.OF_CODE.get(message.code) or _of_meta(message) or words.UNDELIVERED


def _of_meta(message: Message) -> Words | None:
    """By Meta's number, which says more than the gateway's code around it; but for the one that says nothing."""
    code = meta_code(message)
    if code == PAUSED and message.is_held:
        return meta_words.DROPPED
    return meta_words.OF_META.get(code) if code != INVALID or message.code in ("", INVALID) else None
