"""How long tests wait: SLOW=3 in the environment waits three times as long, for machines that are slow or busy."""

import os
import time
from collections.abc import Callable

SLOW = float(os.environ.get("SLOW") or 1)


def patient(seconds: float) -> float:
    """So many seconds on a machine that is neither slow nor busy."""
    return seconds * SLOW


def wait_until(is_so: Callable[[], object], seconds: float = 60, pause: float = 0.02) -> None:
    """Ask again and again, for so many seconds at most on a machine that is neither slow nor busy.

    Args:
        pause: seconds between two questions; none where to ask is also to get on with it.
    """
    deadline = time.monotonic() + patient(seconds)
    while not is_so():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(pause)
