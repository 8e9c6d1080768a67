"""How long tests wait: SLOW=3 in the environment waits three times as long, for machines that are slow or busy."""

import os

SLOW = float(os.environ.get("SLOW") or 1)


def patient(seconds: float) -> float:
    """So many seconds on a machine that is neither slow nor busy."""
    return seconds * SLOW
