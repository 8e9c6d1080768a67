"""Lale Butik: a shop that works well and is busy. Two numbers, four people, webhooks and keys in order."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlmodel import select

from portal.demo.logins import AYSE, CAN, MERT, ZEYNEP
from portal.demo.stage import Scenes, Stage
from portal.demo.story import texts, traffic
from portal.demo.story.customer import (
    Customer,
    add_gateway_key,
    begin_check,
    connect,
    end_check,
    enter_callback,
    invite,
    join,
    log_in,
    look_at_channels,
    send,
    set_up_app,
    sign_up,
    watch,
    write,
)
from portal.demo.story.traffic import Business
from portal.extensions import session
from portal.messages import template_list
from portal.messages.compose.drafts import Draft
from portal.models import Credential, MessageType, Role
from portal.vault import handovers, issuing, keys
from portal.vault.issuing import TokenRequest
from portal.webhooks import changes
from portal.webhooks.desired import DesiredWebhook
from portal.webhooks.rules.headers import Header

MAIN, HELP = "Lale Butik", "Lale Butik Destek"
WATCHED = (
    *("message.created", "conversation.created", "conversation.assigned", "conversation.archived"),
    *("feedback.received", "conversation.expired", "agent.status_changed"),
)


def opening(stage: Stage) -> Scenes:
    """Sign up, connect a number, and set everything up that goes with it."""
    yield stage.ago(30, "10:12")
    shop = sign_up(stage, AYSE, "Lale Butik", "+902125550142")
    yield stage.ago(30, "10:21")
    connect(shop, AYSE, MAIN)
    yield stage.ago(30, "10:23")
    look_at_channels(shop, AYSE)
    yield stage.ago(30, "10:40")
    add_gateway_key(shop, AYSE, "Lale Butik, live")
    enter_callback(shop, AYSE)
    yield stage.ago(30, "10:50")
    begin_check(shop, AYSE, "+905321112233")
    yield stage.ago(30, "10:51")
    end_check(shop, AYSE, shop.channel(MAIN))
    yield stage.ago(30, "11:05")
    invite(shop, AYSE, MERT, Role.DEVELOPER)
    yield stage.ago(30, "12:10")
    join(stage, MERT)
    set_up_app(stage, MERT)
    yield stage.ago(30, "12:30")
    _make_token(shop, "Order system")
    watch(shop, MERT, WATCHED)
    _make_webhook(shop, "https://orders.lale.example.com/hooks/whatsapp", MAIN)


def team(stage: Stage) -> Scenes:
    """More people join; a second number is connected; somebody tries things out."""
    yield stage.ago(29, "09:00")
    shop = Customer.of(stage, AYSE)
    invite(shop, AYSE, ZEYNEP, Role.OPERATOR)
    yield stage.ago(29, "09:40")
    join(stage, ZEYNEP)
    yield stage.ago(26, "14:10")
    invite(shop, AYSE, CAN, Role.MEMBER)
    yield stage.ago(25, "08:50")
    join(stage, CAN)
    yield stage.ago(24, "13:00")
    add_gateway_key(shop, MERT, "Trials", staging=True)
    yield stage.ago(24, "13:05")
    send(shop, AYSE, Draft(MessageType.TEXT, "+905321112234", body="Bir deneme"), is_fake=True, key="Trials")
    yield stage.ago(14, "16:00")
    connect(shop, AYSE, HELP)
    yield stage.ago(14, "16:02")
    look_at_channels(shop, AYSE)
    watch(shop, MERT, WATCHED)
    yield stage.ago(13, "11:30")
    invite(shop, AYSE, "agency@studio.example.com", Role.DEVELOPER)  # runs out
    yield stage.ago(8, "10:00")
    _rotate_token(shop)
    yield stage.ago(5, "15:15")
    _hand_over(shop)
    yield stage.ago(0.05)
    for who in (ZEYNEP, MERT, AYSE):
        log_in(stage, who)
    look_at_channels(shop, AYSE)


def messages(stage: Stage) -> Scenes:
    """What goes out every day, more from week to week."""
    yield stage.ago(30, "12:35")
    shop = Customer.of(stage, AYSE)
    with shop.acting(AYSE) as (person, account):
        template_list.current(account, person)
    business = Business(AYSE, first_day=28, last_day=0, at_first=2.0, at_last=4.8)  # on day 29 Zeynep joins
    yield from traffic.messages(stage, business, (AYSE, ZEYNEP, ZEYNEP), lambda stage: _draft(stage, shop))


def latest(stage: Stage) -> Scenes:
    """The last hour, whatever time of day it is: a message of each type and in each state that lasts."""
    yield stage.ago(1)
    shop = Customer.of(stage, AYSE)
    account, channel = shop.uuid(), shop.channel(MAIN)
    yield stage.end - timedelta(minutes=52)
    _send(stage, shop, _update(stage, shop), "read")
    yield stage.end - timedelta(minutes=38)
    _send(stage, shop, traffic.text(stage, texts.SHOP), "failed")
    yield stage.end - timedelta(minutes=33)
    traffic.talk(stage, account, channel)
    yield stage.end - timedelta(minutes=24)
    _send(stage, shop, _voice(stage), "delivered")
    yield stage.end - timedelta(minutes=19)
    stage.vendor.write_in(account, traffic.number(stage), "Teşekkürler, paket geldi!")
    stage.vendor.set(duplicates=1)  # one event arrives twice
    praise = {"score": 5, "comment": "Hızlı kargo"}
    stage.vendor.emit(account, channel, {"hook": "feedback.received", "payload": praise})
    stage.vendor.set(duplicates=0)
    yield stage.end - timedelta(minutes=16)
    with shop.acting(MERT) as (person, own):
        keys.reveal(person, own, _token(own.id, "Order system 2"))
    yield stage.end - timedelta(minutes=11)
    _send(stage, shop, _picture(stage), "read")
    yield stage.end - timedelta(minutes=8)
    watch(shop, MERT, (*WATCHED, "customer.updated"))
    yield stage.end - timedelta(minutes=6)
    _send(stage, shop, traffic.text(stage, texts.SHOP), "sent")
    yield stage.end - timedelta(minutes=4)
    invite(shop, AYSE, "bahar@lale.example.com", Role.OPERATOR)
    write(shop, AYSE, traffic.text(stage, texts.SHOP))


def _send(stage: Stage, shop: Customer, draft: Draft, which: str) -> None:
    _message, wamid = send(shop, ZEYNEP, draft)
    fate = traffic.fate(stage, which)
    stage.vendor.report(wamid, {**fate, "read": min(fate["read"], 180)} if "read" in fate else fate)


def main_number(stage: Stage) -> Scenes:
    """Conversations on the first number."""
    yield stage.ago(30, "13:00")
    yield from traffic.conversations(stage, Business(AYSE, 29, 0, at_first=0.7, at_last=1.1), MAIN)


def help_number(stage: Stage) -> Scenes:
    """Conversations on the second number."""
    yield stage.ago(14, "17:00")
    yield from traffic.conversations(stage, Business(AYSE, 13, 0, at_first=0.4, at_last=0.6), HELP)


def _draft(stage: Stage, shop: Customer) -> Draft:
    kind = stage.random.random()
    if kind < 0.42:
        return _update(stage, shop)
    if kind < 0.52:
        return _picture(stage)
    if kind < 0.55:
        return _voice(stage)
    return traffic.text(stage, texts.SHOP)


def _update(stage: Stage, shop: Customer) -> Draft:
    name, order = stage.random.choice(texts.FIRST_NAMES), f"LB-{stage.random.randrange(10_000, 99_999)}"
    day = stage.random.choice(("Tuesday", "Wednesday", "Friday", "Saturday"))
    return traffic.template(stage, shop, "order_update", (name, order, day))


def _picture(stage: Stage) -> Draft:
    link = f"https://img.lale.example.com/new/{stage.random.randrange(100, 240)}.jpg"
    caption = "Yeni sezon, bu hafta kargo bedava"
    return Draft(MessageType.IMAGE, traffic.number(stage), link=link, caption=caption)


def _voice(stage: Stage) -> Draft:
    link = "https://img.lale.example.com/voice/thanks.mp3"
    return Draft(MessageType.AUDIO, traffic.number(stage), link=link)


def _make_token(shop: Customer, name: str) -> None:
    with shop.acting(MERT) as (person, account):
        keys.show_new(person, issuing.create(person, account, TokenRequest(name), uuid4().hex))


def _rotate_token(shop: Customer) -> None:
    """A new token takes the old one's place, which is revoked two days later."""
    with shop.acting(MERT) as (person, account):
        old = _token(account.id, "Order system")
        later = shop.stage.ago(6, "10:00")
        wanted = TokenRequest("Order system 2", replaces=old, revoke_at=later)
        keys.show_new(person, issuing.create(person, account, wanted, uuid4().hex))


def _hand_over(shop: Customer) -> None:
    """Three links for people who cannot log in: opened, withdrawn, and left to run out; a fourth is open still."""
    with shop.acting(MERT) as (person, account):
        row = _token(account.id, "Order system 2")
        week, hour = timedelta(days=7), timedelta(hours=1)
        _link, token = handovers.make(person, account, row, week, "Kargo entegrasyonu, Emre Bey", uuid4().hex)
        handovers.open_link(token.get_secret_value(), "95.70.131.208", shop.stage.browser_of(AYSE.email)[1])
        taken_back, _unused = handovers.make(person, account, row, week, "wrong person", uuid4().hex)
        handovers.withdraw(person, account, row, taken_back.id)
        handovers.make(person, account, row, hour, "Accountant", uuid4().hex)
        handovers.make(person, account, row, week, "Studio Kuzey, website", uuid4().hex)


def _token(account_id: UUID, name: str) -> Credential:
    query = select(Credential).where(Credential.account_id == account_id, Credential.name == name)
    return session().exec(query).one()


def _make_webhook(shop: Customer, url: str, channel: str) -> None:
    wanted = DesiredWebhook(
        url,
        ["message.state_changed"],
        [UUID(shop.channel(channel))],
        headers=[Header("X-Lale-Key", "k-5521-f0a9", is_secret=True)],
    )
    with shop.acting(MERT) as (person, account):
        changes.create(person, account, wanted, uuid4().hex)
