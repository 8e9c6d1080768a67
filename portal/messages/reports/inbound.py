"""What people write, as the gateway reports it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from portal.messages.reports.json_fields import dict_of, line_of, list_of, text_of
from portal.messages.reports.people import Someone, names_in, someone

TEXT_LIMIT = 4096
_WHERE_TEXT_IS = ("text", "image", "video", "document", "button", "reaction")
_TEXT_FIELDS = ("body", "caption", "text", "emoji", "filename")


class Inbound(NamedTuple):
    """One message that somebody wrote."""

    who: Someone
    at: datetime | None
    wamid: str = ""
    type: str = ""
    text: str = ""
    button: str = ""
    """What a pressed button brings back, which need not be what it says."""
    is_button: bool = False
    business_number: str = ""
    """The number of the account that they wrote to, E.164, where the event names it."""


class Moved(NamedTuple):
    """Somebody has another number or user id from now on."""

    before: Someone
    after: Someone


def in_change(change: Any, instant: Any) -> Iterator[Inbound]:
    """What people wrote, by a part of an event.

    Args:
        instant: reads the time of an object, if it names one.
    """
    value = dict_of(change, "value")
    if not (messages := list_of(value, "messages")):
        return
    names, number = names_in(value), someone(dict_of(value, "metadata"), "display_phone_number", "").number
    for message in messages:
        who, kind = someone(message, "from", "from_user_id", names), line_of(message, "type", 40)
        who = _whole(who, value)
        if who.is_known and kind not in ("system", "unsupported"):
            pressed, is_button = _pressed(message)
            words = pressed or _text(message)
            payload = text_of(dict_of(message, "button"), "payload", 200)
            wamid = text_of(message, "id", 200)
            yield Inbound(who, instant(message), wamid, kind, words, payload, is_button, number)


def moves_in(change: Any) -> Iterator[Moved]:
    """Who has another number or user id, by a part of an event."""
    value = dict_of(change, "value")
    for message in list_of(value, "messages"):
        told, before = dict_of(message, "system"), someone(message, "from", "from_user_id")
        if text_of(told, "type", 40) == "user_changed_number":
            after = someone(told, "wa_id", "user_id")
            after = after if after.is_known else someone(told, "new_wa_id", "user_id")
            if before.is_known and after.is_known:
                yield Moved(before, after)
    for told in list_of(value, "user_id_update"):
        number, ids = someone(told, "wa_id", "").number, dict_of(told, "user_id")
        previous, current = text_of(ids, "previous", 160), text_of(ids, "current", 160)
        if previous and current:
            yield Moved(Someone(number, previous), Someone(number, current))


def _whole(who: Someone, value: Any) -> Someone:
    """With the other name that the event has for the same person."""
    for contact in list_of(value, "contacts"):
        named = someone(contact, "wa_id", "user_id")
        if (who.number and named.number == who.number) or (who.user_id and named.user_id == who.user_id):
            return Someone(who.number or named.number, who.user_id or named.user_id, who.name)
    return who


def _pressed(message: Any) -> tuple[str, bool]:
    """What a pressed button says."""
    if text := text_of(dict_of(message, "button"), "text", TEXT_LIMIT):
        return text, True
    reply = dict_of(message, "interactive")
    chosen = dict_of(reply, "button_reply") or dict_of(reply, "list_reply")
    return (title, True) if (title := text_of(chosen, "title", TEXT_LIMIT)) else ("", False)


def _text(message: Any) -> str:
    found = (
        text_of(dict_of(message, place), name, TEXT_LIMIT) for place in _WHERE_TEXT_IS for name in _TEXT_FIELDS
    )
    return next((text for text in found if text), "")
