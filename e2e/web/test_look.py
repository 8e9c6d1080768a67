"""States of pages that no journey passes: axe finds nothing, and nothing is wider than the window."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page

from e2e.browser.watch import Watch
from e2e.running.stack import Stack
from e2e.states.look import look
from e2e.states.walk import JOURNEYS, Journey, Walk


@pytest.mark.parametrize(
    "journey",
    [
        pytest.param(
            journey,
            id="-".join(way.__name__ for way in journey.states),
            marks=[pytest.mark.signup_policy(journey.policy)],
        )
        for journey in JOURNEYS
    ],
)
def test_look(
    journey: Journey,
    page: Page,
    context: BrowserContext,
    stack: Stack,
    watch: Watch,
    folder: str | None,
) -> None:
    watch.expect("status of 503")
    walk = Walk(page, context, stack)
    for way in journey.states:
        way(walk)
        look(page, way.__name__, folder)
