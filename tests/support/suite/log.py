"""Listening to every log record, at its loudest."""

import logging
from collections.abc import Iterator

import pytest


class Formatted(logging.Handler):
    """Every record as it would stand in a file, with its trace and its arguments."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("mail.", "portal.sandbox")):
            return  # the sandbox's own, which only the tests run in this process
        self.lines.append(self.format(record))
        self.lines.append(repr(record.__dict__))


@pytest.fixture
def log() -> Iterator[Formatted]:
    """All loggers, at their loudest, those of libraries included."""
    handler, root = Formatted(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    loud = [logging.getLogger(name) for name in ("sqlalchemy.engine", "urllib3", "huey", "werkzeug", "portal")]
    levels = [logger.level for logger in loud]
    for logger in loud:
        logger.setLevel(logging.DEBUG)
    yield handler
    for logger, level in zip(loud, levels, strict=True):
        logger.setLevel(level)
    root.setLevel(before)
    root.removeHandler(handler)
