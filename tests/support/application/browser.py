"""A browser without JavaScript: it follows links and sends forms, and looks at every answer as it comes."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, session
from flask_wtf.csrf import generate_csrf
from lxml.html import HtmlElement, tostring
from werkzeug.test import TestResponse

from tests.support.application import pages

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


class Page:
    """One answer.

    Args:
        root: what lxml reads of it, if it is HTML.
    """

    def __init__(self, path: str, response: TestResponse, root: HtmlElement | None) -> None:
        self.path = path
        self.response = response
        self._root = root

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def root(self) -> HtmlElement:
        """The answer as lxml reads it; of a fragment it makes a page."""
        assert self._root is not None, f"{self.path} answered {self.status} without HTML"
        return self._root

    @property
    def is_fragment(self) -> bool:
        """Whether it is HTML for a part of a page."""
        assert self._root is not None, f"{self.path} answered {self.status} without HTML"
        return "<html" not in self.response.text

    def select(self, css: str, text: str | None = None) -> list[HtmlElement]:
        """What the selector finds, of which perhaps only those with exactly this text."""
        return pages.select(self.root, css, text)

    def select_one(self, css: str, text: str | None = None) -> HtmlElement | None:
        """The first that `select` finds."""
        return pages.select_one(self.root, css, text)

    @property
    def html(self) -> str:
        """The whole answer, as lxml writes what it read."""
        return str(tostring(self.root, encoding="unicode"))

    @property
    def text(self) -> str:
        """What can be read on the page."""
        return " ".join(pages.texts(self.root).split())

    @property
    def timeless(self) -> str:
        """What can be read on the page but how long ago something was, which counts on from one answer to the next."""
        root = deepcopy(self.root)
        for tag in root.iter("time"):
            tag.clear(keep_tail=True)
            tag.text = "then"
        return " ".join(pages.texts(root).split())

    @property
    def goes_to(self) -> str:
        """Where it leads: a redirect, or what htmx is told."""
        return str(self.response.headers.get("Location") or self.response.headers.get("HX-Redirect") or "")

    @property
    def errors(self) -> dict[str, str]:
        """The refusal at each field."""
        found = [tag for tag in self.root.iter("*") if tag.get("id", "").endswith("-error")]
        return {tag.get("id").removesuffix("-error"): tag.text_content() for tag in found}

    @property
    def summary(self) -> HtmlElement:
        """The list of refusals above a form."""
        found = self.select_one(".error-summary")
        assert found is not None, f"{self.path} has no summary: {self.text}"
        return found

    def form(self, button: str = "") -> HtmlElement:
        """The form with this button, or the only one that is seen in the page's main part."""
        found = [form for form in pages.forms(self.root) if button in pages.texts(form)]
        assert len(found) == 1, f"{len(found)} forms with {button!r} on {self.path}: {self.text}"
        return found[0]

    def values(self, button: str = "") -> dict[str, str]:
        """What stands in the form's fields."""
        return pages.values(self.form(button))

    def filled(self, button: str = "") -> dict[str, str]:
        """What a browser would send of the form: its fields, and what is chosen in its lists."""
        form = self.form(button)
        return {**pages.chosen(form), **pages.values(form)}

    def pressed(self, button: str = "") -> dict[str, str]:
        """What the button itself sends along, if it has a name."""
        return pages.pressed(self.form(button), button)

    def address(self, button: str = "", *, htmx: bool = False) -> str:
        """Where the form is sent."""
        form = self.form(button)
        return str((form.get("hx-post") if htmx else "") or form.get("action") or self.path)


class Browser:
    """One visitor with a cookie jar.

    Args:
        address: the network address that the visitor comes from.
    """

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.app = app
        self.address = address
        self.client = app.test_client()
        self.base = app.config["SETTINGS"].public_url
        self._may_refer = True

    def get(self, path: str, *, htmx: bool = False, **options: Any) -> Page:
        return self.send("GET", path, htmx=htmx, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, *, htmx: bool = False, **options: Any) -> Page:
        """Send a form to an address, with a token as the header that a script would use."""
        headers = {"X-CSRFToken": self.token(), **options.pop("headers", {})}
        return self.send("POST", path, data=data or {}, htmx=htmx, headers=headers, **options)

    def submit(self, page: Page, button: str = "", *, htmx: bool = False, **typed: str) -> Page:
        """Fill in a form of the page and send it."""
        values = page.filled(button)
        unknown = set(typed) - set(values)
        assert not unknown, f"{page.path} has no field {unknown}"
        data = {**values, **page.pressed(button), **typed}
        return self.send("POST", page.address(button, htmx=htmx), data=data, htmx=htmx)

    def follow(self, page: Page) -> Page:
        """Go where the answer leads, to the end."""
        for _ in range(10):
            if not page.goes_to:
                return page
            page = self.get(page.goes_to)
        raise AssertionError("redirects without an end")

    def pages(self, page: Page, link: str = "a[rel=next]") -> Iterator[Page]:
        """A page, and those after it that one leads to by its link, to the last."""
        for _ in range(200):
            yield page
            following = page.select_one(link)
            if following is None:
                return
            page = self.get(str(following.get("href") or following.attrib["hx-get"]))
        raise AssertionError("pages without an end")

    def open(self, path: str) -> Page:
        """Get a page, redirects followed."""
        return self.follow(self.get(path))

    def token(self) -> str:
        """A CSRF token for this visitor, without a page that shows one."""
        with self.client.session_transaction(base_url=self.base) as kept, self.app.test_request_context():
            session.update(kept)
            token = generate_csrf()
            kept.update(session)
        return token

    def send(self, method: str, path: str, *, htmx: bool = False, **options: Any) -> Page:
        headers = {**(HTMX if htmx else {}), **options.pop("headers", {})}
        parts = urlsplit(path)
        if parts.netloc:
            assert path.startswith(self.base + "/"), f"{path} leads away from us"
            path = path.removeprefix(self.base)
        if method == "POST" and self._may_refer:
            headers.setdefault("Referer", f"{self.base}{path}")
        environ = {"REMOTE_ADDR": self.address, **options.pop("environ_overrides", {})}
        response = self.client.open(
            path, method=method, base_url=self.base, headers=headers, environ_overrides=environ, **options
        )
        self._may_refer = response.headers.get("Referrer-Policy") != "no-referrer"
        redirects = 300 <= response.status_code < 400
        is_html = response.mimetype == "text/html" and bool(response.get_data()) and not redirects
        root = pages.check(self.app, response.get_data(as_text=True), path) if is_html else None
        return Page(path, response, root)

    @property
    def cookies(self) -> set[str]:
        return {cookie.key for cookie in self.client._cookies.values()}
