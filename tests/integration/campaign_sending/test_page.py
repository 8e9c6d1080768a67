"""The page of a campaign under way and after it: numbers, the rows behind them, its file, sending again."""

import csv
import io

from portal.models import CampaignState, RowState
from tests.integration.campaign_sending.conftest import number_of


def test_the_page_says_what_became_of_the_rows(campaigner, control) -> None:
    portal, browser = campaigner.portal, campaigner.sender.browser
    campaign_id = campaigner.confirmed(12)
    root = f"/accounts/{campaigner.sender.account_id}/campaigns/{campaign_id}/"
    page = browser.get(root)
    assert "Done with 0 of 12 people" in page.text
    assert page.select_one("#campaign").attrib["data-poll"] == root
    # Pause, look, resume.
    paused = browser.submit(page, "Pause campaign")
    assert paused.goes_to == root
    portal.work()
    page = browser.get(root)
    assert campaigner.states(campaign_id) == {"waiting": 12}
    browser.submit(page, "Resume campaign")
    control.fault("gateway", "/v1/wa/message", times=3, code="502")
    portal.work()
    page = browser.get(root, htmx=True)
    assert "Done with 12 of 12 people" in page.text
    assert "Accepted" in page.text
    assert "Meta, which runs WhatsApp, didn't accept the message from the gateway." in page.text
    campaigner.tally_is_true(campaign_id)
    rows = browser.get(f"{root}rows?state=refused")
    assert len(rows.select("tbody tr")) == 3
    message = browser.get(rows.select_one("tbody a").attrib["href"])
    assert "View campaign" in message.text
    log = browser.get(f"/accounts/{campaigner.sender.account_id}/messages/?campaign={campaign_id}")
    assert len(log.select("tbody tr")) == 12
    assert "No people here" in browser.get(f"{root}rows?state=read").text
    lines = list(csv.reader(io.StringIO(browser.get(f"{root}results.csv").response.text.lstrip("\ufeff"))))
    assert len(lines) == 13
    assert [line[1] for line in lines[1:]] == [number_of(place) for place in range(12)]
    assert sorted({line[2] for line in lines[1:]}) == ["Accepted", "Not sent"]
    # What failed for a reason that passes.
    again = browser.submit(browser.get(root), "Send again to 3 people")
    made = next(row for row in portal.rows(type(campaigner.campaign(campaign_id))) if row.again_of == campaign_id)
    assert str(made.id) in again.goes_to
    assert (made.state, made.checked_rows) == (CampaignState.CHECKED, 3)
    assert (made.regions, made.zones) == ({"TR": [3, 0]}, {"Europe/Istanbul": [3, 0]})
    assert {row.state for row in campaigner.rows(made.id)} == {RowState.WAITING}
    campaigner.tally_is_true(made.id)
    # It has no file of its own: nothing looks for one, and its rows stay.
    browser.post(f"{again.goes_to}check", {})
    assert campaigner.campaign(made.id).state == CampaignState.CHECKED
    assert len(campaigner.rows(made.id)) == 3
