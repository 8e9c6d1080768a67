"""CSV as spreadsheets write it: every way to write a table reads as the same table, from any of its lines on."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.contacts import csv_reading
from portal.contacts.csv_reading import Line
from portal.errors import DomainError

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be-marked", "cp1254")
TURKISH = "abcXYZ çğıöşüÇĞİÖŞÜ0123456789-.,;\t\"'\n"
cells = st.text(TURKISH, max_size=12)
tables = st.lists(st.lists(cells, min_size=3, max_size=3), max_size=8)


def written(table: list[list[str]], encoding: str, separator: str, end: str, quoting: int, hint: bool) -> bytes:
    """A file as some program writes it."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    whole = f"sep={separator}{end}{text.getvalue()}" if hint else text.getvalue()
    if encoding == "utf-16-be-marked":
        return b"\xfe\xff" + whole.encode("utf-16-be")
    return whole.encode(encoding)


def parts(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def read(body: bytes, size: int = 7) -> list[Line]:
    encoding = csv_reading.encoding_of(parts(body, max(size, 4)))
    return list(csv_reading.lines(parts(body, max(size, 4)), encoding, csv_reading.separator_of(body, encoding)))


def plain(cell: str) -> str:
    """A cell as the reader gives it: without what keeps spreadsheets from computing it."""
    text = cell.strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@" else text


@given(
    table=tables,
    encoding=st.sampled_from(ENCODINGS),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    hint=st.booleans(),
    size=st.integers(4, 40),
)
def test_every_way_to_write_a_table_reads_the_same(table, encoding, separator, end, quoting, hint, size) -> None:
    header = ["Ad", "Telefon ğ", "Şehir"]
    body = written([header, *table], encoding, separator, end, quoting, hint)
    lines = read(body, size)
    assert lines[0].cells == header
    expected = [(number, [plain(cell) for cell in row]) for number, row in enumerate(table, 2 + hint)]
    found = [(line.number, line.cells + [""] * (3 - len(line.cells))) for line in lines[1:]]
    assert found == [(number, row) for number, row in expected if any(row)]


@given(body=st.binary(max_size=200), size=st.integers(4, 30))
def test_whatever_is_read_goes_on_the_same_from_any_line(body: bytes, size: int) -> None:
    try:
        lines = read(body, size)
        encoding = csv_reading.encoding_of([body])
    except DomainError:
        return
    separator = csv_reading.separator_of(body, encoding)
    for place, line in enumerate(lines):
        rest = parts(body[line.end :], size)
        assert list(csv_reading.lines(rest, encoding, separator, line.end, line.number)) == lines[place + 1 :]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a;b\n="0532 1";"=""0533"""\n', [["0532 1", "0533"]]),
        ("a;b\n'+90532;'tis\n", [["+90532", "'tis"]]),
        ("a;b;;;\n1;2;;;\n;;;\n\n3;4\n", [["1", "2"], ["3", "4"]]),
        ('a,b\n"x\r\ny",2\r\n', [["x\r\ny", "2"]]),
        ("a\tb\r1\t2\r", [["1", "2"]]),
        ("SEP=,\na,b;c\n1,2\n", [["1", "2"]]),
        ('"a;b",c\n1,2\n', [["1", "2"]]),
    ],
)
def test_habits_of_spreadsheets(text: str, rows: list[list[str]]) -> None:
    assert [line.cells for line in read(text.encode())[1:]] == rows


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'a,b\n1,2\n"3,4\n5,6\n', "row 3"),
        (b"a,b\n1," + b"x" * 1_100_000, "row 2"),
        (b"PK\x03\x04xxxx", "workbook"),
        (b"\xd0\xcf\x11\xe0xxxx", "workbook"),
    ],
)
def test_what_is_no_table_is_refused_where_it_stops_being_one(body: bytes, words: str) -> None:
    with pytest.raises(DomainError, match=words):
        read(body, 100_000)
