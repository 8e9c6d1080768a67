"""What people write makes them contacts, keeps what a conversation shows, and opts them out or in."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from portal.contacts.book import Book
from portal.contacts.consent import keywords, ledger
from portal.contacts.consent.keywords import Words
from portal.contacts.consent.ledger import Told
from portal.contacts.people import Who
from portal.db import account_lock
from portal.events.processing.contents import Contents
from portal.events.processing.stored import Stored
from portal.messages.reports.inbound import Inbound, Moved
from portal.messages.reports.people import Someone
from portal.messages.sending import answers
from portal.messages.threads import incoming
from portal.messages.threads.incoming import Wrote
from portal.models import ConsentSource, ContactSource, Scope, Wish, now


class _Told(NamedTuple):
    """What one event tells of people."""

    delivery: Stored
    inbound: Sequence[Inbound]
    moved: Sequence[Moved]
    named: Sequence[Someone]
    """Whom it names by number and by user id, who wrote nothing."""


def take_in(account_id: UUID, told: Sequence[tuple[Stored, Contents]]) -> list[Stored]:
    """Act on what events tell of people; those that told something. The caller commits."""
    events = [each for delivery, contents in told if (each := _of(delivery, contents))]
    if not events:
        return []
    account_lock.take(account_id)
    book = Book(account_id, [who for event in events for who in _people(event)])
    for event in events:
        _follow(book, event)
    wrote = [_wrote(book, event, number, one) for event in events for number, one in enumerate(event.inbound)]
    book.save()
    incoming.keep(account_id, wrote)
    _act_on_words(account_id, [(event, one) for event in events for one in event.inbound])
    return [event.delivery for event in events if event.inbound or event.moved]


def _of(delivery: Stored, contents: Contents) -> _Told | None:
    report = contents.report
    named = [each.who for each in report.reports if each.who.number and each.who.user_id] if report else []
    moved = report.moved if report else ()
    return _Told(delivery, contents.inbound, moved, named) if contents.inbound or moved or named else None


def _people(event: _Told) -> list[Who]:
    wrote, named = [one.who for one in event.inbound], list(event.named)
    moved = [who for each in event.moved for who in (each.before, each.after)]
    return [_who(someone) for someone in (*wrote, *named, *moved)]


def _follow(book: Book, event: _Told) -> None:
    """Who is known already gets what the event names them by; nobody becomes a contact by what is sent to them."""
    for someone in event.named:
        if book.find(_who(someone)) is not None:
            book.take_in(_who(someone), ContactSource.WROTE)
    for moved in event.moved:
        book.move(_who(moved.before), _who(moved.after))


def _wrote(book: Book, event: _Told, number: int, one: Inbound) -> Wrote:
    contact = book.take_in(_who(one.who), ContactSource.WROTE)
    at = min(one.at or event.delivery.received_at, now())
    book.hear(contact, at)
    name = one.wamid or f"{incoming.NAMELESS}{event.delivery.id}:{number}"
    return Wrote(contact, name, at, one.type, one.text, one.business_number, event.delivery.id, bool(one.wamid))


def _act_on_words(account_id: UUID, told: Sequence[tuple[_Told, Inbound]]) -> None:
    words = keywords.of(account_id)
    for event, one in told:
        kind = words.kind_of(one.text) or words.kind_of(one.button)
        if kind:
            _opt(account_id, words, event.delivery, one, kind)


def _opt(account_id: UUID, words: Words, delivery: Stored, one: Inbound, kind: str) -> None:
    who, at = _who(one.who), one.at or delivery.received_at
    before = ledger.standing(account_id, who).out_of
    source = ConsentSource.BUTTON if one.is_button else ConsentSource.KEYWORD
    told = [
        Told(
            who,
            scope,
            wish,
            source,
            ledger.at_the_end_of(at) if wish == Wish.OUT else at,
            one.text,
            one.business_number,
            delivery_id=delivery.id,
        )
        for scope, wish in keywords.meant(kind)
    ]
    ledger.add(account_id, told)
    if before is None and ledger.standing(account_id, who).out_of == Scope.MARKETING:
        answers.confirm_opt_out(account_id, words, who, at)


def _who(someone: Someone) -> Who:
    return Who(someone.number, someone.user_id, someone.name)
