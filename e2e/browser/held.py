"""Requests that wait until the test lets them go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route


def hold(page: Page, address: str | re.Pattern[str], times: int | None = None) -> list[Route]:
    """Hold what the page asks for there, or only so many requests; the list grows with them."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(address, keep, times=times)
    return held


@contextmanager
def held_until_done(page: Page, address: str) -> Iterator[None]:
    """Nothing that is asked for inside is answered before the end, such as the first click of two."""
    held = hold(page, address)
    yield
    for route in held:
        route.continue_()
    page.unroute(address)
