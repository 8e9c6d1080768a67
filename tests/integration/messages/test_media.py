"""A look at the file that WhatsApp will fetch: what speaks against it, and where nobody looks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import pytest

from portal import outbound
from portal.connexease import schemas
from portal.messages.compose import media_check
from tests.integration.messages.conftest import RECIPIENT, Sender
from tests.support.processes.serving import Quiet, serving

Check = Callable[..., media_check.Report]


@dataclass
class Files:
    """A server on this machine, which answers as it is told."""

    url: str = ""
    head: int = 200
    get: int = 206
    headers: dict[str, str] = field(default_factory=dict)
    get_headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def files() -> Iterator[Files]:
    told = Files()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            told.asked.append((self.command, self.headers["Range"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            self._answer(told.head, told.headers, b"")

        def do_GET(self) -> None:
            self._answer(told.get, told.get_headers, told.body)

    with serving(Handler) as url:
        told.url = f"{url}/a.png"
        yield told


@pytest.fixture
def check(portal, files: Files) -> Check:
    def look(kind: str = "image", link: str = "") -> media_check.Report:
        with portal.app.test_request_context():
            return media_check.check(kind, link or files.url)

    return look


@pytest.mark.parametrize(
    ("kind", "type_", "size"),
    [
        ("image", "image/jpeg", 5_000_000),
        ("image", "IMAGE/PNG; charset=binary", 1),
        ("audio", "audio/mpeg", 16_000_000),
        ("audio", "audio/ogg; codecs=opus", 9),
        ("audio", "audio/aac", 9),
        ("audio", "audio/amr", 9),
        ("video", "video/mp4", 9),
        ("document", "application/pdf", 99_000_000),
    ],
)
def test_a_file_that_whatsapp_takes(check: Check, files: Files, kind: str, type_: str, size: int) -> None:
    files.headers = {"Content-Type": type_, "Content-Length": str(size)}
    assert check(kind) == media_check.Report((), type_.partition(";")[0].lower(), size)
    assert files.asked == [("HEAD", None)]


@pytest.mark.parametrize(
    ("kind", "status", "headers", "says"),
    [
        (
            "image",
            200,
            {"Content-Type": "image/webp", "Content-Length": "9"},
            "is image/webp. WhatsApp accepts JPEG",
        ),
        ("image", 200, {"Content-Type": "text/html", "Content-Length": "9"}, "is text/html"),
        ("image", 200, {"Content-Length": "9"}, "doesn't say what type"),
        ("image", 200, {"Content-Type": "image/png"}, "doesn't say how large"),
        ("image", 200, {"Content-Type": "image/png", "Content-Length": "0"}, "is empty"),
        (
            "image",
            200,
            {"Content-Type": "image/png", "Content-Length": "5100000"},
            "The file is 5.1 MB. WhatsApp accepts up to 5 MB",
        ),
        ("audio", 200, {"Content-Type": "audio/mpeg", "Content-Length": "17000000"}, "up to 16 MB"),
        ("audio", 200, {"Content-Type": "audio/wav", "Content-Length": "9"}, "is audio/wav"),
        ("audio", 200, {"Content-Type": "audio/ogg; codecs=vorbis", "Content-Length": "9"}, "OGG (Opus)"),
        ("document", 200, {"Content-Type": "text/html", "Content-Length": "9"}, "a web page, not a file"),
        ("image", 302, {"Location": "http://127.0.0.1:1/"}, "redirects to another one"),
        ("image", 410, {}, "status 410"),
        ("image", 401, {}, "let everyone download the file (status 401)"),
    ],
)
def test_what_speaks_against_it(
    check: Check, files: Files, kind: str, status: int, headers: dict[str, str], says: str
) -> None:
    files.head, files.headers = status, headers
    assert says in " ".join(check(kind).doubts)


@pytest.mark.parametrize("head", [405, 403, 404, 501])
@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (206, {"Content-Range": "bytes 0-0/1234", "Content-Length": "1"}, b"x"),
        (200, {"Content-Length": "1234"}, b"x" * 1234),
    ],
)
def test_where_head_is_refused_the_first_byte_is_asked_for(
    check: Check, files: Files, head: int, status: int, headers: dict[str, str], body: bytes
) -> None:
    files.head, files.get, files.body = head, status, body
    files.get_headers = {"Content-Type": "image/png", **headers}
    assert check() == media_check.Report((), "image/png", 1234)
    assert files.asked == [("HEAD", None), ("GET", "bytes=0-0")]


def test_where_both_are_refused(check: Check, files: Files) -> None:
    files.head, files.get = 405, 404
    assert "status 404" in check().doubts[0]


@pytest.mark.parametrize(
    "host", ["10.0.0.8", "169.254.169.254", "[::ffff:10.0.0.8]", "[fd00::1]", "100.64.0.1", "0.0.0.0"]
)
def test_nobody_looks_into_our_own_network(check: Check, host: str) -> None:
    assert "private network" in check(link=f"https://{host}/a.png").doubts[0]


def test_in_production_this_machine_is_none_of_theirs(
    portal, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal.app.test_request_context():
        monkeypatch.setattr(portal.app.config["SETTINGS"], "portal_env", "production")
        assert "private network" in media_check.check("image", files.url).doubts[0]
    assert files.asked == []


def test_hosts_that_are_not_there(check: Check) -> None:
    assert "We found no server called files.invalid" in check(link="https://files.invalid/a.png").doubts[0]
    assert "couldn't reach" in check(link="http://127.0.0.1:9/a.png").doubts[0]


def test_a_server_that_does_not_speak_tls(check: Check, files: Files) -> None:
    assert "certificate" in check(link=files.url.replace("http:", "https:")).doubts[0]


def test_the_review_shows_it_and_does_not_insist(sender: Sender, files: Files) -> None:
    files.headers = {"Content-Type": "image/png", "Content-Length": "1500000"}
    picture = schemas.ImageMessage(to=RECIPIENT, image=schemas.Picture(link=files.url))
    message_id = sender.prepare(picture)
    page = sender.browser.get(f"{sender.root}{message_id}/review")
    assert "image/png, 1.5 MB" in page.text
    assert "WhatsApp may refuse the file" not in page.text
    files.headers = {"Content-Type": "text/html"}
    page = sender.browser.get(f"{sender.root}{message_id}/review")
    assert "WhatsApp may refuse the file" in page.text
    assert [button.text_content().strip() for button in page.select("main .btn-primary")] == ["Send message"]


def test_the_file_of_a_templates_header_is_looked_at_too(sender: Sender, files: Files) -> None:
    files.headers = {"Content-Type": "text/html", "Content-Length": "9"}
    header = {"type": "header", "parameters": [{"type": "video", "video": {"link": files.url}}]}
    use = {"name": "sale", "language": {"code": "en"}, "components": [header]}
    message_id = sender.prepare(schemas.TemplateMessage.model_validate({"to": RECIPIENT, "template": use}))
    assert "WhatsApp accepts MP4, 3GP" in sender.browser.get(f"{sender.root}{message_id}/review").text


def test_looks_are_counted(make_portal, files: Files) -> None:
    portal = make_portal(throttle_factor=1)
    browser, account_id = portal.customer()
    from tests.integration.messages.conftest import Sender as Writer  # noqa: PLC0415

    uuid = str(portal.account("jane@acme.example.com").connexease_uuid)
    key = portal.control.issue_gateway_key(uuid)
    browser.post(f"/accounts/{account_id}/tokens/gateway/new", {"name": "Shop gateway", "key": key})
    sender = Writer(browser, portal, portal.control, account_id, uuid, key)
    files.headers = {"Content-Type": "image/png", "Content-Length": "9"}
    message_id = sender.prepare(schemas.ImageMessage(to=RECIPIENT, image=schemas.Picture(link=files.url)))
    for _ in range(21):
        page = browser.get(f"{sender.root}{message_id}/review")
    assert len(files.asked) == 20
    assert "We didn't check the file" in page.text


def test_a_server_that_drips(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "DEADLINE", 0.3)
    with socket_that_says_nothing() as url:
        assert "didn't answer within 5 seconds" in check(link=url).doubts[0]


class socket_that_says_nothing:  # noqa: N801
    """A server that takes the connection and leaves it at that."""

    def __enter__(self) -> str:
        import socket  # noqa: PLC0415

        self._server = socket.create_server(("127.0.0.1", 0))
        return f"http://127.0.0.1:{self._server.getsockname()[1]}/a.png"

    def __exit__(self, *_: object) -> None:
        self._server.close()
