"""What stands between the browser and the world: a CDN out of reach, and a watch for whatever goes wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Route, WebError

from portal.settings import HTMX_CDN_URL

BEYOND_LOOPBACK = re.compile(r"^(https?|wss?)://(?!127\.0\.0\.1[:/])", re.IGNORECASE)
_FOUR_HUNDRED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


def htmx_file() -> Path:
    """htmx as the CDN serves it, put there at set-up."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    file = cache / "reseller-portal" / "htmx-4.0.1.min.js"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing: run `make setup`, which fetches it.")
    return file


class Watch:
    """Collects what must not happen in a context; `check` fails the test for it."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    def expect(self, pattern: str) -> None:
        """Console errors and failed requests that match are part of this test."""
        self._expected.append(re.compile(pattern))

    def over(self, context: BrowserContext, cdn: str) -> BrowserContext:
        """Watch a context in which the CDN is "reachable" (see `e2e.browser.cdn`), "unreachable" or "hanging"."""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("requestfailed", self._failed)
        if cdn != "reachable":
            context.route(HTMX_CDN_URL, _CDN[cdn])
            self.expect(re.escape(HTMX_CDN_URL))
        return context

    def leave(self, context: BrowserContext) -> None:
        """Look away from a context that others go on with."""
        context.remove_listener("console", self._console)
        context.remove_listener("weberror", self._error)
        context.remove_listener("requestfailed", self._failed)
        context.unroute_all()

    def check(self) -> None:
        """Fail for what was seen."""
        unexpected = [text for text in self.problems if not any(e.search(text) for e in self._expected)]
        assert not unexpected, "\n".join(["The browser complained:", *unexpected])

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error" or _FOUR_HUNDRED.search(message.text):
            return
        self.problems.append(f"{message.text} ({message.location.get('url')})")

    def _error(self, error: WebError) -> None:
        self.problems.append(f"uncaught: {error.error}")

    def _failed(self, request: Request) -> None:
        """Chromium is told of no name beyond this machine but the CDN's, so whatever is asked for there fails."""
        if BEYOND_LOOPBACK.match(request.url) and request.url != HTMX_CDN_URL:
            self.problems.append(f"a request was to leave this machine: {request.url}")


def _fail(route: Route) -> None:
    route.abort("connectionrefused")


def _hang(_route: Route) -> None:
    """Never answer."""


_CDN = {"unreachable": _fail, "hanging": _hang}
