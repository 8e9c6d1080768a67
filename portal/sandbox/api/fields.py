"""Field checks with the sentences of Django REST framework."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from portal.sandbox.api.rest import Invalid

_EMAIL = re.compile(
    r"[-!#$%&'*+/=?^_`{}|~0-9A-Z]+(\.[-!#$%&'*+/=?^_`{}|~0-9A-Z]+)*"
    r"@([A-Z0-9]([A-Z0-9-]{0,61}[A-Z0-9])?\.)+[A-Z]([A-Z0-9-]{0,61}[A-Z0-9])",
    re.IGNORECASE,
)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def text(value: Any, *, longest: int | None = None, blank: bool = False) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Invalid("Not a valid string.")
    string = str(value).strip()
    if not string and not blank:
        raise Invalid("This field may not be blank.")
    if "\x00" in string:
        raise Invalid("Null characters are not allowed.")
    if longest is not None and len(string) > longest:
        raise Invalid(f"Ensure this field has no more than {longest} characters.")
    return string


def short_text(longest: int) -> Callable[[Any], str]:
    return lambda value: text(value, longest=longest)


def optional_text(value: Any) -> str:
    return text(value, blank=True)


def email(value: Any) -> str:
    address = text(value, longest=254)
    if not _EMAIL.fullmatch(address):
        raise Invalid("Enter a valid email address.")
    return address


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"Factory", "localtime"})


def time_zone(value: Any) -> str:
    name = text(value)
    if name not in _zones():
        raise Invalid(f'"{name}" is not a valid choice.')
    return name


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid("Must be a valid boolean.")
    return value


def uuid_text(value: Any) -> str:
    try:
        return str(uuid.UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise Invalid("Must be a valid UUID.") from None


def items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid(f'Expected a list of items but got type "{type(value).__name__}".')
    return value


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def callback_url(value: Any) -> str:
    """HTTPS as the guide demands; plain http only to this machine, where the demo's portal runs."""
    url = text(value)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid("Enter a valid URL.") from None
    if not host or re.search(r"\s", url):
        raise Invalid("Enter a valid URL.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise Invalid("Only HTTPS URLs are allowed.")
    return url


def webhook_data(value: Any) -> dict[str, str] | None:
    """The headers in a webhook's ``data``; complaints are nested like the data itself."""
    if not isinstance(value, dict):
        raise Invalid({"non_field_errors": [f"Expected a dictionary, but got {type(value).__name__}."]})
    headers = value.get("headers")
    if headers is None:
        return None
    if not isinstance(headers, dict):
        raise Invalid({"headers": [f'Expected a dictionary of items but got type "{type(headers).__name__}".']})
    errors = {name: [sentence] for name, content in headers.items() if (sentence := _header_error(name, content))}
    if errors:
        raise Invalid({"headers": errors})
    return headers


def _header_error(name: str, content: Any) -> str:
    if not isinstance(content, str):
        return "Not a valid string."
    if not _HEADER_NAME.fullmatch(name):
        return "Not a valid header name."
    return "" if _HEADER_VALUE.fullmatch(content) else "Not a valid header value."
