"""Every state of every page: axe finds nothing, nothing is wider than the window, and pictures on request."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page

from e2e.browser import Watch
from e2e.long_states import STATES as _LONG_TOO  # noqa: F401 - importing it adds its states
from e2e.look import look
from e2e.stack import Stack
from e2e.staff_states import STATES as _STAFF_TOO  # noqa: F401 - importing it adds its states
from e2e.states import STATES, Walk


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.signup_policy(policy)) if policy != "open" else name
        for name, (policy, _way) in STATES.items()
    ],
)
def test_look(
    name: str, page: Page, context: BrowserContext, stack: Stack, watch: Watch, request: pytest.FixtureRequest
) -> None:
    watch.expect("status of 503")
    _policy, way = STATES[name]
    way(Walk(page, context, stack))
    look(page, name, request.config.getoption("--shots"))
