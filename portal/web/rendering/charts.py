"""Bar charts: places worked out here, drawn as SVG by the page and listed as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 600, 120
GAP = 0.25
"""Of a bar's room, what stays free beside it."""


@dataclass(frozen=True)
class Bar:
    """A day's bar; the origin lies at the top left."""

    day: date
    value: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """One number a day."""

    name: str
    days: Sequence[date]
    values: Sequence[int]

    @property
    def highest(self) -> int:
        return max(self.values, default=0)

    @property
    def total(self) -> int:
        return sum(self.values)

    @property
    def last(self) -> int:
        return self.values[-1] if self.values else 0

    @property
    def rows(self) -> list[tuple[date, int]]:
        """For the table: the newest day first."""
        return list(zip(self.days, self.values, strict=True))[::-1]

    @property
    def bars(self) -> list[Bar]:
        """A bar for each day; a day with anything at all is seen."""
        room = WIDTH / max(len(self.days), 1)
        made = []
        for place, (day, value) in enumerate(zip(self.days, self.values, strict=True)):
            height = max(HEIGHT * value / self.highest, 1.5) if value else 0.0
            x = round(place * room + room * GAP / 2, 2)
            made.append(
                Bar(day, value, x, round(HEIGHT - height, 2), round(room * (1 - GAP), 2), round(height, 2))
            )
        return made
