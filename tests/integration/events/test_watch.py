"""Choosing what the portal itself receives: its own webhooks at Connexease, within the rules."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest

from portal.connexease import schemas
from portal.events import watches
from portal.models import AuditEntry, PortalWebhook, Webhook, WebhookPurpose
from tests.integration.events.conftest import Customer, numbers_on
from tests.support.application.browser import Page
from tests.support.application.pages import select
from tests.support.suite.marks import both_databases_and_with_htmx

CREATE = {"path": "/webhooks/$", "method": "POST"}
CHANGE = {"path": "/webhooks/.+/$", "method": "PATCH"}


def watch(customer: Customer, *chosen: tuple[str, str], htmx: bool = False) -> Page:
    """Choose exactly these (channel, trigger) on the page and save."""
    scopes = {**customer.channels, "account": "account"}
    values = [f"{scopes.get(channel, channel)}:{trigger}" for channel, trigger in chosen]
    return customer.browser.post(f"{customer.root}watch", {"watch": values}, htmx=htmx)


def ticked(page: Page) -> set[str]:
    boxes = page.select("input[name=watch][checked]")
    return {box.attrib["value"] for box in boxes}


def watched_at_connexease(customer: Customer) -> list[dict[str, Any]]:
    """The portal's webhooks there, but for the one of its own onboarding."""
    held = customer.portal.control.webhooks(customer.uuid)
    return [
        hook
        for hook in held
        if "/hooks/connexease/" in hook["callback_url"] and hook["triggers"] != ["channel.created"]
    ]


def only(rows: Iterable[Any]) -> Any:
    (row,) = rows
    return row


def test_what_is_offered(customer):
    page = customer.browser.get(f"{customer.root}watch")
    offered = {box.attrib["value"].partition(":")[2] for box in page.select("input[name=watch]")}
    assert len(offered) == 13
    assert "channel.created" not in offered
    assert "agent.status_changed" in offered
    assert [tag.text_content().split()[0] for tag in page.select("thead th")] == ["Trigger", "Shop", "Support"]
    assert ticked(page) == set()
    for_all = page.select("[data-all]")
    assert for_all
    assert all("hidden" in tag.attrib for tag in for_all)  # only a script can tick them all


def test_without_a_channel_it_says_what_to_do(portal):
    browser, account = portal.customer()
    page = browser.get(f"/accounts/{account}/events/watch")
    assert "No number connected yet" in page.text
    assert f"/accounts/{account}/channels/" in {link.get("href") for link in page.select(".empty a")}


@both_databases_and_with_htmx
def test_a_webhook_of_the_portals_own_for_each_channel(customer, htmx):
    answer = watch(
        customer,
        ("Shop", "message.created"),
        ("Shop", "conversation.created"),
        ("Support", "message.created"),
        ("account", "agent.status_changed"),
        htmx=htmx,
    )
    assert answer.goes_to == f"{customer.root}watch"
    page = customer.browser.follow(answer)
    assert "Your choices for Shop, Support, the whole account were saved." in page.text
    assert len(ticked(page)) == 4
    made = {tuple(hook["channels"]): hook for hook in watched_at_connexease(customer)}
    shop, support = customer.channels["Shop"], customer.channels["Support"]
    assert {channels: set(hook["triggers"]) for channels, hook in made.items()} == {
        (shop,): {"message.created", "conversation.created"},
        (support,): {"message.created"},
        (): {"agent.status_changed"},
    }
    assert all(hook["is_active"] and list(hook["headers"]) == ["X-Portal-Secret"] for hook in made.values())
    assert len({hook["callback_url"] for hook in made.values()}) == 3
    assert len({hook["headers"]["X-Portal-Secret"] for hook in made.values()}) == 3


def test_a_change_changes_the_same_webhook_and_nothing_else(customer):
    watch(customer, ("Shop", "message.created"), ("Support", "message.created"))
    before = {hook["uuid"] for hook in watched_at_connexease(customer)}
    customer.portal.control.clear_requests()
    watch(customer, ("Shop", "feedback.received"), ("Support", "message.created"))
    assert {hook["uuid"] for hook in watched_at_connexease(customer)} == before
    assert len(customer.portal.control.requests("PATCH")) == 1
    assert customer.portal.control.requests("POST") == []
    shop = only(
        hook for hook in watched_at_connexease(customer) if hook["channels"] == [customer.channels["Shop"]]
    )
    assert shop["triggers"] == ["feedback.received"]


def test_nothing_chosen_switches_off_and_something_switches_on_again(customer):
    watch(customer, ("Shop", "message.created"))
    page = customer.browser.follow(watch(customer))
    assert ticked(page) == set()
    assert only(watched_at_connexease(customer))["is_active"] is False
    page = customer.browser.follow(watch(customer, ("Shop", "feedback.received")))
    assert ticked(page) == {f"{customer.channels['Shop']}:feedback.received"}
    hook = only(watched_at_connexease(customer))
    assert (hook["is_active"], hook["triggers"]) == (True, ["feedback.received"])


def test_saving_without_a_change_asks_nothing_of_connexease(customer):
    watch(customer, ("Shop", "message.created"))
    customer.portal.control.clear_requests()
    page = customer.browser.follow(watch(customer, ("Shop", "message.created")))
    assert "There was nothing to change." in page.text
    assert customer.portal.control.requests("PATCH") == customer.portal.control.requests("POST") == []


def test_the_same_form_twice_makes_one_webhook(customer):
    for _ in range(2):
        watch(customer, ("Shop", "message.created"))
    assert len(watched_at_connexease(customer)) == 1
    mine = [hook for hook in customer.portal.rows(PortalWebhook) if hook.purpose == WebhookPurpose.WATCH]
    assert len(mine) == 1


def test_what_is_watched_comes_into_the_log(reachable_portal, control):
    browser, account_id = reachable_portal.customer()
    uuid = control.accounts()[0]["uuid"]
    channel = control.create_channel(uuid, name="Shop")["uuid"]
    browser.get(f"/accounts/{account_id}/channels/")
    customer = Customer(reachable_portal, browser, account_id, uuid, {"Shop": channel})
    watch(customer, ("Shop", "message.created"), ("Shop", "feedback.received"))
    control.release_deliveries()
    control.play_conversation(channel)
    assert control.settle()
    reachable_portal.work()
    page = customer.log(channel=channel)
    rows = sorted(row.text_content() for row in page.select("table.events tbody th"))
    assert rows == [
        "Jane Doe: “Hello Ayşe, it left our warehouse this morning.”message.created",
        "Rating 5: “Quick answer”feedback.received",
        "“Hello, is my order on its way?”message.created",
    ]
    assert {chip.text_content() for chip in page.select(".chip")} == {"Stored"}
    assert len(numbers_on(customer.log(q="warehouse"))) == 1


def hold_elsewhere(customer: Customer, trigger: str, channel: str, **fields: Any) -> None:
    """A webhook of the customer's own, made at Connexease without us."""
    customer.portal.control.create_webhook(
        customer.uuid,
        "https://crm.example.com/in?key=1",
        triggers=[trigger],
        channels=[customer.channels[channel]] if channel else [],
        **fields,
    )


@pytest.mark.parametrize("active", [True, False])
def test_what_a_webhook_of_the_customers_receives_cannot_be_chosen(customer, active):
    hold_elsewhere(customer, "message.created", "Shop", is_active=active)
    page = customer.browser.get(f"{customer.root}watch")
    offered = {box.attrib["value"] for box in page.select("input[name=watch]")}
    assert f"{customer.channels['Shop']}:message.created" not in offered
    assert f"{customer.channels['Support']}:message.created" in offered
    (row,) = [row for row in customer.portal.rows(Webhook) if row.portal_webhook_id is None]
    link = page.select_one("a", text="crm.example.com")
    assert link.attrib["href"].endswith(f"/webhooks/{row.id}")


@pytest.mark.parametrize("htmx", [False, True])
def test_a_conflict_that_arose_meanwhile_is_explained_and_the_rest_is_saved(customer, htmx):
    customer.browser.get(f"{customer.root}watch")
    hold_elsewhere(customer, "message.created", "Shop")
    page = watch(customer, ("Shop", "message.created"), ("Support", "message.created"), htmx=htmx)
    assert page.status == 422
    assert "Shop:" in page.summary.text_content()
    (row,) = [row for row in customer.portal.rows(Webhook) if row.portal_webhook_id is None]
    assert [link.attrib["href"].rpartition("/")[2] for link in select(page.summary, "a")] == [str(row.id)]
    assert "https://crm.example.com/in" in page.summary.text_content()
    assert only(watched_at_connexease(customer))["channels"] == [customer.channels["Support"]]
    assert f"{customer.channels['Support']}:message.created" in ticked(page)


def test_an_account_wide_trigger_that_is_held_elsewhere(customer):
    hold_elsewhere(customer, "agent.status_changed", "")
    page = watch(customer, ("account", "agent.status_changed"))
    assert page.status == 422
    assert "Only one webhook per account can use agent.status_changed." in page.summary.text_content()
    assert watched_at_connexease(customer) == []


def test_a_refusal_is_told_and_changes_nothing(customer):
    customer.portal.control.fault("status", **CREATE, status=400, body={"triggers": ["Not for your plan."]})
    page = watch(customer, ("Shop", "message.created"))
    assert page.status == 422
    assert "Not for your plan." in page.summary.text_content()
    assert watched_at_connexease(customer) == []
    assert ticked(customer.browser.get(f"{customer.root}watch")) == set()
    assert "were saved" in customer.browser.follow(watch(customer, ("Shop", "message.created"))).text


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "timeout_before", "reset_before", "truncated"])
def test_an_answer_that_never_came_makes_one_webhook(customer, fault):
    customer.portal.control.fault(fault, **CREATE)
    page = customer.browser.follow(watch(customer, ("Shop", "message.created")))
    assert page.status == 200
    customer.portal.settle_webhooks()
    assert only(watched_at_connexease(customer))["triggers"] == ["message.created"]
    page = customer.browser.get(f"{customer.root}watch")
    assert ticked(page) == {f"{customer.channels['Shop']}:message.created"}
    assert page.select_one(".alert-warning") is None


def test_while_nobody_knows_the_page_says_so(customer):
    customer.portal.control.fault("timeout_after", **CREATE)
    page = customer.browser.follow(watch(customer, ("Shop", "message.created")))
    assert "We're checking" in page.text
    customer.portal.settle_webhooks()
    assert "We're checking" not in customer.browser.get(f"{customer.root}watch").text


def test_a_change_whose_answer_never_came_is_repeated(customer):
    watch(customer, ("Shop", "message.created"))
    customer.portal.control.fault("timeout_before", **CHANGE)
    watch(customer, ("Shop", "feedback.received"))
    customer.portal.settle_webhooks()
    assert only(watched_at_connexease(customer))["triggers"] == ["feedback.received"]


def test_another_change_while_one_is_on_its_way_waits(customer):
    watch(customer, ("Shop", "message.created"))
    customer.portal.sql("UPDATE webhook SET claimed_until = '2999-01-01 00:00:00.000000' WHERE seen IS NOT NULL")
    page = watch(customer, ("Shop", "feedback.received"))
    assert page.status == 422
    assert "still being saved" in page.summary.text_content()


def test_connexease_is_away(customer):
    watch(customer, ("Shop", "message.created"))
    customer.portal.control.fault("status", path="/webhooks/", status=503, times=None)
    page = customer.browser.get(f"{customer.root}watch")
    assert "We couldn't reach Connexease" in page.text
    assert all("disabled" in box.attrib for box in page.select("input[name=watch]"))
    assert ticked(page) == {f"{customer.channels['Shop']}:message.created"}
    page = watch(customer, ("Shop", "feedback.received"))
    assert page.status == 422
    assert "Nothing was changed" in page.summary.text_content()


def test_what_was_changed_elsewhere_is_marked_and_set_right_by_saving(customer):
    watch(customer, ("Shop", "message.created"))
    listed = only(watched_at_connexease(customer))
    reseller = customer.portal.app.extensions["connexease"].reseller
    change = schemas.WebhookChange(is_active=False)
    reseller.update_webhook(UUID(customer.uuid), UUID(listed["uuid"]), change)
    page = customer.browser.get(f"{customer.root}watch")
    assert "Connexease has other triggers than you chose here." in page.text
    assert ticked(page) == {f"{customer.channels['Shop']}:message.created"}
    page = customer.browser.follow(watch(customer, ("Shop", "message.created")))
    assert "does not hold" not in page.text
    assert only(watched_at_connexease(customer))["is_active"] is True


def test_a_webhook_that_our_database_forgot_is_recognised(customer):
    watch(customer, ("Shop", "message.created"))
    customer.portal.sql("DELETE FROM webhook")
    page = customer.browser.get(f"{customer.root}watch")
    assert ticked(page) == {f"{customer.channels['Shop']}:message.created"}
    watch(customer, ("Shop", "message.created"), ("Shop", "feedback.received"))
    assert len(only(watched_at_connexease(customer))["triggers"]) == 2


def test_only_what_is_offered_is_taken(customer, make_customer):
    other = make_customer(contact_email="other@tenant.example.com", name="Other Ltd")
    for scope, trigger in (
        (other.channels["Shop"], "message.created"),
        ("Shop", "channel.created"),
        ("account", "channel.created"),
        ("Shop", "agent.status_changed"),
        ("", ""),
    ):
        page = watch(customer, (scope, trigger))
        assert page.status == 422
        assert "Nothing was changed." in page.summary.text_content()
    assert watched_at_connexease(customer) == watched_at_connexease(other) == []
    assert other.browser.get(f"{customer.root}watch").status == 404
    assert other.browser.post(f"{customer.root}watch").status == 404


def test_it_is_in_the_audit_log_in_sentences(customer):
    watch(customer, ("Shop", "message.created"))
    watch(customer)
    entries = [entry for entry in customer.portal.rows(AuditEntry) if entry.action.startswith("watch.")]
    assert [(entry.action, entry.target, entry.details["triggers"]) for entry in entries] == [
        ("watch.changed", "Shop", ["message.created"]),
        ("watch.stopped", "Shop", []),
    ]
    overview = customer.browser.get(f"/accounts/{customer.account_id}/")
    assert "changed the watched events of Shop" in overview.text
    assert "stopped watching the events of Shop" in overview.text


def test_a_channel_that_is_gone_is_not_offered(customer):
    customer.portal.control.delete_channel(customer.channels["Support"])
    customer.browser.post(f"/accounts/{customer.account_id}/channels/refresh")
    found = customer.portal.run(watches.known, customer.account())
    assert [place.label for place in found.channels] == ["Shop"]


def test_what_is_not_watched_any_more_can_be_received_by_the_customer(customer):
    """Connexease cannot delete a webhook, and one that is switched off still counts there."""
    webhooks = f"/accounts/{customer.account_id}/webhooks/"
    watch(customer, ("Shop", "message.created"), ("account", "agent.status_changed"))
    watch(customer)
    assert "it gives up its trigger when you need it" in customer.browser.get(webhooks).text
    lying = {hook["uuid"]: hook for hook in watched_at_connexease(customer)}
    assert not any(hook["is_active"] for hook in lying.values())
    taken = [
        (trigger, channel)
        for hook in lying.values()
        for trigger in hook["triggers"]
        for channel in hook["channels"]
    ]
    assert len(set(taken)) == len(lying) == 2
    for triggers, channels in (
        (["message.created", *sorted({trigger for trigger, _channel in taken})], list(customer.channels.values())),
        (["agent.status_changed"], []),
    ):
        form = {"callback_url": "https://crm.example.com/", "triggers": triggers, "channels": channels}
        assert "Open the other webhook" not in customer.browser.post(f"{webhooks}check", form, htmx=True).text
        assert customer.browser.post(f"{webhooks}new", form | {"is_active": "y"}).status == 303
    watch(customer, ("Shop", "feedback.received"))
    on = only(hook for hook in watched_at_connexease(customer) if hook["is_active"])
    assert (on["triggers"], on["channels"]) == (["feedback.received"], [customer.channels["Shop"]])


def test_what_is_watched_is_in_the_way_and_the_way_there_is_shown(customer):
    webhooks = f"/accounts/{customer.account_id}/webhooks/"
    watch(customer, ("Shop", "message.created"))
    form = {"callback_url": "https://crm.example.com/", "triggers": "message.created", "is_active": "y"}
    page = customer.browser.post(f"{webhooks}new", form | {"channels": customer.channels["Shop"]})
    assert page.status == 422
    assert "The portal watches message.created" in page.text
    assert page.select_one(".error-summary a").attrib["href"] == f"{customer.root}watch"
