"""The check of a campaign: what each row is, whoever is killed while it runs, and what can be taken along."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from portal.campaigns.checking import batches
from portal.campaigns.message.mapping import draft_of
from portal.extensions import session
from portal.messages.compose import refusals
from portal.models import (
    AuditEntry,
    Campaign,
    CampaignFilePart,
    CampaignRow,
    CampaignTally,
    ConsentEntry,
    ConsentSource,
    Message,
    MessageState,
    MessageType,
    RowState,
    Scope,
    Wish,
    now,
)
from tests.integration.campaigns.conftest import Campaigner, campaigner
from tests.support.suite.marks import both_databases

FILE = """Phone;Name
0532 123 45 01;Ayşe
+90 532 123 45 02;Mehmet
905321234501;Ayşe again
9,05E+11;Rounded
12;Short
;Nobody
0532 123 45 03;

0532 123 45 04;"two
lines"
0532 123 45 05;Out
0532 123 45 06;Lately
0532 123 45 07;A;B;C
="05321234508";Quoted
905321234509.0;Decimal
+1 202 555 0123, +1 202 555 0124;Two
+90 999 999 99 99;Nowhere
0532 123 45 0x;Letter
+52 1 55 1234 5678;Old Mexican
+52 55 1234 5678;New Mexican
"""
FOUND = [
    (2, "+905321234501", "waiting", ""),
    (3, "+905321234502", "waiting", ""),
    (4, "+905321234501", "double", ""),
    (5, "9,05E+11", "wrong", "rounded"),
    (6, "12", "wrong", "too_short"),
    (7, "", "wrong", "no_number"),
    (8, "+905321234503", "wrong", "missing"),
    (10, "+905321234504", "wrong", "not_one_line"),
    (11, "+905321234505", "opted_out", ""),
    (12, "+905321234506", "recent", ""),
    (13, "0532 123 45 07", "wrong", "more_cells"),
    (14, "+905321234508", "waiting", ""),
    (15, "+905321234509", "waiting", ""),
    (16, "+1 202 555 0123, +1 ", "wrong", "several"),
    (17, "+90 999 999 99 99", "wrong", "no_such_number"),
    (18, "0532 123 45 0x", "wrong", "letters"),
    (19, "+525512345678", "waiting", ""),
    (20, "+525512345678", "double", ""),
]


def add(maker: Campaigner, row: Any) -> None:
    with maker.portal.app.app_context():
        session().add(row)
        session().commit()


def opt_out(maker: Campaigner, number: str, scope: Scope = Scope.MARKETING) -> None:
    facts = {"scope": scope, "wish": Wish.OUT, "source": ConsentSource.HAND, "at": now()}
    add(maker, ConsentEntry(account_id=maker.sender.account_id, number=number, **facts))


def sent(maker: Campaigner, number: str, *, days: int = 1, template: str = "spring_sale", **more: Any) -> None:
    message = Message(
        account_id=maker.sender.account_id,
        intent=f"{number}{days}{template}{more}"[:64],
        recipient=number,
        type=MessageType.TEMPLATE,
        payload={"template": {"name": template}},
        confirmed_at=now() - timedelta(days=days),
        **{"state": MessageState.DELIVERED} | more,
    )
    add(maker, message)


@both_databases
def test_every_row_is_good_or_says_why_not(portal, control) -> None:
    maker = campaigner(portal, control)
    opt_out(maker, "+905321234505")
    sent(maker, "+905321234506")
    sent(maker, "+905321234501", days=8)
    sent(maker, "+905321234501", template="another")
    sent(maker, "+905321234501", state=MessageState.FAILED)
    sent(maker, "+905321234501", is_fake=True)
    campaign = maker.checked(FILE)
    assert campaign.state == "checked"
    assert maker.rows(campaign) == FOUND
    assert campaign.regions == {"TR": [4, 1], "MX": [1, 0]}
    tallies = {row.state.value: row.rows for row in portal.rows(CampaignTally)}
    assert tallies == {"waiting": 5, "wrong": 9, "double": 2, "opted_out": 1, "recent": 1}
    page = maker.check_page(campaign)
    for words in ("5 people can get this message", "Wrong 9", "Duplicate 2", "Opted out 1", "Sent recently 1"):
        assert words in page.text
    assert "The spreadsheet rounded this number" in page.text
    with portal.app.app_context():  # what the check calls good is what the composer would let through
        for row in portal.rows(CampaignRow):
            draft = draft_of(campaign, row.recipient, row.values)
            if row.state == RowState.WAITING:
                assert refusals.of(draft, "Europe/Istanbul") == {}


def test_the_wrong_rows_are_taken_along_with_their_own_columns(maker: Campaigner) -> None:
    campaign = maker.checked(FILE.replace("Rounded", "=1+1"))
    page = maker.browser.get(f"{maker.root}{campaign.id}/wrong.csv")
    lines = list(csv.reader(io.StringIO(page.response.get_data(as_text=True).removeprefix("\ufeff"))))
    assert lines[0] == ["Phone", "Name", "Row", "Column", "Problem"]
    assert lines[1][:4] == ["9,05E+11", "'=1+1", "5", "Phone"]
    assert [line[2] for line in lines[1:]] == [str(row[0]) for row in FOUND if row[2] == "wrong"]
    assert maker.portal.rows(AuditEntry)[-1].action == "campaign.rows_exported"


@both_databases
def test_a_check_that_is_killed_anywhere_finds_the_same(portal, control, victim, database_url) -> None:
    """Each process dies (SIGKILL) a little later than the one before it, and the next goes on where that was."""
    maker = campaigner(portal, control)
    opt_out(maker, "+905321234505")
    sent(maker, "+905321234506")
    more = [f"+90533{n:07};Name" for n in range(2000, 2000 + 2 * batches.AT_ONCE)]
    campaign = maker.campaign(maker.upload(FILE + "\n".join([*more, more[0]])).goes_to)
    maker.fill(campaign)
    ends = [_kill(maker, campaign, victim, database_url, boundary) for boundary in range(1, 11)]
    assert ends.count("killed") > 5
    portal.sweep()
    campaign = maker.campaign(str(campaign.id))
    found = maker.rows(campaign)
    assert (campaign.state, campaign.checked_rows) == ("checked", len(FOUND) + len(more) + 1)
    assert found[: len(FOUND)] == FOUND
    assert [row[1:3] for row in found[len(FOUND) : -1]] == [(line[:13], "waiting") for line in more]
    assert found[-1][2] == "double"
    assert sum(row.rows for row in portal.rows(CampaignTally)) == len(found)


def _kill(maker: Campaigner, campaign: Campaign, victim: Any, database_url: str, boundary: int) -> str:
    end = victim(database_url, campaign.id, boundary, "campaign_check")
    maker.portal.sql("UPDATE campaign SET claimed_until = NULL")
    return str(end)


def test_a_check_that_was_begun_anew_is_not_written_to_by_the_old_one(maker: Campaigner) -> None:
    campaign = maker.campaign(maker.upload(FILE).goes_to)
    maker.fill(campaign)
    account = maker.portal.account("jane@acme.example.com")
    old = maker.campaign(str(campaign.id))
    maker.fill(campaign, **{"sources-0": "", "values-0": "Everybody"})
    with maker.portal.app.app_context():
        lines = list(batches.audience.rows(account, old))
        judged = batches._judged(account, old, lines)
        assert not batches._keep(old, lines, judged)
        session().rollback()
    maker.portal.work()
    assert len(maker.rows(campaign)) == len(FOUND)
    assert {tuple(row.values) for row in maker.portal.rows(CampaignRow)} == {()}


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ("", "file", "Choose a CSV file."),
        ("Phone;Name\n", "file", "no rows below its header"),
        ("0532 123 45 01;Ayşe\n0532 123 45 02;X\n", "file", "The first row holds a phone number."),
        ("a,b\n" + "1,2\n" * 100_001, "file", "too many rows"),
        (b"PK\x03\x04\0\0", "file", "This is a workbook"),
        ('a,b\n1,"2\n', "file", "We couldn't read row 2."),
    ],
)
def test_a_file_that_cannot_be_a_campaigns_is_refused_at_its_field(maker: Campaigner, body, field, words) -> None:
    page = maker.upload(body)
    assert page.status == 422
    assert words in page.errors[field]
    assert page.values("Continue to message")["name"] == "Spring"
    assert not maker.portal.rows(Campaign)


def test_a_large_file_comes_in_pieces_and_another_one_takes_its_place(maker: Campaigner) -> None:
    rows = "".join(f"0532 {n // 10_000:03} {n // 100 % 100:02} {n % 100:02};{'x' * 90}\n" for n in range(4_000))
    campaign = maker.campaign(maker.upload(f"Phone;Name\n{rows}").goes_to)
    parts = sorted(maker.portal.rows(CampaignFilePart), key=lambda part: part.number)
    assert len(parts) == 2
    assert b"".join(part.body for part in parts).decode() == f"Phone;Name\n{rows}"
    assert maker.upload(f"Phone;Name\n{rows}").goes_to.endswith(
        f"{campaign.id}/message"
    )  # the same form once more
    maker.fill(campaign)
    address = f"{campaign.id}/recipients"
    page = maker.upload("Ad,Cep,Not\nAyşe,0532 123 45 01,x\n", address, name="Summer")
    assert page.status == 303
    campaign = maker.campaign(str(campaign.id))
    assert (campaign.name, campaign.state, campaign.separator) == ("Summer", "draft", ",")
    assert len(maker.portal.rows(CampaignFilePart)) == 1
    assert maker.browser.post(f"{maker.root}{campaign.id}/delete").status == 303
    assert not maker.portal.rows(Campaign)
    assert not maker.portal.rows(CampaignFilePart)
