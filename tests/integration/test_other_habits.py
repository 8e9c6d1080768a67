"""Another implementation of the same contract: nothing leans on the sandbox's habits."""

import uuid

import pytest

from portal.models import OnboardingAttempt
from tests.integration.vault.conftest import Owner
from tests.integration.webhooks.conftest import Customer
from tests.support.application.habits import other_habits

JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def _running(_running_sandbox):
    with other_habits(_running_sandbox.api_url) as habits:
        yield habits


@pytest.fixture
def habits(_running, sandbox):
    _running.forget()
    return _running


@pytest.fixture
def portal(make_portal, habits):
    return make_portal(connexease_api_url=habits.url)


@pytest.fixture
def owner(portal, control, sandbox):
    browser, account_id = portal.customer()
    uuid_ = str(portal.account("jane@acme.example.com").connexease_uuid)
    return Owner(browser, portal, control, account_id, uuid_, sandbox.api_url)


@pytest.fixture
def customer(portal, control):
    browser, account_id = portal.customer()
    uuid_ = control.accounts()[0]["uuid"]
    channels = [control.create_channel(uuid_, name=name)["uuid"] for name in ("Main line", "Support")]
    browser.get(f"/accounts/{account_id}/channels/")
    return Customer(browser, portal, control, account_id, uuid_, channels)


@pytest.mark.parametrize("size", [1, 1000])
def test_pages_of_any_size_with_a_cursor(portal, habits, control, size):
    habits.page_size = size
    for number in range(3):
        portal.customer(contact_email=f"jane{number}@acme.example.com")
    browser, account_id = portal.newcomer()
    control.fault("reset_after", "^/accounts/$", "POST")
    portal.settle()
    portal.is_set_up_once()
    uuid_ = str(portal.account("jane@acme.example.com").connexease_uuid)
    for name in ("Main line", "Support", "Shop"):
        control.create_channel(uuid_, name=name)
    page = browser.get(f"/accounts/{account_id}/channels/")
    assert all(name in page.text for name in ("Main line", "Support", "Shop"))


@pytest.mark.parametrize(
    "address",
    [pytest.param(str.upper, id="upper"), pytest.param(lambda email: f" {email} ", id="spaces")],
)
def test_an_address_in_another_case_is_the_same_address(portal, habits, control, address):
    habits.alter["GET accounts"] = lambda item: item | {"contact_email": address(item["contact_email"])}
    portal.newcomer()
    control.fault("reset_after", "^/accounts/$", "POST")
    portal.settle()
    portal.is_set_up_once()


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_of_another_status(portal, habits, status):
    habits.status = {"POST accounts": status, "POST webhooks": status}
    portal.customer()
    portal.is_set_up_once()


@pytest.mark.parametrize("kind", ["POST accounts", "POST webhooks"])
def test_a_creation_answered_with_nothing(portal, habits, kind):
    habits.alter[kind] = lambda _: None
    portal.newcomer()
    portal.settle()
    portal.is_set_up_once()


def test_fields_that_we_do_not_know(customer, habits):
    extra = {"id": 7, "plan": {"name": "gold", "limits": [1, None]}, "updated_at": "never", "ürün": True}
    for kind in ("accounts", "webhooks", "webhooks/one", "channels", "onboarding", "access-token"):
        for method in ("GET", "POST", "PATCH"):
            habits.alter[f"{method} {kind}"] = lambda item: extra | item
    assert customer.save().status == 303
    assert customer.only_row().is_pending is False
    assert customer.browser.get(f"/accounts/{customer.account_id}/channels/").text.count("Connected") == 2


@pytest.mark.parametrize("status", [200, 204])
def test_a_change_of_a_webhook_answered_with_nothing(customer, habits, status):
    customer.save(headers=[("Authorization", "Bearer seekrit")])
    habits.alter["PATCH webhooks/one"], habits.status["PATCH webhooks/one"] = lambda _: None, status
    assert customer.act("switch", off="1").status == 303
    row = customer.only_row()
    assert (row.is_pending, row.seen["is_active"]) == (False, False)
    assert not customer.at_connexease()[0]["is_active"]
    assert "Saving" not in customer.index().text


@pytest.mark.parametrize("status", [200, 204])
def test_a_set_up_whose_webhook_is_adopted_and_changed_without_an_answer(portal, habits, control, status):
    habits.alter["PATCH webhooks/one"], habits.status["PATCH webhooks/one"] = lambda _: None, status
    portal.newcomer()
    control.fault("reset_after", "/webhooks/$", "POST")
    portal.settle()
    portal.is_set_up_once()


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        pytest.param(200, lambda _: None, id="200-empty"),
        pytest.param(204, lambda _: None, id="204"),
        pytest.param(200, lambda item: {"is_active": item["is_active"]}, id="only-is_active"),
        pytest.param(200, lambda item: item | {"uuid": str(uuid.uuid4()), "name": ""}, id="whole"),
    ],
)
def test_a_revocation_answered_briefly(owner, habits, status, answer):
    row, _key = owner.made()
    habits.alter["PATCH access-token/one"], habits.status["PATCH access-token/one"] = answer, status
    owner.browser.post(owner.address(row, page="/revoke"), {"typed": "Order system"})
    assert owner.active_at_connexease() == []
    row = owner.row("Order system")
    assert (row.step, row.is_active) == ("listed", False)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-26T18:30:41.391409",
        "2026-03-26T18:30:41",
        "2026-03-26T18:30:41Z",
        "2026-03-26T21:30:41.391+03:00",
        "2026-03-26 18:30:41.3914",
    ],
)
def test_moments_with_and_without_zone_and_fraction(owner, habits, written):
    habits.alter["POST access-token"] = habits.alter["GET access-token"] = lambda item: (
        item | {"created_at": written}
    )
    row, key = owner.made()
    assert key
    assert row.issued_at.replace(microsecond=0).isoformat() == "2026-03-26T18:30:41+00:00"
    assert owner.index().status == 200


@pytest.mark.parametrize(
    "data", [{"data": None}, {"data": {"headers": {}}}, {"data": {"headers": None, "retries": 3}}]
)
def test_a_webhook_without_headers(customer, habits, data):
    for kind in ("GET webhooks", "POST webhooks"):
        habits.alter[kind] = lambda item: item | data
    assert customer.save().status == 303
    assert customer.only_row().is_pending is False
    assert "receiver.example.com" in customer.index().text


def test_an_address_that_is_written_anew_is_the_same_address(customer, habits):
    for kind in ("GET webhooks", "POST webhooks", "PATCH webhooks/one"):
        habits.alter[kind] = lambda item: (
            item | {"callback_url": item["callback_url"].replace("Example.com", "example.com/")}
        )
    customer.save(callback_url="https://Example.com")
    page = customer.index()
    assert "https://example.com/" in page.text
    assert "Changed elsewhere" not in page.text


@pytest.mark.parametrize("path", ["", "/"])
def test_events_reach_an_address_with_and_without_a_slash_at_its_end(owner, path):
    [webhook] = owner.control.webhooks(owner.uuid)
    address = webhook["callback_url"].removeprefix("http://localhost") + path
    answer = owner.browser.client.post(address, json={"hook": "channel.created"}, headers=webhook["headers"])
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("kind", "path", "field"),
    [("GET webhooks", "webhooks/", "data"), ("GET channels", "channels/", "data")],
)
def test_a_documented_field_that_is_missing_is_named(customer, habits, kind, path, field):
    customer.save()
    habits.alter[kind] = lambda item: {name: value for name, value in item.items() if name != field}
    root = f"/accounts/{customer.account_id}/{path}"
    customer.browser.post(f"{root}refresh", {})
    page = customer.browser.get(root)
    assert page.status == 200
    assert f"is missing the field “results.0.{field}”" in page.text


@pytest.mark.parametrize("when", [1, 1774336309, "1774336309", 1774336309.5])
def test_a_dialog_that_has_expired_already(customer, habits, when):
    habits.alter["POST onboarding"] = lambda item: item | {"expires_at": when}
    root = f"/accounts/{customer.account_id}/channels/"
    page = customer.browser.post(f"{root}connect", {})
    assert page.status == 303
    page = customer.browser.follow(page)
    assert "This attempt has expired" in page.text
    assert "Start again" in page.text
    [attempt] = customer.portal.rows(OnboardingAttempt)
    assert attempt.state == "expired"
