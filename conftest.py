"""What the tests of all folders share: a Chromium, and a process that has the portal's code loaded."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.browser.cdn import serving_htmx
from e2e.browser.watch import htmx_file
from tests.support.processes.running import Prepared, helper
from tests.support.suite.chromium import installed

QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    # Tabs of one browser share a process, so that a script is compiled once and not for every tab.
    "--process-per-site",
    # Scripts end before a compiler that optimizes pays off. What was compiled is kept for the next page, and more
    # room saves collecting garbage.
    "--js-flags=--no-opt,--no-maglev,--min-semi-space-size=32,--no-flush-bytecode",
)


@pytest.fixture(scope="session")
def prepared() -> Iterator[Prepared]:
    """Ask a process to fork for something: see `tests.support.processes.prepared`."""
    with helper("tests.support.processes.prepared") as ask:
        yield lambda *asked: json.loads(ask(json.dumps(asked)))


@pytest.fixture(scope="session")
def _cdn_is_here() -> Iterator[list[str]]:
    """Htmx under its CDN's name; what Chromium has to be told of it."""
    with serving_htmx(htmx_file()) as arguments:
        yield arguments


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], _cdn_is_here: list[str]) -> dict[str, Any]:
    """Debian's Chromium where there is one; it has no sandbox of its own for root."""
    arguments = [*QUIET, *_cdn_is_here, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return {**browser_type_launch_args, **installed(), "args": arguments}


@pytest.fixture(scope="session")
def base_url() -> str:
    """pytest-base-url's own fixture is a session-wide method, which pytest warns of."""
    return ""
