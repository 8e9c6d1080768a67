"""What gunicorn serves here: the portal, and a side door by which tests make people and let them in.

Behind the door stand the services that the pages call, so that who is made by it is like anybody else. It saves
the way through pages that other tests walk. Passwords are hashed at the least cost: nothing here needs protection.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from pydantic import SecretStr
from sqlmodel import select

from portal import create_app
from portal.customers.provisioning import state_machine
from portal.customers.signup import registration
from portal.customers.signup.views.sign_up import BROWSER_TOKEN
from portal.db.engine import writing
from portal.extensions import session
from portal.identity import passwords, sessions
from portal.identity.authentication import find_person
from portal.identity.browser_login import TOKEN
from portal.identity.second_factor import authenticator as authenticators
from portal.models import Account, Credential, Membership, Person, Provisioning, StaffRole, Step
from portal.staff.people import staff_members
from tests.support.application import campaigns
from tests.support.suite.patience import patient

DOOR = "/_side_door/"
AXE = f"{DOOR}axe.js"
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0.0.0 Safari/537.36"
)

Answer = dict[str, Any]
app = create_app()
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def newcomer(password: str, details: dict[str, str]) -> Answer:
    """Somebody signs up, and the worker hears of it; the cookie is what the form would have left."""
    made = registration.sign_up(registration.AccountDetails(**details), password)
    if made.person is None or made.account is None:
        return _cookie({BROWSER_TOKEN: made.browser_token})
    return {"account": str(made.account.id), **_let_in(made.person)}


def member(password: str, details: dict[str, str]) -> Answer:
    """Somebody signs up where that is open, and the account is set up."""
    made = registration.sign_up(registration.AccountDetails(**details), password)
    assert made.person is not None
    assert made.account is not None
    account_id, person_id = made.account.id, made.person.id
    state_machine.advance(account_id)
    deadline = time.monotonic() + patient(20)
    while (step := _step(account_id)) != Step.READY:  # the worker may have been quicker
        assert time.monotonic() < deadline, f"the set-up stands at {step}"
        time.sleep(0.01)
    account = session().get_one(Account, account_id)
    return {
        "account": str(account_id),
        "uuid": str(account.connexease_uuid),
        **_let_in(session().get_one(Person, person_id)),
    }


def staff(email: str, password: str, role: str) -> Answer:
    """Somebody of the staff, without an app for codes."""
    staff_members.create(email, password, StaffRole(role))
    return {}


def authenticator(email: str, secret: str) -> Answer:
    """An app for somebody, whose codes this secret makes; as the pages do that set one up."""
    person = _person(email)
    begun = authenticators.begin(person, SecretStr(secret))
    authenticators.confirm(person, begun.id, pyotp.TOTP(secret).now())
    return {}


def log_in(email: str) -> Answer:
    """A cookie with which somebody is logged in, by all the steps that are asked of them."""
    return _let_in(_person(email))


def campaign(account: str, numbers: list[str], name: str) -> Answer:
    """A campaign that somebody of the account has confirmed; the worker sends it."""
    query = select(Person).join(Membership).where(Membership.account_id == UUID(account))
    credential = session().exec(select(Credential).where(Credential.account_id == UUID(account))).one()
    return {"id": str(campaigns.confirmed(session().exec(query).one(), credential, numbers, name=name).id)}


def policy(name: str) -> Answer:
    """Another policy for sign-ups, as if the portal had been started with it."""
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"signup_policy": name})
    return {}


ACTIONS: dict[str, Callable[..., Answer]] = {
    action.__name__: action for action in (newcomer, member, staff, authenticator, log_in, campaign, policy)
}


def _person(email: str) -> Person:
    person = find_person(email)
    assert person is not None, f"nobody has the address {email}"
    return person


def _step(account_id: Any) -> Step:
    session().rollback()
    step = session().exec(select(Provisioning.step).where(Provisioning.account_id == account_id)).one()
    return Step(step)


def _let_in(person: Person) -> Answer:
    token = sessions.start(person, "127.0.0.1", AGENT)
    return _cookie({TOKEN: token, "_fresh": True})


def _cookie(content: dict[str, Any]) -> Answer:
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return {"name": app.config["SESSION_COOKIE_NAME"], "value": signer.dumps(content)}


class SideDoor:
    """Answers what is asked of the door, and hands everything else on.

    Pages that are looked at get axe here, as a script that the browser keeps, with what it compiled of it.
    """

    def __init__(self, portal: Flask) -> None:
        self._portal = portal
        self._inner = portal.wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(DOOR):
            return self._inner(environ, start_response)
        if path == AXE:
            kept = ("Cache-Control", "max-age=86400, immutable")
            start_response("200 OK", [("Content-Type", "text/javascript; charset=utf-8"), kept])
            return [AXE_SCRIPT.encode()]
        asked = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        with self._portal.test_request_context(), writing():
            answer = ACTIONS[path.removeprefix(DOOR)](**asked)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]


app.wsgi_app = SideDoor(app)  # type: ignore[method-assign]
