"""What Meta refuses of a message that the gateway has passed on, and taken its fee for."""

from __future__ import annotations

import re

from portal.sandbox.api.gateway_schema import Component, Message, Parameter
from portal.sandbox.api.templates import sample

_NOT_ONE_LINE = re.compile(r"[\n\r\t]| {4,}")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class MetaRefusedError(ValueError):
    """Meta's code and its sentence."""

    def __init__(self, code: int, title: str, details: str) -> None:
        super().__init__(f"(#{code}) {title}: {details}")


def judge(message: Message) -> None:
    """Raises MetaRefusedError for a template that is filled in a way that Meta does not take."""
    if message.template is None:
        return
    for component in message.template.components:
        for parameter in component.parameters:
            _one_line(parameter)
            _short_code(parameter)
    texts = [part for part in message.template.components if part.type in ("header", "body")]
    _names([parameter for part in texts for parameter in part.parameters if parameter.type == "text"])
    _agree_with_template(message.template.name, [part for part in texts if part.type == "body"])


def _wrong_format(details: str) -> MetaRefusedError:
    return MetaRefusedError(132012, "Parameter format does not match format in the created template", details)


def _one_line(parameter: Parameter) -> None:
    if parameter.text and _NOT_ONE_LINE.search(parameter.text):
        raise _wrong_format("Param text cannot have new-line/tab characters or more than 4 consecutive spaces")


def _short_code(parameter: Parameter) -> None:
    if parameter.coupon_code and len(parameter.coupon_code) > 15:
        raise _wrong_format("coupon_code: at most 15 characters")


def _names(parameters: list[Parameter]) -> None:
    names = [parameter.parameter_name for parameter in parameters]
    if any(names) and not all(names):
        raise _wrong_format("a template has named parameters or positional ones")
    if any(name and not _NAME.fullmatch(name) for name in names):
        raise _wrong_format("parameter_name: lowercase letters, digits and underscores")


def _agree_with_template(name: str, bodies: list[Component]) -> None:
    """Of the templates that the sandbox knows, those that name their values are held to their names."""
    known, sent = sample(name), [parameter for body in bodies for parameter in body.parameters]
    if known is None:
        return
    names = [parameter.parameter_name for parameter in sent if parameter.parameter_name]
    if not known.names:
        if names:
            raise _wrong_format("the template has positional parameters")
        return
    if len(sent) != len(known.names):
        details = f"{len(sent)} parameters came, {len(known.names)} are expected"
        raise MetaRefusedError(132000, "Number of parameters does not match the expected number", details)
    if set(names) != set(known.names):
        raise _wrong_format(f"the template's parameters are {', '.join(known.names)}")
