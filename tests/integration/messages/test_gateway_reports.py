"""What the gateway reports: who is let in, what is kept, and that a message only ever moves forwards."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from portal.connexease import schemas
from portal.events.processing import batches
from portal.extensions import db, session
from portal.messages.reports import receiver, statuses
from portal.messages.sending import gateway_call
from portal.models import Delivery, Message, MessageState, MessageStatus, PortalWebhook, WebhookPurpose, now
from tests.integration.messages.conftest import RECIPIENT, Sender, make_sender, text
from tests.support.application.portal import PASSWORD
from tests.support.suite.concurrent import beside, outcome
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import wait_until


class Gateway:
    """The gateway's side of the callback."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        sender._inside(receiver.make)
        self.secret = sender._inside(receiver.reveal).get_secret_value()
        self.path = f"/hooks/gateway/{self.hook.key}"

    @property
    def hook(self) -> PortalWebhook:
        rows = self.sender.portal.rows(PortalWebhook)
        return next(row for row in rows if row.purpose == WebhookPurpose.GATEWAY)

    def post(self, body: Any, authorization: str | None = None) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.secret}" if authorization is None else authorization}
        return self.sender.portal.app.test_client().post(self.path, data=data, headers=headers)

    def report(self, *reports: dict[str, Any]) -> Delivery:
        """Send one event and let the worker look at it."""
        assert self.post(event(*reports)).status_code == 200
        self.sender.portal.work()
        return self.sender.portal.rows(Delivery)[-1]


def event(*reports: dict[str, Any]) -> dict[str, Any]:
    value = {"messaging_product": "whatsapp", "statuses": list(reports)}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
    }


def status(
    wamid: str | None, word: str, *, at: int | None = None, to: str = RECIPIENT, **more: Any
) -> dict[str, Any]:
    stamp = int(now().timestamp()) if at is None else at
    return {"id": wamid, "status": word, "timestamp": str(stamp), "recipient_id": to[1:], **more}


@pytest.fixture
def gateway(sender: Sender) -> Gateway:
    return Gateway(sender)


@both_databases
def test_sent_delivered_read(portal, control) -> None:
    sender = make_sender(portal, control)
    gateway, row = Gateway(sender), sender.send()
    for word in ("sent", "delivered", "read"):
        assert gateway.report(status(row.wamid, word)).state == "processed"
        assert sender.message(row.id).state == word
    assert [each.status for each in portal.rows(MessageStatus)] == ["sent", "delivered", "read"]
    page = sender.page(row.id)
    assert "Delivered" in page.text
    last = f"Event {portal.rows(Delivery)[-1].id}"
    assert last in page.text
    portal.sql("DELETE FROM delivery")
    assert last not in sender.page(row.id).text


def test_in_any_order_only_forwards(sender: Sender, gateway: Gateway) -> None:
    for number, order in enumerate(permutations(("sent", "delivered", "read"))):
        row = sender.send(text(f"Number {number}"), f"intent-{number}")
        reached = []
        for word in order:
            gateway.report(status(row.wamid, word))
            reached.append(sender.message(row.id).state)
        assert reached == sorted(reached, key=list(MessageState).index)
        assert reached[-1] == "read"


def test_failed_with_its_reason(sender: Sender, gateway: Gateway) -> None:
    row = sender.send()
    reason = {
        "code": 131047,
        "title": "Re-engagement message",
        "error_data": {"details": "More than 24 hours have passed."},
    }
    gateway.report(status(row.wamid, "failed", errors=[reason]))
    row = sender.message(row.id)
    assert (row.state, row.code) == ("failed", "131047")
    assert row.description == "Re-engagement message: More than 24 hours have passed."
    page = sender.page(row.id)
    assert "Send an approved template" in page.text
    assert "data-poll" in page.select_one("#message").attrib, "it may be delivered after all"
    gateway.report(status(row.wamid, "sent"))
    assert sender.message(row.id).state == "failed"
    gateway.report(status(row.wamid, "delivered"))
    row = sender.message(row.id)
    assert (row.state, row.code) == ("delivered", ""), "what was delivered did not fail"


def test_repeats_are_kept_and_count_once(sender: Sender, gateway: Gateway) -> None:
    row = sender.send()
    same = event(status(row.wamid, "sent", at=1_790_000_000))
    for _ in range(3):
        gateway.post(same)
    sender.portal.work()
    assert [each.state for each in sender.portal.rows(Delivery)] == ["processed", "repeat", "repeat"]
    gateway.report(status(row.wamid, "sent", at=1_790_000_001))
    assert len(sender.portal.rows(MessageStatus)) == 1


def test_several_in_one_event(sender: Sender, gateway: Gateway) -> None:
    one, two = sender.send(), sender.send(text("Two"), "intent-2")
    gateway.report(status(one.wamid, "delivered"), status(two.wamid, "sent"), status("wamid.other", "read"))
    assert (sender.message(one.id).state, sender.message(two.id).state) == ("delivered", "sent")


@both_databases
def test_very_many_in_one_event(portal, control) -> None:
    """They keep others waiting for no longer than a hundred of them take, and no more count than there can be."""
    sender = make_sender(portal, control)
    gateway, row = Gateway(sender), sender.send()
    many = [{"id": f"{number:x}", "status": "s"} for number in range(7999)]
    body = json.dumps(event(status(row.wamid, "read"), *many), separators=(",", ":")).encode()
    assert gateway.post(body).status_code == 200
    counted: list[str] = []
    with portal.app.app_context():
        engine = db.engine
    heard = ("before_cursor_execute", lambda _connection, _cursor, statement, *_rest: counted.append(statement))
    sa.event.listen(engine, *heard)
    portal.work()
    sa.event.remove(engine, *heard)
    [kept] = portal.rows(Delivery)
    assert (kept.state, sender.message(row.id).state) == ("processed", "read")
    assert "Only the first thousand were processed" in kept.problem_text
    assert len(portal.rows(MessageStatus)) == 1000
    assert len(counted) < 150
    portal.sql("UPDATE delivery SET state = 'received'")
    portal.run(batches.process, kept.id)
    assert len(portal.rows(MessageStatus)) == 1000, "begun anew after a crash"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "gateway.other"),
        (b"not json", "gateway.other"),
        (b"[" * 100_000, "gateway.other"),
        (b"[1, 2]", "gateway.other"),
        (b'{"entry": {"changes": 1}}', "gateway.other"),
        (b'{"entry": [null, {"changes": [null, 3, {"value": null}]}]}', "gateway.other"),
        (
            b'{"entry": [{"changes": [{"field": "messages", "value": {"messages": [{"id": "x"}]}}]}]}',
            "gateway.message",
        ),
        (
            b'{"entry": [{"changes": [{"field": "message_template_status_update", "value": {}}]}]}',
            "gateway.template",
        ),
        (b'{"entry": [{"changes": [{"field": "account_update", "value": {}}]}]}', "gateway.account"),
        (event({"id": 1, "status": True}, {"status": "sent"}, "sent", {"id": "a", "status": {}}), "gateway.other"),  # type: ignore[arg-type]
        (event({"id": "w\0", "status": "warned", "timestamp": "x" * 99, "errors": "none"}), "gateway.status"),
        (event({"id": "w", "status": "sent", "timestamp": "9" * 18, "recipient_id": 5}), "gateway.status"),
    ],
)
@both_databases
def test_odd_events_are_kept_and_shown(portal, control, body, kind) -> None:
    sender = make_sender(portal, control)
    assert Gateway(sender).post(body).status_code == 200
    portal.work()
    kept = portal.one(Delivery)
    assert (kept.state, kept.hook) == ("kept", kind)
    assert sender.browser.get(f"/accounts/{sender.account_id}/events/{kept.id}").status == 200


@pytest.mark.parametrize("stamp", [253402300799, -62135596800, 0])
@pytest.mark.parametrize("zone", ["Europe/Istanbul", "America/New_York"])
def test_a_time_at_the_end_of_the_calendar(sender: Sender, gateway: Gateway, stamp: int, zone: str) -> None:
    sender.portal.sql("UPDATE account SET time_zone = :zone", zone=zone)
    row = sender.send()
    gateway.report(status(row.wamid, "delivered", at=stamp))
    assert (sender.message(row.id).state, sender.page(row.id).status) == ("delivered", 200)
    [kept] = sender.portal.rows(MessageStatus)
    assert abs(kept.at - now()) < timedelta(minutes=5)
    sender.portal.sql("UPDATE message_status SET at = :at", at=datetime.max.replace(tzinfo=UTC))
    assert sender.page(row.id).status == 200, "what was kept before does no harm either"
    sender.portal.sql("UPDATE message_status SET at = :at", at=datetime.min.replace(tzinfo=UTC))
    assert sender.page(row.id).status == 200


def test_a_vendors_reason_that_is_spelled_like_ours(sender: Sender, gateway: Gateway) -> None:
    row = sender.send()
    gateway.report(status(row.wamid, "failed", errors=[{"code": "not_arrived", "title": "No."}]))
    assert "jane@acme.example.com noted" not in sender.page(row.id).text
    assert sender.message(row.id).code == "vendor:not_arrived"


def test_only_the_right_secret_for_the_right_address(sender: Sender, gateway: Gateway) -> None:
    row, secret = sender.send(), gateway.secret
    good = event(status(row.wamid, "sent"))
    assert gateway.post(good, f"bearer  {secret} ").status_code == 200
    for wrong in (
        "",
        secret,
        "Bearer",
        f"Bearer {secret}x",
        f"Bearer {secret[:-1]}",
        f"Basic {secret}",
        "Bearer ä",
    ):
        assert gateway.post(good, wrong).status_code == 401, wrong
    own = gateway.path
    other = next(hook for hook in sender.portal.rows(PortalWebhook) if hook.purpose == WebhookPurpose.ONBOARDING)
    for path in (f"/hooks/gateway/{other.key}", "/hooks/gateway/nothing", "/hooks/gateway/%00"):
        gateway.path = path
        assert gateway.post(good).status_code == 401, path
    gateway.path = own.replace("gateway", "connexease")
    client = sender.portal.app.test_client()
    assert client.post(gateway.path, data=b"{}", headers={"X-Portal-Secret": secret}).status_code == 401
    assert len(sender.portal.rows(Delivery)) == 1


def test_a_huge_body_is_refused(gateway: Gateway) -> None:
    assert gateway.post(b"x" * (6 * 1024 * 1024)).status_code == 413


def test_another_accounts_events_move_nothing(sender: Sender, gateway: Gateway) -> None:
    row = sender.send()
    _, other = sender.portal.customer(contact_email="joe@other.example.com")
    sender.portal.sql("UPDATE portal_webhook SET account_id = :other WHERE purpose = 'gateway'", other=other.hex)
    assert gateway.report(status(row.wamid, "read")).state == "kept"
    assert sender.message(row.id).state == "accepted"


@both_databases
def test_a_report_that_is_quicker_than_our_own_answer(portal, control) -> None:
    """The gateway is held between taking the message and answering; meanwhile its report comes in."""
    sender = make_sender(portal, control)
    gateway, message_id = Gateway(sender), sender.prepare()
    control.fault("slow", "/v1/wa/message", "POST", seconds=60)
    confirming = beside(lambda: sender.confirm(message_id))
    wait_until(lambda: confirming.done() or control.gateway_messages())
    sent = control.gateway_messages()
    gateway.report(status(sent[0]["wamid"], "delivered"))
    assert sender.message(message_id).state == "sending"
    control.clear_faults()
    outcome(confirming)
    assert sender.message(message_id).state == "delivered"


# --- a message whose answer never came


def lose_an_answer(sender: Sender, intent: str = "lost", message: Any = None) -> Message:
    """The gateway takes a message, and its answer gets lost."""
    sender.control.fault("reset_after", "/v1/wa/message", "POST")
    row = sender.send(message or text("Lost"), intent)
    assert (row.state, row.wamid) == ("unknown", None)
    return row


def lost_wamid(sender: Sender) -> str:
    return str(sender.control.gateway_messages()[-1]["wamid"])


@both_databases
def test_a_report_settles_it_where_it_can_be_about_no_other(portal, control) -> None:
    sender = make_sender(portal, control)
    gateway = Gateway(sender)
    gateway.report(status(sender.send().wamid, "sent"))
    row = lose_an_answer(sender)
    gateway.report(status(lost_wamid(sender), "sent"))
    row = sender.message(row.id)
    assert (row.state, row.is_recognised) == ("sent", True)
    gateway.report(status(row.wamid, "delivered"))
    assert sender.message(row.id).state == "delivered"
    assert "matched by number and time" in sender.page(row.id).text


def test_a_report_ahead_of_the_lost_answer_settles_it_too(sender: Sender, gateway: Gateway) -> None:
    gateway.report(status(sender.send().wamid, "sent"))
    message_id = sender.prepare(text("Lost"), "lost")
    sender.portal.sql(
        "UPDATE message SET state = 'sending', confirmed_at = created_at, call_started_at = :at, claimed_until = :at"
        " WHERE state = 'prepared'",
        at=now() - timedelta(seconds=5),
    )
    gateway.report(status("wamid.lost", "sent"))
    assert sender.message(message_id).state == "sending"
    sender.portal.sweep()
    assert sender.message(message_id).state == "sent"


@pytest.mark.parametrize("doubt", ["never heard", "another number", "another time", "others send", "two unknown"])
def test_nothing_is_guessed(sender: Sender, gateway: Gateway, doubt: str) -> None:
    first = sender.send()
    if doubt != "never heard":
        gateway.report(status(first.wamid, "sent"))
    if doubt == "others send":
        gateway.report(status("wamid.of-another-system", "sent", to="+905329999999"))
    row = lose_an_answer(sender)
    if doubt == "two unknown":
        lose_an_answer(sender, "lost-2", text("Lost as well"))
    report = status(lost_wamid(sender), "delivered")
    if doubt == "another number":
        report["recipient_id"] = "905329999999"
    if doubt == "another time":
        report["timestamp"] = str(int((now() - timedelta(hours=2)).timestamp()))
    assert gateway.report(report).state == "kept"
    assert sender.message(row.id).state == "unknown"
    page = sender.page(row.id)
    assert ("This may be that message" in page.text) == (doubt not in ("another number", "another time"))


@pytest.mark.parametrize("arrived", [True, False])
def test_a_person_settles_it(sender: Sender, arrived: bool) -> None:
    row = lose_an_answer(sender)
    page = sender.page(row.id)
    assert "We won't send it again automatically" in page.text
    button = "Mark as arrived" if arrived else "Mark as not arrived"
    sender.browser.post(f"{sender.root}{row.id}/settle", {"arrived": "yes" if arrived else "no"})
    page = sender.page(row.id)
    assert button not in [button.text_content() for button in page.select("button")]
    row = sender.message(row.id)
    assert row.state == ("delivered" if arrived else "failed")
    assert f"jane@acme.example.com marked it as {'arrived' if arrived else 'not arrived'}" in page.text
    sender.settle(row.id, not arrived)
    assert sender.message(row.id).state == row.state
    assert len(sender.calls()) == 1


@pytest.mark.parametrize("arrived", [True, False])
def test_what_a_person_noted_stays_what_they_noted(sender: Sender, gateway: Gateway, arrived: bool) -> None:
    row = lose_an_answer(sender)
    sender.settle(row.id, arrived)
    late = gateway_call.Result(MessageState.ACCEPTED, wamid="wamid.late")
    sender._inside(lambda _person, _account: gateway_call._record(session().get_one(Message, row.id), late))
    for word in ("failed", "delivered"):
        gateway.report(status("wamid.late", word))
        page = sender.page(row.id)
        assert sender.message(row.id).state == word
        assert f"marked it as {'arrived' if arrived else 'not arrived'}" in page.text
        assert f"marked it as {'not arrived' if arrived else 'arrived'}" not in page.text
        assert "The gateway accepted it" in page.text
        assert "never confirmed the message" not in page.text


def test_a_late_answer_is_the_truth(sender: Sender) -> None:
    row = lose_an_answer(sender)
    sender.settle(row.id, False)
    late = gateway_call.Result(MessageState.ACCEPTED, wamid="wamid.late")
    sender._inside(lambda _person, _account: gateway_call._record(session().get_one(Message, row.id), late))
    assert sender.message(row.id).state == "accepted"


@pytest.mark.parametrize("is_accepted", [True, False])
def test_a_late_answer_wins_over_a_guess(sender: Sender, gateway: Gateway, is_accepted: bool) -> None:
    gateway.report(status(sender.send().wamid, "sent"))
    row = lose_an_answer(sender)
    gateway.report(status("wamid.of-another", "read"))
    assert sender.message(row.id).is_recognised
    late = gateway_call.Result(MessageState.REFUSED, "GW_001")
    if is_accepted:
        late = gateway_call.Result(MessageState.ACCEPTED, wamid="wamid.true")
    sender._inside(lambda _person, _account: gateway_call._record(session().get_one(Message, row.id), late))
    row = sender.message(row.id)
    assert (row.state, row.wamid, row.is_recognised) == (late.state, late.wamid, False)
    guessed = next(each for each in sender.portal.rows(MessageStatus) if each.wamid == "wamid.of-another")
    assert guessed.message_id is None


def test_a_late_answer_confirms_a_guess(sender: Sender, gateway: Gateway) -> None:
    gateway.report(status(sender.send().wamid, "sent"))
    row = lose_an_answer(sender)
    gateway.report(status(lost_wamid(sender), "read"))
    late = gateway_call.Result(MessageState.ACCEPTED, wamid=lost_wamid(sender))
    sender._inside(lambda _person, _account: gateway_call._record(session().get_one(Message, row.id), late))
    assert (sender.message(row.id).state, sender.message(row.id).is_recognised) == ("read", False)


def test_settling_needs_an_answer(sender: Sender) -> None:
    row = lose_an_answer(sender)
    assert sender.browser.post(f"{sender.root}{row.id}/settle", {"arrived": "perhaps"}).status == 400


# --- setting it up


def test_the_page_that_sets_it_up(sender: Sender) -> None:
    address = f"{sender.root}status-events"
    page = sender.browser.submit(sender.browser.get(address), "Create URL")
    page = sender.browser.follow(page)
    hook = Gateway(sender).hook
    assert f"http://localhost/hooks/gateway/{hook.key}" in page.text
    assert "No events yet" in page.text
    wrong = sender.browser.post(f"{address}/secret", {"password": "wrong"})
    assert wrong.status == 422
    answer = sender.browser.post(f"{address}/secret", {"password": PASSWORD})
    shown = sender.browser.get(answer.goes_to)
    assert sender.browser.get(answer.goes_to).goes_to == address
    assert shown.response.headers["Cache-Control"] == "no-store"
    secret = shown.select_one("#secret").text_content()
    control = sender.control
    with sender.portal.served() as url:
        control.set_gateway_callback(sender.uuid, f"{url}/hooks/gateway/{hook.key}", secret)
        control.set(hold_deliveries=False)
        row = sender.send()
        control.report_statuses(str(row.wamid), "delivered")
        assert control.settle()
    sender.portal.work()
    assert sender.message(row.id).state in ("delivered", "read")
    assert "Receiving events" in sender.browser.get(address).text


def test_a_new_secret_shuts_the_old_one_out(sender: Sender, gateway: Gateway) -> None:
    page = sender.browser.post(f"{sender.root}status-events/renew", {"password": PASSWORD})
    assert "The old secret no longer works" in sender.browser.follow(page).text
    assert gateway.post(event()).status_code == 401
    gateway.secret = sender._inside(receiver.reveal).get_secret_value()
    assert gateway.post(event()).status_code == 200


def test_it_is_none_of_the_webhooks_at_connexease(sender: Sender, gateway: Gateway) -> None:
    page = sender.browser.get(f"/accounts/{sender.account_id}/webhooks/")
    assert gateway.hook.key not in page.response.get_data(as_text=True)
    assert "Missing" not in page.text


def test_order_of_states_is_whole() -> None:
    assert set(statuses.STATES.values()) == set(statuses._ORDER)


# --- what else a status and an answer say ------------------------------------------------------------


def test_pricing_and_played_are_kept_and_shown(sender: Sender, gateway: Gateway) -> None:
    row = sender.send()
    pricing = {"type": "regular", "category": "marketing", "billable": True, "pricing_model": "PMP"}
    gateway.report(status(row.wamid, "delivered", pricing=pricing), status(row.wamid, "played"))
    page = sender.page(row.id)
    assert "Charged by Meta as marketing." in page.text
    assert "Played" in page.text
    assert sender.message(row.id).state == "read"
    kept = {each.status: each.pricing for each in sender.portal.rows(MessageStatus)}
    assert kept == {
        "delivered": {"type": "regular", "category": "marketing", "billable": True},
        "played": None,
    }


@pytest.mark.parametrize("pricing", ["regular", ["regular"], {"type": 5.5, "billable": "yes"}, {}])
def test_pricing_that_does_not_fit_is_none(sender: Sender, gateway: Gateway, pricing: Any) -> None:
    row = sender.send()
    gateway.report(status(row.wamid, "delivered", pricing=pricing))
    assert sender.portal.one(MessageStatus).pricing is None
    assert sender.message(row.id).state == "delivered"


def test_a_message_that_meta_holds_back(sender: Sender, gateway: Gateway) -> None:
    sender.control.set(message_status="held_for_quality_assessment")
    template = schemas.TemplateUse(name="welcome", language=schemas.Language(code="en"))
    row = sender.send(schemas.TemplateMessage(to=RECIPIENT, template=template))
    page = sender.page(row.id)
    assert "Meta is holding it back" in page.text
    assert "and Meta held it back" in page.text
    gateway.report(status(row.wamid, "failed", errors=[{"code": 132015, "title": "Template is paused"}]))
    page = sender.page(row.id)
    assert "paused the template and dropped the message" in page.text
    assert "Improve the template in WhatsApp Manager" in page.text


# --- our own value that a status brings back ---------------------------------------------------------


OWN_VALUE = "o" * 43


def own_value(sender: Sender) -> str:
    """What the gateway got with the last call."""
    value = json.loads(sender.calls()[-1]["body"]).get("biz_opaque_callback_data", "")
    return str(value)


@both_databases
def test_a_lost_answer_is_settled_by_our_own_value(portal, control) -> None:
    """Two without an answer to one number, which nobody could tell apart otherwise."""
    sender = make_sender(portal, control)
    gateway = Gateway(sender)
    portal.sql("UPDATE credential SET echoes_callback_data = :yes", yes=True)
    first, first_value = lose_an_answer(sender, "one", text("One")), own_value(sender)
    second, second_value = lose_an_answer(sender, "two", text("Two")), own_value(sender)
    assert first_value != second_value
    assert len(second_value) > 40
    gateway.report(status("wamid.TWO", "delivered", biz_opaque_callback_data=second_value))
    assert sender.message(first.id).state == "unknown"
    settled = sender.message(second.id)
    assert (settled.state, settled.wamid, settled.is_matched) == ("delivered", "wamid.TWO", True)
    gateway.report(status("wamid.TWO", "read"))
    assert sender.message(second.id).state == "read"
    assert "matched by the reference that we sent along" in sender.page(second.id).text


def test_a_report_ahead_of_the_lost_answer_is_found_by_our_own_value(sender: Sender, gateway: Gateway) -> None:
    message_id = sender.prepare(text("Lost"), "lost")
    sender.portal.sql(
        "UPDATE message SET state = 'sending', confirmed_at = created_at, call_started_at = :at, claimed_until = :at,"
        " callback_data = :own",
        own=OWN_VALUE,
        at=now() - timedelta(minutes=5),
    )
    gateway.report(status("wamid.X", "sent", biz_opaque_callback_data=OWN_VALUE))
    assert sender.message(message_id).state == "sending"
    sender.portal.run(lambda: gateway_call.send(message_id))
    settled = sender.message(message_id)
    assert (settled.state, settled.wamid, settled.is_matched) == ("sent", "wamid.X", True)


@pytest.mark.parametrize("value", ["somebody-elses", "", 5, None, "x" * 600, OWN_VALUE])
def test_another_value_settles_nothing(sender: Sender, gateway: Gateway, value: Any) -> None:
    gateway.report(status(sender.send().wamid, "sent"))
    sender.portal.sql("UPDATE credential SET echoes_callback_data = :yes", yes=True)
    row = lose_an_answer(sender)
    gateway.report(status("wamid.X", "sent", biz_opaque_callback_data=value))
    assert sender.message(row.id).state == "unknown", "what says nothing of ours is about another message"
    kept = next(each for each in sender.portal.rows(MessageStatus) if each.wamid == "wamid.X")
    assert kept.callback_data == (value if value == OWN_VALUE else None), "what others send along is not kept"


def test_our_own_value_is_the_truth_after_a_person_settled_it(sender: Sender, gateway: Gateway) -> None:
    sender.portal.sql("UPDATE credential SET echoes_callback_data = :yes", yes=True)
    row = lose_an_answer(sender)
    sender.settle(row.id, arrived=False)
    gateway.report(status("wamid.X", "delivered", biz_opaque_callback_data=own_value(sender)))
    settled = sender.message(row.id)
    assert (settled.state, settled.wamid, settled.settled_arrived) == ("delivered", "wamid.X", False)


def test_a_key_that_was_not_tried_sends_no_value(sender: Sender) -> None:
    sender.send()
    assert own_value(sender) == ""


def test_our_own_value_brings_no_number_back_that_was_erased(sender: Sender, gateway: Gateway) -> None:
    sender.portal.sql("UPDATE credential SET echoes_callback_data = :yes", yes=True)
    row = lose_an_answer(sender)
    value = own_value(sender)
    sender.portal.sql("UPDATE message SET erased_at = :now, payload = NULL, recipient = ''", now=now())
    gateway.report(status("wamid.X", "delivered", biz_opaque_callback_data=value))
    settled, [kept] = sender.message(row.id), sender.portal.rows(MessageStatus)
    assert settled.state == "delivered"
    assert settled.wamid == kept.wamid
    assert str(settled.wamid).startswith("erased:")
    assert kept.recipient == ""
