"""What the tests of all folders share."""

import json
from collections.abc import Iterator

import pytest

from tests.support.processes.running import Prepared, helper


@pytest.fixture(scope="session")
def prepared() -> Iterator[Prepared]:
    """Ask a process to fork for something: see `tests.support.processes.prepared`."""
    with helper("tests.support.processes.prepared") as ask:
        yield lambda *asked: json.loads(ask(json.dumps(asked)))
