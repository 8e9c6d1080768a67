"""A confirmed campaign is sent: each row once, at the pace of its key, and not to who opted out meanwhile."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from portal.campaigns.sending import engine, quiet_hours
from portal.campaigns.sending.beginning import Beginning
from portal.contacts import book
from portal.messages.threads import erasing
from portal.models import (
    Campaign,
    CampaignState,
    KeyPace,
    Message,
    MessageState,
    RowState,
    Scope,
    now,
)
from tests.integration.campaign_sending.conftest import number_of, opt_out
from tests.integration.messages.conftest import OWNER, text
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import patient, wait_until


@both_databases
def test_a_campaign_is_sent_and_finishes(campaigner) -> None:
    campaign_id = campaigner.confirmed(7)
    campaigner.portal.work()
    campaign = campaigner.campaign(campaign_id)
    assert campaigner.states(campaign_id) == {"accepted": 7}
    assert (campaign.state, campaign.next_attempt_at) == (CampaignState.FINISHED, None)
    campaigner.tally_is_true(campaign_id)
    assert set(campaigner.sent_to().values()) == {1}
    message = campaigner.portal.rows(Message)[0]
    assert message.campaign_id == campaign_id
    assert message.payload["template"]["components"][0]["parameters"][0]["text"].startswith("Ada ")


@both_databases
def test_who_opts_out_meanwhile_gets_nothing(campaigner) -> None:
    campaign_id = campaigner.confirmed(4, is_marketing=False)
    opt_out(campaigner, number_of(0))
    opt_out(campaigner, number_of(1), Scope.EVERYTHING)
    campaigner.portal.work()
    assert campaigner.states(campaign_id) == {"accepted": 3, "skipped": 1}
    marketing = campaigner.confirmed(4)
    campaigner.portal.work()
    skipped = {row.recipient: row.problem for row in campaigner.rows(marketing) if row.state == RowState.SKIPPED}
    assert skipped == {number_of(0): "opted_out", number_of(1): "opted_out_of_all"}
    assert campaigner.sent_to()[number_of(1)] == 0
    campaigner.tally_is_true(marketing)


def test_answers_that_never_came_are_not_repeated(campaigner, control) -> None:
    campaign_id = campaigner.confirmed(6)
    control.fault("timeout_after", "/v1/wa/message", times=2)
    campaigner.portal.work()
    assert campaigner.states(campaign_id) == {"accepted": 4, "unknown": 2}
    assert campaigner.campaign(campaign_id).state == CampaignState.FINISHED
    campaigner.portal.sweep()
    campaigner.portal.work()
    assert set(campaigner.sent_to().values()) == {1}
    campaigner.tally_is_true(campaign_id)


def test_a_call_that_could_not_begin_for_any_reason_is_made_later(campaigner, monkeypatch) -> None:
    begin, problems = Beginning.begin, [RuntimeError("no room for another thread")]

    def failing_once(self: Beginning, message_id: UUID) -> bool:
        if problems:
            raise problems.pop()
        return begin(self, message_id)

    monkeypatch.setattr(Beginning, "begin", failing_once)
    campaign_id = campaigner.confirmed(4)
    wait_until(
        lambda: (
            campaigner.portal.run(engine.advance) == 0
            and campaigner.campaign(campaign_id).state == CampaignState.FINISHED
        )
    )
    assert campaigner.states(campaign_id) == {"accepted": 4}
    assert set(campaigner.sent_to().values()) == {1}
    campaigner.tally_is_true(campaign_id)


def test_too_many_requests_are_obeyed_and_lose_nothing(campaigner, control) -> None:
    """The gateway allows less than the portal thinks, and says nothing of it beforehand."""
    control.set(rate_per_second=5)
    campaign_id = campaigner.confirmed(20)
    deadline = time.monotonic() + patient(30)
    while campaigner.campaign(campaign_id).state == CampaignState.RUNNING:
        assert time.monotonic() < deadline
        campaigner.portal.work()
        time.sleep(0.05)
    assert campaigner.states(campaign_id) == {"accepted": 20}
    assert set(campaigner.sent_to().values()) == {1}
    assert len(campaigner.portal.rows(Message)) == 20
    assert campaigner.portal.one(KeyPace).per_second == 5
    assert 0 < control.gateway_refused_as_too_many() <= 60
    campaigner.tally_is_true(campaign_id)


def test_two_campaigns_share_a_key_and_a_single_message_waits_for_neither(campaigner, control) -> None:
    control.set(rate_per_second=40, rate_per_minute=2400)
    campaigner.portal.sql("UPDATE key_pace SET per_second = 40, per_minute = 2400")
    first, second = campaigner.confirmed(200), campaigner.confirmed(200, first=500)
    for _ in range(8):
        campaigner.portal.run(engine.advance)
    single = campaigner.sender.send(text(to=number_of(900)))
    assert single.state == MessageState.ACCEPTED
    for campaign_id in (first, second):
        campaigner.press("pause", campaign_id)
    campaigner.portal.work()
    sent = [campaigner.states(campaign_id).get("accepted", 0) for campaign_id in (first, second)]
    assert min(sent) > 4
    assert abs(sent[0] - sent[1]) <= max(3, 0.3 * max(sent)), sent
    for campaign_id in (first, second):
        campaigner.tally_is_true(campaign_id)


def test_people_pause_resume_and_stop(campaigner) -> None:
    campaigner.portal.sql("UPDATE key_pace SET per_second = 50")
    campaign_id = campaigner.confirmed(30)
    campaigner.press("pause", campaign_id)
    campaigner.portal.work()
    assert campaigner.states(campaign_id) == {"waiting": 30}
    campaigner.press("resume", campaign_id)
    campaigner.portal.run(engine.advance)  # some are under way
    campaigner.press("stop", campaign_id)
    campaigner.portal.work()
    states, campaign = campaigner.states(campaign_id), campaigner.campaign(campaign_id)
    assert campaign.state == CampaignState.STOPPED
    assert campaign.next_attempt_at is None
    assert set(states) == {"accepted", "skipped"}
    assert states["accepted"] == sum(campaigner.sent_to().values())
    assert {row.problem for row in campaigner.rows(campaign_id) if row.state == RowState.SKIPPED} == {"stopped"}
    campaigner.press("resume", campaign_id)  # it stays stopped
    assert campaigner.campaign(campaign_id).state == CampaignState.STOPPED
    campaigner.tally_is_true(campaign_id)


def test_a_campaign_whose_time_ran_out_skips_the_rest(campaigner) -> None:
    running = campaigner.confirmed(5, ends_at=now() - timedelta(seconds=1))
    paused = campaigner.confirmed(5, first=50, ends_at=now() - timedelta(seconds=1), state=CampaignState.PAUSED)
    later = campaigner.confirmed(5, first=100, next_attempt_at=now() + timedelta(hours=1))
    campaigner.portal.work()
    for campaign_id in (running, paused):
        campaign = campaigner.campaign(campaign_id)
        assert (campaign.state, campaign.reason) == (CampaignState.STOPPED, "time_over")
        assert campaigner.states(campaign_id) == {"skipped": 5}
        campaigner.tally_is_true(campaign_id)
    assert campaigner.states(later) == {"waiting": 5}
    assert not campaigner.sent_to()
    mails = campaigner.portal.mails(OWNER)
    assert [mail["subject"] for mail in mails] == ["“Autumn sale” was stopped"] * 2
    assert "5 people didn't get a message" in mails[0]["text"]


def test_a_campaign_that_is_through_in_time_is_not_said_to_be_late(campaigner) -> None:
    campaign_id = campaigner.confirmed(3)
    campaigner.portal.run(engine.advance)  # all calls are under way
    campaigner.portal.sql("UPDATE campaign SET ends_at = :past", past=now() - timedelta(seconds=1))
    campaigner.portal.work()
    assert campaigner.states(campaign_id) == {"accepted": 3}
    assert campaigner.campaign(campaign_id).state == CampaignState.FINISHED
    assert not campaigner.portal.mails(OWNER)


@pytest.mark.parametrize(
    ("number", "at", "until"),
    [
        ("+905321234567", "2026-11-29T19:30", "2026-11-30T06:00"),  # 22:30 in Istanbul
        ("+905321234567", "2026-11-29T05:59", "2026-11-29T06:00"),
        ("+905321234567", "2026-11-29T06:00", None),
        ("+4915112345678", "2026-03-29T00:30", "2026-03-29T07:00"),  # clocks are set in that night
        ("+14155550123", "2026-11-29T18:00", None),  # 10:00 in California
        ("+18005550123", "2026-11-29T15:00", "2026-11-29T23:00"),  # anywhere from Guam to Bermuda
        (
            "+88321000000",
            "2026-11-29T20:00",
            "2026-11-30T08:00",
        ),  # no country: the account's zone, which is Berlin
    ],
)
def test_quiet_hours_go_by_the_clock_of_each_number(number, at, until) -> None:
    campaign = Campaign(account_id=None, intent="", name="", quiet_from=21 * 60, quiet_until=9 * 60)
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
    end = quiet_hours.ends(campaign, number, "Europe/Berlin", instant)
    assert end == (datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None)


def test_rows_in_quiet_hours_wait_and_others_go(campaigner) -> None:
    local = datetime.now(UTC) + timedelta(hours=3)  # Istanbul
    start = (local.hour * 60 + local.minute - 60) % 1440
    campaign_id = campaigner.confirmed(
        numbers=[number_of(0), "+819012345671"], quiet_from=start, quiet_until=(start + 120) % 1440
    )
    campaigner.portal.work()
    rows = {row.recipient: row for row in campaigner.rows(campaign_id)}
    assert rows[number_of(0)].state == RowState.WAITING
    assert rows[number_of(0)].due_at > now()
    assert rows["+819012345671"].state == RowState.ACCEPTED
    campaign = campaigner.campaign(campaign_id)
    assert campaign.state == CampaignState.RUNNING
    assert abs(campaign.next_attempt_at - rows[number_of(0)].due_at) < timedelta(seconds=1)


def test_an_erased_person_is_gone_from_campaigns(campaigner) -> None:
    sent, waiting = campaigner.confirmed(2), campaigner.confirmed(2, next_attempt_at=now() + timedelta(hours=1))
    campaigner.portal.work()
    opt_out(campaigner, number_of(0))

    def erase(person, account) -> None:
        contact = book.create(person, account, book.Details(number=number_of(0)))
        erasing.erase(person, account, contact.id)

    campaigner.sender._inside(erase)
    for campaign_id in (sent, waiting):
        assert [row.recipient for row in campaigner.rows(campaign_id)] == ["", number_of(1)]
        assert next(row.values for row in campaigner.rows(campaign_id)) == []
        campaigner.tally_is_true(campaign_id)
    assert campaigner.states(waiting) == {"skipped": 1, "waiting": 1}
    campaigner.sender.portal.sql("UPDATE campaign SET next_attempt_at = created_at WHERE state = 'running'")
    campaigner.portal.work()
    assert campaigner.sent_to()[number_of(0)] == 1


def test_old_campaigns_forget_their_people(campaigner) -> None:
    campaign_id = campaigner.confirmed(3)
    campaigner.portal.work()
    campaigner.portal.sql("UPDATE campaign SET created_at = :past", past=now() - timedelta(days=400))
    campaigner.portal.sweep()
    campaign = campaigner.campaign(campaign_id)
    assert campaign.erased_at is not None
    assert campaign.draft is None
    assert {row.recipient for row in campaigner.rows(campaign_id)} == {""}
    assert campaigner.states(campaign_id) == {"accepted": 3}
    campaigner.tally_is_true(campaign_id)
