"""Answers that never came: the lost token is found, revoked and explained; nothing is asked for twice."""

import sqlite3
from contextlib import closing

import pytest

from portal.models import CredentialStep, LostEnding
from tests.integration.vault.conftest import CREATE, LIST, REVOKE, Owner, key_on


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "truncated", "html", "no_key"])
def test_a_token_whose_key_never_arrived_is_revoked(owner: Owner, fault: str) -> None:
    if fault == "no_key":
        owner.make_elsewhere()
        owner.index()
    before = owner.active_at_connexease()
    owner.control.fault(
        "reset_after" if fault == "no_key" else fault, **CREATE, **({"status": 502} if fault == "html" else {})
    )
    page = owner.browser.follow(owner.make("Lost"))
    assert "the key is lost" in page.text
    owner.work_on()
    row = owner.row("Lost")
    expected = LostEnding.NOT_MADE if fault == "html" else LostEnding.REVOKED
    if expected is LostEnding.REVOKED:
        assert (row.step, row.ending) == (CredentialStep.LOST, expected)
        assert "Nobody has the key, so we revoked the token" in owner.browser.get(owner.address(row)).text
        assert "was created but its key was lost" in owner.history()
    assert owner.active_at_connexease() == before
    assert (
        len([r for r in owner.control.requests("POST") if r["path"].endswith("/access-token/")]) <= len(before) + 1
    )


def test_a_token_that_was_never_made_is_said_so_after_some_looks(owner: Owner) -> None:
    owner.control.fault("timeout_before", **CREATE)
    owner.make("Never")
    for _ in range(8):
        owner.work_on()
    row = owner.row("Never")
    assert (row.step, row.ending) == (CredentialStep.LOST, LostEnding.NOT_MADE)
    assert owner.at_connexease() == []
    page = owner.browser.get(owner.address(row))
    assert "no token was created" in page.text
    owner.browser.submit(page, "Remove from list")
    assert owner.rows() == []


def test_which_one_is_lost_cannot_be_told(owner: Owner) -> None:
    owner.control.fault("reset_after", **CREATE)
    owner.make("Lost")
    owner.make_elsewhere()
    owner.work_on()
    row = owner.row("Lost")
    assert (row.step, row.ending) == (CredentialStep.LOST, LostEnding.CANNOT_TELL)
    assert len(owner.active_at_connexease()) == 2
    page = owner.index()
    assert "one of the new tokens in the list may be the lost one" in page.text
    assert page.text.count("Key not in the vault") == 2


def test_one_at_a_time(owner: Owner) -> None:
    owner.control.fault("reset_after", **CREATE)
    owner.make("Lost")
    page = owner.make("Next")
    assert page.status == 422
    assert "hasn't confirmed the last token yet" in page.text
    owner.work_on()
    assert key_on(owner.browser.follow(owner.make("Next")))


def test_connexease_is_away_while_we_look(owner: Owner) -> None:
    owner.control.fault("reset_after", **CREATE)
    owner.make("Lost")
    owner.control.fault("status", **LIST, status=503, times=None)
    owner.work_on()
    assert owner.row("Lost").step == CredentialStep.CREATING
    owner.control.clear_faults()
    owner.control.fault("timeout_after", **REVOKE)
    owner.work_on()
    owner.work_on()
    assert owner.row("Lost").ending == LostEnding.REVOKED
    assert owner.active_at_connexease() == []


def test_a_list_that_is_read_meanwhile_takes_the_new_one_for_nobodys(owner: Owner) -> None:
    owner.control.fault("reset_after", **CREATE)
    owner.make("Lost")
    assert "Key not in the vault" not in owner.index().text
    owner.work_on()
    assert len(owner.rows()) == 1


def test_a_process_that_died_between_call_and_answer(owner: Owner) -> None:
    """What such a process leaves behind: the intent, and a token of which nobody has the key."""
    owner.control.fault("reset_after", **CREATE)
    owner.make("Lost")
    owner.portal.sql("UPDATE credential SET attempts = 0, problem_text = '', claimed_until = created_at")
    owner.work_on()
    assert owner.row("Lost").ending == LostEnding.REVOKED
    assert owner.active_at_connexease() == []


def test_what_somebody_made_later_is_not_taken_for_the_lost_one(owner: Owner) -> None:
    owner.control.fault("timeout_before", **CREATE)
    owner.make("Never")
    owner.control.advance(3600)
    owner.make_elsewhere()
    owner.work_on()
    assert owner.row("Never").ending == LostEnding.CANNOT_TELL
    assert len(owner.active_at_connexease()) == 1


def test_a_refused_list_leaves_it_open(owner: Owner) -> None:
    owner.control.fault("reset_after", **CREATE)
    owner.make("Lost")
    owner.control.fault("status", **LIST, status=400, body={"detail": "100% wrong"})
    owner.work_on()
    assert owner.row("Lost").step == CredentialStep.CREATING
    owner.work_on()
    assert owner.row("Lost").ending == LostEnding.REVOKED


def test_a_lost_one_that_may_not_be_revoked_is_listed(owner: Owner) -> None:
    owner.control.fault("reset_after", **CREATE)
    owner.make("Lost")
    owner.control.fault("status", **REVOKE, status=400, body={"detail": "Not today."}, times=None)
    owner.work_on()
    owner.work_on()
    assert owner.row("Lost").ending == LostEnding.CANNOT_TELL
    page = owner.index()
    assert "Key not in the vault" in page.text
    owner.control.clear_faults()
    (listed,) = [row for row in owner.rows() if row.name == ""]
    name = owner.browser.get(owner.address(listed)).select_one("h1").text_content().strip()
    owner.browser.post(owner.address(listed, page="/revoke"), {"typed": name})
    assert owner.active_at_connexease() == []


def test_what_was_read_is_put_away(owner: Owner) -> None:
    owner.control.fault("reset_after", **CREATE)
    owner.make("Lost")
    owner.work_on()
    owner.work_on()
    row = owner.row("Lost")
    owner.browser.submit(owner.browser.get(owner.address(row)), "Remove from list")
    assert "removed the access token “Lost”, which was never confirmed, from the list" in owner.history()
    past = owner.index("?past=1")
    assert "Lost" in past.text
    assert "Created elsewhere" not in past.text


def test_nobody_waits_for_the_database_while_we_look(owner: Owner, database_url: str, monkeypatch) -> None:
    owner.control.fault("reset_after", **CREATE)
    owner.make("Lost")
    reseller = owner.portal.app.extensions["connexease"].reseller
    read = reseller.access_tokens
    wrote = []

    def meanwhile(account):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=0)) as database, database:
            database.execute("UPDATE person SET first_name = 'Janet'")
            wrote.append(account)
        return read(account)

    monkeypatch.setattr(reseller, "access_tokens", meanwhile)
    owner.work_on()
    assert wrote
    assert owner.row("Lost").ending == LostEnding.REVOKED
