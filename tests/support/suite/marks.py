"""Marks that tests share."""

import pytest

both_databases = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
