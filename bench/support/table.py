"""The rows of the one table that `python -m bench` prints: what the portal does, beside what it is held against.

Each measurement notes its rows; they are kept in the file that `BENCH_ROWS` names, and nowhere when it names none.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "BENCH_ROWS"
_HEADS = ("work", "portal", "held against", "ratio", "wanted", "")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    work: str
    ours: str = ""
    floor: str = ""
    ratio: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the ratio is as wanted; nothing where nothing is wanted."""
        if self.ratio is None or (self.at_least is None and self.at_most is None):
            return None
        return self.ratio >= (self.at_least or 0) and (self.at_most is None or self.ratio <= self.at_most)

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts of its columns."""
        wanted = [f">= {self.at_least:g}"] if self.at_least is not None else []
        wanted += [f"<= {self.at_most:g}"] if self.at_most is not None else []
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (
            self.work,
            self.ours,
            self.floor,
            ratio,
            " ".join(wanted),
            {True: "ok", False: "short of it"}.get(self.is_met, ""),
        )  # type: ignore[arg-type]


def on_database(work: str) -> str:
    """What was measured, with the database that this process measures."""
    return f"{'SQLite' if os.environ['DATABASE_URL'].startswith('sqlite') else 'PostgreSQL'}: {work}"


def note(row: Row) -> None:
    """Keep a row for the table."""
    if file := os.environ.get(FILE):
        with Path(file).open("a") as rows:
            rows.write(json.dumps(asdict(row)) + "\n")


def noted(file: Path) -> list[Row]:
    """The rows that were kept, in their order."""
    return [Row(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def show(rows: list[Row]) -> None:
    """Print the table."""
    lines = [_HEADS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADS))]
    for line in lines:
        texts = [
            text.ljust(width) if at == 0 else text.rjust(width)
            for at, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(texts).rstrip())


def tell(name: str, rate: float, against: str, floor: float, at_least: float | None = None) -> None:
    """Note a rate beside what it is held against, and print it."""
    note(Row(on_database(name), f"{rate:.0f}/s", f"{against} {floor:.0f}/s", rate / floor, at_least=at_least))
    print(f"{name:<36} {rate:9.0f} {rate / floor:9.2f} of {against} ({floor:.0f})", flush=True)
