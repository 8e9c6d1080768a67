"""The system page: how the portal itself is, mail that failed, and metrics."""
