"""A real stack for the whole session, and a browser context that fails its test for what goes wrong in it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.browser.contexts import Contexts
from e2e.browser.watch import Watch
from e2e.pages import FrontPage
from e2e.pages.channels import ChannelsPage
from e2e.running.people import Customer, Member, sign_up
from e2e.running.stack import Stack, make_database
from tests.support.processes.running import Prepared
from tests.support.suite.patience import patient
from tests.support.suite.shared import keep_in_memory, shared_folder

keep_in_memory()
TIMEOUT = patient(20_000)
"""Milliseconds; what is waited for comes within one or two seconds."""
expect.set_options(timeout=TIMEOUT)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shots", metavar="DIR", help="Save a picture of every page and state below DIR.")


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> str | None:
    """Where pictures of what is looked at are saved, if they are."""
    found: str | None = request.config.getoption("--shots")
    return found


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "signup_policy(name): run under this SIGNUP_POLICY")
    config.addinivalue_line("markers", "own_context: in a browser context that no other test has before or after")
    # A run that is told to end takes its stacks with it, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Path:
    """The tables and somebody of the staff: every stack starts from a copy; all workers share one."""
    return make_database(shared_folder(tmp_path_factory, "stacks"), prepared)


@pytest.fixture(scope="session")
def _stack(tmp_path_factory: pytest.TempPathFactory, database: Path, prepared: Prepared) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), database, prepared) as stack:
        yield stack


@pytest.fixture
def stack(_stack: Stack, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack that this test runs on, where anybody may sign up unless a `signup_policy` says otherwise."""
    marker, stack = request.node.get_closest_marker("signup_policy"), _stack
    stack.go_on()
    stack.restore()
    stack.follow(marker.args[0] if marker else "open")
    before = {name: len(text) for name, text in stack.logs().items()}
    yield stack
    for name, text in stack.logs().items():
        request.node.add_report_section("call", f"{name}'s log", text[before.get(name, 0) :])
    stack.restore()
    stack.pause()


@pytest.fixture
def cdn(request: pytest.FixtureRequest) -> str:
    """Whether htmx's CDN can be reached in this test."""
    return str(getattr(request, "param", "reachable"))


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What must not happen in any of the test's browser contexts."""
    watch = Watch()
    yield watch
    watch.check()


@pytest.fixture(scope="session")
def _contexts(browser: Browser) -> Iterator[Contexts]:
    with Contexts(browser) as contexts:
        yield contexts


@pytest.fixture
def open_context(
    _contexts: Contexts, watch: Watch, cdn: str, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Another browser: `open_context(java_script_enabled=False)`."""
    is_own = request.node.get_closest_marker("own_context") is not None
    with ExitStack() as taken:

        def open_it(**options: Any) -> BrowserContext:
            # Without motion: a sign that turns while a page waits is drawn sixty times a second.
            usual = {"timezone_id": "Europe/Istanbul", "locale": "en-GB", "reduced_motion": "reduce"}
            options = usual | options
            found = _contexts.open(**options) if is_own else _contexts.take(cdn, **options)
            context = taken.enter_context(found)
            taken.callback(watch.leave, watch.over(context, cdn))
            context.set_default_timeout(TIMEOUT)
            return context

        yield open_it


@pytest.fixture
def context(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    """The test's browser."""
    return open_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab."""
    return context.new_page()


@pytest.fixture
def customer() -> Customer:
    """Somebody new."""
    return Customer()


@pytest.fixture
def front(page: Page, stack: Stack) -> FrontPage:
    """The first page, for a visitor."""
    page.goto(stack.url)
    return FrontPage(page)


@pytest.fixture
def member(context: BrowserContext, stack: Stack) -> Member:
    """Somebody whose account is ready and who is logged in."""
    return sign_up(context, stack)


@pytest.fixture
def channels(page: Page, member: Member) -> ChannelsPage:
    """The member's channel page."""
    page.goto(member.channels_url)
    return ChannelsPage(page)
