"""Requests that a browser sends without a page."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext

ALONE = {"Connection": "close"}
"""On a connection of its own: the portal closes one that rested for two seconds, and loses what comes then."""


def post(context: BrowserContext, address: str, **typed: str) -> str:
    """Send a form by a plain request; the page that comes of it."""
    form = context.request.get(address, headers=ALONE).text()
    hidden = dict(re.findall(r'name="(csrf_token|intent)"[^>]*value="([^"]+)"', form))
    answer = context.request.post(address, headers=ALONE, form={**hidden, **typed})
    assert answer.ok, answer.text()
    return answer.text()
