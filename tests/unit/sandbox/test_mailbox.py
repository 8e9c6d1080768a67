"""Mail over SMTP, the mailbox page and its JSON."""

import smtplib
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest

LINK = "http://127.0.0.1:8000/confirm?token=abc&next=/"


@pytest.fixture
def deliver(sandbox):
    def send(subject="Confirm your address", text=f"Hello,\n\n{LINK}.\n", html=None, to="jane@example.com"):
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = subject, "Portal <portal@example.com>", to
        if text is not None:
            mail.set_content(text)
            if html:
                mail.add_alternative(html, subtype="html")
        else:
            mail.set_content(html, subtype="html")
        address = urlsplit(sandbox.smtp_url)
        with smtplib.SMTP(address.hostname, address.port, timeout=20) as server:
            return server.send_message(mail)

    return send


def test_every_mail_lands_in_the_mailbox_newest_first(deliver, control):
    deliver("First")
    deliver("Zweite: Grüße", to="Jane@example.com, joe@example.com")

    second, first = control.mails()
    assert (first["subject"], second["subject"]) == ("First", "Zweite: Grüße")
    assert second["to"] == ["Jane@example.com", "joe@example.com"]
    assert second["sender"] == "Portal <portal@example.com>"
    assert second["links"] == [LINK]
    assert [mail["subject"] for mail in control.mails(to="joe@example.com")] == ["Zweite: Grüße"]
    assert len(control.mails(to="jane@EXAMPLE.com")) == 2
    control.clear_mails()
    assert control.mails() == []


def test_text_is_preferred_and_html_becomes_text(deliver, control):
    html = (
        "<html><head><style>p{}</style></head><body><p>Hello&nbsp;Jane</p>"
        f"<a href='{LINK.replace('&', '&amp;')}'>Confirm</a></body></html>"
    )
    deliver(text="Plain words", html=html)
    deliver(text=None, html=html)

    page, plain = control.mails()
    assert plain["text"] == "Plain words"
    assert page["text"].split() == ["Hello", "Jane", "Confirm", f"<{LINK}>"]
    assert page["links"] == [LINK]


def test_the_page_makes_links_and_nothing_else(deliver, api):
    deliver("<b>Subject</b>", f"<script>alert(1)</script> {LINK}")
    deliver("Second", text=None, html="<img src=x onerror=alert(1)><p>Words</p>")

    page = api.get("/mailbox").text
    assert f'<a href="{LINK.replace("&", "&amp;")}" rel="noreferrer">' in page
    assert "&lt;script&gt;" in page
    assert "<b>Subject</b>" not in page
    assert "onerror" not in page
    assert page.index("Second") < page.index("&lt;b&gt;Subject")


def test_mail_can_be_refused(deliver, control):
    control.set(mail_refusal="451 Try again later")

    with pytest.raises(smtplib.SMTPDataError, match="Try again later"):
        deliver()
    assert control.mails() == []
