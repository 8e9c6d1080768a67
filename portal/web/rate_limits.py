"""Rate limits: per network address, per person, per account, per email address that is tried.

`THROTTLE_FACTOR` multiplies every limit, for a portal whose customers share one address.
"""

import ipaddress
import math
import time
from datetime import timedelta
from enum import Enum
from uuid import UUID

from flask import request
from flask_babel import format_timedelta
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute

from portal import contact
from portal.errors import DomainError
from portal.extensions import limiter, settings
from portal.i18n import _


class Limit(Enum):
    """The limits: how many in how long."""

    ADDRESS_POSTS = RateLimitItemPerMinute(30)
    PASSWORDS = RateLimitItemPerMinute(10, 15)
    """From one network address for one e-mail address, or of one person who is logged in."""
    LOG_INS_ANYWHERE = RateLimitItemPerMinute(60, 15)
    """For one e-mail address: hopeless for who guesses, and nobody locks its owner out from one place."""
    CODES = RateLimitItemPerMinute(8, 15)
    MAILS = RateLimitItemPerHour(5)
    INVITATIONS = RateLimitItemPerHour(50)
    SIGNUPS = RateLimitItemPerHour(10)
    CORRECTIONS = RateLimitItemPerHour(8)
    WEBHOOK_TESTS = RateLimitItemPerMinute(10)
    LOOK_UPS = RateLimitItemPerMinute(60)
    REVEALS = RateLimitItemPerHour(30)
    NEW_TOKENS = RateLimitItemPerHour(20)
    LINK_CHECKS = RateLimitItemPerMinute(20)
    KEY_CHECKS = RateLimitItemPerHour(12)
    TEMPLATE_READS = RateLimitItemPerMinute(12)


class TooManyTries(DomainError):
    """The limit is reached; nothing was done.

    Args:
        seconds: until the next try is let through.
    """

    def __init__(self, seconds: float) -> None:
        minutes = max(1, math.ceil(seconds / 60))
        when = format_timedelta(timedelta(minutes=minutes), "minute", add_direction=True, threshold=1.2)
        super().__init__(_("Too many attempts. Try again %(when)s.", when=when))


def take_for_address(limit: Limit) -> None:
    """Count one try for the visitor's network address.

    Raises:
        TooManyTries: there were too many.
    """
    _take(limit, "address", _network())


def take_for_email(limit: Limit, email: str) -> None:
    """Count one try for an e-mail address, however and by whom it was typed, and whether or not anybody has it.

    Raises:
        TooManyTries: there were too many.
    """
    _take(limit, "email", contact.compared(email)[:254])


def take_for_log_in(email: str) -> None:
    """Count one try to log in: for the visitor's network address, it and the e-mail address, and that alone.

    What is refused to one network address does not count for the e-mail address.

    Raises:
        TooManyTries: there were too many.
    """
    take_for_address(Limit.ADDRESS_POSTS)
    _take(Limit.PASSWORDS, "address", _network(), "email", contact.compared(email)[:254])
    take_for_email(Limit.LOG_INS_ANYWHERE, email)


def take_for_person(limit: Limit, person_id: UUID) -> None:
    """Count one try of somebody who is logged in: no stranger can use these up.

    Raises:
        TooManyTries: there were too many.
    """
    _take(limit, "person", str(person_id))


def take_for_account(limit: Limit, account_id: UUID) -> None:
    """Count one try for an account, whoever of its people makes it.

    Raises:
        TooManyTries: there were too many.
    """
    _take(limit, "account", str(account_id))


def _network() -> str:
    """The visitor's network address; of IPv6 the network, in which one visitor has any number of addresses."""
    text = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv4Address):
        return text
    mapped = address.ipv4_mapped
    return str(mapped or ipaddress.IPv6Network((int(address), 64), strict=False))


def _take(limit: Limit, *key: str) -> None:
    item: RateLimitItem = limit.value
    factor = settings().throttle_factor
    scaled = type(item)(item.amount * factor, item.multiples, item.namespace)
    if not limiter.limiter.hit(scaled, limit.name, *key):
        raise TooManyTries(limiter.limiter.get_window_stats(scaled, limit.name, *key).reset_time - time.time())
