"""The outbox: each mail is sent once, with links made when it is written, and never a password in clear."""

import datetime
import smtplib
import socket
from contextlib import ExitStack
from email.message import EmailMessage
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.extensions import session
from portal.mail import outbox
from portal.models import EmailLink, Mail, MailKind, MailState, now
from tests.support.application.portal import DETAILS
from tests.support.processes.ports import reserved_port
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases

JANE = DETAILS["contact_email"]
PASSWORD = "planted-mail-password"


def promise(portal, kind=MailKind.PASSWORD_CHANGED, to=JANE, **context) -> Any:
    def run():
        promised = outbox.promise(kind, to, **context)
        session().commit()
        return promised.id

    return portal.run(run)


@both_databases
def test_a_mail_is_sent_once_however_often_it_is_asked_for(portal):
    mail_id = promise(portal)
    at_once(*[lambda: portal.run(outbox.send, mail_id)] * 5)
    portal.let_time_pass()
    portal.sweep()
    portal.run(outbox.send, mail_id)
    assert len(portal.control.mails(JANE)) == 1
    row = portal.one(Mail)
    assert (row.state, row.attempts, row.next_attempt_at, row.claimed_until) == (MailState.SENT, 1, None, None)
    assert row.sent_at is not None


@both_databases
def test_a_mail_that_was_not_taken_is_tried_again_with_growing_delays(portal):
    portal.control.set(mail_refusal="451 Try again later")
    mail_id = promise(portal)
    for number in range(1, 6):
        began = now()
        portal.run(outbox.send, mail_id)
        row = portal.one(Mail)
        assert row.state == MailState.WAITING
        assert "didn't accept it" in row.problem_text
        assert row.claimed_until is None
        assert began <= row.next_attempt_at - datetime.timedelta(seconds=15 * 2**number) <= now()
        portal.run(outbox.send, mail_id)
        assert portal.one(Mail).attempts == row.attempts, "not before its time"
        portal.let_time_pass()
    portal.control.set(mail_refusal="")
    portal.sweep()
    assert portal.one(Mail).state == MailState.SENT
    assert portal.one(Mail).problem_text == ""
    assert len(portal.control.mails(JANE)) == 1


def test_a_mail_that_is_never_taken_is_given_up(portal):
    portal.control.set(mail_refusal="550 No")
    promise(portal)
    for _ in range(outbox.MAX_ATTEMPTS + 2):
        portal.let_time_pass()
        portal.sweep()
    row = portal.one(Mail)
    assert (row.state, row.attempts, row.next_attempt_at) == (MailState.FAILED, outbox.MAX_ATTEMPTS, None)


def test_a_mail_that_cannot_be_written_is_given_up_too(portal, caplog):
    promise(portal, MailKind.VERIFY)  # without the facts that its template needs
    for _ in range(outbox.MAX_ATTEMPTS + 2):
        portal.let_time_pass()
        portal.sweep()
    row = portal.one(Mail)
    assert (row.state, row.problem_text) == (MailState.FAILED, "The email couldn't be written.")
    assert portal.control.mails() == []


def test_a_claim_of_a_process_that_died_ends(portal):
    mail_id = promise(portal)
    portal.sql("UPDATE mail SET claimed_until = :t", t=now() + outbox.CLAIM)
    portal.sweep()
    assert portal.one(Mail).attempts == 0
    portal.sql("UPDATE mail SET claimed_until = :t", t=now() - datetime.timedelta(seconds=1))
    portal.run(outbox.send, mail_id)
    assert portal.one(Mail).state == MailState.SENT


@pytest.mark.parametrize("url", [None, "smtp://127.0.0.1:1"])
def test_without_a_mail_server_it_waits(make_portal, url):
    portal = make_portal(mail_url=url)
    promise(portal)
    portal.sweep()
    row = portal.one(Mail)
    assert row.state == MailState.WAITING
    assert row.problem_text


def test_no_usable_link_lies_in_the_outbox(verified):
    verified.sign_up()
    [waiting] = verified.rows(Mail)
    assert set(waiting.context) == {"person_id", "browser_hash", "session_epoch"}
    assert verified.rows(EmailLink) == []
    link = verified.link(JANE, "verify")
    token = link.rpartition("/")[2]
    [stored] = verified.rows(EmailLink)
    assert token not in (stored.token_hash, str(stored))
    assert len(token) >= 43
    assert verified.one(Mail).context == waiting.context


def test_nobody_gets_no_mail(portal):
    promise(portal, MailKind.RESET, "nobody@example.com")
    portal.sweep()
    assert portal.one(Mail).state == MailState.DROPPED
    assert portal.one(Mail).next_attempt_at is None
    assert portal.control.mails() == []


@pytest.mark.parametrize(
    "change", ["is_enabled = 0", "email = 'changed@example.com'", "email_verified_at = '2025-01-01 00:00:00'"]
)
def test_a_mail_whose_reason_is_gone_is_dropped(verified, change):
    verified.sign_up()
    verified.sql(f"UPDATE person SET {change}")
    verified.settle()
    assert verified.one(Mail).state == MailState.DROPPED
    assert verified.control.mails() == []


ABOUT_SOMETHING = (
    "key_",
    "token_",
    "account_invitation",
    "invitation",
    "resume",
    "webhook_",
    "new_email",
    "destination_",
    "campaign_",
)
"""About a key, an invitation, a webhook, a campaign or what else has to be there: tested where that is made."""


@pytest.mark.parametrize("kind", [kind for kind in MailKind if not kind.startswith(ABOUT_SOMETHING)])
def test_every_kind_can_be_written(verified, kind):
    verified.sign_up()
    person = verified.person(JANE)
    context = {"person_id": str(person.id), "account_id": str(person.id), "name": "Jane"}
    verified.sql("DELETE FROM mail")
    promise(verified, kind, **context)
    verified.sweep()
    [sent] = verified.control.mails(JANE)
    assert sent["subject"]
    assert "{{" not in sent["text"]
    assert "%(" not in sent["text"]
    assert all(link.startswith("http://localhost/") for link in sent["links"])


def test_a_name_cannot_write_headers_or_lines(verified):
    verified.sign_up(contact_name="Jane\r\nBcc: evil@example.com", name="<b>Acme & Sons</b>")
    assert verified.control.mails() == [] or "evil@example.com" not in verified.control.mails()[0]["to"]
    verified.work()
    for sent in verified.control.mails():
        assert sent["to"] == [JANE]


# --- with a password


class _Recorder:
    """A mail server's other end: what was said to it, and who logged in."""

    def __init__(self):
        self.logins: list[tuple[str, str, bool]] = []
        self.taken: list[str] = []

    def __call__(self, _server, session_, _envelope, mechanism, data):
        self.logins.append((data.login.decode(), data.password.decode(), session_.ssl is not None))
        return AuthResult(success=True)

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.taken.append(envelope.content.decode())
        return "250 OK"


@pytest.fixture
def certificate(tmp_path):
    """A key and a self-signed certificate for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def mail_server(certificate):
    """Start mail servers that want a login."""
    running = []

    def start(*, starttls: bool = False, tls: bool = False) -> tuple[_Recorder, int]:
        recorder = _Recorder()
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

        class Server(Controller):
            def factory(self):
                options = {"tls_context": context} if starttls else {}
                return SMTP(recorder, authenticator=recorder, auth_require_tls=False, **options)

        port = ports.enter_context(reserved_port())
        server = Server(recorder, "127.0.0.1", port, ssl_context=context if tls else None)
        server.start()
        running.append(server)
        return recorder, port

    with ExitStack() as ports:
        yield start
        for server in running:
            server.stop()


@pytest.fixture
def far_away(monkeypatch):
    """A name that is not this machine's, and leads to it all the same."""
    find = socket.getaddrinfo

    def lookup(host, *arguments, **options):
        return find("127.0.0.1" if host == "mail.example.com" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def test_no_password_goes_in_clear_to_another_machine(make_portal, mail_server, far_away, caplog):
    caplog.set_level("DEBUG")
    recorder, port = mail_server()
    portal = make_portal(mail_url=f"smtp://user:{PASSWORD}@mail.example.com:{port}")
    promise(portal)
    portal.sweep()
    assert recorder.logins == []
    assert recorder.taken == []
    assert portal.one(Mail).state == MailState.WAITING
    assert PASSWORD not in caplog.text + portal.one(Mail).problem_text


def test_a_password_on_this_machine_needs_no_tls(make_portal, mail_server):
    recorder, port = mail_server()
    portal = make_portal(mail_url=f"smtp://us%40er:{PASSWORD}%2F@localhost:{port}")
    promise(portal)
    portal.sweep()
    assert recorder.logins == [("us@er", f"{PASSWORD}/", False)]
    assert len(recorder.taken) == 1


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_password_goes_through_tls(make_portal, mail_server, certificate, monkeypatch, scheme):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    recorder, port = mail_server(starttls=scheme == "smtp", tls=scheme == "smtps")
    portal = make_portal(mail_url=f"{scheme}://user:{PASSWORD}@localhost:{port}")
    promise(portal)
    portal.sweep()
    assert portal.one(Mail).state == MailState.SENT, portal.one(Mail).problem_text
    assert [login[:2] for login in recorder.logins] == [("user", PASSWORD)]
    if scheme == "smtp":
        assert recorder.logins[0][2]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("host", ["localhost", "mail.example.com"])
def test_a_certificate_that_nobody_vouches_for_gets_nothing(make_portal, mail_server, far_away, scheme, host):
    recorder, port = mail_server(starttls=scheme == "smtp", tls=scheme == "smtps")
    portal = make_portal(mail_url=f"{scheme}://user:{PASSWORD}@{host}:{port}")
    promise(portal)
    portal.sweep()
    assert (recorder.logins, recorder.taken) == ([], [])
    assert portal.one(Mail).state == MailState.WAITING


def test_no_transaction_is_open_while_the_mail_server_is_asked(portal, monkeypatch):
    open_ = []
    send = smtplib.SMTP.send_message

    def watching(self, message: EmailMessage):
        open_.append(session().in_transaction())
        return send(self, message)

    monkeypatch.setattr(smtplib.SMTP, "send_message", watching)
    promise(portal)
    portal.sweep()
    assert open_ == [False]
