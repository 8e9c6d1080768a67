"""Bosphorus Dental: a clinic in trouble. Its number got disconnected, and its webhooks are not what was set."""

from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import col, select

from portal.channels import attempts
from portal.demo.logins import SELIN
from portal.demo.stage import Scenes, Stage
from portal.demo.story import texts, traffic
from portal.demo.story.customer import (
    Customer,
    add_gateway_key,
    begin_to_connect,
    connect,
    enter_callback,
    log_in,
    look_at_channels,
    send,
    sign_up,
    watch,
)
from portal.demo.story.traffic import Business
from portal.extensions import session
from portal.messages.sending import outbox
from portal.models import Delivery, DeliveryState, Message, Webhook
from portal.webhooks import changes, snapshot
from portal.webhooks.desired import DesiredWebhook
from portal.webhooks.rules.headers import Header

MAIN, DESK, OLD = "Klinik", "Randevu", "Eski hat"
CRM = "https://crm.bosphorus.example.com/whatsapp"
REFUSALS = ((11, "GW_001"), (9, "AUTH_001"), (4, "BILL_001"))
"""Days ago, and why the gateway refused a message then."""


def opening(stage: Stage) -> Scenes:
    """Sign up and set up, three numbers among it."""
    yield stage.ago(24, "09:10")
    clinic = sign_up(stage, SELIN, "Bosphorus Dental", "+902165550188")
    for minutes, name in ((15, MAIN), (19, DESK), (24, OLD)):
        yield stage.ago(24, f"09:{minutes}")
        connect(clinic, SELIN, name)
    yield stage.ago(24, "09:30")
    look_at_channels(clinic, SELIN)
    yield stage.ago(24, "10:00")
    add_gateway_key(clinic, SELIN, "Bosphorus Dental, live")
    enter_callback(clinic, SELIN)
    watch(clinic, SELIN, ("message.created", "conversation.created", "feedback.received"))


def trouble(stage: Stage) -> Scenes:
    """One number is given up, another is switched off, and the one that matters loses its connection."""
    yield stage.ago(15, "11:00")
    clinic = Customer.of(stage, SELIN)
    main, desk = clinic.channel(MAIN), clinic.channel(DESK)
    stage.vendor.delete_channel(clinic.channel(OLD))
    look_at_channels(clinic, SELIN)
    yield stage.ago(6, "18:00")
    stage.vendor.change_channel(desk, is_active=False)
    yield stage.ago(3, "08:20")
    quality = {"display_phone_number": "905550000000", "event": "FLAGGED"}
    stage.vendor.tell_news(clinic.uuid(), ("appointment_reminder", "PAUSED"), phone_number_quality_update=quality)
    yield stage.ago(2, "19:40")
    stage.vendor.change_channel(main, connected=False)
    look_at_channels(clinic, SELIN)
    yield stage.ago(2, "20:05")
    _fail_to_reconnect(clinic, main)
    yield stage.ago(1.4)
    begin_to_connect(clinic, SELIN, main)  # nobody finishes the dialog: the attempt runs out
    yield stage.ago(0.15)
    _fail_to_process(stage)
    log_in(stage, SELIN)
    look_at_channels(clinic, SELIN)


def messages(stage: Stage) -> Scenes:
    """Reminders and answers, until the number was disconnected."""
    business = Business(SELIN, first_day=23, last_day=3, at_first=0.6, at_last=1.0)
    yield from traffic.messages(stage, business, (SELIN,), lambda stage: traffic.text(stage, texts.CLINIC))


def refused_messages(stage: Stage) -> Scenes:
    """What the gateway refused, and two calls whose answer never came: one of them somebody looked into."""
    for days, code in REFUSALS:
        yield stage.ago(days, "15:10")
        clinic = Customer.of(stage, SELIN)
        stage.vendor.fault("gateway", "POST", "^/v1/wa/message$", code=code)
        send(clinic, SELIN, traffic.text(stage, texts.CLINIC))
    for days in (8, 2):
        yield stage.ago(days, "16:30")
        stage.vendor.fault("reset_after", "POST", "^/v1/wa/message$")
        message_id, _wamid = send(clinic, SELIN, traffic.text(stage, texts.CLINIC))
        if days == 8:
            yield stage.ago(days, "17:20")
            with clinic.acting(SELIN) as (person, account):
                outbox.settle(person, account, session().get_one(Message, message_id), arrived=True)


def conversations(stage: Stage) -> Scenes:
    """Patients who write."""
    yield stage.ago(24, "10:30")
    yield from traffic.conversations(stage, Business(SELIN, 23, 3, at_first=0.25, at_last=0.4), MAIN)


def webhooks(stage: Stage) -> Scenes:
    """A webhook in each standing: as set, changed elsewhere, gone, made elsewhere, hidden, still being saved."""
    yield stage.ago(20, "10:00")
    clinic = Customer.of(stage, SELIN)
    account, main, desk = clinic.uuid(), clinic.channel(MAIN), clinic.channel(DESK)
    drifting = _make(clinic, CRM, ["message.state_changed", "customer.updated"], main)
    gone = _make(clinic, "https://backup.bosphorus.example.com/in", ["conversation.archived"], main)
    hidden = _make(clinic, "https://test.bosphorus.example.com/hook", ["conversation.expired"], desk)
    saving = _make(clinic, "https://bi.bosphorus.example.com/events", ["conversation.assigned"], main)
    yield stage.ago(18, "10:20")
    with clinic.acting(SELIN) as (person, own):
        changes.switch(person, own, session().get_one(Webhook, hidden), on=False)
        changes.hide(person, own, session().get_one(Webhook, hidden), hidden=True)
    yield stage.ago(5, "22:15")
    stage.vendor.create_webhook(
        account, "https://zaps.example.net/c/1188", triggers=["feedback.received"], channels=[desk]
    )
    held = {
        "callback_url": "https://new-crm.example.net/bosphorus",
        "headers": {"X-Clinic-Key": "rotated-elsewhere"},
    }
    stage.vendor.change_webhook(_uuid(clinic, drifting), triggers=["message.state_changed"], **held)
    stage.vendor.delete_webhook(_uuid(clinic, gone))
    yield stage.end - timedelta(seconds=4)
    stage.goes_on_failing("reset_before", "PATCH", f"/webhooks/{_uuid(clinic, saving)}/$")
    with clinic.acting(SELIN) as (person, own):
        snapshot.read(own)
        changes.switch(person, own, session().get_one(Webhook, saving), on=False)


def _make(clinic: Customer, url: str, triggers: list[str], channel: str) -> UUID:
    headers = [Header("X-Clinic-Key", "b7-4410-aa", is_secret=True)]
    wanted = DesiredWebhook(url, triggers, [UUID(channel)], headers=headers)
    with clinic.acting(SELIN) as (person, account):
        return changes.create(person, account, wanted, uuid4().hex).id


def _uuid(clinic: Customer, webhook: UUID) -> str:
    with clinic.stage.visitor():
        return str(session().exec(select(Webhook.connexease_uuid).where(Webhook.id == webhook)).one())


def _fail_to_reconnect(clinic: Customer, channel: str) -> None:
    with clinic.acting(SELIN) as (person, account):
        attempt = attempts.begin(person, account, UUID(channel))
        attempts.report_opened(attempt)
        clinic.stage.vendor.finish_dialog(attempts.dialog_url(attempt) or "", "fail", MAIN)
        attempts.report_message(attempt, "error", None)


def _fail_to_process(stage: Stage) -> None:
    """The one thing that no service brings about: an event that the portal itself failed at."""
    with stage.visitor():
        newest = sa.select(sa.func.max(col(Delivery.id))).where(col(Delivery.hook) == "feedback.received")
        failed = {
            "state": DeliveryState.FAILED,
            "attempts": 5,
            "problem_text": "Processing it failed on our side.",
        }
        session().execute(sa.update(Delivery).where(col(Delivery.id) == newest.scalar_subquery()).values(**failed))
        session().commit()
