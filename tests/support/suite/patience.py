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

    What takes long to answer is asked seldom: most of the time is left to what is waited for.

    Args:
        pause: seconds between two questions; none where to ask is also to get on with it.
    """
    deadline = time.monotonic() + patient(seconds)
    asked = time.monotonic()
    while not is_so():
        answered = time.monotonic()
        assert answered < deadline, "it takes too long"
        time.sleep(max(pause, 3 * (answered - asked)) if pause else 0)
        asked = time.monotonic()
