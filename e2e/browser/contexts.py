"""Browser contexts that tests have done with, made as good as new.

A context that was used keeps the portal's scripts and styles, and the process that shows its pages has them
compiled, for the page after it. Each keeps a quiet tab, so that this process goes on from test to test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.support.processes.serving import Quiet, serving


class _Nothing(Quiet, BaseHTTPRequestHandler):
    """A page of the same site as every stack: sites do not differ by their ports."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", "0")
        self.end_headers()


class Contexts:
    """The contexts of one browser, by what they were opened with. Nothing that a page of the portal keeps is in
    them but cookies; its pages use no other storage."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: dict[str, list[BrowserContext]] = {}
        self._serving = ExitStack()

    def __enter__(self) -> Self:
        self._quiet = self._serving.enter_context(serving(_Nothing))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serving.close()

    @contextmanager
    def take(self, group: str, **options: Any) -> Iterator[BrowserContext]:
        """A context with these options that nobody else has meanwhile; contexts of different groups never mix."""
        idle = self._idle.setdefault(repr((group, sorted(options.items()))), [])
        context = idle.pop() if idle else self._open(options)
        yield context
        if not context.pages:  # it has been closed
            return
        quiet, *others = context.pages
        for page in others:
            page.close()
        if not _answers(quiet):
            context.close()
            return
        context.clear_cookies()
        if "permissions" not in options:
            context.clear_permissions()
        idle.append(context)

    @contextmanager
    def open(self, **options: Any) -> Iterator[BrowserContext]:
        """A context for one test alone."""
        context = self._browser.new_context(**options)
        yield context
        context.close()

    def _open(self, options: dict[str, Any]) -> BrowserContext:
        context = self._browser.new_context(**options)
        context.new_page().goto(self._quiet)
        return context


def _answers(page: Page) -> bool:
    """Whether the process that shows this page, and every other of its context, still does anything."""
    try:
        page.wait_for_function("() => true")
    except Error:
        return False
    return True
