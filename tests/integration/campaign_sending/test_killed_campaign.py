"""Real workers and web servers, killed at random from the upload to the last message: the sums hold, and nobody got it twice."""

import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import requests

from portal.messages.sending import gateway_call
from portal.models import (
    Campaign,
    CampaignState,
    Credential,
    Delivery,
    DeliveryState,
    Message,
    MessageState,
    RowState,
)
from tests.integration.campaign_sending.conftest import Campaigner
from tests.integration.messages.test_gateway_reports import Gateway
from tests.support.processes.ports import reserved_port
from tests.support.processes.running import Forked
from tests.support.suite.concurrent import beside, outcome
from tests.support.suite.patience import patient, wait_until

ROWS = int(os.environ.get("CAMPAIGN_ROWS", "200"))
KILLS = int(os.environ.get("CAMPAIGN_KILLS", "6"))
REPORTED = 20
"""People of whom one event tells."""
WENT_OUT = (RowState.ACCEPTED, RowState.SENT, RowState.DELIVERED, RowState.READ, RowState.FAILED)


@pytest.fixture
def start(prepared, settings_for, sandbox, database_url) -> Callable[..., Forked]:
    """Start `portal worker`, or gunicorn at a port."""
    usual = settings_for()
    environment = {
        "PORTAL_ENV": "development",
        "PUBLIC_URL": usual.public_url,
        "SECRET_KEY": usual.secret_key.get_secret_value(),
        "VAULT_KEYS": usual.vault_keys[0].get_secret_value(),
        "DATABASE_URL": database_url,
        "CONNEXEASE_RESELLER_TOKEN": usual.connexease_reseller_token.get_secret_value(),
        "CONNEXEASE_API_URL": sandbox.api_url,
        "CONNEXEASE_GATEWAY_URL": sandbox.api_url,
        "MIRROR_INTERVAL_MINUTES": "0",
        "THROTTLE_FACTOR": "1000",
    }
    return lambda port=None: Forked(prepared, environment, port)


@dataclass
class Owner:
    """Somebody who presses buttons, and again where no answer came."""

    campaigner: Campaigner
    url: str
    singles: list[str] = field(default_factory=list)
    """Numbers that a message of its own was sent to."""

    def __post_init__(self) -> None:
        browser = self.campaigner.sender.browser
        token = browser.token()
        [cookie] = [each for each in browser.client._cookies.values() if each.key == "portal"]
        self._headers = {"X-CSRFToken": token, "Cookie": f"portal={cookie.value}"}
        self._root = f"/accounts/{self.campaigner.sender.account_id}/"

    def ask(self, path: str, data: Any = None, **more: Any) -> requests.Response | None:
        """Ask once; none where no answer came."""
        method = "GET" if data is None else "POST"
        address = self.url + (path if path.startswith("/") else self._root + path)
        options = {"headers": self._headers, "allow_redirects": False, "timeout": 30, **more}
        try:
            answer = requests.request(method, address, data=data, **options)
        except requests.RequestException:
            return None
        assert answer.status_code in (200, 303), f"{path}: {answer.status_code} {answer.text}"
        return answer

    def press(self, path: str, data: Any = None, **more: Any) -> requests.Response:
        """Ask until an answer comes, as people do."""
        deadline = time.monotonic() + patient(60)
        while (answer := self.ask(path, data, **more)) is None:
            assert time.monotonic() < deadline, f"{path} is not answered"
            time.sleep(0.05)
        return answer

    def upload(self, numbers: list[str]) -> str:
        """Take the file to a new campaign; the path of its pages."""
        text = "\n".join(["phone,name", *(f"{number},Ada" for number in numbers)])
        fields = {"name": "Autumn sale", "audience": "file", "intent": "autumn"}
        answer = self.press("campaigns/new", fields, files={"file": ("people.csv", text.encode())})
        return answer.headers["Location"].removesuffix("message")

    def fill(self, path: str) -> None:
        """Say what is sent, and with which key."""
        key = str(self.campaigner.portal.one(Credential).id)
        message = {"name": "autumn_sale", "language": "tr", "values-0": "", "names-0": "", "sources-0": "1"}
        self.press(f"{path}message", {"credential": key, "mode_of": key, "number_column": "0", **message})

    def confirm(self, path: str) -> None:
        """Press the button that lets it go out; once more, nothing happens."""
        page = self.press(f"{path}confirm")
        if page.status_code == 200:
            fields = dict(re.findall(r'<input[^>]* name="(seen|people)"[^>]* value="([^"]*)"', page.text))
            self.press(f"{path}confirm", {**fields, "most_failures": "100", "most_opt_outs": "100"})

    def send_single(self, number: str) -> None:
        """Write to somebody by the composer, and press on until it is sent."""
        self.singles.append(number)
        key = str(self.campaigner.portal.one(Credential).id)
        fields = {"intent": f"single{number}", "credential": key, "mode_of": key, "kind": "text"}
        review = self.press("messages/new", {**fields, "to": number, "body": "Hello"}).headers["Location"]
        self.press(review.replace("/review", "/send"), {})

    def change_state(self, path: str, do: str) -> None:
        self.press(f"{path}state", {"do": do})

    def keep_pressing(self, path: str, dice: random.Random, is_over: threading.Event) -> None:
        """Pause, resume, write to others, and let status events come in, until it is over."""
        account, control = self.campaigner.sender.uuid, self.campaigner.control

        def step() -> None:
            match dice.choice(("pause", "single", "report", "report")):
                case "pause":
                    self.change_state(path, "pause")
                    self.change_state(path, "resume")
                case "single":
                    self.send_single(f"+90533{len(self.singles):06}1")
                case _:
                    sent = list(self.campaigner.sent_to())
                    word = dice.choice(("sent", "delivered", "read"))
                    control.report_status_of_many(account, word, to=dice.sample(sent, min(REPORTED, len(sent))))

        while not is_over.wait(dice.random() * 0.2):
            step()


@dataclass
class Processes:
    """What runs beside the test, and is killed."""

    start: Callable[..., Forked]
    port: int
    web: Forked
    workers: list[Forked] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)

    def begin(self, workers: int) -> None:
        self.workers = [self.start() for _ in range(workers)]

    def kill_web(self, after: float = 0) -> None:
        """Every process of it at once, as a power cut does."""
        time.sleep(after)
        self.web.kill()
        self.web = self.start(self.port)
        self.killed.append("web")

    def kill_worker(self) -> None:
        self.workers.pop(0).kill()
        self.workers.append(self.start())
        self.killed.append("worker")

    def end(self) -> None:
        for each in (*self.workers, self.web):
            each.stop()


@contextmanager
def without_web(processes: Processes, dice: random.Random) -> Iterator[None]:
    """The web server is killed at some moment of this."""
    killing = beside(partial(processes.kill_web, dice.random() * 0.1))
    try:
        yield
    finally:
        outcome(killing, 200)


@pytest.fixture
def processes(start) -> Iterator[Processes]:
    with reserved_port() as port:
        running = Processes(start, port, start(port))
        yield running
        running.end()


def number_of(place: int) -> str:
    """Another mobile number for each place; some are accepted and then fail, as the sandbox has it."""
    return f"+90534{place // 50:03}0000" if place % 50 == 7 else f"+90532{place:06}1"


@pytest.mark.parametrize(("database_kind", "workers"), [("sqlite", 1), ("postgresql", 2)])
def test_a_campaign_that_is_killed_loses_nothing_and_doubles_nothing(
    campaigner: Campaigner, control, processes: Processes, workers: int
) -> None:
    portal, dice = campaigner.portal, random.Random(7)
    rate, gateway = max(80, ROWS // 20), Gateway(campaigner.sender)
    url = f"http://127.0.0.1:{processes.port}"
    control.set(rate_per_second=rate, rate_per_minute=rate * 60, hold_deliveries=False, max_attempts=10_000)
    control.set_gateway_callback(campaigner.sender.uuid, url + gateway.path, gateway.secret)
    portal.sql("UPDATE key_pace SET per_second = :rate, per_minute = :rate * 60", rate=rate)
    numbers = [number_of(place) for place in range(ROWS)]
    owner = Owner(campaigner, url)
    processes.begin(workers)
    with without_web(processes, dice):
        path = owner.upload(numbers)
    owner.fill(path)
    wait_until(lambda: portal.one(Campaign).state == CampaignState.CHECKED, 60 + ROWS / 50)
    with without_web(processes, dice):
        owner.confirm(path)
    campaign_id = portal.one(Campaign).id
    send_and_kill(owner, processes, path, campaign_id, dice)
    assert control.settle(patient(30))
    wait_until(lambda: not any(row.state == DeliveryState.RECEIVED for row in portal.rows(Delivery)))
    processes.end()
    finish(campaigner, campaign_id)
    sums_hold(campaigner, campaign_id, owner, rate)
    print(ROWS, processes.killed, campaigner.states(campaign_id), len(owner.singles), "singles")


def send_and_kill(owner: Owner, processes: Processes, path: str, campaign_id: UUID, dice: random.Random) -> None:
    """Let it be sent, with somebody at its buttons, while processes are killed at random."""
    campaigner, is_over = owner.campaigner, threading.Event()
    pressing = beside(lambda: owner.keep_pressing(path, dice, is_over))
    kills = KILLS - len(processes.killed)
    victims = [
        processes.kill_worker,
        processes.kill_web,
        *dice.choices((processes.kill_worker, processes.kill_web), k=kills),
    ]
    try:
        for kill, victim in enumerate(victims[:kills]):
            part = (kill + 1) * ROWS // (kills + 2)
            wait_until(lambda part=part: ROWS - _left(campaigner, campaign_id) >= part, 60 + ROWS / 20)
            time.sleep(dice.random() * 0.1)
            victim()
        wait_until(lambda: _left(campaigner, campaign_id) == 0, 120 + ROWS / 10)
    finally:
        is_over.set()
        outcome(pressing, 200)
    owner.change_state(path, "resume")


def finish(campaigner: Campaigner, campaign_id: UUID) -> None:
    """Do the rest, as if the time of what was claimed by those that were killed were over."""
    portal = campaigner.portal
    portal.wait_for_orphans()
    portal.sql("UPDATE message SET claimed_until = created_at WHERE state IN ('sending', 'queued')")
    portal.sql("UPDATE message SET next_attempt_at = created_at WHERE state = 'queued'")
    for message_id in portal.run(gateway_call.due, 100_000):
        portal.run(gateway_call.send, message_id)
    portal.sql("UPDATE campaign SET next_attempt_at = confirmed_at WHERE state = 'running'")
    wait_until(lambda: portal.work() or campaigner.campaign(campaign_id).state == CampaignState.FINISHED)


def sums_hold(campaigner: Campaigner, campaign_id: UUID, owner: Owner, rate: int) -> None:
    states, sends, rows = campaigner.states(campaign_id), campaigner.sent_to(), campaigner.rows(campaign_id)
    assert sorted(row.recipient for row in rows) == sorted(number_of(place) for place in range(ROWS))
    assert set(states) <= {*map(str, WENT_OUT), "refused", "unknown", "skipped"}, states
    assert max(sends.values()) == 1, "sent twice"
    went_out_states = {*map(str, WENT_OUT)}
    went_out = {row.recipient for row in rows if row.state in WENT_OUT}
    unknown = {row.recipient for row in rows if row.state == RowState.UNKNOWN}
    assert went_out <= set(sends)
    assert set(sends) - {*owner.singles} - went_out <= unknown, "whoever got it is counted as sent or as unknown"
    assert len(unknown) <= KILLS * rate // 4
    campaigner.tally_is_true(campaign_id)
    singles = {row.recipient: row for row in campaigner.portal.rows(Message) if row.campaign_id is None}
    assert set(singles) == {*owner.singles}
    for number, message in singles.items():
        assert message.state == MessageState.UNKNOWN or (number in sends) == (
            str(message.state) in went_out_states
        ), message.state


def _left(campaigner: Campaigner, campaign_id: UUID) -> int:
    return campaigner.states_kept(campaign_id).get("waiting", 0)
