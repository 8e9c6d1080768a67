"""Acting on stored deliveries, each once, however often and in whatever order they came."""

import json
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal import audit
from portal.channels import confirmation, snapshot
from portal.db import event_rows
from portal.db.engine import uuid_or_none
from portal.db.unit_of_work import unit_of_work
from portal.events import about, search_index, vendor_facts
from portal.extensions import session
from portal.messages.reports import facts, parsing, preferences, statuses
from portal.models import (
    Account,
    Delivery,
    DeliveryState,
    Person,
    PortalWebhook,
    WebhookPurpose,
    now,
)

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
REPORTS, MOST_REPORTS = 100, 1000
"""Of the gateway's reports in one event: how many are acted on in one transaction, and at all."""
LEFT_BEHIND = timedelta(seconds=10)
"""After this a delivery that is still unprocessed is the sweep's."""


def due(limit: int = 500) -> list[int]:
    """Deliveries that were left unprocessed."""
    query = (
        sa.select(col(Delivery.id))
        .where(col(Delivery.state) == DeliveryState.RECEIVED, col(Delivery.received_at) < now() - LEFT_BEHIND)
        .order_by(col(Delivery.id))
        .limit(limit)
    )
    return list(session().execute(query).scalars())


def process(delivery_id: int) -> None:
    """Process one delivery, unless that is done or another process is at it.

    What it changes and the mark "processed" are one transaction: a crash between them is impossible. Only an event
    with very many reports takes several, so that others may write meanwhile.
    """
    with unit_of_work():
        delivery = _lock(delivery_id)
        if delivery is None or delivery.state != DeliveryState.RECEIVED:
            return
        try:
            delivery.state = _act(delivery)
            delivery.processed_at = now()
            session().add(delivery)
            _file(delivery)
            session().commit()
        except Exception:
            log.exception("delivery %d could not be processed", delivery_id)
            session().rollback()
            _note_failure(delivery_id)


def process_again(person: Person, account: Account, delivery: Delivery) -> None:
    """Try once more what failed; if it fails again it says so at once. Does nothing to what has not failed."""
    claimed = session().execute(
        sa.update(Delivery)
        .where(col(Delivery.id) == delivery.id, col(Delivery.state) == DeliveryState.FAILED)
        .values(state=DeliveryState.RECEIVED, attempts=MAX_ATTEMPTS - 1, problem_text="")
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount and delivery.id is not None:  # type: ignore[attr-defined]
        audit.record(
            person, account, "event.processed_again", delivery.hook or str(delivery.id), event=delivery.id
        )
        session().commit()
        process(delivery.id)


def _lock(delivery_id: int) -> Delivery | None:
    query = select(Delivery).where(Delivery.id == delivery_id).with_for_update(skip_locked=True)
    return session().exec(query.execution_options(populate_existing=True)).first()


def _act(delivery: Delivery) -> DeliveryState:
    if is_gateways(delivery):
        return _act_on_report(delivery)
    event = _note_event(delivery)
    if _is_done_already(delivery):
        return DeliveryState.REPEAT
    if delivery.hook != "channel.created" or delivery.channel_uuid is None:
        return DeliveryState.KEPT
    account = session().get_one(Account, delivery.account_id)
    if not _is_about(event, account):
        delivery.problem_text = "The event names another account than the one whose address it came to."
        return DeliveryState.KEPT
    _channel_created(account, delivery.channel_uuid, event["channel"])
    return DeliveryState.PROCESSED


def _act_on_report(delivery: Delivery) -> DeliveryState:
    read = _note_report(delivery)
    if _is_done_already(delivery):
        _drop_what_was_dropped(delivery)
        return DeliveryState.REPEAT
    taken = statuses.Taken()
    for start in range(0, min(len(read.reports), MOST_REPORTS), REPORTS):
        if start and not _let_others_write(delivery):
            return delivery.state
        part = read.reports[start : min(start + REPORTS, MOST_REPORTS)]
        taken |= statuses.take_in(delivery.account_id, part, delivery.id)
    preferences.keep(delivery.account_id, read.preferences, delivery.id)
    _say(delivery, read, taken)
    return DeliveryState.PROCESSED if taken.is_ours or read.preferences else DeliveryState.KEPT


def _let_others_write(delivery: Delivery) -> bool:
    """End the transaction between two parts of an event. What was done before a crash is done again, to no effect.

    Returns:
        Whether it is still ours to process.
    """
    session().commit()
    session().refresh(delivery, with_for_update=True)
    return delivery.state == DeliveryState.RECEIVED


def _say(delivery: Delivery, read: parsing.Read, taken: statuses.Taken) -> None:
    if taken.is_erased:
        delivery.body, delivery.about = b"", about.without_people(delivery.about or {})
        delivery.problem_text = "It is about a message whose content was erased, so its own was not kept."
    elif len(read.reports) > MOST_REPORTS:
        delivery.problem_text = "It has more reports than one event may have: only the first thousand count."
    elif read.reports and not taken.is_ours:
        delivery.problem_text = "It is about a message that was not sent from here."


def _drop_what_was_dropped(delivery: Delivery) -> None:
    first = session().get(Delivery, delivery.repeat_of)
    if first is not None and not first.body:
        delivery.body, delivery.problem_text, delivery.about = b"", first.problem_text, first.about


def is_gateways(delivery: Delivery) -> bool:
    """Whether it came from the gateway, and not as an event of a webhook."""
    return session().get_one(PortalWebhook, delivery.webhook_id).purpose == WebhookPurpose.GATEWAY


def note(delivery: Delivery) -> None:
    """Note at a delivery what the log shows of it and is filtered by. The caller commits."""
    if is_gateways(delivery):
        _note_report(delivery)
    else:
        _note_event(delivery)
    _file(delivery)


def _note_event(delivery: Delivery) -> dict[str, Any]:
    event = _parse(delivery.body)
    channel = event.get("channel")
    delivery.hook = _line(event.get("hook"), 100)
    delivery.channel_uuid = uuid_or_none(channel.get("uuid")) if isinstance(channel, dict) else None
    delivery.about = about.kept(vendor_facts.of(event))
    return event


def _note_report(delivery: Delivery) -> parsing.Read:
    read = parsing.read(delivery.body)
    delivery.hook, delivery.about = " ".join(read.kinds), about.kept(facts.of(read.changes))
    return read


def _is_done_already(delivery: Delivery) -> bool:
    """Whether this is a repeat; one of a delivery that failed is another chance."""
    first = session().get(Delivery, delivery.repeat_of) if delivery.repeat_of is not None else None
    return first is not None and first.state not in (DeliveryState.FAILED, DeliveryState.RECEIVED)


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


def _note_failure(delivery_id: int) -> None:
    delivery = session().get_one(Delivery, delivery_id)
    delivery.attempts += 1
    if delivery.attempts >= MAX_ATTEMPTS:
        delivery.state = DeliveryState.FAILED
        delivery.problem_text = "Processing it failed on our side."
    session().add(delivery)
    session().commit()
    if delivery.state == DeliveryState.FAILED:
        _make_searchable(delivery)


def _make_searchable(delivery: Delivery) -> None:
    """What failed can be found too, unless it is this that fails."""
    try:
        note(delivery)
        session().commit()
    except Exception:
        log.exception("delivery %d could not be indexed", delivery.id)
        session().rollback()


def _file(delivery: Delivery) -> None:
    """Let it be found by what it tells of and by its words."""
    is_private = is_gateways(delivery)
    kinds = delivery.hook.split(" ") if is_private else [delivery.hook]
    event_rows.file_under(delivery.account_id, delivery.id or 0, filter(None, kinds))
    search_index.put(delivery, is_private=is_private)
