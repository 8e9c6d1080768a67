"""Another Connexease: the sandbox's rules behind an API of other habits, within the same contract."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.processes.serving import Quiet, serving


class Habits:
    """Stands in front of the sandbox and answers in its own way.

    Attributes:
        page_size: of every list; `next` carries a cursor of its own and no page number.
        alter: by "METHOD last-part-of-the-path": what becomes of the JSON object of an answer, or of each item of a
            list. A change to None answers with an empty body.
        status: by the same names: the status of a success.
    """

    def __init__(self, behind: str) -> None:
        self.behind = urlsplit(behind)
        self.url = ""
        self.forget()

    def forget(self) -> None:
        """Answer as the sandbox does, on one page."""
        self.page_size = 1000
        self.alter: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.status: dict[str, int] = {}

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(target)
        kind = f"{method} {_kind(parts.path)}"
        status, content = self._ask(method, parts.path, headers, body)
        if status >= 300 or not isinstance(content, dict):
            return status, json.dumps(content).encode()
        change = self.alter.get(kind, lambda item: item)
        if "results" in content:
            items = [change(item) for item in [*content["results"], *self._rest(content["next"], headers)]]
            content = self._page(parts.path, items, int(parse_qs(parts.query).get("after", ["0"])[0]))
        else:
            content = change(content)
        return self.status.get(kind, status), b"" if content is None else json.dumps(content).encode()

    def _rest(self, link: str | None, headers: dict[str, str]) -> Iterator[Any]:
        while link:
            parts = urlsplit(link)
            _status, page = self._ask("GET", f"{parts.path}?{parts.query}", headers, b"")
            yield from page["results"]
            link = page["next"]

    def _page(self, path: str, items: list[Any], after: int) -> dict[str, Any]:
        end = after + self.page_size
        link = (
            f"{self.url}{path}?limit={self.page_size}&after={end}&cursor=bz0x%2Fcj0%3D"
            if end < len(items)
            else None
        )
        return {"count": len(items), "results": items[after:end], "next": link, "previous": None, "took_ms": 3}

    def _ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self.behind.netloc, timeout=20)
        try:
            kept = {
                name: value for name, value in headers.items() if name.lower() in ("authorization", "content-type")
            }
            connection.request(method, target, body or None, kept)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        finally:
            connection.close()


def _kind(path: str) -> str:
    """What a path is about: `accounts`, `webhooks`, `webhooks/one`."""
    parts = [part for part in path.split("/") if part]
    return parts[-1] if parts[-1].isidentifier() or parts[-1] == "access-token" else f"{parts[-2]}/one"


@contextmanager
def other_habits(behind: str) -> Iterator[Habits]:
    """The sandbox at `behind`, with other habits."""
    habits = Habits(behind)

    class Handler(Quiet, BaseHTTPRequestHandler):
        def _serve(self) -> None:
            try:
                status, content = habits.answer(self.command, self.path, dict(self.headers), self.whole_body())
            except OSError:  # the sandbox gave none, so this gives none
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - the library's names

    with serving(Handler) as habits.url:
        yield habits
