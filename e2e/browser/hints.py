"""What the page tells the server about the popup."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Request

_FIELD = re.compile(r'name="(\w+)"\r\n\r\n([^\r]*)')


class Hints:
    """The reports that a page sent, in order, such as "opened" or "message cancelled"."""

    def __init__(self, page: Page) -> None:
        self.sent: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method != "POST" or not request.url.endswith("/report"):
            return
        fields = dict(_FIELD.findall(request.post_data or ""))
        self.sent.append(" ".join(filter(None, [fields.get("event"), fields.get("status")])))
