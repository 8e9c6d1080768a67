"""The wire types of the gateway: the four kinds of message, and what comes back."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from portal.connexease.wire import Received, Sent, VendorText

TEXT_BODY_LIMIT = 4096
"""Characters in the body of a text message."""

_E164 = re.compile(r"\+?([1-9][0-9]{6,14})")


def _international(number: str) -> str:
    digits = _E164.fullmatch(number)
    if digits is None:
        raise ValueError("not an international phone number")
    return f"+{digits[1]}"


class _Addressed(Sent):
    """`to` is E.164, kept with `+`; how it is written on the wire is the gateway client's setting."""

    messaging_product: Literal["whatsapp"] = "whatsapp"
    recipient_type: Literal["individual"] = "individual"
    to: Annotated[str, AfterValidator(_international)]
    biz_opaque_callback_data: str | None = None
    """A value of ours that Meta sends back in every status of the message, where the gateway lets it through."""


class Text(Sent):
    """`body` up to `TEXT_BODY_LIMIT` characters."""

    body: str
    preview_url: bool = False


class Media(Sent):
    """`link` is a public HTTPS URL."""

    link: str


class Picture(Media):
    caption: str | None = None


class Language(Sent):
    code: str


class TemplateParameter(Sent):
    """One parameter; the field that `type` names holds its value. Meta adds kinds, so others may be given."""

    model_config = ConfigDict(extra="allow")

    type: str
    parameter_name: str | None = None
    """Of a template whose values have names instead of numbers."""
    text: str | None = None
    image: dict[str, Any] | None = None
    document: dict[str, Any] | None = None
    video: dict[str, Any] | None = None
    payload: str | None = None
    currency: dict[str, Any] | None = None
    date_time: dict[str, Any] | None = None
    coupon_code: str | None = None
    action: dict[str, Any] | None = None


class TemplateComponent(Sent):
    type: Literal["header", "body", "button"]
    sub_type: str | None = None
    index: int | str | None = None
    parameters: list[TemplateParameter] | None = None


class TemplateUse(Sent):
    """Which approved template to send, in which language, filled with what."""

    name: str
    language: Language
    components: list[TemplateComponent] | None = None


class TextMessage(_Addressed):
    type: Literal["text"] = "text"
    text: Text


class ImageMessage(_Addressed):
    type: Literal["image"] = "image"
    image: Picture


class AudioMessage(_Addressed):
    type: Literal["audio"] = "audio"
    audio: Media


class TemplateMessage(_Addressed):
    type: Literal["template"] = "template"
    template: TemplateUse


Message = Annotated[TextMessage | ImageMessage | AudioMessage | TemplateMessage, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What the gateway's headers say of this key; None where it does not say."""

    per_second: int | None = None
    left_this_second: int | None = None
    per_minute: int | None = None
    left_this_minute: int | None = None


@dataclass(frozen=True, slots=True)
class SendResult:
    """An accepted message. `wamid` names it in later status events."""

    wamid: str
    wa_id: str | None = None
    rate_limits: RateLimits = RateLimits()
    message_status: str = ""
    """Meta's word, where the answer has one: `accepted`, `held_for_quality_assessment`, `paused`."""


class SentId(Received):
    id: Annotated[VendorText, Field(min_length=1)]
    message_status: Any = None
    """Told for information; in no shape does it change that the message was accepted."""


class SentData(Received):
    contacts: Any = None
    """Told for information; in no shape does it change that the message was accepted."""
    messages: Annotated[list[SentId], Field(min_length=1)]


class SentMessage(Received):
    """The gateway's answer to an accepted message.

    `messaging_product` is documented too, but constant: an accepted message is not called unknown for it.
    """

    isSuccess: Literal[True]  # noqa: N815 - the vendor's spelling
    data: SentData
