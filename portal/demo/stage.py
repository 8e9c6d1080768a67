"""The stage: lets chapters of a story happen one after the other, each thing at its own moment of the past.

A chapter is a generator. It does something through the portal's services, then says when it goes on. Between two
scenes the worker's tasks run that the first one asked for, and Connexease tells what happened there meanwhile.
"""

import heapq
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Flask
from sqlmodel import select

from portal.db import task_registry
from portal.demo.clock import Clock
from portal.demo.vendor import JSON, Vendor
from portal.extensions import session
from portal.models import Person
from portal.settings import Settings

Scenes = Iterator[datetime]
Chapter = Callable[["Stage"], Scenes]
ZONE = ZoneInfo("Europe/Istanbul")
ADDRESSES = ("88.230.14.7", "78.186.92.41", "212.156.70.3", "95.70.131.208", "176.234.8.55")
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148",
)


@dataclass(frozen=True)
class _Task:
    """Stands in for a task of the queue: the worker's part is done here, by the story's clock."""

    run: Callable[..., None]
    put: Callable[[float, Callable[..., None], Sequence[str]], None]

    def __call__(self, *args: str) -> None:
        self.put(0, self.run, args)

    def schedule(self, args: Sequence[str], delay: float) -> None:
        self.put(delay, self.run, args)


@dataclass
class Stage:
    """Everything that a chapter needs.

    Attributes:
        end: the present, which the story leads to.
        random: the same story every time.
    """

    app: Flask
    vendor: Vendor
    end: datetime
    random: Random = field(default_factory=lambda: Random(12))  # noqa: S311 - nothing here is a secret

    def __post_init__(self) -> None:
        self.clock = Clock(self.vendor)
        self._woken: deque[tuple[Callable[..., None], Sequence[str]]] = deque()
        self._later: list[tuple[datetime, int, Callable[..., None], Sequence[str]]] = []
        self._count = 0
        tasks = {name: _Task(run, self._put) for name, run in task_registry.all_woken().items()}
        self.app.extensions["tasks"] = tasks
        self._http = self.app.test_client()
        self.lasting: list[JSON] = []
        """Faults that go on after the story's end, so that what is stuck stays stuck."""

    # --- time

    def ago(self, days: float, at: str = "") -> datetime:
        """A moment of the last month; `at` is a time of that day in Istanbul."""
        day = self.end - timedelta(days=days)
        if not at:
            return day
        hour, minute = map(int, at.split(":"))
        local = day.astimezone(ZONE).replace(hour=hour, minute=minute, second=self.random.randrange(60))
        return min(local, self.end - timedelta(minutes=2))

    def play(self, begin: datetime, chapters: Sequence[Chapter]) -> None:
        """Let all of it happen, from then until now."""
        self.clock.begin(begin)
        waiting: list[tuple[datetime, int, Scenes]] = [
            (begin, place, each(self)) for place, each in enumerate(chapters)
        ]
        while waiting:
            at, place, scenes = heapq.heappop(waiting)
            self._go_on(at)
            goes_on = next(scenes, None)
            self._work()
            if goes_on is not None:
                heapq.heappush(waiting, (goes_on, place, scenes))
        self._go_on(self.end)
        self.clock.leave()

    def _go_on(self, until: datetime) -> None:
        """Let what happens before the next scene happen in order: events come in, the worker tries again."""
        for delivery in self.clock.collect(until):
            at = datetime.fromtimestamp(delivery["next_at"], ZONE)
            self._work(at)
            self.clock.go(at)
            self._deliver(delivery)
            self._work()
        self._work(until)
        self.clock.go(until)

    def goes_on_failing(self, kind: str, method: str, path: str, **more: Any) -> None:
        """Let calls go wrong until somebody takes the fault away, on the sandbox's own page."""
        self.lasting.append({"kind": kind, "method": method, "path": path, "times": None, **more})
        self.vendor.fault(**self.lasting[-1])

    # --- people

    @contextmanager
    def acting(self, email: str) -> Iterator[Person]:
        """Whatever is done inside, this person does in their browser."""
        address, _agent = self.browser_of(email)
        environ = {"REMOTE_ADDR": address}
        with self.app.test_request_context(base_url=self._settings.public_url, environ_base=environ):
            yield session().exec(select(Person).where(Person.email == email)).one()

    def browser_of(self, email: str) -> tuple[str, str]:
        """The network address that somebody comes from, and what their browser says of itself."""
        which = sum(email.encode())
        return ADDRESSES[which % len(ADDRESSES)], AGENTS[which % len(AGENTS)]

    @contextmanager
    def visitor(self) -> Iterator[None]:
        """Whatever is done inside, somebody does who is not logged in."""
        with self.app.test_request_context(base_url=self._settings.public_url):
            yield

    @contextmanager
    def settings(self, **changes: Any) -> Iterator[None]:
        """For a while the portal is set up otherwise."""
        before = self._settings
        self.app.config["SETTINGS"] = before.model_copy(update=changes)
        try:
            yield
        finally:
            self.app.config["SETTINGS"] = before

    @property
    def _settings(self) -> Settings:
        found: Settings = self.app.config["SETTINGS"]
        return found

    # --- what the worker and the network do

    def drain(self) -> None:
        """Do what the worker does all the time, until nothing is left of it."""
        with self.app.app_context():
            while any(each.drain() for each in task_registry.all_drained()):
                pass

    def _put(self, delay: float, run: Callable[..., None], args: Sequence[str]) -> None:
        if delay:
            self._count += 1
            heapq.heappush(self._later, (self.clock.now() + timedelta(seconds=delay), self._count, run, args))
        else:
            self._woken.append((run, args))

    def _work(self, until: datetime | None = None) -> None:
        """Do what the worker was woken for, and until a moment what was put off to then."""
        while self._woken or (until is not None and self._later and self._later[0][0] <= until):
            if self._woken:
                run, args = self._woken.popleft()
            else:
                at, _number, run, args = heapq.heappop(self._later)
                self.clock.go(at)
            with self.app.app_context():
                run(*args)

    def _deliver(self, delivery: JSON) -> None:
        """Bring an event to the portal; what goes to somebody else's address is none of the story's business."""
        parts = urlsplit(delivery["url"])
        if f"{parts.scheme}://{parts.netloc}" == self._settings.public_url:
            body = json.dumps(delivery["body"]).encode()
            headers = {**delivery["headers"], "Content-Type": "application/json"}
            answer = self._http.post(parts.path, data=body, headers=headers)
            if answer.status_code != 200:
                raise RuntimeError(f"an event was not taken: {answer.status_code}")
            with self.app.app_context():
                for drained in task_registry.all_drained():
                    drained.drain()
