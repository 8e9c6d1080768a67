"""Customers for tests, each with an address of its own, signed up quickly where that is not the point."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext

from e2e.running.stack import Stack

PASSWORD = "four purple ladders sing"


def _fresh_address() -> str:
    return f"ada.{secrets.token_hex(5)}@example.com"


@dataclass
class Customer:
    """Who signs up."""

    company: str = field(default_factory=lambda: f"Lovelace {secrets.token_hex(3)}")
    first_name: str = "Ada"
    last_name: str = "Lovelace"
    email: str = field(default_factory=_fresh_address)
    password: str = PASSWORD
    billing_email: str = ""
    phone: str = ""
    time_zone: str = "Europe/Istanbul"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def details(self) -> dict[str, str]:
        """What the form would send, as it is understood."""
        return {
            "name": self.company,
            "contact_name": self.first_name,
            "contact_lastname": self.last_name,
            "contact_email": self.email,
            "billing_email": self.billing_email or self.email,
            "contact_phone_number": self.phone,
            "time_zone": self.time_zone,
        }


@dataclass
class Member:
    """A customer whose account is ready, and its addresses."""

    customer: Customer
    account_url: str
    connexease_uuid: str

    @property
    def channels_url(self) -> str:
        return f"{self.account_url}channels/"


def begin_to_sign_up(context: BrowserContext, stack: Stack, customer: Customer) -> str:
    """Sign a customer up without the form; the path of the account, where the policy makes it at once."""
    return stack.make_newcomer(context, customer.password, **customer.details)


def sign_up(context: BrowserContext, stack: Stack, customer: Customer | None = None) -> Member:
    """Sign a customer up and set the account up, without the pages; the context is logged in."""
    customer = customer or Customer()
    made = stack.make_member(context, customer.password, **customer.details)
    return Member(customer, f"{stack.url}/accounts/{made['account']}/", made["uuid"])
