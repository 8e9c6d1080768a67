"""The body of a message as Meta's Cloud API takes it, for the types that the gateway documents."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails

HttpsLink = Annotated[str, StringConstraints(pattern=r"^https://[^\s/]+(/\S*)?$", max_length=2048)]
Caption = Annotated[str, StringConstraints(max_length=1024)]
NonEmpty = Annotated[str, StringConstraints(min_length=1)]


class _Strict(BaseModel):
    """Meta refuses keys it does not know, and numbers where it wants text."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Text(_Strict):
    body: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    preview_url: bool = False


class Image(_Strict):
    link: HttpsLink
    caption: Caption | None = None


class Audio(_Strict):
    link: HttpsLink


class Document(_Strict):
    link: HttpsLink
    caption: Caption | None = None
    filename: str | None = None


class Video(_Strict):
    link: HttpsLink
    caption: Caption | None = None


class Interactive(BaseModel):
    """The gateway's page only names it: type and action are what Meta asks for in every case."""

    model_config = ConfigDict(extra="allow", strict=True)
    type: NonEmpty
    action: dict[str, Any]


class Currency(_Strict):
    fallback_value: NonEmpty
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    amount_1000: int


class DateTime(_Strict):
    fallback_value: NonEmpty


class Parameter(_Strict):
    type: Literal[
        "text", "image", "document", "video", "payload", "currency", "date_time", "coupon_code", "action"
    ]
    parameter_name: NonEmpty | None = None
    text: NonEmpty | None = None
    payload: NonEmpty | None = None
    image: Image | None = None
    document: Document | None = None
    video: Video | None = None
    currency: Currency | None = None
    date_time: DateTime | None = None
    coupon_code: NonEmpty | None = None
    action: dict[str, Any] | None = None

    @model_validator(mode="after")
    def carries_its_type(self) -> Self:
        if getattr(self, self.type) is None:
            raise ValueError(f"a parameter of type {self.type} needs {self.type}")
        return self


class Component(_Strict):
    type: Literal["header", "body", "button"]
    sub_type: Literal["quick_reply", "url", "copy_code", "flow"] | None = None
    index: str | int | None = None
    parameters: list[Parameter] = Field(default_factory=list)

    @model_validator(mode="after")
    def button_is_named(self) -> Self:
        if self.type == "button" and (self.sub_type is None or self.index is None):
            raise ValueError("a button component needs sub_type and index")
        return self


class Language(_Strict):
    code: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]
    policy: Literal["deterministic"] = "deterministic"


class Template(_Strict):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Language
    components: list[Component] = Field(default_factory=list)


class Message(_Strict):
    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual"] = "individual"
    to: Annotated[str, StringConstraints(pattern=r"^\+?[1-9][0-9]{6,14}$")]
    type: Literal["text", "image", "audio", "template", "document", "interactive"]
    text: Text | None = None
    image: Image | None = None
    audio: Audio | None = None
    template: Template | None = None
    document: Document | None = None
    interactive: Interactive | None = None
    context: dict[str, Any] | None = None
    biz_opaque_callback_data: str | None = None

    @model_validator(mode="after")
    def carries_its_type(self) -> Self:
        if getattr(self, self.type) is None:
            raise ValueError(f"a message of type {self.type} needs the object {self.type}")
        return self

    @property
    def digits(self) -> str:
        return re.sub(r"\D", "", self.to)


class MalformedError(ValueError):
    """A message that Meta's schema refuses, with one sentence that says where."""


def parse_message(data: Any) -> Message:
    try:
        return Message.model_validate(data)
    except ValidationError as error:
        raise MalformedError(_sentence(error.errors()[0])) from None


def _sentence(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"(#100) Invalid parameter{f' {place}' if place else ''}: {error['msg']}"
