"""Rotating and revoking: both good for a while, then one for good; a wish to revoke survives everything."""

from datetime import timedelta

import pytest

from portal.models import CredentialStep, now
from tests.integration.vault.conftest import CREATE, REVOKE, Owner, key_on
from tests.support.application.pages import select_one
from tests.support.suite.marks import both_databases


def rotate(owner: Owner, name: str = "New one", ends: str = "keep until I revoke it"):
    form = owner.browser.get(owner.address(owner.row("Order system"), page="/rotate"))
    choice = form.select_one("option", text=ends).attrib["value"]
    return owner.browser.submit(form, "Create new token", name=name, ends=choice)


def revoke(owner: Owner, typed: str = "order  SYSTEM", *, htmx: bool = False):
    row = owner.row("Order system")
    return owner.browser.post(owner.address(row, page="/revoke"), {"typed": typed}, htmx=htmx)


def test_both_are_good_until_somebody_revokes_the_old_one(owner: Owner) -> None:
    _row, old_key = owner.made()
    new_key = key_on(owner.browser.follow(rotate(owner)))
    assert new_key != old_key
    assert len(owner.active_at_connexease()) == 2
    assert (owner.row("Order system").is_ours, owner.row("New one").is_ours) == (False, True)
    assert "It replaces Order system" in owner.browser.get(owner.address(owner.row("New one"))).text
    assert "replaced the access token “Order system” with “New one”" in owner.history()


def test_the_old_one_is_revoked_when_its_time_is_over(owner: Owner) -> None:
    owner.made()
    rotate(owner, ends="revoke after an hour")
    assert "will be revoked automatically" in owner.index().text
    owner.portal.sweep()
    assert len(owner.active_at_connexease()) == 2
    owner.portal.sql(
        "UPDATE credential SET revoke_at = :at WHERE revoke_at IS NOT NULL", at=now() - timedelta(hours=1)
    )
    owner.portal.sweep()
    assert owner.active_at_connexease() == [str(owner.row("New one").connexease_uuid)]


def test_a_rotation_that_is_not_confirmed_leaves_the_old_one_alone(owner: Owner) -> None:
    owner.made()
    owner.control.fault("reset_after", **CREATE)
    rotate(owner, ends="revoke after an hour")
    owner.work_on()
    old = owner.row("Order system")
    assert owner.active_at_connexease() == [str(old.connexease_uuid)]
    assert old.revoke_at is None
    assert old.is_ours


def test_the_limit_in_the_middle_of_a_rotation(owner: Owner) -> None:
    owner.control.set(access_token_limit=1)
    owner.made()
    page = rotate(owner)
    assert page.status == 422
    assert "Maximum active token limit" in page.text
    assert "revoke after a day" in page.text


@pytest.mark.parametrize("htmx", [False, True])
def test_revoked_for_good(owner: Owner, htmx: bool) -> None:
    row, _key = owner.made()
    assert "You can't undo this" in owner.browser.get(owner.address(row, page="/revoke")).text
    page = owner.browser.follow(revoke(owner, htmx=htmx))
    assert "Token “Order system” is revoked." in page.text
    assert owner.active_at_connexease() == []
    row = owner.row("Order system")
    assert (row.sealed_key, row.is_active) == (None, False)
    assert "asked Connexease to revoke the access token “Order system”" in owner.history()
    assert "confirmed that the access token “Order system” is revoked" in owner.history()
    assert "confirmed that the access token “Order system” is revoked from" not in owner.history()
    shown = owner.browser.get(owner.address(row))
    assert "Reveal" not in shown.text
    assert revoke(owner).status == 422


@pytest.mark.parametrize("typed", ["", "revoke", "Order"])
def test_the_name_is_typed_first(owner: Owner, typed: str) -> None:
    owner.made()
    page = revoke(owner, typed)
    assert page.status == 422
    assert page.errors["typed"] == "Type “Order system” to confirm."
    assert len(owner.active_at_connexease()) == 1


@both_databases
@pytest.mark.parametrize("fault", ["status", "timeout_before", "reset_after", "html"])
def test_a_wish_to_revoke_is_kept_until_it_is_done(owner: Owner, fault: str) -> None:
    owner.made()
    owner.control.fault(fault, **REVOKE, times=None, **({"status": 503} if fault in ("status", "html") else {}))
    page = owner.browser.follow(revoke(owner))
    assert "hasn't confirmed it yet" in page.text
    assert "Revoking" in page.text
    owner.work_on()
    assert owner.row("Order system").step == CredentialStep.REVOKING
    owner.control.clear_faults()
    owner.work_on()
    assert owner.active_at_connexease() == []
    assert owner.row("Order system").step == CredentialStep.LISTED


def test_connexease_refuses_to_revoke(owner: Owner) -> None:
    owner.made()
    owner.control.fault("status", **REVOKE, status=400, body={"detail": "Not today."})
    page = revoke(owner)
    assert page.status == 422
    assert "Not today." in page.text
    row = owner.row("Order system")
    assert (row.step, row.sealed_key is None) == (CredentialStep.LISTED, False)
    assert "Active" in owner.index().text


def test_a_token_that_connexease_does_not_know_any_more(owner: Owner) -> None:
    owner.made()
    owner.control.fault("status", **REVOKE, status=404)
    revoke(owner)
    row = owner.row("Order system")
    assert row.step == CredentialStep.LISTED
    assert row.gone_at is not None
    assert row.sealed_key is None


def test_a_token_made_elsewhere_can_be_revoked(owner: Owner) -> None:
    owner.make_elsewhere()
    owner.index()
    (row,) = owner.rows()
    page = owner.browser.get(owner.address(row, page="/revoke"))
    name = page.select_one("strong").text_content()
    done = owner.browser.post(
        owner.address(row, page="/revoke"),
        {"typed": select_one(page.form("Revoke token"), "strong").text_content()},
    )
    assert done.status == 303, name
    assert owner.active_at_connexease() == []


def test_the_one_that_was_replaced_says_so(owner: Owner) -> None:
    owner.made()
    form = owner.browser.get(owner.address(owner.row("Order system"), page="/rotate"))
    assert form.values("Create new token")["name"] == "Order system 2"
    rotate(owner, "Order system 2")
    assert "Replaced by “Order system 2”. Revoke it when nothing uses it." in owner.index().text
    form = owner.browser.get(owner.address(owner.row("Order system 2"), page="/rotate"))
    assert form.values("Create new token")["name"] == "Order system 3"


def test_what_the_portal_uses_is_replaced_by_what_it_can_use(owner: Owner) -> None:
    row, _key = owner.made()
    assert row.is_ours
    page = owner.browser.post(owner.address(row, page="/rotate"), {"name": "New one", "ends": ""})
    assert page.errors["keep"] == "We use this token to load your templates, so keep the new key in the vault."
    assert len(owner.active_at_connexease()) == 1


def test_an_older_list_does_not_undo_a_revocation(owner: Owner, monkeypatch) -> None:
    owner.made()
    reseller = owner.portal.app.extensions["connexease"].reseller
    read = reseller.access_tokens

    def slowly(account):
        listed = read(account)
        monkeypatch.setattr(reseller, "access_tokens", read)
        revoke(owner)
        return listed

    monkeypatch.setattr(reseller, "access_tokens", slowly)
    owner.portal.browser()
    page = owner.index()
    assert owner.active_at_connexease() == []
    assert not owner.row("Order system").is_active
    assert "No access token yet" in page.text


def test_a_page_that_looks_by_itself_asks_connexease_now_and_then(owner: Owner) -> None:
    owner.made()
    owner.control.fault("status", **REVOKE, status=503, times=None)
    revoke(owner)
    owner.index()
    owner.control.clear_requests()
    for _ in range(3):
        assert "Revoking" in owner.browser.get(owner.root, htmx=True).text
    assert [call for call in owner.control.requests("GET") if "/access-token/" in call["path"]] == []
