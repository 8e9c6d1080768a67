"""The daily business of a customer: messages that go out and conversations that come in, as days have them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from portal.demo.logins import Login
from portal.demo.stage import ZONE, Scenes, Stage
from portal.demo.story.customer import Customer, send
from portal.demo.story.texts import COMMENTS, FIRST_NAMES, QUESTIONS
from portal.extensions import session
from portal.messages import template_list
from portal.messages.compose.drafts import Draft
from portal.models import Account, MessageType

WEEK = (1.0, 1.15, 1.1, 1.2, 1.35, 0.75, 0.3)
"""How busy the days of a week are, Monday first."""
HOURS = {9: 5, 10: 9, 11: 11, 12: 7, 13: 6, 14: 9, 15: 10, 16: 11, 17: 9, 18: 6, 19: 4, 20: 3, 21: 2}

READ, DELIVERED, SENT, FAILED = "read", "delivered", "sent", "failed"
FATES = {READ: 70, DELIVERED: 21, FAILED: 5, SENT: 4}


@dataclass(frozen=True)
class Business:
    """How much a customer has to do: a day at the beginning and one at the end of the month."""

    who: Login
    first_day: int
    last_day: int
    at_first: float
    at_last: float


def moments(stage: Stage, business: Business) -> Iterator[datetime]:
    """When something happens: more on weekdays, most around noon and in the afternoon, more every week."""
    span = max(1, business.first_day - business.last_day)
    for day in range(business.first_day, business.last_day - 1, -1):
        at = (stage.end - timedelta(days=day)).astimezone(ZONE)
        grown = business.at_first + (business.at_last - business.at_first) * (business.first_day - day) / span
        number = round(grown * WEEK[at.weekday()] * stage.random.uniform(0.75, 1.25))
        hours = stage.random.choices(list(HOURS), list(HOURS.values()), k=number)
        found = [at.replace(hour=hour, minute=stage.random.randrange(60)) for hour in hours]
        yield from sorted(each for each in found if each < stage.end - timedelta(minutes=3))


def number(stage: Stage) -> str:
    """Somebody's mobile number; none that the gateway fails on purpose."""
    return f"+905{stage.random.choice((32, 33, 35, 42, 55))}{stage.random.randrange(100_000, 999_999)}7"


def messages(
    stage: Stage, business: Business, senders: tuple[Login, ...], draft: Callable[[Stage], Draft]
) -> Scenes:
    """Messages that go out, and what becomes of each."""
    for moment in moments(stage, business):
        yield moment
        customer = Customer.of(stage, business.who)
        _message, wamid = send(customer, stage.random.choice(senders), draft(stage))
        if wamid:
            stage.vendor.report(wamid, fate(stage))


def fate(stage: Stage, which: str = "") -> dict[str, float]:
    """After how many seconds a message is in each state that it comes to."""
    [which] = [which] if which else stage.random.choices(list(FATES), list(FATES.values()))
    sent = stage.random.uniform(0.5, 2)
    delivered = sent + stage.random.uniform(0.5, 4)
    read = delivered + stage.random.expovariate(1 / 1500)
    steps = {SENT: sent, DELIVERED: delivered, READ: read, FAILED: delivered}
    path = {READ: (SENT, DELIVERED, READ), DELIVERED: (SENT, DELIVERED), FAILED: (SENT, FAILED), SENT: (SENT,)}
    return {step: steps[step] for step in path[which]}


def text(stage: Stage, texts: tuple[str, ...]) -> Draft:
    """One of these texts, to somebody."""
    name, order = stage.random.choice(FIRST_NAMES), f"LB-{stage.random.randrange(10_000, 99_999)}"
    body = stage.random.choice(texts).format(name=name, order=order)
    return Draft(MessageType.TEXT, number(stage), body=body, link_preview="https://" in body)


def template(stage: Stage, customer: Customer, name: str, values: tuple[str, ...]) -> Draft:
    """A template of the account's list, filled in."""
    with stage.visitor():
        known = template_list.known(session().get_one(Account, customer.id))
        listed = next(each for each in known.templates if each.name == name)
    draft = Draft(MessageType.TEMPLATE, number(stage), template=listed.uuid, name=name, language="en")
    return replace(draft, values=values, expected=listed.labels)


def conversations(stage: Stage, business: Business, channel: str) -> Scenes:
    """Conversations on a channel: somebody asks, somebody answers, and says how it was."""
    for moment in moments(stage, business):
        yield moment
        customer = Customer.of(stage, business.who)
        talk(stage, customer.uuid(), customer.channel(channel))


def talk(stage: Stage, account: str, channel: str) -> None:
    """One conversation, from the question to how it was."""
    question, answer = stage.random.choice(QUESTIONS)
    name = f"{stage.random.choice(FIRST_NAMES)} {stage.random.choice('ABCDEGHKMNOPRSTY')}."
    person = {"uuid": str(uuid4()), "name": name, "phone_number": number(stage).removeprefix("+")}
    conversation = {"uuid": str(uuid4()), "type": "open", "customer": person}
    agent = {"uuid": str(uuid4()), "name": stage.random.choice(("Zeynep Çelik", "Can Öztürk"))}
    wait, work = stage.random.uniform(20, 400), stage.random.uniform(300, 3000)

    talk_id = {"conversation": conversation["uuid"]}
    asked = {**talk_id, "direction": "incoming", "text": question}
    replied = {**talk_id, "direction": "outgoing", "text": answer, "agent": agent}
    told: list[tuple[str, float, dict[str, Any]]] = [
        ("conversation.created", 0, conversation),
        ("message.created", 0.4, asked),
        ("conversation.assigned", wait, {**conversation, "agent": agent}),
        ("message.created", wait + 30, replied),
        ("conversation.archived", wait + work, {**conversation, "type": "archived", "agent": agent}),
    ]
    if stage.random.random() < 0.5:
        score, comment = stage.random.choice((5, 5, 5, 4, 4, 3)), stage.random.choice(COMMENTS)
        told.append(("feedback.received", wait + work + 90, {**talk_id, "score": score, "comment": comment}))
    events = [{"hook": hook, "after": after, "payload": payload} for hook, after, payload in told]
    stage.vendor.emit(account, channel, *events)
