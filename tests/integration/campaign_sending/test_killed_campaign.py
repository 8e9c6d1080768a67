"""Real workers, killed at random: sent, refused, skipped and unknown are all there are, and nobody got it twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from portal.messages.sending import gateway_call
from portal.models import CampaignState, RowState
from tests.integration.campaign_sending.conftest import Campaigner
from tests.support.patience import patient
from tests.support.processes import ROOT

ROWS = int(os.environ.get("CAMPAIGN_ROWS", "400"))
KILLS = 10


@pytest.fixture
def start_worker(settings_for, sandbox, database_url):
    """Start `portal worker` in a process of its own; its number."""
    usual = settings_for()
    environment = {
        "PORTAL_ENV": "development",
        "SECRET_KEY": usual.secret_key.get_secret_value(),
        "VAULT_KEYS": usual.vault_keys[0].get_secret_value(),
        "DATABASE_URL": database_url,
        "CONNEXEASE_RESELLER_TOKEN": usual.connexease_reseller_token.get_secret_value(),
        "CONNEXEASE_API_URL": sandbox.api_url,
        "CONNEXEASE_GATEWAY_URL": sandbox.api_url,
        "MIRROR_INTERVAL_MINUTES": "0",
    }
    command, pipe = [sys.executable, "-m", "tests.support.workers"], subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:

        def start() -> int:
            print(json.dumps(environment), file=process.stdin, flush=True)
            return int(process.stdout.readline())

        yield start
        process.stdin.close()


def end(worker: int, how: signal.Signals) -> None:
    os.kill(worker, how)
    wait_until(lambda: not _is_alive(worker))


def _is_alive(worker: int) -> bool:
    try:
        os.kill(worker, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(is_so, seconds: float = 60) -> None:
    deadline = time.monotonic() + patient(seconds)
    while not is_so():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.02)


@pytest.mark.parametrize(("database_kind", "workers"), [("sqlite", 1), ("postgresql", 2)])
def test_a_campaign_that_is_killed_loses_nothing_and_doubles_nothing(
    campaigner: Campaigner, control, start_worker, workers
) -> None:
    portal = campaigner.portal
    rate = max(80, ROWS // 20)
    control.set(rate_per_second=rate, rate_per_minute=rate * 60)
    portal.sql("UPDATE key_pace SET per_second = :rate, per_minute = :rate * 60", rate=rate)
    numbers = [f"+90532{place:06}{'0000' if place % 50 == 7 else '1'}"[:13] for place in range(ROWS)]
    campaign_id = campaigner.confirmed(numbers=numbers)
    dice = random.Random(7)
    running = [start_worker() for _ in range(workers)]
    for kill in range(KILLS):
        part = (kill + 1) * ROWS // (KILLS + 2)
        wait_until(lambda part=part: ROWS - _left(campaigner, campaign_id) >= part, 60 + ROWS / 20)
        time.sleep(dice.random() * 0.1)
        end(running.pop(0), signal.SIGKILL)
        running.append(start_worker())
    wait_until(lambda: _left(campaigner, campaign_id) == 0, 120 + ROWS / 10)
    for worker in running:
        end(worker, signal.SIGTERM)
    # As if the time of what was claimed by those that were killed were over.
    portal.sql("UPDATE message SET claimed_until = created_at WHERE state IN ('sending', 'queued')")
    for message_id in portal.run(gateway_call.due, 100_000):
        portal.run(gateway_call.send, message_id)
    portal.sql("UPDATE campaign SET next_attempt_at = confirmed_at WHERE state = 'running'")
    wait_until(lambda: portal.work() or campaigner.campaign(campaign_id).state == CampaignState.FINISHED)
    states, sends = campaigner.states(campaign_id), campaigner.sent_to()
    print(ROWS, states, "most to one number:", max(sends.values()))
    assert sum(states.values()) == ROWS
    assert set(states) <= {"accepted", "refused", "unknown", "failed", "skipped"}, states
    assert max(sends.values()) == 1, "sent twice"
    was_sent = {row.recipient for row in campaigner.rows(campaign_id) if row.state == RowState.ACCEPTED}
    assert was_sent <= set(sends)
    assert set(sends) - was_sent <= {
        row.recipient for row in campaigner.rows(campaign_id) if row.state == RowState.UNKNOWN
    }, "whoever got it is counted as sent or as unknown"
    assert states.get("unknown", 0) <= KILLS * rate // 4
    assert campaigner.campaign(campaign_id).state == CampaignState.FINISHED
    campaigner.tally_is_true(campaign_id)


def _left(campaigner: Campaigner, campaign_id) -> int:
    counts = campaigner.states_kept(campaign_id)
    return counts.get("waiting", 0)
