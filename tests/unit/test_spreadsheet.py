"""Cells that no spreadsheet takes for a formula, whatever parts its cells."""

import csv
import io

import pytest

from portal.web import csv_export


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        *(
            (text, f"'{text}")
            for text in ("=1+1", "+1+1", "-1", "@SUM(A1)", " =1", "\u3000=1", "\t1", "\r1", "\n1")
        ),
        *((f"{sign}1+1", f"'{sign}1+1") for sign in "\uff1d\uff0b\uff0d\uff20"),
        ("hi;=1+1;x", "hi;'=1+1;x"),
        ("hi; \uff1d1", "hi; '\uff1d1"),
        ("hi\t-1", "hi\t'-1"),
        ("hi\r\n@x", "hi\r\n'@x"),
        ("+905321234567", "+905321234567"),
        ("+1", "'+1"),
        ("1 + 1 = 2; or not", "1 + 1 = 2; or not"),
        (None, ""),
        (7, "7"),
    ],
)
def test_a_cell(cell: object, written: str) -> None:
    assert csv_export.harmless(cell) == written


def test_every_cell_is_in_quotes() -> None:
    [_mark, text] = csv_export.lines(["a", "b"], [["x", 'y"z'], [None, 1]])
    assert text == '"a","b"\r\n"x","y""z"\r\n"","1"\r\n'


def test_a_long_list_comes_in_parts() -> None:
    parts = list(csv_export.lines(["n"], ([number] for number in range(1000))))
    assert len(parts) > 5
    rows = list(csv.reader(io.StringIO("".join(parts[1:]))))
    assert rows == [["n"], *([str(number)] for number in range(1000))]
