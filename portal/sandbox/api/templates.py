"""The templates that every account with a channel has."""

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    name: str
    content: str
    labels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """What the values are called, in a template that does not number them."""
    is_active: bool = True

    @property
    def placeholders(self) -> list[str]:
        """As they stand in the text. How the vendor lists a named one is stated nowhere: as Meta writes it."""
        if self.names:
            return ["{{" + name + "}}" for name in self.names]
        return [f"${number}" for number in range(1, len(self.labels) + 1)]


SAMPLES = (
    Sample(
        "order_update",
        "Hi $1, your order $2 is on its way. It should arrive on $3.",
        ("Name", "Order number", "Day"),
    ),
    Sample("appointment_reminder", "Hi $1, we look forward to seeing you on $2 at $3.", ("Name", "Day", "Time")),
    Sample("welcome", "Welcome! Reply to this message whenever you need us."),
    Sample("verification_code", "$1 is your verification code. Do not share it.", ("Code",)),
    Sample(
        "points_balance",
        "Hi {{first_name}}, you have {{points}} points.",
        ("First name", "Points"),
        names=("first_name", "points"),
    ),
    Sample("summer_sale", "Hi $1, take $2 off until Sunday.", ("Name", "Discount"), is_active=False),
)


def sample(name: str) -> Sample | None:
    return next((known for known in SAMPLES if known.name == name), None)
