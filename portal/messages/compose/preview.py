"""What will arrive: a draft as a chat shows it, and in one plain line for a list."""

import re
from dataclasses import dataclass, replace
from itertools import count
from urllib.parse import unquote, urlsplit

from markupsafe import Markup

from portal.messages.compose import markup
from portal.messages.compose.drafts import Button, Draft
from portal.messages.compose.parameters import address_end
from portal.messages.template_list import Listed, places
from portal.models import MessageType

LINE_LIMIT = 200
MOST_SHOWN = 10_000
"""Characters: more than can be sent, and not so much that showing it takes long."""
_NOTHING = Markup("")
_LINK = re.compile(r"https?://[^\s<>\"`]+", re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """What goes along. It is not loaded itself: only WhatsApp fetches it."""

    kind: str
    name: str
    host: str


@dataclass(frozen=True)
class Bubble:
    """What a chat shows."""

    text: Markup = _NOTHING
    header: Markup = _NOTHING
    file: File | None = None
    linked_host: str = ""
    """Whose page WhatsApp shows a preview of, where one was asked for."""
    template: str = ""
    """The name of a template whose text nobody knows here."""
    values: tuple[tuple[int, str, str], ...] = ()
    """What that template is filled with: number, name, value."""
    buttons: tuple[tuple[int, str, str], ...] = ()
    """Number, kind, and what results: of an address its end as it will be."""
    missing: int = 0
    """How many of a template's values are still to be filled in."""

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.header or self.file or self.template)


def of_draft(draft: Draft, listed: Listed | None = None) -> Bubble:
    """The draft as a chat shows it.

    Args:
        listed: the template as Connexease lists it, if it does.
    """
    match draft.kind:
        case MessageType.TEXT:
            link = _LINK.search(draft.body) if draft.link_preview else None
            return Bubble(text=_text(draft.body), linked_host=_host(link[0]) if link else "")
        case MessageType.TEMPLATE:
            return _of_template(draft, listed)
    return Bubble(text=_text(draft.caption), file=_file(draft))


def line(draft: Draft, listed: Listed | None = None) -> str:
    """The draft in one plain line."""
    text = " ".join(plain(draft, listed).split())
    return text if len(text) <= LINE_LIMIT else text[: LINE_LIMIT - 1] + "…"


def plain(draft: Draft, listed: Listed | None = None) -> str:
    """What the draft says, all of it and unmarked."""
    match draft.kind:
        case MessageType.TEXT:
            return draft.body
        case MessageType.TEMPLATE:
            filled = _filled(listed, draft.values, "…")[0] if listed else " · ".join(draft.values)
            return f"{draft.name}: {filled}" if filled else draft.name
    return draft.caption or _file_name(draft.link)


def _text(text: str) -> Markup:
    return markup.html(markup.clean(text[:MOST_SHOWN])) if text.strip() else _NOTHING


def _of_template(draft: Draft, listed: Listed | None) -> Bubble:
    bubble = Bubble(
        header=_text(draft.header_value) if draft.header == "text" else _NOTHING,
        file=_file(draft),
        buttons=tuple(map(_button, draft.buttons)),
    )
    if listed is None:
        filled = zip(count(1), draft.names, draft.values)
        return replace(bubble, template=draft.name, values=tuple(filled))
    text, missing = _filled(listed, draft.values, markup.HOLE)
    return replace(bubble, text=markup.html(text[:MOST_SHOWN], missing), missing=len(missing))


def _button(button: Button) -> tuple[int, str, str]:
    result = f"https://…{address_end(button.value)}" if button.kind == "url" else button.value
    return button.number, button.kind, result


def _filled(listed: Listed, values: tuple[str, ...], hole: str) -> tuple[str, list[str]]:
    """The template's text with its values in place, and what it calls those that are missing."""
    if not listed.placeholders:
        return markup.clean(listed.content), []
    given = dict(zip(listed.placeholders, values, strict=False))
    labels = dict(zip(listed.placeholders, listed.labels, strict=True))
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        value = markup.clean(given.get(match[0], "")).strip()
        if not value:
            missing.append(labels[match[0]])
        return value or hole

    return places(listed.placeholders).sub(fill, markup.clean(listed.content)), missing


def _file(draft: Draft) -> File | None:
    if draft.file is None:
        return None
    kind, link = draft.file
    return File(kind, _file_name(link), _host(link))


def _host(link: str) -> str:
    try:
        return urlsplit(link.strip()).hostname or ""
    except ValueError:
        return ""


def _file_name(link: str) -> str:
    try:
        return unquote(urlsplit(link.strip()).path.rpartition("/")[2])[:80] or _host(link)
    except ValueError:
        return ""
