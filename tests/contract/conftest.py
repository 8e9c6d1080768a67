"""The contract suite: the adapter against an implementation of Connexease.

By default that is the sandbox, started here. The same tests run against another implementation when these
environment variables are set; it must be one made for testing, since accounts cannot be deleted again:

    CONTRACT_API_URL           the Reseller API's base URL; setting it switches to the other implementation
    CONTRACT_RESELLER_TOKEN    its reseller token
    CONTRACT_ACCOUNT_API_URL   the account API (default: CONTRACT_API_URL)
    CONTRACT_GATEWAY_URL       the gateway (default: CONTRACT_API_URL)
    CONTRACT_GATEWAY_KEY       a gateway key; without it the tests of the gateway are skipped
    CONTRACT_CONNECTED_ACCOUNT uuid of an account with two connected channels or more and no webhooks, a new one
                               for each run; without it the tests that need a channel are skipped
    CONTRACT_MAIL_DOMAIN       a domain for the contact addresses of new accounts (default: contract.example.com)

Tests that need the sandbox's control calls (faults, its clock, what it really holds) are skipped there.
"""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from pydantic import SecretStr

from portal.connexease import Connexease, Retries, Timeouts, schemas
from portal.sandbox.client import SandboxControl
from portal.sandbox.server import Sandbox

CALLBACK = "https://your-backend.example.com/hooks/connexease"
PATIENT = Timeouts(connect=3, read=10, total=20)


@dataclass(frozen=True)
class Implementation:
    """Where an implementation answers, and its dials if it has any."""

    api_url: str
    account_api_url: str
    gateway_url: str
    reseller_token: str
    control: SandboxControl | None = None

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> tuple[int, Any]:
        """Call it without the adapter: status and JSON."""
        base = self.gateway_url if path.startswith("/v1/") else self.api_url
        headers = {"Authorization": f"Bearer {token or self.reseller_token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(base.rstrip("/") + path, data, headers, method=method)
        try:
            with urlopen(request, timeout=20) as response:
                return response.status, json.load(response)
        except HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)


@dataclass(frozen=True)
class Connected:
    """An account with at least two channels."""

    account: uuid.UUID
    channels: list[uuid.UUID]


@pytest.fixture(scope="session")
def _implementation() -> Iterator[Implementation]:
    url = os.environ.get("CONTRACT_API_URL")
    if url:
        yield Implementation(
            url,
            os.environ.get("CONTRACT_ACCOUNT_API_URL", url),
            os.environ.get("CONTRACT_GATEWAY_URL", url),
            os.environ["CONTRACT_RESELLER_TOKEN"],
        )
        return
    token = "contract-reseller-token"
    with Sandbox(reseller_token=token, page_size=5) as sandbox:
        control = SandboxControl(sandbox.api_url)
        yield Implementation(sandbox.api_url, sandbox.api_url, sandbox.api_url, token, control)


@pytest.fixture
def implementation(_implementation: Implementation) -> Implementation:
    if _implementation.control:
        _implementation.control.reset()
    return _implementation


@pytest.fixture
def control(implementation: Implementation) -> SandboxControl:
    if implementation.control is None:
        pytest.skip("needs the sandbox's control calls")
    return implementation.control


@pytest.fixture
def adapter(implementation: Implementation) -> Iterator[Callable[..., Connexease]]:
    """Make an adapter for the implementation."""
    made: list[Connexease] = []

    def make(*, reseller_token: str | None = None, timeouts: Timeouts = PATIENT, **settings: Any) -> Connexease:
        made.append(
            Connexease(
                reseller_token=SecretStr(reseller_token or implementation.reseller_token),
                api_url=implementation.api_url,
                account_api_url=implementation.account_api_url,
                gateway_url=implementation.gateway_url,
                timeouts=timeouts,
                retries=Retries(first_pause=0.01),
                **settings,
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def cx(adapter: Callable[..., Connexease]) -> Connexease:
    return adapter()


@pytest.fixture
def new_account() -> Callable[..., schemas.NewAccount]:
    """A valid account that nobody has yet, with whatever a test wants different."""
    domain = os.environ.get("CONTRACT_MAIL_DOMAIN", "contract.example.com")

    def make(**changes: Any) -> schemas.NewAccount:
        email = f"jane.{uuid.uuid4().hex}@{domain}"
        usual = {
            "name": "Acme Corp",
            "contact_email": email,
            "billing_email": email,
            "contact_name": "Jane",
            "contact_lastname": "Doe",
            "contact_phone_number": "+10000000000",
            "time_zone": "Europe/Istanbul",
        }
        return schemas.NewAccount(**(usual | changes))

    return make


@pytest.fixture
def account(cx: Connexease, new_account: Callable[..., schemas.NewAccount]) -> schemas.Account:
    return cx.reseller.create_account(new_account())


@pytest.fixture
def connected(implementation: Implementation, request: pytest.FixtureRequest) -> Connected:
    if implementation.control:
        account = request.getfixturevalue("account")
        rows = [implementation.control.create_channel(str(account.uuid), name=f"WhatsApp {n}") for n in (1, 2)]
        return Connected(account.uuid, [uuid.UUID(row["uuid"]) for row in rows])
    known = os.environ.get("CONTRACT_CONNECTED_ACCOUNT")
    if not known:
        pytest.skip("needs CONTRACT_CONNECTED_ACCOUNT")
    cx: Connexease = request.getfixturevalue("cx")
    return Connected(uuid.UUID(known), [channel.uuid for channel in cx.reseller.channels(uuid.UUID(known))])


@pytest.fixture
def gateway_key(implementation: Implementation, request: pytest.FixtureRequest) -> SecretStr:
    if implementation.control:
        account = request.getfixturevalue("account")
        return SecretStr(implementation.control.issue_gateway_key(str(account.uuid)))
    key = os.environ.get("CONTRACT_GATEWAY_KEY")
    if not key:
        pytest.skip("needs CONTRACT_GATEWAY_KEY")
    return SecretStr(key)


@pytest.fixture
def webhook() -> Callable[..., schemas.NewWebhook]:
    def make(*triggers: str, channels: list[uuid.UUID] | None = None, **more: Any) -> schemas.NewWebhook:
        settings = {"callback_url": CALLBACK} | more
        return schemas.NewWebhook(triggers=list(triggers), channels=channels or [], **settings)

    return make
