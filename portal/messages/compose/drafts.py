"""What somebody is writing: from a form to a message as Connexease takes it, and back into a form.

A draft holds whatever was typed, finished or not; `message` says everything that still has to be put right.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.connexease import schemas
from portal.errors import DomainError, FieldErrors
from portal.i18n import _, _n
from portal.messages.compose import media_check, recipients
from portal.models import MessageType

BODY_LIMIT = schemas.TEXT_BODY_LIMIT
"""Characters in a text. What counts as one the vendor does not say: Unicode code points are taken to be meant."""
CAPTION_LIMIT = 1024
"""Characters below an image: Meta's limit, as Connexease names none."""
PARAMETER_LIMIT = 1024
NAME_LIMIT = 512
BUTTONS_AT_MOST = 10
HEADER_FILES = ("image", "video", "document")
_NAME = re.compile(rf"[a-z0-9_]{{1,{NAME_LIMIT}}}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")


@dataclass(frozen=True)
class Button:
    """What a template's button is filled with. `number` counts the template's buttons from 1."""

    number: int
    kind: str
    """`url`: the end of its address. `quick_reply`: what comes back when it is pressed."""
    value: str


@dataclass(frozen=True)
class Draft:
    """Everything that was typed. Of the fields, those of the draft's own kind count."""

    kind: MessageType = MessageType.TEXT
    to: str = ""
    body: str = ""
    link_preview: bool = False
    link: str = ""
    caption: str = ""
    template: UUID | None = None
    """The template that was chosen of Connexease's list; several may have its name."""
    name: str = ""
    language: str = ""
    header: str = ""
    """Empty, `text`, or one of `HEADER_FILES`."""
    header_value: str = ""
    values: tuple[str, ...] = ()
    """Of the template's body, in the order of its placeholders."""
    expected: tuple[str, ...] | None = None
    """What the template calls its values; none where nobody knows the template."""
    buttons: tuple[Button, ...] = ()

    @property
    def file(self) -> tuple[str, str] | None:
        """The file that goes along: which kind it is, and its address."""
        if self.kind in (MessageType.IMAGE, MessageType.AUDIO):
            return self.kind.value, self.link
        if self.kind == MessageType.TEMPLATE and self.header in HEADER_FILES:
            return self.header, self.header_value
        return None


def language_code(text: str) -> str:
    """A language as Meta writes it: `en-us` and `EN_US` become `en_US`."""
    language, _mark, region = text.strip().replace("-", "_").partition("_")
    return f"{language.lower()}_{region.upper()}" if region else language.lower()


def message(draft: Draft, time_zone: str) -> schemas.Message:
    """The message as the gateway takes it.

    Raises:
        FieldErrors: it is not finished; each field says what is wrong with it.
    """
    refusals: dict[str, list[str]] = {}
    to = ""
    try:
        to = recipients.read(draft.to, time_zone).e164
    except DomainError as error:
        refusals["to"] = [error.message]
    for field, problem in _PROBLEMS[draft.kind](draft):
        refusals.setdefault(field, []).append(problem)
    if refusals:
        raise FieldErrors(_("Please check what you entered."), refusals)
    return _MESSAGES[draft.kind](draft, to)


# --- what has to be put right ------------------------------------------------------------------------

Problems = Sequence[tuple[str, str]]


def _text_problems(draft: Draft) -> Problems:
    if not draft.body.strip():
        return [("body", _("Write the message."))]
    return _too_long("body", draft.body, BODY_LIMIT)


def _image_problems(draft: Draft) -> Problems:
    return [*_link_problems("image_link", draft.link), *_too_long("caption", draft.caption, CAPTION_LIMIT)]


def _audio_problems(draft: Draft) -> Problems:
    return _link_problems("audio_link", draft.link)


def _template_problems(draft: Draft) -> Problems:
    found: list[tuple[str, str]] = []
    if not draft.name:
        found.append(("name", _("Choose a template, or enter its name.")))
    elif draft.expected is None and not _NAME.fullmatch(draft.name):
        found.append(("name", _("A template's name has small letters, digits and _ only, such as order_update.")))
    if not _LANGUAGE.fullmatch(draft.language):
        found.append(("language", _("Enter the language's code, such as en, tr or pt_BR.")))
    return [*found, *_header_problems(draft), *_value_problems(draft), *_button_problems(draft)]


def _header_problems(draft: Draft) -> Problems:
    if draft.header == "text":
        if not draft.header_value.strip():
            return [("header_value", _("Fill in what the header shall say."))]
        return _too_long("header_value", draft.header_value, PARAMETER_LIMIT)
    return _link_problems("header_value", draft.header_value) if draft.header else []


def _value_problems(draft: Draft) -> Problems:
    found: list[tuple[str, str]] = []
    for index, value in enumerate(draft.values):
        if not value.strip():
            name = draft.expected[index] if draft.expected else _("value %(number)d", number=index + 1)
            found.append((f"values-{index}", _("Fill in “%(name)s”: WhatsApp takes no empty one.", name=name)))
        found += _too_long(f"values-{index}", value, PARAMETER_LIMIT)
    return found


def _button_problems(draft: Draft) -> Problems:
    numbers = [button.number for button in draft.buttons]
    found: list[tuple[str, str]] = []
    for index, button in enumerate(draft.buttons):
        if not 1 <= button.number <= BUTTONS_AT_MOST:
            found.append(("buttons", _("A template has the buttons 1 to %(count)d.", count=BUTTONS_AT_MOST)))
        elif button.number in numbers[:index]:
            found.append(("buttons", _("Each button can be filled once.")))
        found += _too_long("buttons", button.value, PARAMETER_LIMIT)
    return found


def _link_problems(field: str, link: str) -> Problems:
    problem = media_check.problem_with(link)
    return [(field, problem)] if problem else []


def _too_long(field: str, text: str, limit: int) -> Problems:
    over = len(text) - limit
    words = _n("This is %(num)d character too long.", "This is %(num)d characters too long.", over)
    return [(field, words)] if over > 0 else []


_PROBLEMS = {
    MessageType.TEXT: _text_problems,
    MessageType.IMAGE: _image_problems,
    MessageType.AUDIO: _audio_problems,
    MessageType.TEMPLATE: _template_problems,
}


# --- to Connexease's shapes, and back ----------------------------------------------------------------


def _text(draft: Draft, to: str) -> schemas.Message:
    return schemas.TextMessage(to=to, text=schemas.Text(body=draft.body, preview_url=draft.link_preview))


def _image(draft: Draft, to: str) -> schemas.Message:
    picture = schemas.Picture(link=media_check.normal(draft.link), caption=draft.caption or None)
    return schemas.ImageMessage(to=to, image=picture)


def _audio(draft: Draft, to: str) -> schemas.Message:
    return schemas.AudioMessage(to=to, audio=schemas.Media(link=media_check.normal(draft.link)))


def _template(draft: Draft, to: str) -> schemas.Message:
    components = [*_header(draft), *_body(draft), *map(_button, draft.buttons)]
    use = schemas.TemplateUse(
        name=draft.name, language=schemas.Language(code=draft.language), components=components or None
    )
    return schemas.TemplateMessage(to=to, template=use)


def _header(draft: Draft) -> list[schemas.TemplateComponent]:
    if not draft.header:
        return []
    if draft.header == "text":
        parameter = schemas.TemplateParameter(type="text", text=draft.header_value)
    else:
        file = {draft.header: {"link": media_check.normal(draft.header_value)}}
        parameter = schemas.TemplateParameter.model_validate({"type": draft.header, **file})
    return [schemas.TemplateComponent(type="header", parameters=[parameter])]


def _body(draft: Draft) -> list[schemas.TemplateComponent]:
    parameters = [schemas.TemplateParameter(type="text", text=value) for value in draft.values]
    return [schemas.TemplateComponent(type="body", parameters=parameters)] if parameters else []


def _button(button: Button) -> schemas.TemplateComponent:
    kind = "text" if button.kind == "url" else "payload"
    parameter = schemas.TemplateParameter.model_validate({"type": kind, kind: button.value})
    return schemas.TemplateComponent(
        type="button", sub_type=button.kind, index=str(button.number - 1), parameters=[parameter]
    )


_MESSAGES = {
    MessageType.TEXT: _text,
    MessageType.IMAGE: _image,
    MessageType.AUDIO: _audio,
    MessageType.TEMPLATE: _template,
}


def of_payload(payload: dict[str, Any], to: str) -> Draft:
    """The draft that a message was made of, from its body as it went over the wire."""
    kind = MessageType(payload["type"])
    part = payload[kind.value]
    match kind:
        case MessageType.TEXT:
            return Draft(kind, to, body=part["body"], link_preview=bool(part.get("preview_url")))
        case MessageType.TEMPLATE:
            return _of_template(part, to)
    return Draft(kind, to, link=part["link"], caption=part.get("caption") or "")


def _of_template(part: dict[str, Any], to: str) -> Draft:
    components = part.get("components") or []
    filled = {kind: [c for c in components if c["type"] == kind] for kind in ("header", "body", "button")}
    header, header_value = _of_header(filled["header"])
    values = tuple(_value_of(parameter) for c in filled["body"] for parameter in c.get("parameters") or [])
    buttons = (Button(int(c.get("index") or 0) + 1, c.get("sub_type") or "", _first(c)) for c in filled["button"])
    return Draft(
        MessageType.TEMPLATE,
        to,
        name=part["name"],
        language=part["language"]["code"],
        header=header,
        header_value=header_value,
        values=values,
        buttons=tuple(buttons),
    )


def _of_header(components: list[dict[str, Any]]) -> tuple[str, str]:
    if not components:
        return "", ""
    [first, *_more] = components[0].get("parameters") or [{"type": ""}]
    return first["type"], _value_of(first)


def _first(component: dict[str, Any]) -> str:
    return _value_of((component.get("parameters") or [{"type": ""}])[0])


def _value_of(parameter: dict[str, Any]) -> str:
    """What the form has one field for, also of parameters that the form itself does not make."""
    value = parameter.get(parameter["type"]) or ""
    if isinstance(value, dict):
        value = value.get("link") or value.get("fallback_value") or ""
    return str(value)
