"""Which number a channel has, and that messages really go through it.

Connexease's list says neither. A status event names the number that a message came from; whose number that is, a
person says once.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from portal import audit
from portal.channels import snapshot
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.models import Account, Channel, Person


def with_number(account_id: UUID, number: str) -> Channel | None:
    """The account's channel that has this number, if anybody said so and Connexease lists it."""
    query = select(Channel).where(
        Channel.account_id == account_id, Channel.number == number, col(Channel.gone_at).is_(None)
    )
    return session().exec(query).first() if number else None


def note(account_id: UUID, number: str, at: datetime) -> None:
    """A message came from this number, and its status event came back. The caller commits."""
    channel = with_number(account_id, number)
    if channel is not None and channel.works_by_list:
        channel.proven_at = at
        session().add(channel)


def say(person: Person, account: Account, channel_uuid: UUID, number: str, at: datetime) -> None:
    """Somebody says that this channel has the number that a message came from.

    Raises:
        DomainError: the account has no such channel.
    """
    with unit_of_work():
        channel = snapshot.own_channel(account, channel_uuid)
        others = select(Channel).where(Channel.account_id == account.id, Channel.number == number)
        for other in session().exec(others):
            other.number, other.proven_at = "", None
            session().add(other)
        channel.number = number
        session().add(channel)
        session().flush()
        note(account.id, number, at)
        audit.record(person, account, "channel.number_said", channel.label, number=number)
        session().commit()
