"""What becomes of a webhook when Connexease is away, slow, silent or of another opinion."""

import json
import urllib.request
from datetime import timedelta
from typing import Any

import pytest

from portal.models import Webhook, now
from tests.integration.webhooks.conftest import Customer

CREATE = {"path": "/webhooks/$", "method": "POST"}
CHANGE = {"path": "/webhooks/.+/$", "method": "PATCH"}


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "truncated", "html", "empty"])
def test_an_answer_that_never_came_makes_one_webhook(customer: Customer, fault: str) -> None:
    customer.control.fault(fault, **CREATE, **({"status": 502} if fault == "html" else {}))
    page = customer.browser.follow(customer.save(headers=[("X-Key", "kept-through-it")]))
    assert "hasn't confirmed the change" in page.text or "The webhook was saved" in page.text
    customer.portal.settle_webhooks()
    (made,) = customer.at_connexease()
    assert made["headers"] == {"X-Key": "kept-through-it"}
    assert not customer.only_row().is_pending
    assert "Active" in customer.index().text


@pytest.mark.parametrize("fault", ["timeout_before", "reset_before"])
def test_a_call_that_was_lost_on_its_way_is_made_again(customer: Customer, fault: str) -> None:
    customer.control.fault(fault, **CREATE)
    customer.save()
    customer.portal.settle_webhooks()
    assert len(customer.at_connexease()) == 1


def test_pending_is_shown_until_it_is_known(customer: Customer) -> None:
    customer.control.fault("timeout_after", **CREATE)
    customer.control.fault("status", path="/webhooks/", method="GET", status=503, times=None, skip=1)
    customer.save()
    assert customer.only_row().is_pending
    assert "Saving" in customer.index().text
    customer.control.clear_faults()
    customer.portal.settle_webhooks()
    assert "Saving" not in customer.index().text


@pytest.mark.parametrize("status", [401, 403, 404, 429])
def test_a_refusal_that_changed_nothing_leaves_no_trace(customer: Customer, status: int) -> None:
    customer.control.fault("status", **CREATE, status=status)
    page = customer.save()
    assert page.status == 422
    assert "Nothing was changed" in page.text
    assert page.values("Save webhook")["callback_url"] == "https://receiver.example.com/hook"
    assert [row for row in customer.portal.rows(Webhook) if row.portal_webhook_id is None] == []
    assert customer.save().status == 303


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({"callback_url": ["Host is on our block list."]}, "callback_url", "Host is on our block list."),
        ({"triggers": {"0": ["Not for your plan."]}}, "triggers-field", "Not for your plan."),
        ({"detail": "Webhooks are frozen today."}, "", "Webhooks are frozen today."),
    ],
)
def test_connexeases_refusals_land_at_their_fields(
    customer: Customer, body: dict[str, Any], field: str, sentence: str
) -> None:
    customer.control.fault("status", **CREATE, status=400, body=body)
    page = customer.save()
    assert page.status == 422
    assert sentence in page.text
    if field:
        assert sentence in page.errors[field]


def test_a_refused_change_takes_the_wish_back(customer: Customer) -> None:
    customer.save()
    customer.control.fault("status", **CHANGE, status=400, body={"callback_url": ["No."]})
    page = customer.save(webhook=customer.only_row().id, callback_url="https://new.example.com/")
    assert page.status == 422
    assert customer.only_row().wanted["callback_url"] == "https://receiver.example.com/hook"  # type: ignore[index]
    assert "Changed elsewhere" not in customer.index().text


def test_a_change_without_an_answer_is_repeated(customer: Customer) -> None:
    customer.save()
    customer.control.fault("timeout_before", **CHANGE, times=3)
    customer.save(webhook=customer.only_row().id, callback_url="https://new.example.com/")
    customer.control.clear_faults()
    customer.portal.settle_webhooks()
    assert customer.at_connexease()[0]["callback_url"] == "https://new.example.com/"


def test_what_was_changed_elsewhere_is_marked_and_set_right(customer: Customer) -> None:
    customer.save(headers=[("X-Key", "mine")])
    uuid = customer.at_connexease()[0]["uuid"]
    _change_elsewhere(customer, uuid, {"is_active": False, "data": {"headers": {"X-Key": "theirs"}}})
    text = customer.index().text
    assert "Changed elsewhere" in text
    assert "You saved: Other headers or values Active" in text
    customer.act("right")
    (made,) = customer.at_connexease()
    assert made["is_active"] is True
    assert made["headers"] == {"X-Key": "mine"}
    assert "Changed elsewhere" not in customer.index().text


def test_what_was_changed_elsewhere_can_stay(customer: Customer) -> None:
    customer.save()
    uuid = customer.at_connexease()[0]["uuid"]
    _change_elsewhere(customer, uuid, {"callback_url": "https://moved.example.com/"})
    assert "You saved: https://receiver.example.com/hook" in customer.index().text
    customer.act("accept")
    text = customer.index().text
    assert "Changed elsewhere" not in text
    assert "moved.example.com" in text


def test_a_changed_header_value_is_noticed_without_being_shown(customer: Customer) -> None:
    customer.save(headers=[("X-Key", "mine")])
    uuid = customer.at_connexease()[0]["uuid"]
    _change_elsewhere(customer, uuid, {"data": {"headers": {"X-Key": "planted-foreign-value"}}})
    page = customer.index()
    assert "Changed elsewhere" in page.text
    assert "planted-foreign-value" not in page.response.text


def test_a_webhook_that_is_gone_is_marked_and_made_again(customer: Customer) -> None:
    customer.save(headers=[("X-Key", "mine")])
    _forget_at_connexease(customer)
    assert "Missing" in customer.index().text
    customer.act("right")
    made = next(w for w in customer.at_connexease() if w["triggers"] == ["message.created"])
    assert made["headers"] == {"X-Key": "mine"}
    assert "Missing" not in customer.index().text


def test_the_portals_own_webhook_is_set_right_too(customer: Customer) -> None:
    customer.index()
    (own,) = customer.control.webhooks(customer.uuid)
    _change_elsewhere(customer, own["uuid"], {"data": {"headers": {"X-Portal-Secret": "forged"}}})
    assert "Changed elsewhere" in customer.index().text
    (row,) = [row for row in customer.portal.rows(Webhook) if row.portal_webhook_id is not None]
    customer.browser.post(f"{customer.root}{row.id}/right", {})
    (own_now,) = customer.control.webhooks(customer.uuid)
    assert own_now["headers"]["X-Portal-Secret"] == own["headers"]["X-Portal-Secret"]


def test_a_webhook_and_a_trigger_that_we_did_not_know_appear_and_stay(customer: Customer) -> None:
    customer.control.set(extra_triggers=["conversation.auto_assign"])
    customer.control.create_webhook(
        customer.uuid,
        "https://elsewhere.example.com/",
        triggers=["conversation.auto_assign", "message.created"],
        channels=customer.channels[:1],
    )
    text = customer.index().text
    assert "conversation.auto_assign unknown to the portal" in text
    assert "Created elsewhere" in text
    row = customer.only_row()
    assert customer.save(webhook=row.id, triggers=["feedback.received"]).goes_to == customer.root
    assert set(customer.at_connexease()[0]["triggers"]) == {"feedback.received", "conversation.auto_assign"}


def test_when_connexease_is_away_the_last_known_state_is_shown_read_only(customer: Customer) -> None:
    customer.save()
    customer.index()
    customer.control.fault("status", path="/webhooks/", status=503, times=None)
    page = customer.index()
    assert page.status == 200
    assert "We couldn't reach Connexease. You can't change anything now" in page.text
    assert "receiver.example.com" in page.text
    assert page.select_one("a", text="Create webhook") is None
    assert not page.select("#webhooks form")
    refused = customer.browser.follow(customer.act("switch", off="1"))
    assert "Nothing was changed" in refused.text


NOBODY = {"next": None, "previous": None, "count": 0, "results": []}


def _list_nothing(customer: Customer, times: int = 1) -> None:
    """Let Connexease's list come empty, as if it lagged behind."""
    customer.control.fault("status", path="/webhooks/", method="GET", status=200, body=NOBODY, times=times)


def test_a_list_that_lost_the_portals_own_webhook_once_does_no_harm(customer: Customer) -> None:
    customer.index()
    customer.portal.sql("UPDATE webhook SET created_at = :old", old=now() - timedelta(hours=1))
    _list_nothing(customer)
    assert "Missing" in customer.index().text
    (row,) = customer.portal.rows(Webhook)
    assert customer.browser.post(f"{customer.root}{row.id}/right", {}).status == 303
    for _ in range(2):
        page = customer.index()
        assert page.status == 200
        assert "Missing" not in page.text
    (row,) = customer.portal.rows(Webhook)
    assert row.portal_webhook_id is not None


def test_the_portals_own_webhook_is_missed_before_anybody_looked(customer: Customer) -> None:
    customer.portal.sql("UPDATE portal_webhook SET created_at = :old", old=now() - timedelta(hours=1))
    _list_nothing(customer)
    assert "Missing" in customer.index().text


def test_a_list_that_lags_behind_a_lost_answer_ends_in_one_webhook(customer: Customer) -> None:
    customer.control.fault("timeout_after", **CREATE)
    customer.save(headers=[("X-Key", "mine")])
    _list_nothing(customer, times=2)
    customer.portal.settle_webhooks()
    customer.index()
    customer.portal.settle_webhooks()
    text = customer.index().text
    assert len(customer.at_connexease()) == 1
    assert "Created elsewhere" not in text
    assert "Missing" not in text


def test_a_webhook_that_was_just_made_is_not_missed_by_a_list_that_lags(customer: Customer) -> None:
    customer.save()
    _list_nothing(customer)
    assert "Missing" not in customer.index().text


def test_a_change_of_what_is_no_longer_there_ends(customer: Customer) -> None:
    customer.save()
    customer.control.fault("timeout_before", **CHANGE, times=3)
    customer.act("switch", off="1")
    assert customer.only_row().is_pending
    customer.control.clear_faults()
    customer.control.fault("status", **CHANGE, status=404, times=None)
    customer.portal.settle_webhooks()
    row = customer.only_row()
    assert not row.is_pending
    assert row.gone_at is not None


def test_an_unknown_outcome_of_switching_is_not_called_saved(customer: Customer) -> None:
    customer.save()
    customer.control.fault("timeout_after", **CHANGE, times=3)
    page = customer.browser.follow(customer.act("switch", off="1"))
    assert "hasn't confirmed the change" in page.text
    busy = customer.browser.follow(customer.act("switch", on="1"))
    assert "still being saved" in busy.text


def test_a_refused_webhook_is_not_in_the_history_as_made(customer: Customer) -> None:
    customer.control.fault("status", **CREATE, status=400, body={"detail": "No."})
    customer.save()
    text = customer.browser.get(f"/accounts/{customer.account_id}/").text
    assert "found that the change to the webhook to receiver.example.com wasn't made" in text


def test_a_combination_that_connexease_holds_already_can_be_switched_on_again(customer: Customer) -> None:
    customer.control.set(allow_empty_channels=True)
    customer.control.create_webhook(
        customer.uuid, "https://elsewhere.example.com/", triggers=["message.created"], channels=[]
    )
    customer.index()
    customer.act("switch", off="1")
    assert "The webhook was saved" in customer.browser.follow(customer.act("switch", on="1")).text
    assert customer.at_connexease()[0]["is_active"] is True


def test_hidden_but_switched_on_elsewhere_is_shown_again(customer: Customer) -> None:
    customer.save()
    customer.act("switch", off="1")
    customer.act("hide", hide="1")
    _change_elsewhere(customer, customer.at_connexease()[0]["uuid"], {"is_active": True})
    assert "receiver.example.com" in customer.index().text.split("Where events go")[0]


def _change_elsewhere(customer: Customer, uuid: str, changes: dict[str, Any]) -> None:
    """As somebody with the reseller's token would, past the portal."""
    settings = customer.portal.app.config["SETTINGS"]
    request = urllib.request.Request(
        f"{settings.connexease_api_url}/accounts/{customer.uuid}/webhooks/{uuid}/",
        data=json.dumps(changes).encode(),
        method="PATCH",
        headers={
            "Authorization": f"Bearer {settings.connexease_reseller_token.get_secret_value()}",
            "Content-Type": "application/json",
        },
    )
    urllib.request.urlopen(request, timeout=20).close()


def _forget_at_connexease(customer: Customer) -> None:
    """Let the list lose it, as if Connexease's support had removed it."""
    customer.portal.sql("UPDATE webhook SET created_at = :old", old=now() - timedelta(hours=1))
    customer.portal.sql(
        "UPDATE webhook SET connexease_uuid = :other WHERE portal_webhook_id IS NULL",
        other="00000000000000000000000000000001",
    )
    # The one that is there now would be found as "made elsewhere" and stand in the way, so it goes dark.
    uuid = customer.at_connexease()[0]["uuid"]
    _change_elsewhere(customer, uuid, {"triggers": ["customer.updated"], "channels": customer.channels[1:]})
