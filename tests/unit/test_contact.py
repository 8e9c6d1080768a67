"""What people mean when they type a time zone."""

import pytest

from portal import contact


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Europe/Istanbul", "Europe/Istanbul"),
        ("berlin", "Europe/Berlin"),
        (" New York ", "America/New_York"),
        ("europe/berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("Atlantis", "Atlantis"),
    ],
)
def test_a_city_is_enough(typed: str, meant: str) -> None:
    assert contact.time_zone(typed) == meant
