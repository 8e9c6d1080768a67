"""Pages and mails come in the reader's language: of the profile, of the choice at the foot, of the browser."""

import pytest

from portal.models import Mail, Person
from tests.support.application.pages import select_one
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.sources import pseudo

JANE = DETAILS["contact_email"]


@pytest.fixture(autouse=True, scope="module")
def _pseudo_languages(tmp_path_factory):
    with pseudo.spoken(tmp_path_factory.mktemp("languages")):
        yield


def language_of(page) -> tuple[str, str]:
    return page.root.attrib["lang"], page.root.attrib["dir"]


def test_the_browser_says_which(portal):
    visitor = portal.browser()
    page = visitor.send("GET", "/", headers={"Accept-Language": "fr, eo;q=0.8, en;q=0.5"})
    assert language_of(page) == ("eo", "ltr")
    assert page.response.headers["Content-Language"] == "eo"
    assert "Accept-Language" in page.response.headers["Vary"]
    assert pseudo.OPEN in page.select_one("h1").text_content()
    assert language_of(visitor.send("GET", "/", headers={"Accept-Language": "fr"})) == ("en", "ltr")


def test_a_choice_at_the_foot_holds_for_every_page(portal):
    visitor = portal.browser()
    page = visitor.get("/login?next=/profile")
    switch = page.select_one("form.languages")
    assert select_one(switch, "button").text_content() == "English"
    data = {"language": "he", "next": select_one(switch, "input").attrib["value"]}
    answer = visitor.send("POST", switch.attrib["action"], data=data)
    assert answer.goes_to == "/login?next=/profile"
    assert language_of(visitor.get("/signup")) == ("he", "rtl")
    assert visitor.send("POST", "/language", data={"language": "xx"}).status == 404
    assert visitor.send("POST", "/language", data={"language": "eo", "next": "//evil.example"}).goes_to == "/"
    assert visitor.send("POST", "/language", data={"language": "eo", "next": "/logout"}).goes_to == "/"


def test_a_person_is_written_to_in_their_language(portal):
    visitor = portal.browser()
    visitor.send("POST", "/language", data={"language": "eo", "next": "/"})
    visitor.post("/signup", {**DETAILS, "password": PASSWORD})
    assert portal.one(Person).language == "eo"
    # Whoever asks for it: the mail is in the language of its reader.
    portal.browser().post("/password/forgot", {"email": JANE})
    assert portal.mails(JANE)[0]["subject"].startswith(pseudo.OPEN)


def test_the_profile_has_the_last_word(portal):
    browser, _account = portal.customer()
    assert language_of(browser.get("/profile")) == ("en", "ltr")
    page = browser.submit(browser.get("/profile"), "Save", language="he")
    assert language_of(browser.get(page.goes_to)) == ("he", "rtl")
    browser.submit(browser.get("/profile"), "Save", language="")
    assert portal.one(Person).language is None


def test_somebody_unknown_is_written_to_in_the_language_of_the_page(portal):
    browser, account = portal.customer()
    browser.send("POST", "/language", data={"language": "eo", "next": "/"})
    browser.post(f"/accounts/{account}/settings/invitations", {"email": "new@example.com", "role": "member"})
    assert {mail.language for mail in portal.rows(Mail) if mail.to == "new@example.com"} == {"eo"}
