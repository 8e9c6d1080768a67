"""Every sentence goes through gettext: where each message is bracketed, nothing visible stands outside."""

import re
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from babel.support import NullTranslations
from lxml.html import HtmlElement

from portal.connexease.triggers import CATALOGUE
from portal.customers.signup.corrections import CORRECTABLE
from portal.extensions import session
from portal.i18n import Catalogues
from portal.messages.log import meta_words
from portal.messages.log import outcome_words as words
from portal.messages.reports.parsing import KINDS
from portal.models import (
    AttemptState,
    Credential,
    CredentialStep,
    LostEnding,
    Message,
    MessageState,
    MessageStatus,
    OnboardingAttempt,
    Problem,
    StaffRole,
    Step,
    now,
)
from tests.support.application.portal import DETAILS, PASSWORD

JANE = DETAILS["contact_email"]
OPEN, CLOSE = "\N{LEFT WHITE SQUARE BRACKET}", "\N{RIGHT WHITE SQUARE BRACKET}"
BRACKETED = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
SPOKEN = (
    "title",
    "aria-label",
    "placeholder",
    "alt",
    "aria-description",
    "data-asking",
    "data-offline",
    "data-failed",
    "data-unanswered",
)
NOT_TEXT = {"textarea", "script", "style", "template", "datalist", "time", "code", "pre"}
DATA = re.compile(
    "|".join(
        re.escape(word)
        for word in sorted(
            (
                *("Acme Corp", "Jane Doe", "Jane", "Doe", JANE, "help@reseller.example.com", "Reseller portal"),
                *("admin@reseller.example.com", "member@acme.example.com", "WhatsApp Main", "Number one"),
                *(
                    "whatsapp_cloud",
                    "whatsapp",
                    "WhatsApp",
                    "The vendor's own words.",
                    "http://localhost",
                    "channel.created",
                    "X-Portal-Secret",
                ),
                *(
                    "https://elsewhere.example.com/hook",
                    "vendor_field",
                    "files.invalid",
                    "Europe/Istanbul",
                    "English",
                    "Türkçe",
                ),
                *(trigger.name for trigger in CATALOGUE),
                *KINDS,
            ),
            key=len,
            reverse=True,
        )
    )
)


ADDRESS = re.compile(
    r"(https?://|/hooks/)[^\s<]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[A-Z][a-z]{2} \d{1,2}, \d{4}\b|Werkzeug/[\d.]+"
)


class Bracketing(NullTranslations):
    def gettext(self, message):
        return f"{OPEN}{message}{CLOSE}" if message else ""

    ugettext = gettext

    def ngettext(self, one, many, number):
        return f"{OPEN}{one if number == 1 else many}{CLOSE}"

    ungettext = ngettext

    def pgettext(self, _context, message):
        return self.gettext(message)

    upgettext = pgettext

    def npgettext(self, _context, one, many, number):
        return self.ngettext(one, many, number)

    unpgettext = npgettext


LANGUAGE = Bracketing()
"""One for all tests, so that templates are compiled for it once."""


@pytest.fixture(autouse=True)
def pseudo_language(monkeypatch):
    monkeypatch.setattr(Catalogues, "get_translations", lambda _self: LANGUAGE)


def outside(text: str) -> str:
    """What of a text stands in no bracket and is no data."""
    before = None
    while before != text:
        before, text = text, BRACKETED.sub(" ", text)
    return DATA.sub(" ", ADDRESS.sub(" ", text))


def pieces(tag: HtmlElement) -> Iterator[str]:
    """What is read in it, piece by piece."""
    if tag.tag in NOT_TEXT or not isinstance(tag.tag, str):
        return
    if tag.text:
        yield tag.text
    for child in tag:
        yield from pieces(child)
        if child.tail:
            yield child.tail


def spoken(tag: HtmlElement) -> Iterator[str]:
    """What it says beside its text."""
    if tag.tag == "time" or not isinstance(tag.tag, str):
        return
    yield from (tag.get(name) for name in SPOKEN if name in tag.attrib)
    if tag.tag == "input" and tag.get("type") in ("submit", "button"):
        yield tag.get("value", "")
    if tag.tag not in NOT_TEXT:
        for child in tag:
            yield from spoken(child)


def untranslated(root: HtmlElement) -> list[str]:
    for tag in list(root.iter("wbr")):  # a name may break there, and is one word
        tag.drop_tag()
    # A sentence may go on behind what is put into it, such as a link, so the page's text is looked at as a whole.
    left = [*outside("\n".join(pieces(root))).split("\n"), *(outside(text) for text in spoken(root))]
    return [" ".join(text.split()) for text in left if re.search(r"[^\W\d_]{2,}", text)]


def check(*pages) -> None:
    for page in pages:
        assert not page.text or BRACKETED.search(page.text), f"{page.path} is not in the test's language"
        assert untranslated(page.root) == [], page.path


def sign_up(portal, browser, **typed):
    """The buttons and labels read otherwise here, so the form is sent by its names."""
    values = {**DETAILS, "password": PASSWORD, **typed}
    return browser.post("/signup", values)


@pytest.fixture
def customer(portal):
    browser = portal.browser()
    account = sign_up(portal, browser).goes_to.split("/")[2]
    portal.work()
    browser.account = account
    return browser


def test_pages_for_everybody(portal, make_portal):
    visitor = portal.browser()
    check(*[visitor.get(path) for path in ("/", "/login", "/signup", "/signup/sent", "/password/forgot")])
    check(visitor.get("/password/sent"), visitor.get("/verify/x"), visitor.get("/password/reset/x"))
    check(make_portal(signup_policy="closed").browser().get("/signup"))


def test_errors(portal):
    visitor = portal.browser()
    check(visitor.get("/nothing"), visitor.get("/nothing", htmx=True), visitor.get("/logout"))
    check(visitor.send("POST", "/login", data={}), visitor.post("/login", {"email": "x" * 1_100_000}))
    portal.app.view_functions["accounts.front"] = lambda: 1 / 0
    check(visitor.get("/"))


def test_refusals(portal, customer):
    visitor = portal.browser()
    long = dict.fromkeys((*DETAILS, "password"), "x" * 2000)
    odd = dict.fromkeys((*DETAILS, "password"), "?")
    for typed in ({}, long, odd, {**DETAILS, "password": "x" * 200}, {**DETAILS, "password": "aaaaaaaaaaaaaaaa"}):
        check(visitor.post("/signup", typed), visitor.post("/signup", typed, htmx=True))
    check(visitor.post("/signup", {**DETAILS, "password": PASSWORD}))
    for typed in ({}, {"email": "x" * 300, "password": "x" * 2000}, {"email": JANE, "password": "wrong"}):
        check(visitor.post("/login", typed), visitor.post("/password/forgot", {**typed, "email": "x" * 300}))
    for typed in ({}, {"current": "x" * 2000, "password": "x" * 2000}, {"current": "x", "password": PASSWORD}):
        check(customer.post("/profile/password", typed))
    for typed in ({}, {"email": "x" * 300, "password": "wrong"}, {"email": JANE, "password": PASSWORD}):
        check(customer.post("/profile/email", typed))


def test_another_address(portal, customer):
    customer.post("/profile/email", {"email": "member@acme.example.com", "password": PASSWORD})
    check(customer.get("/profile"), customer.get("/profile/email"))
    link = portal.link("member@acme.example.com", "email").removeprefix("http://localhost")
    check(customer.get(link), portal.browser().get(link), portal.browser().post(link, {"password": "wrong"}))
    portal.sql("UPDATE email_change SET expires_at = '2020-01-01 00:00:00'")
    check(customer.get("/profile"), customer.get(link))
    portal.sql("UPDATE provisioning SET step = 'creating_account', next_attempt_at = NULL")
    check(customer.get("/profile/email"))
    portal.sql("UPDATE provisioning SET step = 'needs_details'")
    check(customer.get("/profile/email"))


def test_too_many_tries(make_portal):
    portal = make_portal(throttle_factor=1)
    visitor = portal.browser()
    for _ in range(11):
        page = visitor.post("/login", {"email": JANE, "password": "wrong"})
    check(page)


def test_the_set_up_in_every_state(portal):
    browser = portal.browser()
    account = sign_up(portal, browser).goes_to.split("/")[2]
    staff = _staff(portal)
    refused = '{"fields": {"vendor_field": ["The vendor\'\'s own words."]}, "messages": []}'
    for step in Step:
        if step == Step.READY:
            continue
        for problem in (None, *Problem):
            portal.sql(
                "UPDATE provisioning SET step = :step, problem = :problem, claimed_until = '2099-01-01 00:00:00',"
                f" refused_fields = '{refused if problem == Problem.REFUSED else '{}'}',"
                " next_attempt_at = '2099-01-01 00:00:00',"
                " problem_text = 'We couldn''t reach Connexease.'",
                step=step.value,
                problem=problem and problem.value,
            )
            check(browser.get(f"/accounts/{account}/setup"))
        check(browser.get(f"/accounts/{account}/setup", htmx=True), staff.get("/staff/provisioning/"))
        if step in CORRECTABLE:
            check(browser.get(f"/accounts/{account}/setup/details"))


def _staff(portal):
    return portal.staff(StaffRole.ADMIN)


def test_pages_of_an_account(portal, customer):
    uuid = str(portal.accounts_at_connexease()[0]["uuid"])
    base = f"/accounts/{customer.account}"
    check(customer.get(f"{base}/"), customer.get(f"{base}/channels/"), customer.get("/profile/password"))
    for changes in ({}, {"connected": False}, {"is_active": False}):
        portal.control.create_channel(uuid, name="Number one", **changes)
    gone = portal.control.create_channel(uuid, name="Number one")["uuid"]
    customer.post(f"{base}/channels/refresh")
    portal.control.delete_channel(gone)
    customer.post(f"{base}/channels/refresh")
    check(customer.get(f"{base}/"), customer.get(f"{base}/channels/"))
    portal.control.fault("status", "channels/$", "GET", times=None, status=503)
    customer.post(f"{base}/channels/refresh")
    check(customer.get(f"{base}/channels/"))


def test_an_attempt_in_every_state(portal, customer):
    base = f"/accounts/{customer.account}/channels"
    customer.post(f"{base}/connect")
    attempt = portal.one(OnboardingAttempt).id
    for state in AttemptState:
        for problem in ("", "blocked", "stopped", "stopped_blocked", "dialog", "request", "origin"):
            portal.sql(
                "UPDATE onboarding_attempt SET state = :state, problem = :problem, checked_at = :never",
                state=state.value,
                problem=problem,
                never=portal.one(OnboardingAttempt).requested_at.replace(year=2099),
            )
            check(customer.get(f"{base}/attempts/{attempt}"))
            check(customer.get(f"{base}/attempts/{attempt}", htmx=True))


def test_the_vault(portal, customer):
    tokens = f"/accounts/{customer.account}/tokens/"

    def fields(page, **typed):
        intent = page.select_one("input[name=intent]")
        return {"intent": intent.attrib["value"] if intent is not None else "", **typed}

    for way in ("new", "gateway/new"):
        check(customer.get(tokens + way), customer.post(tokens + way, {"name": "x" * 200, "key": "?"}))
    made = customer.post(f"{tokens}new", fields(customer.get(f"{tokens}new"), name="Acme Corp", keep="y"))
    check(customer.follow(made))
    customer.post(f"{tokens}gateway/new", {"name": "Acme Corp", "key": "pk_" + "a1B2c3D4" * 4})
    for row in portal.rows(Credential):
        one = f"{tokens}{row.id}"
        for page in ("", "/rotate", "/revoke", "/hand-over", "/replace", "/remove"):
            shown = customer.get(one + page)
            if shown.status == 200:
                check(shown)
            for typed in ({}, {"name": "x" * 200, "confirm": "?", "note": "x" * 400}):
                answer = customer.post(one + page, typed) if page else customer.post(f"{one}/reveal", typed)
                if answer.response.mimetype == "text/html" and answer.status == 422:
                    check(answer)
        check(customer.follow(customer.post(f"{one}/reveal", {"password": PASSWORD})))
    customer.follow(
        customer.post(
            f"{one}/hand-over", {"note": "Acme Corp", "lifetime": "86400", "intent": "x", "password": PASSWORD}
        )
    )
    check(customer.get(tokens), customer.get("/hand-over/x"))
    for step in CredentialStep:
        for ending in (None, *LostEnding):
            portal.sql(
                "UPDATE credential SET step = :step, ending = :ending, next_attempt_at = '2099-01-01 00:00:00'"
                " WHERE kind = 'access_token'",
                step=step.value,
                ending=ending and ending.value,
            )
            check(customer.get(tokens), *(customer.get(f"{tokens}{row.id}") for row in portal.rows(Credential)))


def test_writing_a_message(portal, customer):
    base = f"/accounts/{customer.account}"
    key = portal.control.issue_gateway_key(str(portal.accounts_at_connexease()[0]["uuid"]))
    customer.post(f"{base}/tokens/gateway/new", {"name": "Acme Corp", "key": key, "is_trial": "y"})
    credential = str(portal.rows(Credential)[0].id)
    new = f"{base}/messages/new"
    check(customer.get(new), customer.get(f"{new}?type=template"), customer.get(f"{new}?to=%2B15550109999"))
    for kind in ("text", "image", "audio", "template"):
        long = {"body": "1" * 5000, "caption": "1" * 2000, "name": "?", "header": "text", "values-1": "1"}
        for typed in (
            {"kind": kind},
            {"kind": kind, "to": "1", **long},
            {"kind": kind, "to": "+1234567890123456"},
        ):
            check(customer.post(new, typed), customer.post(f"{base}/messages/preview", typed, htmx=True))
    right = {"credential": credential, "to": "+15550109999", "image_link": "https://10.0.0.1/", "name": "whatsapp"}
    links = {"audio_link": "https://files.invalid/", "body": "0", "language": "tr"}
    for kind in ("text", "image", "audio", "template"):
        more = {"kind": kind, "mmlite": "y", "is_fake": "y" if kind == "image" else ""}
        buttons = {"header": "document", "header_value": "https://127.0.0.1:9/", "buttons-0-value": "1"}
        for _time in range(2):
            review = customer.post(new, right | links | more | buttons | {"intent": f"{kind}{_time}"}).goes_to
            check(customer.get(review))
            check(customer.get(f"{new}?again={review.split('/')[-2]}"))
            answer = customer.post(f"{review.removesuffix('review')}send")
            assert answer.status == (422 if _time else 303)
        check(answer)


def test_checking_a_key(portal, customer):
    base = f"/accounts/{customer.account}"
    address = f"{base}/messages/check"
    check(customer.get(address))
    key = portal.control.issue_gateway_key(str(portal.accounts_at_connexease()[0]["uuid"]))
    customer.post(f"{base}/tokens/gateway/new", {"name": "Acme Corp", "key": key})
    row = portal.rows(Credential)[0]
    typed = {"to": "+15550109999", "credential": str(row.id), "wants_real": "y"}
    check(customer.get(address), customer.post(address, {"to": "?"}))
    customer.post(address, typed)
    check(customer.get(address))
    portal.work()
    check(customer.get(address))
    customer.post(f"{base}/messages/status-events")
    portal.control.revoke_gateway_key(key)
    customer.post(address, typed)
    check(customer.get(address))
    portal.work()
    check(customer.get(address))
    portal.sql("UPDATE credential SET proven_at = :now, echoes_callback_data = :yes", now=now(), yes=True)
    check(customer.get(f"{base}/tokens/{row.id}"), customer.get(f"{base}/tokens/"), customer.get(f"{base}/"))


def test_the_message_log(portal, customer):
    base = f"/accounts/{customer.account}/messages"
    check(customer.get(f"{base}/status-events"), customer.get(f"{base}/?recipient=1&type=x&state=x&sender=x"))
    check(customer.open(customer.post(f"{base}/status-events").goes_to))
    for way in ("secret", "renew"):
        check(customer.post(f"{base}/status-events/{way}", {"password": "?"}))
    check(customer.follow(customer.post(f"{base}/status-events/secret", {"password": PASSWORD})))
    row = Message(
        account_id=UUID(customer.account), intent="x", type="text", confirmed_at=now(), call_started_at=now()
    )
    row.payload, row.recipient = {"type": "text", "text": {"body": "1"}}, "+15550109999"
    row.sender = row.settled_by = JANE
    row.credential_name, row.attempts, row.answered_at, row.settled_at = "Acme Corp", 2, now(), now()
    row.rate_limits, row.wamid = {"per_minute": 10, "left_this_minute": 5}, "1"
    shown = MessageStatus(account_id=row.account_id, message_id=row.id, wamid="1", status="sent", at=now())
    portal.run(lambda: [session().add(row), session().flush(), session().add(shown), session().commit()])
    known = [*words.OF_CODE, *meta_words.OF_META, "?", ""]
    ends = [(state, "") for state in MessageState if state not in ("prepared", "refused", "failed")]
    for state, code in [*ends, *(("refused", code) for code in known), *(("failed", code) for code in known)]:
        portal.sql(
            "UPDATE message SET state = :state, code = :code, claimed_until = :far, next_attempt_at = :far, retry_at = :far",
            state=str(state),
            code=code,
            far=now().replace(year=2099),
        )
        check(customer.get(f"{base}/{row.id}"))
    portal.sql(
        "UPDATE message SET state = 'accepted', code = '', is_fake = :yes, mmlite = :yes, is_recognised = :yes",
        yes=True,
    )
    check(customer.get(f"{base}/{row.id}"), customer.get(f"{base}/"), customer.get(f"{base}/?state=read"))
    check(portal.member(UUID(customer.account)).get(f"{base}/{row.id}"))
    portal.sql(
        "UPDATE message SET is_trial = :yes, is_fake = :no, erased_at = :now, payload = NULL, recipient = ''",
        yes=True,
        no=False,
        now=now(),
    )
    check(customer.get(f"{base}/{row.id}"), customer.get(f"{base}/"))


def test_messages_after_something_was_done(portal, customer):
    customer.post(f"/accounts/{customer.account}/channels/connect", {"channel_uuid": str(uuid4())})
    check(customer.get(f"/accounts/{customer.account}/channels/"))
    customer.post("/profile/password", {"current": PASSWORD, "password": "granite-lemon-orbit-9920"})
    check(customer.get("/profile/password"))
    customer.post("/logout")
    check(customer.get("/login"))


def test_every_page_there_is(portal, customer):
    """Also those that no test above knows: all that can be opened without naming a thing that must exist."""
    staff = _staff(portal)
    opened = 0
    for rule in portal.app.url_map.iter_rules():
        named = set(rule.arguments)
        if "GET" not in (rule.methods or ()) or rule.endpoint.endswith("static") or named - {"account_id"}:
            continue
        path = rule.rule.replace("<uuid:account_id>", customer.account)
        for browser in (customer, staff):
            page = browser.open(path)
            if page.response.mimetype == "text/html":
                check(page)
                opened += 1
    assert opened > 10


def test_mails(portal, customer):
    """Their words too; addresses and names are data."""
    customer.post("/logout")
    customer.post("/password/forgot", {"email": JANE})
    customer.post("/login", {"email": JANE, "password": PASSWORD})
    customer.post("/profile/email", {"email": "member@acme.example.com", "password": PASSWORD})
    link = portal.link("member@acme.example.com", "email").removeprefix("http://localhost")
    customer.post(link)
    for mail in portal.mails(JANE) + portal.mails("member@acme.example.com"):
        text = re.sub(r"https?://\S+", " ", mail["subject"] + "\n" + mail["text"])
        left = outside(text)
        assert not re.search(r"[^\W\d_]{2,}", left), left
    assert portal.mails(JANE)
