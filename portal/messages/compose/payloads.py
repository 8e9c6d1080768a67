"""A draft to a message as Connexease takes it, and back into a draft."""

from typing import Any

from portal.connexease import schemas
from portal.errors import FieldErrors
from portal.i18n import _
from portal.messages.compose import media_check, recipients, refusals
from portal.messages.compose.drafts import ONE_TIME_CODE, Button, Draft
from portal.messages.compose.parameters import CODE_LIMIT, address_end, typed_end
from portal.models import MessageType


def message(draft: Draft, time_zone: str) -> schemas.Message:
    """The message as the gateway takes it.

    Raises:
        FieldErrors: it is not finished; each field says what is wrong with it.
    """
    wrong = refusals.of(draft, time_zone)
    if wrong:
        raise FieldErrors(_("Check what you entered."), wrong)
    return of_checked(draft, recipients.read(draft.to, time_zone).e164)


def of_checked(draft: Draft, to: str) -> schemas.Message:
    """The message of a draft that was looked at before, to a number in E.164 form."""
    return _MESSAGES[draft.kind](draft, to)


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
        parameter = _text_parameter(draft.header_value, draft.header_name)
    else:
        file = {draft.header: {"link": media_check.normal(draft.header_value)}}
        parameter = schemas.TemplateParameter.model_validate({"type": draft.header, **file})
    return [schemas.TemplateComponent(type="header", parameters=[parameter])]


def _body(draft: Draft) -> list[schemas.TemplateComponent]:
    named = zip(draft.values, draft.names, strict=True)
    parameters = [_text_parameter(value, name) for value, name in named]
    return [schemas.TemplateComponent(type="body", parameters=parameters)] if parameters else []


def _text_parameter(value: str, name: str) -> schemas.TemplateParameter:
    return schemas.TemplateParameter(type="text", text=value, parameter_name=name or None)


def _button(button: Button) -> schemas.TemplateComponent:
    """A button's part. An authentication template's code goes to the button as to one with an address."""
    parameter = {
        "url": {"type": "text", "text": address_end(button.value)},
        ONE_TIME_CODE: {"type": "text", "text": button.value},
        "quick_reply": {"type": "payload", "payload": button.value},
        "copy_code": {"type": "coupon_code", "coupon_code": button.value},
        "flow": {"type": "action", "action": {"flow_token": button.value}},
    }[button.kind]
    return schemas.TemplateComponent(
        type="button",
        sub_type="url" if button.kind == ONE_TIME_CODE else button.kind,
        index=str(button.number - 1),
        parameters=[schemas.TemplateParameter.model_validate(parameter)],
    )


_MESSAGES = {
    MessageType.TEXT: _text,
    MessageType.IMAGE: _image,
    MessageType.AUDIO: _audio,
    MessageType.TEMPLATE: _template,
}


# --- and back ----------------------------------------------------------------------------------------


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
    header, header_value, header_name = _of_header(filled["header"])
    parameters = [parameter for c in filled["body"] for parameter in c.get("parameters") or []]
    values, names = tuple(map(_value_of, parameters)), tuple(map(_name_of, parameters))
    return Draft(
        MessageType.TEMPLATE,
        to,
        name=part["name"],
        language=part["language"]["code"],
        header=header,
        header_value=header_value,
        header_name=header_name,
        values=values,
        value_names=names if any(names) else (),
        buttons=tuple(_of_button(c, values) for c in filled["button"]),
    )


def _of_header(components: list[dict[str, Any]]) -> tuple[str, str, str]:
    if not components:
        return "", "", ""
    [first, *_more] = components[0].get("parameters") or [{"type": ""}]
    return first["type"], _value_of(first), _name_of(first)


def _of_button(component: dict[str, Any], values: tuple[str, ...]) -> Button:
    number, kind = int(component.get("index") or 0) + 1, component.get("sub_type") or ""
    value = _value_of((component.get("parameters") or [{"type": ""}])[0])
    if kind != "url":
        return Button(number, kind, value)
    if values == (value,) and len(value) <= CODE_LIMIT:  # the same twice, as only a code is sent
        return Button(number, ONE_TIME_CODE, value)
    return Button(number, kind, typed_end(value))


def _name_of(parameter: dict[str, Any]) -> str:
    return str(parameter.get("parameter_name") or "")


def _value_of(parameter: dict[str, Any]) -> str:
    """What the form has one field for, also of parameters that the form itself does not make."""
    value = parameter.get(parameter["type"]) or ""
    if isinstance(value, dict):
        value = value.get("link") or value.get("fallback_value") or value.get("flow_token") or ""
    return str(value)
