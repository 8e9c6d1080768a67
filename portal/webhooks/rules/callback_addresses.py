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
        return _("Enter a full URL, for example https://example.com/hooks.")
    if len(url) > MAX_LENGTH:
        return _("This URL is too long. Enter a shorter one.")
    if parts.username is not None or parts.password is not None:
        return _("Remove the user name and password from the URL. Send them in a header instead.")
    if not parts.hostname or port_is_odd or not url.isascii() or any(c.isspace() or c == "\\" for c in url):
        return _("Enter a full URL, for example https://example.com/hooks.")
    if parts.fragment:
        return _("Remove the part after #. It is never sent.")
    if parts.scheme == "https" or (parts.scheme == "http" and _may_be_plain(parts.hostname)):
        return None
    return _("Enter a URL that starts with https://.")


def doubt_about(url: str) -> str | None:
    """Why Connexease may not be able to reach this address, in a sentence; none when it looks fine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return _("This URL means “this machine”, so %(vendor)s can't reach yours with it. Enter a public URL.")
    try:
        addresses = outbound.addresses_of(host, parts.port or 443, deadline=2)
    except outbound.SlowLookUpError:
        return _("We couldn't look up %(host)s just now, so we can't tell whether it can be reached.", host=host)
    except outbound.UnknownHostError:
        return _("We found no server called %(host)s. Check the spelling.", host=host)
    if not all(outbound.is_public(address) for address in addresses):
        return _("%(host)s is in a private network, which %(vendor)s can't reach. Enter a public URL.", host=host)
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
