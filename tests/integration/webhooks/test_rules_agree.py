"""Our check of the vendor's rules and the sandbox's agree, on any set of webhooks and any new one."""

import json
import urllib.error
import urllib.request
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.connexease.triggers import CATALOGUE
from portal.sandbox.client import SandboxControl
from portal.sandbox.server import Sandbox
from portal.webhooks.rules.subscriptions import Subscription, broken_by
from tests.conftest import RESELLER_TOKEN

NAMES = [trigger.name for trigger in CATALOGUE]
# Few triggers and channels, so that webhooks meet often.
some_triggers = st.lists(
    st.sampled_from(["message.created", "feedback.received", *NAMES]), max_size=3, unique=True
)
some_channels = st.lists(st.integers(0, 2), max_size=3, unique=True)
wishes = st.lists(st.tuples(some_triggers, some_channels), min_size=1, max_size=5)


@given(wishes)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_we_refuse_what_connexease_refuses(
    sandbox: Sandbox, control: SandboxControl, wanted: list[tuple[list[str], list[int]]]
) -> None:
    account = control.create_account(f"rules-{id(wanted)}@example.com")["uuid"]
    channels = [UUID(control.create_channel(account, name=f"Channel {number}")["uuid"]) for number in range(3)]
    held: list[Subscription] = []
    for triggers, numbers in wanted:
        new = Subscription(triggers, [channels[number] for number in numbers])
        refused = not _create(sandbox, account, new)
        assert bool(broken_by(new, held)) == refused, (new, held)
        if not refused:
            held.append(new)
    control.reset()


def _create(sandbox: Sandbox, account: str, new: Subscription) -> bool:
    body: dict[str, Any] = {
        "callback_url": "https://receiver.example.com/",
        "triggers": list(new.triggers),
        "channels": [str(channel) for channel in new.channels],
        "is_active": True,
    }
    request = urllib.request.Request(
        f"{sandbox.api_url}/accounts/{account}/webhooks/",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {RESELLER_TOKEN}", "Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=20).close()
    except urllib.error.HTTPError as refusal:
        status = refusal.code
        refusal.close()
    else:
        status = 201
    assert status in (201, 400)
    return status == 201
