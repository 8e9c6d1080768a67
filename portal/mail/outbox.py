"""The outbox: a mail is promised in the transaction that needs it, and written and sent by the worker.

A mail's links are made when it is written, so no usable link ever lies in the outbox.
"""

import logging
import smtplib
import ssl
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.utils import formataddr, formatdate, make_msgid, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import sqlalchemy as sa
from flask import current_app, g
from flask_babel import force_locale
from sqlmodel import col

from portal.brand.current import brand
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session, settings
from portal.i18n import READER_IS_STAFF, language
from portal.mail import samples, writing
from portal.models import Mail, MailKind, MailState, Person, now
from portal.settings import is_loopback
from portal.translations import SOURCE

log = logging.getLogger(__name__)

SMTP_TIMEOUT = 15
GREETING_TIMEOUT = 5
CLAIM = timedelta(minutes=2)
MAX_ATTEMPTS = 12

Context = writing.Context
writers: dict[MailKind, Callable[[Mail], Context | None]] = {}
"""For each kind the function that makes what its template needs; none means there is nothing to send."""


def promise(kind: MailKind, to: str, **context: Any) -> Mail:
    """Put a mail into the outbox, in the transaction at hand. After the commit: `wake("mail", str(mail.id))`.

    Args:
        to: the address.
        context: facts for the mail, as JSON; never a secret or a link that opens something.
    """
    mail = Mail(kind=kind, to=to, language=language(), context=context)
    session().add(mail)
    return mail


def writes(kind: MailKind) -> Callable[[Callable[[Mail], Context | None]], Callable[[Mail], Context | None]]:
    """Register the function that prepares this kind of mail when it is sent."""

    def register(function: Callable[[Mail], Context | None]) -> Callable[[Mail], Context | None]:
        writers[kind] = function
        return function

    return register


def send(mail_id: UUID) -> None:
    """Write and send one mail if it is due and nobody else is at it."""
    with unit_of_work():
        mail = _claim(mail_id)
        if mail is None:
            return
        try:
            message = _write(mail)
        except Exception:
            log.exception("a mail of kind %s could not be written", mail.kind)
            session().rollback()
            _note(mail, "The email couldn't be written.")
            session().commit()
            return
        if message is None:
            mail.state, mail.next_attempt_at = MailState.DROPPED, None
            session().commit()
            return
        session().commit()  # the link that the mail carries must work before the mail can arrive
        problem = _hand_over(message)
        _note(mail, problem)
        session().commit()


def greet() -> str:
    """Say hello to the mail server; returns the kind of problem, or an empty string."""
    url = settings().mail_url
    try:
        with _connect(url.get_secret_value() if url else "", GREETING_TIMEOUT) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return type(error).__name__
    return ""


def try_again(limit: int = 500) -> list[UUID]:
    """Put mails back into the outbox that were tried to the end. The caller commits, and wakes the worker."""
    failed = sa.select(col(Mail.id)).where(col(Mail.state) == MailState.FAILED)
    found = list(session().execute(failed.order_by(col(Mail.created_at)).limit(limit)).scalars())
    again = sa.update(Mail).where(col(Mail.id).in_(found), col(Mail.state) == MailState.FAILED)
    session().execute(again.values(state=MailState.WAITING, attempts=0, next_attempt_at=now(), claimed_until=None))
    return found


def due(limit: int = 100) -> list[UUID]:
    """The mails that should be tried now."""
    query = (
        sa.select(col(Mail.id))
        .where(col(Mail.state) == MailState.WAITING, col(Mail.next_attempt_at) <= now())
        .order_by(col(Mail.next_attempt_at))
        .limit(limit)
    )
    return list(session().execute(query).scalars())


def _claim(mail_id: UUID) -> Mail | None:
    free = sa.or_(col(Mail.claimed_until).is_(None), col(Mail.claimed_until) < now())
    claimed = session().execute(
        sa.update(Mail)
        .where(
            col(Mail.id) == mail_id,
            col(Mail.state) == MailState.WAITING,
            col(Mail.next_attempt_at) <= now(),
            free,
        )
        .values(claimed_until=now() + CLAIM, attempts=col(Mail.attempts) + 1)
    )
    session().commit()
    return session().get(Mail, mail_id, populate_existing=True) if claimed.rowcount else None  # type: ignore[attr-defined]


def _write(mail: Mail) -> EmailMessage | None:
    """Write it as its reader reads, whoever promised it."""
    query = sa.select(col(Person.language), col(Person.staff_role)).where(col(Person.email) == mail.to)
    own, staff_role = session().execute(query).one_or_none() or (None, None)
    is_sample = samples.SAMPLE in mail.context
    chosen = (mail.language if is_sample else own or mail.language) or SOURCE
    with current_app.test_request_context(base_url=settings().public_url), force_locale(chosen):
        setattr(g, READER_IS_STAFF, staff_role is not None and not is_sample)
        return _written(mail)


def _written(mail: Mail) -> EmailMessage | None:
    context = _context(mail)
    if context is None:
        return None
    message = EmailMessage()
    message["From"] = _sender()
    message["To"] = mail.to
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(idstring=mail.id.hex, domain=urlsplit(settings().public_url).hostname)
    message["Auto-Submitted"] = "auto-generated"
    writing.put_into(message, writing.write(mail.kind, context))
    return message


def _context(mail: Mail) -> Context | None:
    if samples.SAMPLE in mail.context:
        return samples.context(mail.kind, mail.context[samples.SAMPLE])
    return writers[mail.kind](mail) if mail.kind in writers else dict(mail.context)


def _sender() -> str:
    """The address of `MAIL_FROM`, under the name that the brand has for it."""
    name, address = parseaddr(settings().mail_from)
    return formataddr((brand().sender_name or name, address))


def _hand_over(message: EmailMessage) -> str:
    """Give the mail to the mail server; returns the problem, or an empty string."""
    url = settings().mail_url
    if url is None:
        log.warning("MAIL_URL is not set: a mail was not sent")
        return "MAIL_URL is not set."
    try:
        with _connect(url.get_secret_value()) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        log.warning("the mail server did not take a mail: %s", type(error).__name__)
        return f"The mail server didn't accept it ({type(error).__name__})."
    return ""


def _connect(url: str, timeout: float = SMTP_TIMEOUT) -> smtplib.SMTP:
    parts = urlsplit(url)
    host, encrypted = parts.hostname or "localhost", parts.scheme == "smtps"
    server: smtplib.SMTP
    if encrypted:
        trusted = (
            ssl.create_default_context()
        )  # reads every certificate that is trusted here: only where it is needed
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=timeout, context=trusted)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=timeout)
    try:
        server.ehlo()
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            if not isinstance(server.sock, ssl.SSLSocket) and not is_loopback(host):
                raise smtplib.SMTPNotSupportedError("the mail server offers no TLS: the password stays here")
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _note(mail: Mail, problem: str) -> None:
    mail.claimed_until, mail.problem_text = None, problem
    if not problem:
        mail.state, mail.sent_at, mail.next_attempt_at = MailState.SENT, now(), None
    elif mail.attempts >= MAX_ATTEMPTS:
        mail.state, mail.next_attempt_at = MailState.FAILED, None
    else:
        mail.next_attempt_at = now() + timedelta(seconds=min(15 * 2**mail.attempts, 3600))
