"""Customers for tests, each with an address of its own, signed up quickly where that is not the point."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext

from e2e.stack import Stack

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


@dataclass
class Member:
    """A customer whose account is ready, and its addresses."""

    customer: Customer
    account_url: str
    connexease_uuid: str

    @property
    def channels_url(self) -> str:
        return f"{self.account_url}channels/"


def sign_up(context: BrowserContext, stack: Stack, customer: Customer | None = None) -> Member:
    """Sign a customer up by plain requests and wait until the account is ready; the context is logged in."""
    customer = customer or Customer()
    call = context.request
    form = {
        "name": customer.company,
        "contact_name": customer.first_name,
        "contact_lastname": customer.last_name,
        "contact_email": customer.email,
        "billing_email": customer.billing_email,
        "contact_phone_number": customer.phone,
        "time_zone": customer.time_zone,
        "password": customer.password,
        "csrf_token": _csrf(call.get(f"{stack.url}/signup").text()),
    }
    answer = call.post(f"{stack.url}/signup", form=form)
    assert answer.url.endswith("/setup") or answer.url.endswith("/"), answer.text()
    account_url = answer.url.removesuffix("setup")
    _until_ready(context, f"{account_url}setup")
    return Member(customer, account_url, _uuid_at_connexease(stack, customer.email))


def _csrf(html: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert found, html
    return found[1]


def _until_ready(context: BrowserContext, setup_url: str) -> None:
    deadline = time.monotonic() + 60
    while context.request.get(setup_url).url == setup_url:
        assert time.monotonic() < deadline, f"{setup_url} was not ready in time"
        time.sleep(0.05)


def _uuid_at_connexease(stack: Stack, email: str) -> str:
    found = [account["uuid"] for account in stack.connexease.accounts() if account["contact_email"] == email]
    assert len(found) == 1, f"Connexease has {len(found)} accounts for {email}"
    return str(found[0])
