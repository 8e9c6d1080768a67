"""The list: all of Connexease's pages, joined with the vault, and the last known state while it is away."""

from datetime import timedelta

from portal.extensions import connexease
from portal.models import now
from tests.integration.vault.conftest import LIST, Owner


def test_tokens_made_elsewhere_are_listed_over_all_pages(owner: Owner) -> None:
    for _ in range(5):  # the sandbox's page holds two
        owner.make_elsewhere()
    page = owner.index()
    assert page.text.count("Key not in the vault") == 5
    assert page.text.count("Created elsewhere") == 5


def test_the_last_known_state_while_connexease_is_away(owner: Owner) -> None:
    owner.made()
    owner.index()
    owner.control.fault("status", **LIST, status=503, times=None)
    page = owner.index()
    assert "We couldn't reach Connexease" in page.text
    assert "Order system" in page.text
    assert "New access token" not in page.text


def test_what_was_revoked_elsewhere_is_shown_and_its_key_forgotten(owner: Owner) -> None:
    row, _key = owner.made()
    owner.portal.run(_revoke_directly, owner.portal, row)
    assert "Order system" not in owner.index().select_one("#tokens").text_content()
    page = owner.index("?past=1")
    assert "Revoked" in page.text
    assert owner.row("Order system").sealed_key is None


def _revoke_directly(portal, row) -> None:
    account = portal.account("jane@acme.example.com")
    connexease().reseller.revoke_access_token(account.connexease_uuid, row.connexease_uuid)


def test_states_by_time(owner: Owner) -> None:
    owner.made("Soon")
    owner.made("Over")
    owner.control.fault("status", **LIST, status=503, times=None)
    owner.portal.sql(
        "UPDATE credential SET expires_at = :at WHERE name = 'Soon'", at=now() + timedelta(days=59, hours=23)
    )
    owner.portal.sql("UPDATE credential SET expires_at = :at WHERE name = 'Over'", at=now() - timedelta(seconds=1))
    page = owner.index("?past=1")
    assert "Expires soon" in page.text
    assert "Expired" in page.text
    assert "Over" not in owner.index().select_one("#tokens").text_content()


def test_a_key_that_is_not_used_is_pointed_out(owner: Owner) -> None:
    owner.made()
    assert "Not used here for 90 days" not in owner.index().text
    owner.portal.sql("UPDATE credential SET created_at = :at, shown_at = :at", at=now() - timedelta(days=91))
    assert "Not used here for 90 days" in owner.index().text
    row = owner.row("Order system")
    page = owner.browser.follow(owner.browser.post(owner.address(row, page="/try")))
    assert "The key works. Connexease listed" in page.text
    assert "Not used here for 90 days" not in owner.index().text
    assert "tested the key of “Order system”" in owner.history()


def test_another_name(owner: Owner) -> None:
    row, _key = owner.made()
    page = owner.browser.get(owner.address(row))
    refused = owner.browser.submit(page, "Save name", name="")
    assert refused.errors["name"] == "Enter a name."
    assert owner.browser.submit(page, "Save name", name="Shop").status == 303
    assert "renamed “Order system” to “Shop”" in owner.history()


def test_names_are_shown_as_text(owner: Owner) -> None:
    owner.made("<b>bold</b> & “quoted”")
    assert "<b>bold</b> & “quoted”" in owner.index().text
    assert owner.index().select_one("b") is None


def test_a_token_that_is_no_longer_listed(owner: Owner) -> None:
    row, _key = owner.made()
    empty = {"next": None, "previous": None, "count": 0, "results": []}
    owner.control.fault("status", **LIST, status=200, body=empty)
    owner.index()
    assert "No longer listed" in owner.browser.get(owner.address(row)).text
    assert "Active" in owner.index().text  # it is there again
