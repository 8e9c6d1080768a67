"""What the worker does for the counts of rate limits."""

from portal.db.task_registry import swept
from portal.extensions import limiter
from portal.web.rate_limit_counts import DatabaseCounts


def clean(_once: int = 0) -> None:
    """Forget the windows that are over."""
    if isinstance(limiter.storage, DatabaseCounts):
        limiter.storage.clean()


swept(clean, lambda: range(1))
