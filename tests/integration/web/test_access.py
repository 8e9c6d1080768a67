"""Every route, with every method, as everybody: a new route is in this test as soon as it exists."""

from functools import cache
from itertools import cycle
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal.models import OnboardingAttempt, Role, StaffRole
from portal.web import access
from tests.support.application.browser import Browser

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
OUR_METHODS = {"GET", "POST", "HEAD", "OPTIONS"}
GOODBYES = {"auth.logout", "membership.leave"}
NOBODY = "0f6c8f5e-5f0e-4c52-9a3c-0d6a4b1d7b11"


@pytest.fixture
def everybody(portal):
    """A browser for each kind of visitor; the account in the addresses is the first owner's."""
    owner, account_id = portal.customer()
    tenant, _ = portal.customer(contact_email="other@tenant.example.com", name="Other Ltd")
    return account_id, {
        "nobody": portal.browser(),
        "tenant": tenant,
        "owner": owner,
        **{role.value: portal.member(account_id, role=role) for role in Role if role != Role.OWNER},
        **{role.value: portal.staff(role) for role in StaffRole},
    }


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.rpartition(".")[2] != "static"]


def address(app: Flask, rule: Rule, account_id: UUID) -> str:
    """The rule's address: the account is real, everything else that it names does not exist."""
    values = {}
    for name, converter in rule._converters.items():
        kind = type(converter).__name__
        if name == "account_id":
            values[name] = account_id
        elif kind == "UUIDConverter":
            values[name] = uuid4()
        else:
            values[name] = 1 if kind == "IntegerConverter" else "nothing"
    return app.url_map.bind("localhost").build(rule.endpoint, values)


@cache
def token(browser: Browser) -> str:
    return browser.token()


def with_token(browser: Browser, method: str) -> dict[str, str]:
    return {} if method in access.SAFE_METHODS else {"X-CSRFToken": token(browser)}


def send(browser: Browser, method: str, path: str) -> int:
    return browser.send(method, path, headers=with_token(browser, method)).status


def refused(browser: Browser, method: str, path: str) -> int:
    """The same without a look at the page, which says the same each time."""
    headers = with_token(browser, method)
    with browser.client.open(path, method=method, base_url=browser.base, headers=headers) as answer:
        return answer.status_code


STAFF = frozenset(StaffRole)


def refusal(who: str, demanded: access.Access) -> int:
    """The refusal that this visitor should see: what they may not know of does not exist."""
    if who == "nobody":
        return 303
    if demanded.kind == "staff":
        return 403 if who in STAFF else 404
    if who in STAFF:
        return 403 if demanded.staff_helps else 404
    return 403 if who in frozenset(Role) else 404


def may_enter(who: str, demanded: access.Access, method: str) -> bool:
    match demanded.kind:
        case "public" | "machine":
            return True
        case "person":
            return who != "nobody"
        case "staff":
            return who in (demanded.roles or STAFF)
    if who == StaffRole.READ_ONLY:
        shown_to_members = Role.MEMBER in (demanded.roles or frozenset(Role))
        return demanded.staff_helps and method == "GET" and shown_to_members
    if who in STAFF:
        return demanded.staff_helps
    return who in (demanded.roles or frozenset(Role))


def test_every_route_lets_in_whom_it_says(portal, everybody):
    account_id, visitors = everybody
    app = portal.app
    tried = set()
    for rule in rules(app):
        demanded = access.access_of(app.view_functions[rule.endpoint])
        assert demanded is not None, rule
        path = address(app, rule, account_id)
        for who, browser in visitors.items():
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                is_let_in = may_enter(who, demanded, method)
                if is_let_in and rule.endpoint in GOODBYES:
                    continue  # it would end what the rest of this test needs
                status = (send if is_let_in else refused)(browser, method, path)
                tried.add(rule.endpoint)
                assert status < 500, (who, method, path)
                if is_let_in:
                    assert status != 403, (who, method, path)
                    assert status != 303 or demanded.kind != "account" or _not_to_log_in(browser, method, path)
                else:
                    assert status == refusal(who, demanded), (who, method, path)
                if rule.endpoint == "auth.login" and status == 303:
                    assert who != "nobody"
    assert len(tried) > 20


def _not_to_log_in(browser: Browser, method: str, path: str) -> bool:
    """Somebody who may enter may be sent on, but not to the log-in page."""
    if method != "GET":
        return True
    return "/login" not in browser.get(path).goes_to


def test_methods_that_a_route_does_not_name_are_refused(portal, everybody):
    """The router refuses them before anybody looks who asks, so the visitors take turns."""
    account_id, visitors = everybody
    turns = cycle(("nobody", "owner", "admin"))
    places = portal.app.url_map.bind("localhost")
    tried = set()
    for rule in rules(portal.app):
        assert (rule.methods or set()) <= OUR_METHODS | {"PUT", "PATCH", "DELETE"}
        path = address(portal.app, rule, account_id)
        taken = set(places.allowed_methods(path))
        assert taken >= (rule.methods or set())
        if rule.rule in tried:
            continue  # another rule for the same addresses
        tried.add(rule.rule)
        for method in METHODS:
            if method not in taken:
                who = next(turns)
                assert refused(visitors[who], method, path) == 405, (who, method, path)


def test_an_account_of_somebody_else_looks_like_none(portal, everybody):
    account_id, visitors = everybody
    for rule in rules(portal.app):
        if "account_id" not in rule.arguments or "GET" not in (rule.methods or set()):
            continue
        theirs = visitors["tenant"].get(address(portal.app, rule, account_id))
        none = visitors["tenant"].get(address(portal.app, rule, uuid4()))
        assert theirs.status == none.status == 404
        assert theirs.text == none.text


def test_what_belongs_to_one_account_is_not_reached_through_another(portal, everybody):
    """An own account in the address opens nothing that belongs to somebody else's."""
    account_id, visitors = everybody
    visitors["owner"].post(f"/accounts/{account_id}/channels/connect")
    attempt = portal.one(OnboardingAttempt)
    own = portal.account("other@tenant.example.com").id
    base = f"/accounts/{own}/channels/attempts/{attempt.id}"
    tenant = visitors["tenant"]
    assert tenant.get(base).status == 404
    for path in ("dialog", "report", "stop"):
        assert tenant.post(f"{base}/{path}", {"event": "closed"}).status == 404
    assert portal.one(OnboardingAttempt) == attempt


def test_somebody_disabled_is_out_at_once(portal, everybody):
    account_id, visitors = everybody
    assert visitors["owner"].get(f"/accounts/{account_id}/").status == 200
    portal.sql("UPDATE person SET is_enabled = :no", no=False)
    assert visitors["owner"].get(f"/accounts/{account_id}/").status == 303
    browser = portal.browser()
    page = browser.submit(
        browser.get("/login"), "Log in", email="jane@acme.example.com", password="violet-anchor-mirror-4417"
    )
    assert page.status == 422


@pytest.mark.parametrize("name", ["undeclared", "ecstatic", "a.ecstatic"])
def test_a_view_that_does_not_say_who_may_enter_stops_the_start(portal, name):
    portal.app.view_functions[name] = lambda: "hello"
    with pytest.raises(RuntimeError, match=name):
        access.check_views(portal.app)


@pytest.mark.parametrize("cookie", ["", "x", "x:0", ":0", f"{NOBODY}:0", NOBODY, "\udcff\0"])
def test_a_session_that_means_nobody(portal, cookie):
    browser = portal.browser()
    with browser.client.session_transaction(base_url=browser.base) as session:
        session["_user_id"] = cookie
    assert browser.get("/accounts/").goes_to.startswith("/login")
