"""Marks that journeys share."""

import pytest

both_ways = pytest.mark.parametrize("cdn", ["reachable", "unreachable"], indirect=True)
"""With htmx and without: for the main way through each room. What differs in one of them has a test of its own."""
