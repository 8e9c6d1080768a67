"""The wire types: what the vendor documents, typed both ways.

A documented field that is missing makes an answer unreadable; a field we do not know is kept. UUIDs are
`UUID`, times are aware and in UTC. No `repr` shows a header value, a key, an onboarding token, or an unknown
field. Lengths and formats are for the forms to check first and for the vendor to judge; these types only
carry them.
"""

import re
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from portal.connexease.messages import (
    TEXT_BODY_LIMIT,
    AudioMessage,
    ImageMessage,
    Language,
    Media,
    Message,
    Picture,
    RateLimits,
    SendResult,
    TemplateComponent,
    TemplateMessage,
    TemplateParameter,
    TemplateUse,
    Text,
    TextMessage,
)
from portal.connexease.wire import HeaderValue, Received, Sent, UtcDatetime, VendorText

__all__ = [
    "ACCOUNT_NAME_LIMIT",
    "TEXT_BODY_LIMIT",
    "AccessToken",
    "Account",
    "AudioMessage",
    "Channel",
    "ChannelData",
    "ImageMessage",
    "Language",
    "Media",
    "Message",
    "NewAccessToken",
    "NewAccount",
    "NewWebhook",
    "Onboarding",
    "Page",
    "Picture",
    "RateLimits",
    "SendResult",
    "Template",
    "TemplateChannel",
    "TemplateComponent",
    "TemplateField",
    "TemplateMessage",
    "TemplateParameter",
    "TemplateParams",
    "TemplateUse",
    "Text",
    "TextMessage",
    "TokenState",
    "Webhook",
    "WebhookChange",
    "WebhookData",
]

ACCOUNT_NAME_LIMIT = 80
"""Characters in an account's name."""

T = TypeVar("T")


class Page(Received, Generic[T]):
    """One page of a list; `next` is for the adapter to follow, `count` is the length of the whole list."""

    next: str | None = Field(repr=False)
    previous: str | None = Field(repr=False)
    count: int
    results: list[T]


class NewAccount(Sent):
    """`name` up to `ACCOUNT_NAME_LIMIT`, `contact_email` unique at the vendor, `time_zone` an IANA name."""

    name: str
    contact_email: str
    billing_email: str
    time_zone: str
    contact_name: str | None = None
    contact_lastname: str | None = None
    contact_phone_number: str | None = None


class Account(Received):
    uuid: UUID
    name: VendorText
    is_active: bool
    contact_email: VendorText


class WebhookData(Received):
    """`headers` go along with every delivery; None for none. Their values are secrets."""

    headers: dict[str, HeaderValue] | None = Field(repr=False)


class NewWebhook(Sent):
    """`channels` is empty for account-wide triggers; without `data` no headers are set."""

    callback_url: str = Field(repr=False)
    triggers: list[str]
    channels: list[UUID] = []
    is_active: bool = True
    data: WebhookData | None = None

    def as_json(self, *, only_set: bool = False, without_none: bool = False) -> dict[str, Any]:
        whole = super().as_json(only_set=only_set, without_none=without_none)
        return whole if self.data else {name: value for name, value in whole.items() if name != "data"}


class WebhookChange(Sent):
    """A change of a webhook: what is not given is not sent and stays as it is."""

    callback_url: str = Field(default="", repr=False)
    triggers: list[str] = []
    channels: list[UUID] = []
    is_active: bool = True
    data: WebhookData = WebhookData(headers=None)


def _or_no_headers(value: object) -> object:
    return {"headers": None} if value is None else value


class Webhook(Received):
    """A webhook as it stands. `triggers` may hold names that the catalogue lacks: show them, keep them."""

    uuid: UUID
    callback_url: VendorText = Field(repr=False)  # people put keys into such addresses; so do we
    triggers: list[VendorText]
    channels: list[UUID]
    is_active: bool
    data: Annotated[WebhookData, BeforeValidator(_or_no_headers)]


_PLAIN_WEB_ADDRESS = re.compile(
    r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]+)?([/?#][!-\[\]-~]*)?", re.IGNORECASE | re.ASCII
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _unambiguous(url: str) -> str:
    # A backslash, a user name or a control character lets a browser see another host than we do.
    if not _PLAIN_WEB_ADDRESS.fullmatch(url) or urlsplit(url).port == 0:
        raise ValueError("not a plain http(s) address")
    return url


class Onboarding(Received):
    """Where the popup goes. The URL holds a single-use token: it goes to the browser and nowhere else."""

    onboarding_url: Annotated[str, AfterValidator(_unambiguous)] = Field(repr=False)
    expires_at: UtcDatetime

    @property
    def origin(self) -> str:
        """The URL's origin as a browser writes it: `https://app.connexease.com`, default ports left out."""
        url = urlsplit(self.onboarding_url)
        host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
        port = "" if url.port in (None, _DEFAULT_PORTS[url.scheme]) else f":{url.port}"
        return f"{url.scheme}://{host}{port}"


class ChannelData(Received):
    connected: bool


class Channel(Received):
    """`type` and `backend` are open lists: `whatsapp`; `whatsapp_core`, `whatsapp_cloud`, others."""

    uuid: UUID
    name: VendorText
    type: VendorText
    backend: VendorText
    is_active: bool
    data: ChannelData


class AccessToken(Received):
    """A token of an account's API user, without its key."""

    uuid: UUID
    name: VendorText
    is_active: bool
    created_at: UtcDatetime
    expires_at: UtcDatetime
    revoked_at: UtcDatetime | None


class NewAccessToken(AccessToken):
    """A token just created: the only time its `key` is ever shown."""

    key: SecretStr


class TokenState(Received):
    """All that changing a token answers."""

    is_active: bool


class TemplateChannel(Received):
    uuid: UUID
    name: VendorText
    is_active: bool


class TemplateField(Received):
    """What stands for `placeholder` (`$1`, `$2`, …) in the template's content."""

    label: VendorText
    placeholder: VendorText


class TemplateParams(Received):
    fields: list[TemplateField]


def _or_no_fields(value: object) -> object:
    return {"fields": []} if value is None else value


class Template(Received):
    """A message template; `content` is its text with placeholders. What `account` is, is not documented."""

    uuid: UUID
    account: Any
    channels: list[TemplateChannel]
    namespace: VendorText
    element_name: VendorText
    is_active: bool
    content: VendorText
    params: Annotated[TemplateParams, BeforeValidator(_or_no_fields)]
