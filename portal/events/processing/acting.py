"""What stored deliveries bring about. However many they are, they cost a handful of statements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from portal.channels import confirmation, snapshot
from portal.connexease.texts import gettext_noop
from portal.db import bulk, event_rows
from portal.db.engine import uuid_or_none
from portal.db.search_index import Entry
from portal.events import about, search_index
from portal.events.processing import contents, people, stored
from portal.events.processing.contents import Contents
from portal.events.processing.stored import Stored
from portal.extensions import session
from portal.messages.reports import categories, preferences, standings, statuses
from portal.messages.reports.parsing import Read
from portal.models import Account, Delivery, DeliveryState, PortalWebhook, WebhookPurpose, now

REPORTS, MOST_REPORTS = 100, 1000
"""Of the gateway's reports in one event: how many are acted on in one transaction, and at all."""


_DELIVERY = SQLModel.metadata.tables["delivery"]
_TOLD = ("hook", "channel_uuid", "about")
_OUTCOME = (*_TOLD, "state", "problem_text", "processed_at")
"""What is written to deliveries."""

_followers: "list[Callable[[Batch], None]]" = []


def follows(follower: "Callable[[Batch], None]") -> None:
    """Have this done with every batch that was acted on, in the same transaction; for rooms that stand above."""
    _followers.append(follower)


class ManyReportsError(Exception):
    """An event has so many reports that it is not for one transaction."""


@dataclass
class Batch:
    """Deliveries with what they tell, which was read before anything is locked."""

    contents: dict[int, Contents]
    """By the number of the delivery."""
    deliveries: Sequence[Stored] = ()
    firsts: dict[int, Stored] = field(default_factory=dict)
    """By number: those that others repeat."""
    begun: set[int] = field(default_factory=set)
    """Those that were acted on."""
    emptied: set[int] = field(default_factory=set)
    """Those whose bodies were not kept."""

    def is_emptied(self, delivery: Stored) -> bool:
        """Whether the body of a delivery, of this batch or an earlier one, was not kept."""
        return delivery.id in self.emptied if delivery.id in self.contents else delivery.is_emptied

    def of(self, delivery: Stored) -> Contents:
        return self.contents[delivery.id]

    def is_done_already(self, delivery: Stored) -> bool:
        """Whether this is a repeat; one of a delivery that failed is another chance."""
        first = self.firsts.get(delivery.repeat_of or 0)
        if first is None:
            return False
        return first.id in self.begun or first.state not in (DeliveryState.FAILED, DeliveryState.RECEIVED)


def read(numbers: Sequence[int]) -> Batch:
    """Read what these deliveries tell; it locks nothing, and takes the most time."""
    purpose = col(PortalWebhook.purpose)
    query = (
        sa.select(col(Delivery.id), col(Delivery.body), purpose)
        .join(PortalWebhook, col(PortalWebhook.id) == col(Delivery.webhook_id))
        .where(bulk.among(col(Delivery.id), numbers))
    )
    rows = session().execute(query).all() if numbers else ()
    is_gateways = {row.id: row.purpose == WebhookPurpose.GATEWAY for row in rows}
    return Batch({row.id: contents.read(row.body, of_gateway=is_gateways[row.id]) for row in rows})


def act_on(batch: Batch, deliveries: Sequence[Stored]) -> None:
    """Act on deliveries in their order, and mark them. The caller has locked them, and commits.

    Raises:
        ManyReportsError: one of them is for `act_in_parts`.
    """
    _take(batch, deliveries)
    reports = [each for each in deliveries if batch.of(each).report is not None]
    # Before anything is locked that others wait for. What reports tell of people may have to be forgotten.
    _file(batch, [each for each in deliveries if batch.of(each).report is None])
    told: dict[UUID, list[tuple[Stored, Read]]] = {}
    for delivery in deliveries:
        report = batch.of(delivery).report
        if batch.is_done_already(delivery):
            delivery.state = DeliveryState.REPEAT
            continue
        batch.begun.add(delivery.id)
        if report is None:
            _act_on_event(delivery, batch.of(delivery).event)
            if batch.of(delivery).inbound:
                told.setdefault(delivery.account_id, [])
        elif len(report.reports) > REPORTS:
            raise ManyReportsError
        else:
            told.setdefault(delivery.account_id, []).append((delivery, report))
    for account_id in sorted(told):  # in one order, so that two workers wait for each other, and not in a circle
        _act_on_reports(batch, account_id, told[account_id])
        _take_in_people(batch, account_id)
    _finish(batch, reports)


def act_in_parts(batch: Batch, delivery: Stored) -> None:
    """Act on one event, however many reports it has, and mark it. The caller has locked it, and commits.

    Many take several transactions, so that others may write meanwhile. What was done before a crash is done again,
    to no effect.
    """
    _take(batch, [delivery])
    report = batch.of(delivery).report
    if batch.is_done_already(delivery):
        delivery.state = DeliveryState.REPEAT
    elif report is None:
        _act_on_event(delivery, batch.of(delivery).event)
    elif not _act_on_parts(batch, delivery, report):
        return
    if delivery.state != DeliveryState.REPEAT:
        batch.begun.add(delivery.id)
        _take_in_people(batch, delivery.account_id)
    _finish(batch, [delivery])


def note(batch: Batch, deliveries: Sequence[Stored]) -> None:
    """Note at deliveries what the log shows of them and is filtered by. The caller commits."""
    _take(batch, deliveries)
    _write(batch, _TOLD)
    _file(batch, deliveries)


def _take(batch: Batch, deliveries: Sequence[Stored]) -> None:
    batch.deliveries = deliveries
    for delivery in deliveries:
        told = batch.of(delivery)
        delivery.hook, delivery.channel_uuid, delivery.about = told.hook, told.channel_uuid, told.about
    own = {each.id: each for each in deliveries}
    repeated = {each.repeat_of for each in deliveries if each.repeat_of is not None}
    batch.firsts = {number: own[number] for number in repeated & own.keys()}
    if earlier := repeated - own.keys():
        batch.firsts |= {first.id: first for first in stored.found(earlier)}


def _act_on_parts(batch: Batch, delivery: Stored, read: Read) -> bool:
    """Act on some reports in each transaction; whether all is done, and nobody else was at it meanwhile."""
    counted, taken = read.reports[:MOST_REPORTS], statuses.Taken()
    for start in range(0, len(counted), REPORTS):
        if start:
            session().commit()
            if not _is_ours_still(delivery):
                return False
        told = [(report, delivery.id) for report in counted[start : start + REPORTS]]
        taken |= statuses.take_in(delivery.account_id, told).of(report for report, _ in told)
    preferences.keep(delivery.account_id, read.preferences, delivery.id)
    standings.keep(delivery.account_id, read.standings)
    categories.keep(delivery.account_id, dict(read.categories))
    _say(batch, delivery, read, taken)
    return True


def _is_ours_still(delivery: Stored) -> bool:
    query = sa.select(col(Delivery.state)).where(col(Delivery.id) == delivery.id).with_for_update()
    return session().execute(query).scalar_one_or_none() == DeliveryState.RECEIVED


def _act_on_reports(batch: Batch, account_id: UUID, told: Sequence[tuple[Stored, Read]]) -> None:
    reports = [(report, delivery.id) for delivery, read in told for report in read.reports]
    found = statuses.take_in(account_id, reports) if reports else statuses.Found()
    for delivery, read in told:
        preferences.keep(account_id, read.preferences, delivery.id)
        standings.keep(account_id, read.standings)
        categories.keep(account_id, dict(read.categories))
        _say(batch, delivery, read, found.of(read.reports))


def _take_in_people(batch: Batch, account_id: UUID) -> None:
    """Make contacts of who wrote, and do what they ask for."""
    begun = [each for each in batch.deliveries if each.account_id == account_id and each.id in batch.begun]
    told = [(each, batch.of(each)) for each in begun if each.id not in batch.emptied]
    for delivery in people.take_in(account_id, told):
        delivery.state = DeliveryState.PROCESSED


def _say(batch: Batch, delivery: Stored, read: Read, taken: statuses.Taken) -> None:
    if taken.is_erased:
        batch.emptied.add(delivery.id)
        delivery.about = about.without_people(delivery.about or {})
        delivery.problem_text = gettext_noop(
            "The message that this event is about was erased, so the event's content was erased too."
        )
    elif len(read.reports) > MOST_REPORTS:
        delivery.problem_text = gettext_noop(
            "This event has more than a thousand reports. Only the first thousand were processed."
        )
    elif read.reports and not taken.is_ours:
        delivery.problem_text = gettext_noop("This event is about a message that wasn't sent from the portal.")
    is_acted_on = taken.is_ours or read.preferences or read.standings or read.categories
    delivery.state = DeliveryState.PROCESSED if is_acted_on else DeliveryState.KEPT


def _act_on_event(delivery: Stored, event: dict[str, Any]) -> None:
    delivery.state = DeliveryState.KEPT
    if delivery.hook != "channel.created" or delivery.channel_uuid is None:
        return
    account = session().get_one(Account, delivery.account_id)
    if not _is_about(event, account):
        delivery.problem_text = gettext_noop("This event names a different account, so it wasn't processed.")
        return
    _channel_created(account, delivery.channel_uuid, event["channel"])
    delivery.state = DeliveryState.PROCESSED


def _finish(batch: Batch, unfiled: Sequence[Stored]) -> None:
    finished = now()
    for delivery in batch.deliveries:
        first = batch.firsts.get(delivery.repeat_of or 0)
        if delivery.state == DeliveryState.REPEAT and first is not None and batch.of(delivery).report is not None:
            _drop_what_was_dropped(batch, delivery, first)
        delivery.processed_at = finished
    _write(batch, _OUTCOME)
    _file(batch, unfiled)
    _tell_followers(batch)


def give_up(batch: Batch, deliveries: Sequence[Stored]) -> None:
    """Let those who follow have what could not be acted on. The caller commits."""
    _take(batch, deliveries)
    _write(batch, _TOLD)
    _tell_followers(batch)


def _tell_followers(batch: Batch) -> None:
    for follower in _followers:
        follower(batch)


def _drop_what_was_dropped(batch: Batch, delivery: Stored, first: Stored) -> None:
    if batch.is_emptied(first):
        batch.emptied.add(delivery.id)
        delivery.problem_text, delivery.about = first.problem_text, first.about


def _write(batch: Batch, names: Sequence[str]) -> None:
    told = [{"id": each.id, **{name: getattr(each, name) for name in names}} for each in batch.deliveries]
    bulk.update(_DELIVERY, "id", told)
    bulk.update(_DELIVERY, "id", [{"id": number, "body": b""} for number in sorted(batch.emptied)])


def _file(batch: Batch, deliveries: Sequence[Stored]) -> None:
    """Let deliveries be found by what they tell of and by their words."""
    event_rows.file_under((each.account_id, each.id, batch.of(each).kinds) for each in deliveries)
    search_index.put([_entry(batch, each) for each in deliveries])


def _entry(batch: Batch, delivery: Stored) -> Entry:
    told = batch.of(delivery)
    words = () if delivery.id in batch.emptied else told.words
    return search_index.entry(delivery.account_id, delivery.id, words, is_private=told.report is not None)


def _channel_created(account: Account, channel_uuid: UUID, channel: Any) -> None:
    name, backend = contents.line(channel.get("name"), 255), contents.line(channel.get("backend"), 64)
    snapshot.heard_of(account.id, channel_uuid, name, backend)
    confirmation.confirm_by_event(account, channel_uuid)


def _is_about(event: dict[str, Any], account: Account) -> bool:
    named = event.get("account")
    return not isinstance(named, dict) or uuid_or_none(named.get("uuid")) in (None, account.connexease_uuid)
