"""Making, changing, switching and hiding webhooks, against the sandbox over HTTP."""

from dataclasses import replace
from uuid import UUID

import pytest

from portal.models import AuditEntry, Webhook
from tests.integration.webhooks.conftest import Customer
from tests.support.application.pages import select_one, texts
from tests.support.suite.marks import both_databases

SECRET = "Bearer planted-header-value-77aa"


@pytest.mark.parametrize("htmx", [False, True])
def test_a_new_webhook_is_at_connexease_as_it_was_typed(customer: Customer, htmx: bool) -> None:
    page = customer.save(headers=[("Authorization", SECRET), ("X-Team", "blue")], htmx=htmx)
    assert page.goes_to == customer.root
    (made,) = customer.at_connexease()
    assert made["callback_url"] == "https://receiver.example.com/hook"
    assert made["triggers"] == ["message.created"]
    assert made["channels"] == customer.channels[:1]
    assert made["headers"] == {"Authorization": SECRET, "X-Team": "blue"}


def test_the_list_shows_names_of_headers_and_channels_and_never_a_value(customer: Customer) -> None:
    customer.save(headers=[("Authorization", SECRET)])
    page = customer.index()
    assert "Authorization" in page.text
    assert "Main line" in page.text
    assert "Managed by the portal Locked" in page.text
    assert SECRET not in page.response.text


def test_the_form_never_holds_a_stored_value(customer: Customer) -> None:
    customer.save(headers=[("X-Team", "planted-plain-value")])
    page = customer.browser.get(f"{customer.root}{customer.only_row().id}")
    assert "X-Team" in page.response.text
    assert "planted-plain-value" not in page.response.text


def test_a_stored_value_is_encrypted_in_the_database(customer: Customer) -> None:
    customer.save(headers=[("Authorization", SECRET)])
    row = customer.only_row()
    assert SECRET not in str(row.model_dump())
    assert row.sealed_headers is not None


def test_editing_keeps_the_headers_that_were_not_touched(customer: Customer) -> None:
    customer.save(headers=[("Authorization", SECRET), ("X-Old", "1"), ("X-Team", "blue")])
    kept = [
        {"name": "Authorization", "stored": "Authorization", "value": ""},
        {"name": "X-Old", "stored": "X-Old", "value": "", "remove": "y"},
        {"name": "X-Team", "stored": "X-Team", "value": "green"},
        {"name": "X-New", "value": "2"},
    ]
    page = customer.save(webhook=customer.only_row().id, headers=kept, triggers=["feedback.received"])
    assert page.goes_to == customer.root
    (made,) = customer.at_connexease()
    assert made["headers"] == {"Authorization": SECRET, "X-Team": "green", "X-New": "2"}
    assert made["triggers"] == ["feedback.received"]


def test_headers_that_were_changed_elsewhere_are_kept_by_an_edit(customer: Customer) -> None:
    made = customer.control.create_webhook(
        customer.uuid,
        "https://elsewhere.example.com/",
        triggers=["message.created"],
        channels=customer.channels[:1],
        headers={"X-Foreign": "stays"},
    )
    customer.index()
    stored = [{"name": "X-Foreign", "stored": "X-Foreign", "value": ""}]
    customer.save(webhook=customer.only_row().id, headers=stored, callback_url="https://elsewhere.example.com/2")
    (now_there,) = customer.at_connexease()
    assert now_there["uuid"] == made["uuid"]
    assert now_there["headers"] == {"X-Foreign": "stays"}


def test_switching_off_and_on(customer: Customer) -> None:
    customer.save(headers=[("Authorization", SECRET)])
    page = customer.press(customer.index(), "Switch off")
    assert customer.at_connexease()[0]["is_active"] is False
    assert "Switched off" in page.text
    page = customer.press(page, "Switch on")
    assert "Switched off" not in page.text
    (made,) = customer.at_connexease()
    assert made["is_active"] is True
    assert made["headers"] == {"Authorization": SECRET}


def test_a_dead_webhook_can_be_hidden_and_shown_again(customer: Customer) -> None:
    customer.save()
    refused = customer.browser.follow(customer.act("hide", hide="1"))
    assert "Switch the webhook off before you hide it" in refused.text
    page = customer.press(customer.index(), "Switch off")
    for button in ("Show again", "Switch on"):
        page = customer.press(page, "Hide")
        assert "receiver.example.com" not in page.text.split("Where events go")[0]
        [link] = page.select("a", text="Show 1 hidden webhook")
        page = customer.press(customer.browser.get(link.attrib["href"]), button)
        assert "receiver.example.com" in page.text.split("Where events go")[0]
    assert customer.at_connexease()[0]["is_active"] is True


@both_databases
@pytest.mark.parametrize("intent", ["the-same-form", "longer than ours\0" * 10])
def test_the_same_form_sent_twice_makes_one_webhook(customer: Customer, intent: str) -> None:
    assert customer.save(intent=intent).goes_to == customer.root
    assert customer.save(intent=intent).goes_to == customer.root
    assert len(customer.at_connexease()) == 1


def test_a_form_with_the_mark_of_another_accounts_makes_and_tells_nothing(customer: Customer) -> None:
    customer.save(intent="the-same-form")
    other, account_id = customer.portal.customer(contact_email="other@tenant.example.com", name="Other")
    page = replace(customer, browser=other, account_id=account_id).save(
        intent="the-same-form", triggers=["agent.status_changed"], channels=[]
    )
    assert page.status == 422
    assert "This form was already submitted" in page.text
    assert len([row for row in customer.portal.rows(Webhook) if row.portal_webhook_id is None]) == 1


def test_what_people_did_is_in_the_audit_log_without_paths_or_values(customer: Customer) -> None:
    customer.save(callback_url="https://receiver.example.com/hook/planted-path-key", headers=[("X-Key", SECRET)])
    customer.act("switch", off="1")
    entries = {entry.action: entry for entry in customer.portal.rows(AuditEntry)}
    assert entries["webhook.created"].target == "receiver.example.com"
    assert "webhook.switched_off" in entries
    assert "planted" not in str([entry.model_dump() for entry in entries.values()])


@pytest.mark.parametrize("htmx", [False, True])
def test_more_headers_take_the_keyboard_with_them_and_are_saved(customer: Customer, htmx: bool) -> None:
    form = customer.browser.get(f"{customer.root}new")
    page = customer.browser.submit(form, "Add headers", htmx=htmx, **{"headers-0-name": "X-A"})
    assert [field.attrib["id"] for field in page.select("input[autofocus]")] == ["headers-1-name"]
    filled = {"headers-0-value": "1", "headers-3-name": "X-D", "headers-3-value": "4"}
    goal = {"callback_url": "https://receiver.example.com/", "triggers": "message.created"}
    channel = {"channels": customer.channels[0]}
    saved = customer.browser.submit(page, "Save webhook", htmx=htmx, **goal, **channel, **filled)
    assert saved.goes_to == customer.root, saved.text
    assert customer.at_connexease()[0]["headers"] == {"X-A": "1", "X-D": "4"}


def test_a_name_that_looks_secret_is_ticked_and_each_refusal_leads_to_its_field(customer: Customer) -> None:
    page = customer.save(headers=[("Authorization", ""), ("X-Team", "blue"), ("Host", "x")])
    ticked = [box.attrib["name"] for box in page.select("input[name$=is_secret][checked]")]
    assert ticked == ["headers-0-is_secret"]
    links = {link.attrib["href"]: link.text_content() for link in page.select(".error-summary a")}
    assert links["#headers-0-value"] == "Value 1: Enter a value for this header."
    assert links["#headers-2-name"].startswith("Name 3: Host is set by Connexease")


def test_channels_that_were_forgotten_are_asked_for_at_their_field(customer: Customer) -> None:
    page = customer.save(channels=[])
    at_field = page.select_one("#choices .invalid-feedback")
    in_summary = page.select_one(".error-summary a[href='#choices']")
    assert at_field is not None
    assert in_summary is not None
    assert at_field.text_content().strip() == in_summary.text_content().strip()


@pytest.mark.parametrize("address", ["https://10.0.0.8/hook", "http://localhost:9/hook"])
def test_an_address_that_connexease_cannot_reach_is_warned_of(customer: Customer, address: str) -> None:
    form = {"csrf_token": customer.browser.token(), "callback_url": address}
    checked = customer.browser.post(f"{customer.root}check?part=doubt", form, htmx=True)
    assert "Connexease can't reach" in checked.text
    assert "Channels" not in checked.text
    saved = customer.browser.follow(customer.save(callback_url=address))
    assert "The webhook was saved." in saved.text
    assert "Connexease can't reach" in saved.text


@pytest.mark.parametrize("htmx", [False, True])
def test_a_refused_form_keeps_what_was_typed(customer: Customer, htmx: bool) -> None:
    page = customer.save(callback_url="http://plain.example.com/", headers=[("Host", "x")], htmx=htmx)
    assert page.status == 422
    assert "starts with https://" in page.errors["callback_url"]
    assert page.values("Save webhook")["callback_url"] == "http://plain.example.com/"
    assert "Host is set by Connexease" in page.text
    assert "autofocus" in page.summary.attrib
    assert customer.at_connexease() == []


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://user:pass@example.com/", "Remove the user name and password"),
        ("https://user@example.com/", "Remove the user name and password"),
        ("ftp://example.com/", "starts with https://"),
        ("https:///nowhere", "Enter a full URL"),
        ("https://example.com/#part", "after #"),
        ("https://exa mple.com/", "Enter a full URL"),
        ("https://example.com:99999/", "Enter a full URL"),
        ("https://example.com/" + "x" * 2000, "too long"),
        ("", "Enter the URL"),
    ],
)
def test_addresses_that_cannot_be(customer: Customer, url: str, sentence: str) -> None:
    page = customer.save(callback_url=url)
    assert page.status == 422
    assert sentence in page.errors["callback_url"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Connection", "close"),
        ("transfer-encoding", "chunked"),
        ("Content-Length", "1"),
        ("X-Connexease-Webhook-Sign", "forged"),
        ("With space", "x"),
        ("X-Ok", "line\r\nX-Injected: 1"),
        ("X-Ok", "accented é"),
        ("X-Ok", ""),
        ("", "value without a name"),
        ("X-Ok", "x" * 2001),
    ],
)
def test_headers_that_cannot_be(customer: Customer, name: str, value: str) -> None:
    page = customer.save(headers=[(name, value)])
    assert page.status == 422
    assert customer.at_connexease() == []


def test_a_header_can_be_there_only_once(customer: Customer) -> None:
    page = customer.save(headers=[("X-Team", "a"), ("x-team", "b")])
    assert page.status == 422
    assert "only once" in page.text


def test_the_webhook_in_the_way_is_named_with_a_link(customer: Customer) -> None:
    customer.save()
    in_the_way = customer.only_row().id
    page = customer.save(callback_url="https://second.example.com/")
    assert page.status == 422
    assert "Another webhook already uses message.created for Main line" in page.summary.text_content()
    link = select_one(page.summary, f"a[href='{customer.root}{in_the_way}']")
    assert link is not None
    assert link.attrib["target"] == "_blank"  # what was typed stays where it is
    assert customer.save(callback_url="https://second.example.com/", channels=customer.channels[1:]).status == 303


def test_the_portals_own_trigger_is_explained(customer: Customer) -> None:
    page = customer.save(triggers=["channel.created"], channels=[])
    assert page.status == 422
    assert "The portal uses" in page.summary.text_content()


def test_the_portals_own_webhook_is_locked(customer: Customer) -> None:
    customer.index()
    (own,) = [row for row in customer.portal.rows(Webhook) if row.portal_webhook_id is not None]
    page = customer.browser.get(f"{customer.root}{own.id}")
    assert "manages this webhook itself" in page.text
    assert not page.select("form#webhook")
    for verb in ("switch", "hide", "accept"):
        answer = customer.browser.follow(customer.browser.post(f"{customer.root}{own.id}/{verb}", {"off": "1"}))
        assert "manages this webhook itself" in answer.text
    assert customer.control.webhooks(customer.uuid)[0]["is_active"] is True


def test_a_form_is_checked_as_it_changes(customer: Customer) -> None:
    customer.save()
    typed = {
        "triggers": ["message.created"],
        "channels": customer.channels[:1],
        "callback_url": "https://127.0.0.1/hook",
    }
    page = customer.browser.post(f"{customer.root}check", typed, htmx=True)
    assert page.status == 200
    assert "Another webhook already uses" in page.text
    page = customer.browser.post(f"{customer.root}check?part=doubt", typed, htmx=True)
    assert "so Connexease can't reach yours" in page.text
    page = customer.browser.post(f"{customer.root}check", {"triggers": ["agent.status_changed"]}, htmx=True)
    assert page.select_one("fieldset[disabled]") is not None
    assert "about the whole account" in page.text


def test_coverage_shows_what_nobody_gets(customer: Customer) -> None:
    customer.save()
    cells = {
        select_one(row, "th code").text_content(): [" ".join(texts(td).split()) for td in row.iter("td")]
        for row in customer.index().select("table.matrix tbody tr")
    }
    assert cells["message.created"] == ["receiver.example.com", "no webhook"]
    assert cells["feedback.received"] == ["no webhook", "no webhook"]
    assert cells["channel.created"][0].startswith("the portal")


def test_more_than_one_page_of_webhooks(customer: Customer) -> None:
    for number, trigger in enumerate(("message.created", "feedback.received", "customer.updated")):
        assert customer.save(triggers=[trigger], callback_url=f"https://r{number}.example.com/").status == 303
    text = customer.index().text
    assert all(f"r{number}.example.com" in text for number in range(3))


def test_another_tenants_webhook_does_not_exist(customer: Customer) -> None:
    customer.save()
    stranger, account_id = customer.portal.customer(contact_email="eve@other.example.com", name="Other")
    foreign = f"/accounts/{account_id}/webhooks/{customer.only_row().id}"
    assert stranger.get(foreign).status == 404
    assert stranger.post(f"{foreign}/switch", {"off": "1"}).status == 404
    assert stranger.get(f"{customer.root}{UUID(int=0)}").status == 404
    assert customer.at_connexease()[0]["is_active"] is True


def test_stored_secrets_do_not_follow_to_another_host(customer: Customer) -> None:
    customer.save(headers=[("Authorization", SECRET)])
    kept = [{"name": "Authorization", "stored": "Authorization", "value": ""}]
    page = customer.save(webhook=customer.only_row().id, headers=kept, callback_url="https://thief.example.com/")
    assert page.status == 422
    assert "now points to another host" in page.text
    assert customer.at_connexease()[0]["callback_url"] == "https://receiver.example.com/hook"


def test_more_headers_and_other_names_than_we_would_take(customer: Customer) -> None:
    headers = {f"X-Number-{number}": "1" for number in range(24)} | {"Content-Type": "text/plain"}
    customer.control.create_webhook(
        customer.uuid,
        "https://elsewhere.example.com/",
        triggers=["message.created"],
        channels=customer.channels[:1],
        headers=headers,
    )
    customer.index()
    row = customer.only_row()
    page = customer.browser.get(f"{customer.root}{row.id}")
    assert "X-Number-23" in page.response.text
    kept = [{"name": name, "stored": name, "value": ""} for name in headers]
    saved = customer.save(webhook=row.id, headers=kept, callback_url="https://elsewhere.example.com/2")
    assert saved.status == 303
    assert customer.at_connexease()[0]["headers"] == headers


def test_a_link_with_nonsense_still_opens_the_form(customer: Customer) -> None:
    assert customer.browser.get(f"{customer.root}new?trigger=message.created&channel=abc").status == 200


def test_a_new_address_that_cannot_be_read_is_refused(customer: Customer) -> None:
    customer.save(headers=[("X-Team", "blue")])
    kept = [{"name": "X-Team", "value": "", "stored": "X-Team"}]
    page = customer.save(webhook=customer.only_row().id, callback_url="https://[", headers=kept)
    assert page.status == 422
    assert "callback_url" in page.errors
