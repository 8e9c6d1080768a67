"""What a campaign stops for by itself: it says so on its page and by mail, and one press lets it go on."""

import pytest

from portal.campaigns.sending import engine, recording
from portal.db.unit_of_work import unit_of_work
from portal.events.processing import batches
from portal.extensions import session
from portal.messages.reports import standings
from portal.messages.reports.standings import Told
from portal.models import CampaignState, KeyPace, Message, RowState, now
from tests.integration.campaign_sending.conftest import number_of, opt_out
from tests.integration.messages.conftest import OWNER, text
from tests.integration.messages.test_gateway_reports import Gateway, event, status
from tests.support.suite.patience import wait_until

BY_ANSWER = [
    ({"kind": "gateway", "code": "BILL_001"}, "balance", "Your balance at the gateway is too low."),
    ({"kind": "gateway", "code": "AUTH_001"}, "key_refused", "The gateway didn't accept the API key."),
    ({"kind": "status", "status": 404}, "no_gateway", "The gateway isn't at the address that the portal calls."),
]

BY_REPORT = {
    "132016": "template_disabled",
    "131048": "spam_limit",
    "368": "blocked",
    "131031": "locked",
    "133010": "unregistered",
    "131042": "payment",
}


@pytest.mark.parametrize(("fault", "reason", "words"), BY_ANSWER)
def test_an_answer_that_everybody_would_get_pauses_it(campaigner, control, fault, reason, words) -> None:
    campaign_id = campaigner.confirmed(60)
    control.fault(path="/v1/wa/message", times=None, **fault)
    campaigner.portal.work()
    campaign = campaigner.campaign(campaign_id)
    assert (campaign.state, campaign.reason) == (CampaignState.PAUSED, reason)
    assert campaigner.states(campaign_id) == {"waiting": 60}, "what was refused for this waits with the others"
    assert not campaigner.portal.rows(Message)
    mails = campaigner.portal.mails(OWNER)
    assert [mail["subject"] for mail in mails] == ["“Autumn sale” was paused"]
    assert words in mails[0]["text"]
    page = campaigner.sender.browser.get(f"/accounts/{campaigner.sender.account_id}/campaigns/{campaign_id}/")
    assert words in page.text
    control.clear_faults()
    campaigner.free_key()
    campaigner.sender.browser.submit(page, "Resume campaign")
    campaigner.portal.work()
    assert campaigner.states(campaign_id) == {"accepted": 60}
    assert set(campaigner.sent_to().values()) == {1}
    campaigner.tally_is_true(campaign_id)


def test_a_gateway_that_is_not_reached_pauses_it_after_a_while(campaigner, make_portal) -> None:
    campaign_id = campaigner.confirmed(3)
    away = make_portal(connexease_gateway_url="http://127.0.0.1:9")
    for _ in range(25):
        campaigner.free_key()
        away.work()
    campaign = campaigner.campaign(campaign_id)
    assert (campaign.state, campaign.reason) == (CampaignState.PAUSED, "unreachable")
    assert campaigner.states(campaign_id) == {"waiting": 3}
    campaigner.press("resume", campaign_id)
    campaigner.free_key()
    campaigner.portal.work()
    assert campaigner.states(campaign_id) == {"accepted": 3}


def advance_until_sent(campaigner, count: int) -> list[Message]:
    """Let the worker go on until the gateway has taken so many messages; those that it took."""

    def sent() -> list[Message]:
        return [row for row in campaigner.portal.rows(Message) if row.wamid]

    def is_enough() -> bool:
        campaigner.portal.run(engine.advance)
        return len(sent()) >= count

    wait_until(is_enough, pause=0)
    return sent()


def test_a_report_that_everybody_would_get_pauses_it(campaigner, control) -> None:
    control.set(rate_per_second=25)
    campaigner.portal.sql("UPDATE key_pace SET per_second = 25")
    campaign_id, gateway = campaigner.confirmed(90), Gateway(campaigner.sender)
    sent = advance_until_sent(campaigner, 1)
    told = status(sent[0].wamid, "failed", to=sent[0].recipient, errors=[{"code": 132015, "title": "Paused"}])
    gateway.post(event(told))
    campaigner.portal.run(batches.process_waiting)
    campaigner.portal.work()
    campaign = campaigner.campaign(campaign_id)
    assert (campaign.state, campaign.reason) == (CampaignState.PAUSED, "template_paused")
    assert campaigner.states(campaign_id)["failed"] == 1
    assert campaigner.states(campaign_id)["waiting"] > 0
    campaigner.tally_is_true(campaign_id)
    for code, reason in BY_REPORT.items():
        campaigner.portal.sql("UPDATE campaign SET state = 'running', reason = '', resumed_at = NULL")
        campaigner.portal.sql("UPDATE message SET code = :code WHERE state = 'failed'", code=code)
        campaigner.portal.run(_look_back, campaign_id)
        assert campaigner.campaign(campaign_id).reason == reason
    control.set(rate_per_second=2000)
    campaigner.press("resume", campaign_id)  # what failed before does not stop it again
    campaigner.portal.work()
    assert campaigner.campaign(campaign_id).state == CampaignState.FINISHED


def _look_back(campaign_id) -> None:
    with unit_of_work():
        recording.look_back(campaign_id)
        session().commit()


def test_a_template_that_is_paused_at_whatsapp_is_not_sent(campaigner) -> None:
    def paused(state: str) -> None:
        told = Told(standings.TEMPLATE, state, now(), "autumn_sale", "tr")
        standings.keep(campaigner.sender.account_id, [told])
        session().commit()

    campaigner.portal.run(paused, "PAUSED")
    campaign_id = campaigner.confirmed(3)
    campaigner.portal.work()
    assert campaigner.campaign(campaign_id).reason == "template_paused"
    root = f"/accounts/{campaigner.sender.account_id}/campaigns/{campaign_id}/"
    refused = campaigner.sender.browser.submit(campaigner.sender.browser.get(root), "Resume campaign")
    assert "Meta has paused this template" in campaigner.sender.browser.follow(refused).text
    assert campaigner.campaign(campaign_id).state == CampaignState.PAUSED
    campaigner.portal.run(paused, "APPROVED")
    campaigner.press("resume", campaign_id)
    campaigner.portal.work()
    assert campaigner.states(campaign_id) == {"accepted": 3}


def test_a_key_that_is_removed_pauses_it(campaigner) -> None:
    campaign_id = campaigner.confirmed(3)
    campaigner.portal.sql("UPDATE credential SET sealed_key = NULL")
    campaigner.portal.work()
    assert campaigner.campaign(campaign_id).reason == "no_key"
    assert campaigner.states(campaign_id) == {"waiting": 3}


def test_too_many_failures_pause_it(campaigner, control, monkeypatch) -> None:
    monkeypatch.setattr(engine, "LOOK_BACK_EVERY", 0)  # else it depends on who is faster how many went out before
    control.fault("gateway", "/v1/wa/message", times=30, code="GW_001")
    campaign_id = campaigner.confirmed(150)
    campaigner.portal.work()
    campaign = campaigner.campaign(campaign_id)
    assert (campaign.state, campaign.reason) == (CampaignState.PAUSED, "failures")
    assert int(campaign.reason_detail) > 20
    states = campaigner.states(campaign_id)
    assert states["refused"] == 30
    assert states["waiting"] > 0
    campaigner.press("resume", campaign_id)
    campaigner.portal.work()
    assert campaigner.campaign(campaign_id).state == CampaignState.FINISHED
    campaigner.tally_is_true(campaign_id)


def test_too_many_opt_outs_pause_it(campaigner, monkeypatch) -> None:
    monkeypatch.setattr(engine, "LOOK_BACK_EVERY", 0)  # else more go out before it looks, and the share is smaller
    campaigner.portal.sql("UPDATE key_pace SET per_second = 30")
    campaigner.control.set(rate_per_second=30)
    campaign_id = campaigner.confirmed(200)
    advance_until_sent(campaigner, 25)
    for place in range(3):
        opt_out(campaigner, number_of(place))
    campaigner.portal.work()
    campaign = campaigner.campaign(campaign_id)
    assert (campaign.state, campaign.reason) == (CampaignState.PAUSED, "opt_outs")
    page = campaigner.sender.browser.get(f"/accounts/{campaigner.sender.account_id}/campaigns/{campaign_id}/")
    assert "3 people who got a message have opted out" in page.text
    campaigner.tally_is_true(campaign_id)


def test_meta_asks_to_slow_down(campaigner, control) -> None:
    """The key sends more slowly, one person gets theirs later, and nobody is left out."""
    said = {"isSuccess": False, "errors": {"description": "(#130429) Rate limit hit"}}
    one = {"isSuccess": False, "errors": {"description": "(#131056) Pair rate limit hit"}}
    campaign_id = campaigner.confirmed(2)
    control.fault("status", "/v1/wa/message", status=502, body=said)
    campaigner.portal.work()
    assert campaigner.portal.one(KeyPace).slowed_until > now()
    assert campaigner.states(campaign_id) == {"accepted": 2}
    campaigner.portal.sql("UPDATE key_pace SET slowed_until = NULL")
    second = campaigner.confirmed(2, first=10)
    control.fault("status", "/v1/wa/message", status=502, body=one)
    campaigner.portal.work()
    [waits] = [row for row in campaigner.rows(second) if row.state == RowState.WAITING]
    assert waits.due_at > now()
    assert campaigner.portal.one(KeyPace).slowed_until > now()
    campaigner.portal.sql("UPDATE campaign_row SET due_at = :at WHERE due_at IS NOT NULL", at=now())
    campaigner.portal.sql("UPDATE campaign SET next_attempt_at = :at WHERE state = 'running'", at=now())
    campaigner.portal.work()
    assert campaigner.states(second) == {"accepted": 2}
    assert set(campaigner.sent_to().values()) == {1}


@pytest.mark.parametrize("code", [130429, 131056])
@pytest.mark.parametrize("is_single", [False, True])
def test_a_report_that_asks_to_slow_down_is_obeyed_too(campaigner, control, code, is_single) -> None:
    """Whatever it is about: a message of the campaign, or a single one with the same key."""
    campaign_id, gateway = campaigner.confirmed(3), Gateway(campaigner.sender)
    campaigner.portal.run(engine.advance)
    campaigner.portal.work()
    failed = campaigner.sender.send(text(to=number_of(900))) if is_single else campaigner.portal.rows(Message)[0]
    gateway.report(
        status(failed.wamid, "failed", to=failed.recipient, errors=[{"code": code, "title": "Limit hit"}])
    )
    campaigner.portal.sql("UPDATE campaign SET state = 'running'")
    assert campaigner.portal.one(KeyPace).slowed_until is None
    campaigner.portal.run(_look_back, campaign_id)
    assert campaigner.portal.one(KeyPace).slowed_until > now()
    assert campaigner.states(campaign_id) == ({"accepted": 3} if is_single else {"accepted": 2, "failed": 1})
    overview = campaigner.sender.browser.get(f"/accounts/{campaigner.sender.account_id}/campaigns/{campaign_id}/")
    campaigner.portal.sql("UPDATE campaign SET state = 'finished'")
    again = campaigner.sender.browser.get(overview.path)
    assert ("Send again to 1 person" in again.text) is not is_single, "it failed for a reason that passes"
