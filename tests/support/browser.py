"""A browser without JavaScript: it follows links and sends forms, and looks at every answer as it comes."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask, session
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from tests.support import pages

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


class Page:
    """One answer."""

    def __init__(self, path: str, response: TestResponse, *, is_html: bool) -> None:
        self.path = path
        self.response = response
        self._is_html = is_html

    @property
    def status(self) -> int:
        return self.response.status_code

    @cached_property
    def soup(self) -> BeautifulSoup:
        assert self._is_html, f"{self.path} answered {self.status} without HTML"
        return pages.parsed(self.response.get_data(as_text=True))

    @property
    def text(self) -> str:
        """What can be read on the page."""
        return " ".join(self.soup.get_text(" ").split())

    @property
    def timeless(self) -> str:
        """What can be read on the page but how long ago something was, which counts on from one answer to the next."""
        soup = BeautifulSoup(str(self.soup), "html.parser")
        for tag in soup.find_all("time"):
            tag.string = "then"
        return " ".join(soup.get_text(" ").split())

    @property
    def goes_to(self) -> str:
        """Where it leads: a redirect, or what htmx is told."""
        return str(self.response.headers.get("Location") or self.response.headers.get("HX-Redirect") or "")

    @property
    def errors(self) -> dict[str, str]:
        """The refusal at each field."""
        found = self.soup.find_all(id=lambda name: bool(name) and str(name).endswith("-error"))
        return {str(tag["id"]).removesuffix("-error"): tag.get_text() for tag in found}

    @property
    def summary(self) -> Tag:
        """The list of refusals above a form."""
        found = self.soup.select_one(".error-summary")
        assert found is not None, f"{self.path} has no summary: {self.text}"
        return found

    def form(self, button: str = "") -> Tag:
        """The form with this button, or the only one that is seen in the page's main part."""
        place = self.soup.find("main") or self.soup
        seen = [form for form in place.find_all("form") if not form.has_attr("hidden")]
        found = [form for form in seen if button in form.get_text(" ")]
        assert len(found) == 1, f"{len(found)} forms with {button!r} on {self.path}: {self.text}"
        return found[0]

    def values(self, button: str = "") -> dict[str, str]:
        """What stands in the form's fields."""
        fields = self.form(button).find_all(["input", "textarea"])
        return {str(tag["name"]): _value(tag) for tag in fields if tag.get("name")}

    def filled(self, button: str = "") -> dict[str, str]:
        """What a browser would send of the form: its fields, and what is chosen in its lists."""
        return {**_chosen(self.form(button)), **self.values(button)}


def _chosen(form: Tag) -> dict[str, str]:
    """What a browser would send of the form's lists."""
    return {str(tag["name"]): _value(tag) for tag in form.find_all("select") if tag.get("name") and tag.option}


def _value(tag: Tag) -> str:
    """As a browser reads it: the first line break of a textarea is none."""
    if tag.name == "textarea":
        return tag.get_text().removeprefix("\r").removeprefix("\n")
    if tag.name == "select":
        options = tag.find_all("option")
        chosen = next((option for option in options if option.has_attr("selected")), options[0])
        return str(chosen.get("value", ""))
    return str(tag.get("value", ""))


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
        form = page.form(button)
        values = page.filled(button)
        unknown = set(typed) - set(values)
        assert not unknown, f"{page.path} has no field {unknown}"
        address = form.get("hx-post") if htmx and form.get("hx-post") else form.get("action")
        return self.send("POST", str(address or page.path), data={**values, **typed}, htmx=htmx)

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
            following = page.soup.select_one(link)
            if following is None:
                return
            page = self.get(str(following.get("href") or following["hx-get"]))
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
        if is_html:
            pages.check(self.app, response.get_data(as_text=True), path)
        return Page(path, response, is_html=is_html)

    @property
    def cookies(self) -> set[str]:
        return {cookie.key for cookie in self.client._cookies.values()}
