"""The mail server: whatever is sent to it, to whomever, ends in the mailbox."""

from __future__ import annotations

import re
import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from aiosmtpd.controller import Controller

from portal.sandbox.core import Core
from portal.sandbox.state import Mail

_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
_BLOCKS = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol"}
_UNSEEN = {"style", "script", "head", "title"}


def links_in(text: str) -> list[str]:
    """The web addresses in a text, each once, in order."""
    return list(dict.fromkeys(link.rstrip(".,;:!?") for link in _LINK.findall(text)))


class _TextOfHtml(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._unseen = 0
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self.parts.append("\n")
        if tag == "a":
            self._href = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN
        if tag in _BLOCKS:
            self.parts.append("\n")
        if tag == "a" and self._href:
            self.parts.append(f" <{self._href}>")
            self._href = ""

    def handle_data(self, data: str) -> None:
        if self._unseen <= 0:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of_html(html: str) -> str:
    """HTML as plain text with the addresses of its links, never to be rendered."""
    parser = _TextOfHtml()
    parser.feed(html)
    parser.close()
    lines = [line.strip() for line in "".join(parser.parts).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _text_of(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    content = str(part.get_content())
    return text_of_html(content) if part.get_content_type() == "text/html" else content.strip()


def _html_of(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("html",))
    return str(part.get_content()) if part is not None else ""


class _Handler:
    def __init__(self, core: Core) -> None:
        self._core = core

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        text = _text_of(message)
        with self._core.changing() as state:
            if self._core.settings.mail_refusal:
                return self._core.settings.mail_refusal
            state.mails.append(
                Mail(
                    number=state.next_number(),
                    at=self._core.now(),
                    sender=str(message["From"] or envelope.mail_from or ""),
                    to=list(envelope.rcpt_tos),
                    subject=str(message["Subject"] or ""),
                    text=text,
                    links=links_in(text),
                    html=_html_of(message),
                )
            )
        return "250 OK"


class MailServer(Controller):
    """SMTP without log-in or encryption, on a socket that is already bound."""

    def __init__(self, core: Core, listener: socket.socket) -> None:
        # asyncio does this for the sockets that it makes itself; an answer of several lines takes 40 ms without.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host, port = listener.getsockname()[:2]
        super().__init__(_Handler(core), hostname=host, port=port)
        self._listener = listener

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)
