"""Marks that tests share."""

import pytest

both_databases = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])

both_databases_and_with_htmx = pytest.mark.parametrize(
    ("database_kind", "htmx"), [("sqlite", False), ("sqlite", True), ("postgresql", False)]
)
"""Of a request that htmx sends, only the answer differs: what was asked of the database is the same by then."""
