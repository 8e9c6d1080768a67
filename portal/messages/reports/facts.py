"""Who and what a part of a gateway's event is about: a few short facts of which a line is made for lists.

A fact is kept as JSON of texts. `is` says what kind it is; what is empty is left out.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from portal.contact import international
from portal.messages.reports.json_fields import dict_of, line_of, list_of, text_of
from portal.messages.reports.people import Someone, names_in, someone

Fact = dict[str, str]
TEXT = 90
"""As many characters of a text are shown in a list."""
_WHERE_TEXT_IS = ("text", "image", "video", "document", "button", "reaction", "system")
_TEXT_FIELDS = ("body", "caption", "text", "emoji", "filename")


def of(changes: Iterable[Any]) -> Iterator[Fact]:
    """The facts of an event's parts, in their order."""
    for change in changes:
        value, name = dict_of(change, "value"), text_of(change, "field", 64)
        names = names_in(value)
        for status in list_of(value, "statuses"):
            who = someone(status, "recipient_id", "recipient_user_id", names)
            yield fact("status", who, state=line_of(status, "status", 40))
        for message in list_of(value, "messages"):
            who = someone(message, "from", "from_user_id", names)
            yield fact("message", who, type=line_of(message, "type", 40), text=_text(message))
        for told in list_of(value, "user_preferences"):
            who = someone(told, "wa_id", "user_id", names)
            yield fact("preference", who, value=line_of(told, "value", 40))
        if "template" in name:
            yield _template(value, name)
        elif name.startswith(("account", "phone_number", "business")):
            whose = someone(value, "display_phone_number", "")
            state = line_of(value, "event", 60) or line_of(value, "decision", 60)
            yield fact("account", whose, field=name, state=state)


def fact(kind: str, who: Someone | None = None, **more: str) -> Fact:
    """One fact, with whom it is about."""
    who = who or Someone()
    number = international(who.number) if who.number else ""
    found = {"is": kind, "name": who.name, "number": number, "user": who.user_id, **more}
    return {key: text for key, text in found.items() if text}


def _template(value: Any, name: str) -> Fact:
    return fact(
        "template",
        field=name,
        template=line_of(value, "message_template_name", 80),
        language=line_of(value, "message_template_language", 10),
        state=_template_state(value),
    )


def _template_state(value: Any) -> str:
    named = (line_of(value, field, 40) for field in ("event", "new_quality_score", "new_category"))
    return next((text for text in named if text), "")


def _text(message: Any) -> str:
    """What was written: a text, a caption, the words of a button."""
    for place in _WHERE_TEXT_IS:
        inner = dict_of(message, place)
        for field in _TEXT_FIELDS:
            if text := line_of(inner, field, TEXT):
                return text
    reply = dict_of(message, "interactive")
    chosen = dict_of(reply, "button_reply") or dict_of(reply, "list_reply")
    return line_of(chosen, "title", TEXT)
