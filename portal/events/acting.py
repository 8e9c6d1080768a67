"""What stored deliveries bring about. However many they are, they cost a handful of statements."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import defer
from sqlmodel import col, select

from portal.channels import confirmation, snapshot
from portal.db import event_rows
from portal.db.engine import uuid_or_none
from portal.events import about, search_index, vendor_facts
from portal.extensions import session
from portal.messages.reports import facts, parsing, preferences, statuses
from portal.messages.reports.parsing import Read
from portal.models import Account, Delivery, DeliveryState, PortalWebhook, WebhookPurpose, now

REPORTS, MOST_REPORTS = 100, 1000
"""Of the gateway's reports in one event: how many are acted on in one transaction, and at all."""


@dataclass
class _Batch:
    """Deliveries with what belongs to them."""

    deliveries: Sequence[Delivery]
    hooks: dict[UUID, PortalWebhook] = field(default_factory=dict)
    firsts: dict[int, Delivery] = field(default_factory=dict)
    """By number: those that others of them repeat."""
    begun: set[int] = field(default_factory=set)
    """Those that were acted on."""

    def __post_init__(self) -> None:
        hooks = select(PortalWebhook).where(
            col(PortalWebhook.id).in_({each.webhook_id for each in self.deliveries})
        )
        self.hooks = {hook.id: hook for hook in session().exec(hooks)}
        repeated = {each.repeat_of for each in self.deliveries if each.repeat_of is not None}
        if repeated:
            query = select(Delivery).where(col(Delivery.id).in_(repeated)).options(defer(col(Delivery.body)))  # type: ignore[arg-type]
            self.firsts = {first.id: first for first in session().exec(query) if first.id is not None}

    def is_gateways(self, delivery: Delivery) -> bool:
        return self.hooks[delivery.webhook_id].purpose == WebhookPurpose.GATEWAY

    def is_done_already(self, delivery: Delivery) -> bool:
        """Whether this is a repeat; one of a delivery that failed is another chance."""
        first = self.firsts.get(delivery.repeat_of or 0)
        if first is None:
            return False
        return first.id in self.begun or first.state not in (DeliveryState.FAILED, DeliveryState.RECEIVED)


def act_on(deliveries: Sequence[Delivery]) -> list[int]:
    """Act on deliveries in their order, and mark them. The caller commits.

    Returns:
        The numbers of those with so many reports that each of them is for `act_alone`.
    """
    batch, alone = _Batch(deliveries), []
    told: dict[UUID, list[tuple[Delivery, Read]]] = {}
    for delivery in deliveries:
        if not batch.is_gateways(delivery):
            _act_on_event(batch, delivery)
            continue
        read = _note_report(delivery)
        if len(read.reports) > REPORTS:
            session().expire(delivery)
            alone.append(delivery.id or 0)
        elif batch.is_done_already(delivery):
            delivery.state = DeliveryState.REPEAT
        else:
            told.setdefault(delivery.account_id, []).append((delivery, read))
            batch.begun.add(delivery.id or 0)
    for account_id in sorted(told):  # in one order, so that two workers wait for each other, and not in a circle
        _act_on_reports(account_id, told[account_id])
    _finish(batch, [delivery for delivery in deliveries if delivery.id not in alone])
    return alone


def act_alone(delivery: Delivery) -> None:
    """Act on one delivery, however many reports it has, and mark it. The caller commits.

    One with many takes several transactions, so that others may write meanwhile. What was done before a crash is
    done again, to no effect.
    """
    if act_on([delivery]):
        batch, read = _Batch([delivery]), _note_report(delivery)
        if batch.is_done_already(delivery):
            delivery.state = DeliveryState.REPEAT
        elif not _act_in_parts(delivery, read):
            return
        _finish(batch, [delivery])


def _act_in_parts(delivery: Delivery, read: Read) -> bool:
    """Act on some reports in each transaction; whether all is done, and nobody else was at it meanwhile."""
    counted = read.reports[:MOST_REPORTS]
    taken = statuses.Taken()
    for start in range(0, len(counted), REPORTS):
        if start:
            session().commit()
            session().refresh(delivery, with_for_update=True)
            if delivery.state != DeliveryState.RECEIVED:
                return False
        told = [(report, delivery.id) for report in counted[start : start + REPORTS]]
        taken |= statuses.take_in(delivery.account_id, told).of(report for report, _ in told)
    preferences.keep(delivery.account_id, read.preferences, delivery.id)
    _say(delivery, read, taken)
    return True


def _act_on_reports(account_id: UUID, told: Sequence[tuple[Delivery, Read]]) -> None:
    reports = [(report, delivery.id) for delivery, read in told for report in read.reports]
    found = statuses.take_in(account_id, reports) if reports else statuses.Found()
    for delivery, read in told:
        preferences.keep(account_id, read.preferences, delivery.id)
        _say(delivery, read, found.of(read.reports))


def _say(delivery: Delivery, read: Read, taken: statuses.Taken) -> None:
    if taken.is_erased:
        delivery.body, delivery.about = b"", about.without_people(delivery.about or {})
        delivery.problem_text = "It is about a message whose content was erased, so its own was not kept."
    elif len(read.reports) > MOST_REPORTS:
        delivery.problem_text = "It has more reports than one event may have: only the first thousand count."
    elif read.reports and not taken.is_ours:
        delivery.problem_text = "It is about a message that was not sent from here."
    is_acted_on = taken.is_ours or read.preferences
    delivery.state = DeliveryState.PROCESSED if is_acted_on else DeliveryState.KEPT


def _act_on_event(batch: _Batch, delivery: Delivery) -> None:
    event = _note_event(delivery)
    if batch.is_done_already(delivery):
        delivery.state = DeliveryState.REPEAT
        return
    batch.begun.add(delivery.id or 0)
    delivery.state = DeliveryState.KEPT
    if delivery.hook != "channel.created" or delivery.channel_uuid is None:
        return
    account = session().get_one(Account, delivery.account_id)
    if not _is_about(event, account):
        delivery.problem_text = "The event names another account than the one whose address it came to."
        return
    _channel_created(account, delivery.channel_uuid, event["channel"])
    delivery.state = DeliveryState.PROCESSED


def _finish(batch: _Batch, deliveries: Sequence[Delivery]) -> None:
    for delivery in deliveries:
        first = batch.firsts.get(delivery.repeat_of or 0)
        if delivery.state == DeliveryState.REPEAT and first is not None and batch.is_gateways(delivery):
            _drop_what_was_dropped(delivery, first)
        delivery.processed_at = now()
        session().add(delivery)
    _file(batch, deliveries)


def _drop_what_was_dropped(delivery: Delivery, first: Delivery) -> None:
    if not first.body:
        delivery.body, delivery.problem_text, delivery.about = b"", first.problem_text, first.about


# --- what is noted at a delivery ---------------------------------------------------------------------


def note(deliveries: Sequence[Delivery]) -> None:
    """Note at deliveries what the log shows of them and is filtered by. The caller commits."""
    batch = _Batch(deliveries)
    for delivery in deliveries:
        if batch.is_gateways(delivery):
            _note_report(delivery)
        else:
            _note_event(delivery)
    _file(batch, deliveries)


def _note_event(delivery: Delivery) -> dict[str, Any]:
    event = _parse(delivery.body)
    channel = event.get("channel")
    delivery.hook = _line(event.get("hook"), 100)
    delivery.channel_uuid = uuid_or_none(channel.get("uuid")) if isinstance(channel, dict) else None
    delivery.about = about.kept(vendor_facts.of(event))
    return event


def _note_report(delivery: Delivery) -> Read:
    read = parsing.read(delivery.body)
    delivery.hook, delivery.about = " ".join(read.kinds), about.kept(facts.of(read.changes))
    return read


def _file(batch: _Batch, deliveries: Sequence[Delivery]) -> None:
    """Let them be found by what they tell of and by their words."""
    session().flush()
    event_rows.file_under((each, _kinds(each, is_private=batch.is_gateways(each))) for each in deliveries)
    search_index.put((each, batch.is_gateways(each)) for each in deliveries)


def _kinds(delivery: Delivery, *, is_private: bool) -> Iterable[str]:
    return filter(None, delivery.hook.split(" ") if is_private else [delivery.hook])


def _channel_created(account: Account, channel_uuid: UUID, channel: Any) -> None:
    snapshot.heard_of(account.id, channel_uuid, _line(channel.get("name"), 255), _line(channel.get("backend"), 64))
    confirmation.confirm_by_event(account, channel_uuid)


def _parse(body: bytes) -> dict[str, Any]:
    """The event; an empty one when the body is something else, which is kept all the same."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _is_about(event: dict[str, Any], account: Account) -> bool:
    named = event.get("account")
    return not isinstance(named, dict) or uuid_or_none(named.get("uuid")) in (None, account.connexease_uuid)


def _line(value: object, length: int) -> str:
    """A text of one line; what a database or a page could not take, such as NUL, is left out."""
    return "".join(char for char in value if char.isprintable())[:length] if isinstance(value, str) else ""
