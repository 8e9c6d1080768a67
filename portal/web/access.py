"""Access: every view says with one of these decorators who may enter.

A view that says nothing stops the start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, Literal, ParamSpec, TypeVar, cast
from uuid import UUID

import flask_login
import sqlalchemy as sa
from flask import Flask, abort, current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col
from werkzeug.routing import Map

from portal.extensions import login_manager, session
from portal.models import Account, Membership, Person, Provisioning, Role, StaffRole, Step
from portal.web import htmx

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)
View = Callable[..., ResponseReturnValue]

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
BUILDERS = (Role.OWNER, Role.DEVELOPER)
"""Who manages webhooks, events and keys."""
SENDERS = (Role.OWNER, Role.OPERATOR)
"""Who manages channels, and writes and reads messages."""
LOOKERS = (*BUILDERS, Role.MEMBER)
"""Who sees webhooks, events, and that there are keys: everybody but those who are here for messages alone."""


@dataclass(frozen=True)
class Access:
    """What a view demands of its visitor."""

    kind: Literal["public", "person", "account", "staff", "machine"]
    roles: frozenset[str] = frozenset()
    staff_helps: bool = False
    """Whether the reseller's staff may enter an account's page that they do not belong to."""


def check_views(app: Flask) -> None:
    """Refuse to start with a view that does not say who may enter."""
    silent = [
        name
        for name, view in app.view_functions.items()
        if access_of(view) is None and name.rpartition(".")[2] != "static"
    ]
    if silent:
        raise RuntimeError(f"These views do not say who may enter: {', '.join(sorted(silent))}")


def access_of(view: Any) -> Access | None:
    """What a view demands; none when it says nothing."""
    return getattr(view, "access", None)


def _mark(view: Callable[P, R], access: Access) -> Callable[P, R]:
    view.access = access  # type: ignore[attr-defined]
    return view


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Anybody may enter."""
    return _mark(view, Access("public"))


def machine(view: Callable[P, R]) -> Callable[P, R]:
    """A machine enters, and the view checks its secret itself."""
    return _mark(view, Access("machine"))


def signed_in(view: View) -> View:
    """Anybody who is logged in may enter."""

    @wraps(view)
    def guarded(**kwargs: Any) -> ResponseReturnValue:
        person_or_401()
        return view(**kwargs)

    return _mark(guarded, Access("person"))


def account_page(*roles: Role, staff: bool = False, set_up: bool = False) -> Callable[[View], View]:
    """Members of the account in the address may enter; for everybody else it does not exist.

    The view gets `account` in place of `account_id`. `g.membership` is none while staff look or help.

    Args:
        roles: only these roles may enter; any role when none is given.
        staff: the reseller's staff may help; who of them is read-only may look at what a plain member sees.
        set_up: until the account is set up at Connexease, the visitor is led to the page that shows its progress.
    """
    demanded = Access("account", frozenset(roles), staff)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(account_id: UUID, **kwargs: Any) -> ResponseReturnValue:
            person = person_or_401()
            g.account, g.membership, step = _account_or_404(person, account_id, staff)
            if not _lets_in(demanded, person, g.membership, request.method in SAFE_METHODS):
                abort(403)
            if set_up and step != Step.READY:
                return htmx.redirect(url_for("signup.setup", account_id=account_id))
            return view(account=g.account, **kwargs)

        return _mark(guarded, demanded)

    return decorate


def staff_page(*roles: StaffRole) -> Callable[[View], View]:
    """The reseller's staff may enter; for everybody else it does not exist.

    Args:
        roles: only these roles may enter; any staff role when none is given.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**kwargs: Any) -> ResponseReturnValue:
            person = person_or_401()
            if person.staff_role is None:
                abort(404)
            if roles and person.staff_role not in roles:
                abort(403)
            return view(**kwargs)

        return _mark(guarded, Access("staff", frozenset(roles)))

    return decorate


def may_enter(endpoint: str) -> bool:
    """Whether this visitor may enter a view, of the account that the page is about where it is an account's.

    Templates ask it before they show a button, so that a button and its view never disagree.
    """
    demanded, person = access_of(current_app.view_functions[endpoint]), current_person()
    if demanded is None or demanded.kind in ("public", "machine") or person is None:
        return demanded is not None and demanded.kind in ("public", "machine")
    if demanded.kind == "staff":
        return person.staff_role is not None and person.staff_role in (demanded.roles or StaffRole)
    if demanded.kind == "account":
        is_safe = _is_safe(current_app.url_map, endpoint)
        return g.get("account") is not None and _lets_in(demanded, person, g.membership, is_safe)
    return True


def current_person() -> Person | None:
    """The person who is logged in, if anybody is."""
    user = flask_login.current_user
    return cast(Person, user._get_current_object()) if user.is_authenticated else None


def person_or_401() -> Person:
    """The person who is logged in; nobody else gets further."""
    person = current_person()
    if person is None:
        abort(401)
    return person


def after_failure() -> None:
    """Drop what a failed request left undone, so that its error page can name the person.

    Where the database does not say who that is, the page is one for nobody.
    """
    try:
        session().rollback()
        if (person := current_person()) is not None:
            session().refresh(person)
    except SQLAlchemyError:
        g._login_user = login_manager.anonymous_user()


def has_accounts(person: Person) -> bool:
    """Whether somebody belongs to a customer's account, as some of the staff do."""
    return session().execute(_own_account_query(), {"person": person.id}).first() is not None


@cache
def _own_account_query() -> sa.Select[Any]:
    own = col(Membership.person_id) == sa.bindparam("person")
    return sa.select(col(Membership.account_id)).where(own).limit(1)


def is_set_up(account: Account) -> bool:
    """Whether the account is set up at Connexease."""
    return session().get_one(Provisioning, account.id).step == Step.READY


def is_helping() -> bool:
    """Whether this is somebody of the staff on the page of a customer's account."""
    return g.get("account") is not None and g.get("membership") is None


def _lets_in(demanded: Access, person: Person, membership: Membership | None, is_safe: bool) -> bool:
    """Whether somebody who may know of the account may enter this page of it."""
    if membership is not None:
        return not demanded.roles or membership.role in demanded.roles
    if person.staff_role == StaffRole.READ_ONLY:
        return demanded.staff_helps and is_safe and (not demanded.roles or Role.MEMBER in demanded.roles)
    return demanded.staff_helps and person.is_staff


@cache
def _is_safe(addresses: Map, endpoint: str) -> bool:
    return any("GET" in (rule.methods or ()) for rule in addresses.iter_rules(endpoint))


def _account_or_404(
    person: Person, account_id: UUID, staff: bool
) -> tuple[Account, Membership | None, Step | None]:
    found = session().execute(_account_query(), {"account": account_id, "person": person.id}).first()
    if found is None or (found.Membership is None and not (staff and person.is_staff)):
        abort(404)
    return found.Account, found.Membership, found.step


@cache
def _account_query() -> sa.Select[Account, Membership, Step]:
    """The account in an address, what the person is there, and how far its set-up is."""
    own = sa.and_(
        col(Membership.account_id) == col(Account.id), col(Membership.person_id) == sa.bindparam("person")
    )
    return (
        sa.select(Account, Membership, col(Provisioning.step))
        .outerjoin(Membership, own)
        .outerjoin(Provisioning, col(Provisioning.account_id) == col(Account.id))
        .where(col(Account.id) == sa.bindparam("account"))
    )
