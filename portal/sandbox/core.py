"""The sandbox's heart: its state behind one lock, its clock, and the parts that work on them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from flask import current_app

from portal.sandbox import storage
from portal.sandbox.faults import Faults
from portal.sandbox.request_log import RequestLog
from portal.sandbox.settings import Settings
from portal.sandbox.state import State

_KEPT = 1000
"""How many deliveries and mails are remembered."""


@dataclass
class Preset:
    """An outcome that the dialog chooses by itself for the next token that is opened."""

    outcome: str
    name: str | None = None
    times: int | None = 1
    """How many tokens it is for; None means every token until it is cleared."""


@dataclass
class Core:
    """Shared by both web applications, the courier and the mail server."""

    reseller_token: str = field(repr=False)
    settings: Settings
    state_path: Path | None = None
    api_url: str = ""
    dialog_url: str = ""
    smtp_url: str = ""
    state: State = field(init=False, repr=False)
    presets: list[Preset] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)

    def __post_init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.rate_windows: dict[tuple[str, str, int], int] = {}
        self.too_many = 0
        """Calls that were refused for being too many, since the beginning."""
        self._first_settings = deepcopy(self.settings)
        self._saved_at = 0.0
        self.state = storage.load(self.state_path)

    def now(self) -> float:
        """Unix seconds on the sandbox's clock, which tests may move."""
        return time.time() + self.state.clock_offset

    @contextmanager
    def reading(self) -> Iterator[State]:
        with self.changed:
            yield self.state

    @contextmanager
    def changing(self) -> Iterator[State]:
        """The state, to change: saved and announced when the block ends without an exception.

        Never sleep or deliver inside.
        """
        with self.changed:
            yield self.state
            del self.state.deliveries[:-_KEPT], self.state.mails[:-_KEPT]
            if time.monotonic() - self._saved_at >= self.settings.save_every:
                self.save()
            self.changed.notify_all()

    def save(self) -> None:
        """Write the state file, if there is one."""
        with self.changed:
            storage.save(self.state_path, self.state)
            self._saved_at = time.monotonic()

    def reset(self) -> None:
        """Back to the beginning: everything but the ports and the token."""
        with self.changing():
            self.state = State()
            self.settings = deepcopy(self._first_settings)
            self.presets.clear()
            self.rate_windows.clear()
            self.too_many = 0
        self.faults.clear()
        self.log.clear()


def current_core() -> Core:
    """The core of the application that answers the current request."""
    return cast(Core, current_app.extensions["sandbox"])
