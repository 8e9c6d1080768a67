"""Each kind of mail is one calm page in the reader's language, and its two parts say the same."""

import re

import pytest
from flask_babel import force_locale
from lxml.html import document_fromstring

from portal.mail import samples, writing
from portal.models import Mail, MailKind, StaffRole
from tests.support.application.pages import select, texts
from tests.support.sources import pseudo

VARIANTS = samples.variants()
each = pytest.mark.parametrize(
    ("kind", "variant"), VARIANTS, ids=["-".join(filter(None, each)) for each in VARIANTS]
)


@pytest.fixture(scope="module", autouse=True)
def _mirrored(tmp_path_factory):
    with pseudo.spoken(tmp_path_factory.mktemp("languages"), pseudo.MIRRORED):
        yield


def letter(portal, kind, variant, language="en"):
    with portal.app.test_request_context(base_url="https://portal.example.com"), force_locale(language):
        return writing.write(kind, samples.context(kind, variant))


@each
def test_text_and_html_say_the_same(portal, kind, variant):
    found = letter(portal, kind, variant)
    root = document_fromstring(found.html)
    words = " ".join(texts(root.body).split())
    for line in found.text.splitlines():
        assert " ".join(line.removeprefix("- ").split()) in words
    assert len(found.subject) <= 50
    links = re.findall(r"https?://\S+", found.text)
    assert [a.attrib["href"] for a in select(root, "a.link")] == links
    assert [a.attrib["href"] for a in select(root, "a.button")] == links[:1]
    assert all(a.text_content().strip() for a in root.iter("a"))
    assert not list(root.iter("img", "script", "link", "iframe"))
    assert "url(" not in found.html


@each
def test_a_reader_gets_it_in_their_language(portal, kind, variant):
    found = letter(portal, kind, variant, pseudo.MIRRORED)
    root = document_fromstring(found.html)
    assert (root.attrib["lang"], root.attrib["dir"]) == ("he", "rtl")
    assert found.subject.startswith(pseudo.OPEN)
    sentences = [line for line in found.text.splitlines() if line and not re.match(r"https?://", line)]
    left = [line for line in sentences if pseudo.OPEN not in line]
    assert left in ([], ["Reseller portal"])


def test_staff_look_at_every_mail_and_send_themselves_one(portal):
    browser = portal.staff(StaffRole.SUPPORT)
    page = browser.get("/staff/emails/")
    links = [
        a.attrib["href"]
        for a in page.select("main li a")
        if "/emails/" in a.attrib["href"] and a.get("aria-current") is None
    ]
    assert len({link for link in links if link.count("/") == 3}) >= len(VARIANTS)
    page = browser.get("/staff/emails/second_factor?variant=used&language=he")
    assert pseudo.OPEN in page.select_one("h1").text_content()
    frame = browser.client.get(page.select_one("iframe").attrib["src"], base_url=browser.base)
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    browser.submit(page, "Send me this email")
    mail = portal.mails("support@reseller.example.com")[0]
    assert mail["subject"].startswith(pseudo.OPEN)
    assert 'class="card"' in mail["html"]
    assert {mail.kind for mail in portal.rows(Mail)} == {MailKind.SECOND_FACTOR}
    assert browser.get("/staff/emails/reset?variant=other").status == 404
    assert browser.get("/staff/emails/nothing").status == 404
    assert portal.staff(StaffRole.READ_ONLY).post("/staff/emails/reset").status == 403
