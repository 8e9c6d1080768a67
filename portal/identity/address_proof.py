"""Notes that an email address is proven, and tells the rooms that wait for it."""

from collections.abc import Callable

from portal import audit
from portal.extensions import session
from portal.models import Account, Person, now

Follower = Callable[[Person], list[Account]]

_followers: list[Follower] = []


def follows(follower: Follower) -> Follower:
    """Have this called when an address is proven, in the same transaction; it returns the accounts that go on."""
    _followers.append(follower)
    return follower


def address_proven(person: Person) -> list[Account]:
    """Note that a person's address is theirs, and let go on what waited for it.

    The caller commits, and wakes the worker for the accounts that come back.
    """
    person.email_verified_at = now()
    session().add(person)
    audit.record(person, None, "person.email_verified", person.email)
    return [account for follower in _followers for account in follower(person)]
