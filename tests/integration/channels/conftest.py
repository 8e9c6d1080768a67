"""A customer who connects a number."""

import json
import urllib.request
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import pytest

from portal.models import (
    Account,
    AttemptState,
    AuditEntry,
    OnboardingAttempt,
    PortalWebhook,
    now,
)


class Connecting:
    """A customer who connects a number, with each part of the dialog's journey as a step of its own."""

    def __init__(self, portal):
        self.portal = portal
        self.browser, self.account_id = portal.customer()
        self.account = portal.one(Account)
        self.base = f"/accounts/{self.account_id}/channels"

    @property
    def uuid(self) -> str:
        return str(self.account.connexease_uuid)

    def begin(self, channel=None) -> dict:
        """Ask for the dialog as the script does."""
        data = {"channel_uuid": str(channel)} if channel else {}
        page = self.browser.post(f"{self.base}/connect", data, headers={"Accept": "application/json"})
        assert page.status == 200, page.response.data
        return page.response.json

    def finish(self, begun: dict, outcome: str = "connect") -> UUID | None:
        """Press a button in the dialog; returns the channel that it connected."""
        before = {channel["uuid"] for channel in self.portal.control.channels()}
        token = parse_qs(urlsplit(begun["dialog"]).query)["token"][0]
        data = urlencode({"token": token, "outcome": outcome, "name": "Main"}).encode()
        urllib.request.urlopen(begun["dialog"].partition("?")[0], data, timeout=20).close()
        new = [UUID(each["uuid"]) for each in self.portal.control.channels() if each["uuid"] not in before]
        return new[0] if new else None

    def report(self, begun: dict, event: str, **more: object) -> int:
        data = {"event": event, **{name: str(value) for name, value in more.items()}}
        return self.browser.post(begun["report"], data).status

    def say_ok(self, begun: dict, channel: object) -> None:
        assert self.report(begun, "message", status="ok", channel_uuid=channel) == 204

    def arrives(self, channel: object) -> None:
        """The event about a channel."""
        path = f"/hooks/connexease/{self.portal.one(PortalWebhook).key}"
        body = {"hook": "channel.created", "account": {"uuid": self.uuid}, "channel": {"uuid": str(channel)}}
        headers = self.portal.control.webhooks()[0]["headers"]
        answer = self.portal.app.test_client().post(path, data=json.dumps(body), headers=headers)
        assert answer.status_code == 200
        self.portal.work()

    def looks(self, begun: dict):
        """Poll the attempt's page, as if the last look were a while ago."""
        self.portal.sql("UPDATE onboarding_attempt SET checked_at = NULL")
        return self.browser.get(begun["page"], htmx=True)

    def row(self, begun: dict) -> OnboardingAttempt:
        number = begun["page"].rpartition("/")[2]
        return next(row for row in self.portal.rows(OnboardingAttempt) if str(row.id) == number)

    def state(self, begun: dict) -> AttemptState:
        return self.row(begun).state

    def ages(self, **passed: timedelta) -> None:
        for name, time in passed.items():
            self.portal.sql(f"UPDATE onboarding_attempt SET {name} = :t", t=now() - time)

    def connected(self) -> int:
        """How often somebody was told that a channel is connected."""
        actions = [entry.action for entry in self.portal.rows(AuditEntry)]
        return sum(action in ("channel.connected", "channel.reconnected") for action in actions)


@pytest.fixture
def customer(portal):
    return Connecting(portal)
