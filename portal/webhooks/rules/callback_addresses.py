"""Callback addresses: which are refused, and which Connexease could hardly reach."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from portal import outbound
from portal.extensions import settings
from portal.i18n import _
from portal.settings import is_loopback

MAX_LENGTH = 2000


def problem_with(url: str) -> str | None:
    """Why this cannot be a callback address, in a sentence; none when it can."""
    try:
        parts = urlsplit(url)
        port_is_odd = parts.port == 0
    except ValueError:
        return _("This is not a web address. Enter one such as https://example.com/hooks.")
    if len(url) > MAX_LENGTH:
        return _("This address is too long.")
    if parts.username is not None or parts.password is not None:
        return _("Leave the user name and password out of the address; send them in a header instead.")
    if not parts.hostname or port_is_odd or not url.isascii() or any(c.isspace() or c == "\\" for c in url):
        return _("This is not a web address. Enter one such as https://example.com/hooks.")
    if parts.fragment:
        return _("Leave out the part after #: it is never sent.")
    if parts.scheme == "https" or (parts.scheme == "http" and _may_be_plain(parts.hostname)):
        return None
    return _("The address must begin with https://.")


def doubt_about(url: str) -> str | None:
    """Why Connexease may not be able to reach this address, in a sentence; none when it looks fine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return _("This address means “this machine”: Connexease cannot reach yours by it.")
    try:
        addresses = outbound.addresses_of(host, parts.port or 443, deadline=2)
    except outbound.SlowLookUpError:
        return _("%(host)s could not be looked up just now: we cannot tell whether it can be reached.", host=host)
    except outbound.UnknownHostError:
        return _("No address was found for %(host)s. Check the spelling.", host=host)
    if not all(outbound.is_public(address) for address in addresses):
        return _("%(host)s lies in a private network, which Connexease cannot reach.", host=host)
    return None


def doubt_by_itself(url: str) -> str | None:
    """`doubt_about` an address that needs no look-up for it."""
    host = urlsplit(url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return doubt_about(url) if is_loopback(host) else None
    return doubt_about(url)


def may_use_loopback() -> bool:
    """Whether receivers on this machine are all right: in development."""
    return not settings().is_production


def _may_be_plain(host: str) -> bool:
    return may_use_loopback() and is_loopback(host)
