"""A message as a page may show it: all of it to whoever writes messages, without number and content to others."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from portal import contact
from portal.contacts import phone_numbers
from portal.i18n import _, _l
from portal.messages.log import outcome
from portal.messages.log.outcome import Outcome
from portal.messages.log.outcome_words import Retry
from portal.messages.sending import results, wamids
from portal.models import Message, MessageState, MessageType, now

STATE_WORDS = {
    MessageState.PREPARED: _l("Draft"),
    MessageState.QUEUED: _l("Queued"),
    MessageState.SENDING: _l("Sending"),
    MessageState.ACCEPTED: _l("Accepted"),
    MessageState.REFUSED: _l("Not sent"),
    MessageState.UNKNOWN: _l("Unknown"),
    MessageState.SENT: _l("Sent"),
    MessageState.FAILED: _l("Failed"),
    MessageState.DELIVERED: _l("Delivered"),
    # Translators: the recipient has read the message.
    MessageState.READ: _l("Read"),
}
TYPE_WORDS = {
    MessageType.TEXT: _l("Text"),
    MessageType.IMAGE: _l("Image"),
    MessageType.AUDIO: _l("Audio"),
    MessageType.TEMPLATE: _l("Template"),
}
STATUS_WORDS = {
    "sent": _l("Sent"),
    "delivered": _l("Delivered"),
    # Translators: the recipient has read the message.
    "read": _l("Read"),
    "played": _l("Played"),
    "failed": _l("Failed"),
}
ANSWER_WORDS = {
    "held_for_quality_assessment": _l("Held back to check the template's quality"),
    "paused": _l("Paused, like the template"),
}
_KINDS = {
    MessageState.ACCEPTED: "success",
    MessageState.SENT: "success",
    MessageState.DELIVERED: "success",
    MessageState.READ: "success",
    MessageState.REFUSED: "danger",
    MessageState.FAILED: "danger",
}
_ABOUT_KEY = ("AUTH_001", "AUTH_003", results.NO_KEY, results.KEY_REFUSED, results.MALFORMED_KEY)
_OPEN = frozenset(MessageState) - {MessageState.PREPARED, MessageState.REFUSED, MessageState.READ}
"""States that a status event may still change: what failed at first may be delivered after all."""
_LOOKS = ((timedelta(minutes=1), 2), (timedelta(minutes=10), 5), (timedelta(hours=1), 15), (timedelta(days=1), 30))
"""How often a page looks, in seconds, at a message that was sent so long ago."""


@dataclass(frozen=True)
class Shown:
    """One message, as a page shows it."""

    row: Message
    may_read: bool

    @property
    def id(self) -> UUID:
        return self.row.id

    @property
    def state(self) -> MessageState:
        return self.row.state

    @property
    def state_word(self) -> str:
        return str(STATE_WORDS[self.state])

    @property
    def kind(self) -> str:
        """The colour of the state."""
        return _KINDS.get(self.state, "warning")

    @property
    def type_word(self) -> str:
        return str(TYPE_WORDS[self.row.type])

    @property
    def is_test(self) -> bool:
        """Whether it was for trying out: what the gateway does not send, and what a key for that sends."""
        return self.row.is_fake or self.row.is_trial

    @property
    def number(self) -> str:
        if not self.row.recipient:
            return _("Number erased")
        return (
            contact.international(self.row.recipient)
            if self.may_read
            else phone_numbers.masked(self.row.recipient)
        )

    @property
    def preview(self) -> str:
        return self.row.preview if self.may_read else ""

    @property
    def description(self) -> str:
        """The vendor's own words, which may quote the message."""
        return self.row.description if self.may_read else ""

    @property
    def code(self) -> str:
        """The vendor's code."""
        return results.spelled(self.row.code)

    @property
    def wamid(self) -> str:
        """The gateway's name of it, which contains the number."""
        wamid = self.row.wamid or ""
        return wamid if self.may_read and not wamids.is_erased(wamid) else ""

    @property
    def answer_word(self) -> str:
        """What Meta said when the gateway took it, where that is not only that it did."""
        word = self.row.message_status
        return "" if word in ("", "accepted") else str(ANSWER_WORDS.get(word, word))

    @property
    def payload(self) -> str:
        """The body as it went over the wire, laid out."""
        if not self.may_read or self.row.payload is None:
            return ""
        return json.dumps(self.row.payload, indent=2, ensure_ascii=False)

    @cached_property
    def outcome(self) -> Outcome:
        return outcome.explain(self.row)

    @property
    def waits_until(self) -> datetime | None:
        """When sending it again helps, while that is not yet."""
        is_later = self.state == MessageState.REFUSED and self.outcome.retry == Retry.LATER
        return self.row.retry_at if is_later and self.row.retry_at and self.row.retry_at > now() else None

    @property
    def is_about_key(self) -> bool:
        """Whether the way on leads through the vault."""
        return self.state == MessageState.REFUSED and self.row.code in _ABOUT_KEY

    @property
    def can_be_sent_again(self) -> bool:
        """Whether there is something to fill the form with."""
        may_be = self.outcome.retry != Retry.NEVER and self.waits_until is None
        return may_be and self.row.payload is not None and not self.row.is_moving

    @property
    def look_after(self) -> int:
        """Seconds after which a page looks again; 0 when nothing changes any more."""
        if self.row.is_moving:
            return 1
        if until := self.waits_until:
            return max(1, min(30, int((until - now()).total_seconds()) + 1))
        if self.state not in _OPEN or self.row.is_fake or self.row.confirmed_at is None:
            return 0
        age = now() - self.row.confirmed_at
        return next((seconds for limit, seconds in _LOOKS if age < limit), 0)


def cells(messages: Iterable[Shown]) -> list[tuple[Any, ...]]:
    """What the rows of `messages/log/_rows.html` show, in its order; each word is looked up only once."""
    types = {kind: str(word) for kind, word in TYPE_WORDS.items()}
    states = {state: (str(word), _KINDS.get(state, "warning")) for state, word in STATE_WORDS.items()}
    return [
        (
            row.id,
            shown.number,
            shown.preview,
            types[row.type],
            *states[row.state],
            shown.is_test,
            row.confirmed_at,
            row.sender,
        )
        for shown in messages
        for row in (shown.row,)
    ]
