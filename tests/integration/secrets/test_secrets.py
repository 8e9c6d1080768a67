"""Whole journeys at DEBUG level: no log record, exception, page or representation shows a secret."""

from portal.models import EmailLink, OnboardingAttempt, Person, PortalWebhook
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.suite.log import log  # noqa: F401 - a fixture

JANE = DETAILS["contact_email"]
NEW_PASSWORD = "granite-lemon-orbit-9920"
FIXED = {
    "the reseller's token": "planted-reseller-token-9b1f",
    "the secret key": "planted-secret-key-0123456789abcdefghijklmnopqrstuvwxyz",
    "the vault's key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "the mail server's password": "planted-mail-password",
    "the password": PASSWORD,
    "the new password": NEW_PASSWORD,
    "a wrong password": "wrong-planted-password",
}


def sealed(portal) -> dict[str, str]:
    """The secrets that this journey made."""
    found = {}
    for number, webhook in enumerate(portal.control.webhooks()):
        found[f"webhook secret {number}"] = webhook["headers"]["X-Portal-Secret"]
    for number, token in enumerate(portal.control.onboarding_tokens()):
        found[f"dialog token {number}"] = token["token"]
    for number, link in enumerate(link for mail in portal.control.mails() for link in mail["links"]):
        if "/verify/" in link or "/reset/" in link:
            found[f"link token {number}"] = link.rpartition("/")[2]
    return found


def fail_somewhere(portal) -> None:
    """Let the vendor misbehave in the ways that make code quote what it sent or got."""
    token = FIXED["the reseller's token"]
    echo = {"name": [f"Bearer {token} is odd"], "detail": token}
    portal.control.fault("status", "^/accounts/$", "POST", status=400, body=echo)
    portal.control.fault("reset_after", "webhooks/$", "POST")
    portal.control.fault("html", "webhooks/$", "GET", status=200)
    portal.control.fault("truncated", "onboarding/$", "POST")


def test_a_whole_journey(make_portal, log, capfd, sandbox):  # noqa: F811
    host = sandbox.smtp_url.removeprefix("smtp://")
    mail_password = FIXED["the mail server's password"]
    portal = make_portal(signup_policy="verified", mail_url=f"smtp://user:{mail_password}@{host}")
    pages = []
    fail_somewhere(portal)
    browser = portal.browser()
    pages += [portal.sign_up(browser, password="wrong-planted-password", name=""), portal.sign_up(browser)]
    # This mail server wants no log-in, so the first try fails with the password at hand.
    portal.settle(rounds=2)
    portal = make_portal(signup_policy="verified")
    portal.settle()
    link = portal.link(JANE, "verify")
    other = portal.browser()
    page = other.get(link)
    pages += [page, other.submit(page, "Confirm", password="wrong-planted-password")]
    pages += [other.submit(page, "Confirm", password=PASSWORD)]
    portal.settle()
    account = portal.account(JANE).id
    pages += [other.get(f"/accounts/{account}/setup"), other.get(f"/accounts/{account}/setup/details")]
    pages += [other.submit(pages[-1], name="Corrected")]
    portal.settle()
    portal.is_set_up_once()
    for _ in range(2):
        pages += [other.post(f"/accounts/{account}/channels/connect")]
    pages += [other.open(f"/accounts/{account}/"), other.open(f"/accounts/{account}/channels/")]
    forgot = portal.browser()
    forgot.submit(forgot.get("/password/forgot"), email=JANE)
    reset = forgot.get(portal.link(JANE, "reset"))
    pages += [reset, forgot.submit(reset, password=NEW_PASSWORD)]
    change = forgot.get("/profile/password")
    pages += [forgot.submit(change, current=PASSWORD, password="wrong-planted-password")]
    portal.sql("ALTER TABLE channel RENAME TO away")
    pages += [forgot.get(f"/accounts/{account}/channels/")]
    assert pages[-1].status == 500
    portal.sql("ALTER TABLE away RENAME TO channel")

    found = sealed(portal)
    assert any(name.startswith("webhook") for name in found)
    assert any(name.startswith("dialog") for name in found)
    assert any(name.startswith("link") for name in found)
    text = "\n".join(log.lines) + "".join(capfd.readouterr())
    assert len(log.lines) > 100, "the log was not listened to"
    shown = [name for name, secret in {**FIXED, **found}.items() if secret in text]
    assert shown == []
    _pages_show_nothing(pages, found)
    _rows_show_nothing(portal, found)


def _pages_show_nothing(pages, found) -> None:
    """Except where somebody is meant to follow a link: the form behind a mailed link posts back to it."""
    for page in pages:
        html = page.response.get_data(as_text=True)
        for name, secret in {**FIXED, **found}.items():
            own_link = name.startswith("link") and secret in page.path
            dialog = name.startswith("dialog")
            assert secret not in html or own_link or dialog, (page.path, name)


def _rows_show_nothing(portal, found) -> None:
    for model in (Person, EmailLink, PortalWebhook, OnboardingAttempt):
        for row in portal.rows(model):
            for name, secret in {**FIXED, **found}.items():
                assert secret not in repr(row), (model, name)
            assert "argon2" not in repr(row)
            assert "v1." not in repr(row)


def test_what_is_at_rest_is_sealed(portal, database_url):
    """Not one secret stands in clear in the database's file."""
    browser, account = portal.customer()
    browser.post(f"/accounts/{account}/channels/connect")
    visitor = portal.browser()
    visitor.submit(visitor.get("/password/forgot"), email=JANE)
    portal.work()
    stored = b"".join(path.read_bytes() for path in _files(database_url))
    found = sealed(portal)
    assert len(found) >= 3
    for name, secret in {**FIXED, **found}.items():
        assert secret.encode() not in stored, name


def _files(url):
    from pathlib import Path  # noqa: PLC0415

    file = Path(url.removeprefix("sqlite:///"))
    return [path for path in file.parent.glob(file.name + "*") if path.is_file()]


def test_representations(portal):
    app = portal.app
    for thing in (
        app.config["SETTINGS"],
        app.extensions["vault"],
        app.extensions["connexease"],
        app.extensions["connexease"].reseller,
        app.extensions["huey"],
    ):
        for name, secret in FIXED.items():
            assert secret not in repr(thing) + str(thing), (thing, name)
