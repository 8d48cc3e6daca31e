"""Whatever lies in a spreadsheet, and however its file is broken: it is read, or refused in words.

``make fuzz`` looks much further than each run of the tests.
"""

import csv
import math
import zipfile
from datetime import datetime
from decimal import Decimal
from io import BytesIO, StringIO

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refusal
from tests.cast import CODE
from tests.web.sheets import NAMES, RESULTS, TARGETS, THAI, empty_book, file_of, saved, sheet_in
from web.spreadsheets import comma, workbook
from web.spreadsheets.cells import Broken, Percent, value_of
from web.spreadsheets.columns import COLUMNS, SheetKind
from web.spreadsheets.reading import Findings, Line, read
from web.spreadsheets.telling import finding_words

#: What people type, and what programs make of it.
WORDS = st.sampled_from(
    ["", "-", "1,407.52", "๘๕%", "1e400", "5 ม.ค. 2564", "29/2/2564", "ไตรมาส 4", "Q9", "=1+1", "'=x", "NaN"]
)
RAW = st.one_of(
    WORDS,
    st.text(max_size=60),
    st.integers(),
    st.floats(),
    st.floats().map(Percent),
    st.booleans(),
    st.datetimes(),
    st.sampled_from(Broken),
    st.none(),
)


def is_well(value: object) -> bool:
    """Whether it is something that may be kept."""
    match value:
        case Decimal():
            return value.is_finite() and abs(value) < 10**15
        case int() | None:
            return True
        case str():
            return bool(value.strip()) and "\x00" not in value
    return False


def is_told(refused: Refusal) -> None:
    """There is a sentence for everything that is refused."""
    assert all(THAI.refusal(refused))


EVERY_COLUMN = [column for of_kind in COLUMNS.values() for column in of_kind]


@pytest.mark.fuzz
@given(st.sampled_from(EVERY_COLUMN), RAW)
def test_any_cell_is_read_or_refused_in_words(column, raw):
    try:
        assert is_well(value_of(column, raw, NAMES.choices(column)))
    except Refusal as refused:
        is_told(refused)


#: What a file of comma-separated values can hold.
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00")


@pytest.mark.fuzz
@given(st.lists(st.text(LETTERS), min_size=1))
def test_any_text_goes_out_harmless_and_comes_back_the_same(texts):
    line = comma.line(texts)
    (cells,) = csv.reader(StringIO(line, newline=""))
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    # Below a heading, from which the separator is known.
    given = comma.MARK + comma.line(["ก", "ข"]) + line
    _, *found = comma.rows(BytesIO(given.encode()), "a.csv")
    whole = {place: text for place, text in enumerate(texts[:64], start=1) if text}
    assert (found[0][1] if found else {}) == whole


#: What a cell of another program can hold.
CELLS = st.one_of(
    st.none(),
    st.text(
        st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"], max_codepoint=0xFFFD),
        min_size=1,
        max_size=30,
    ),
    st.integers(-(10**9), 10**9),
    st.floats(-1e300, 1e300, allow_subnormal=False),
)


@pytest.mark.fuzz
@given(st.lists(st.lists(CELLS, max_size=6), max_size=6))
def test_values_are_read_as_another_program_wrote_them(rows):
    book = empty_book()
    # Text as text: the other program would make formulas of some of it.
    sheet = sheet_in(book, "a", *rows)
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    opened = workbook.Book(BytesIO(saved(book)), "a.xlsx")
    found = dict(opened.rows(opened.sheets[0]))
    for number, row in enumerate(rows, start=1):
        read_row = found.get(number, {})
        for place, value in enumerate(row, start=1):
            again = read_row.get(place)
            assert again == value or (
                isinstance(value, float) and math.isclose(float(str(again)), value, rel_tol=1e-14)
            )


VALID = [
    file_of("ค่าเป้าหมาย", TARGETS, (CODE, 4), (CODE, datetime.fromisoformat("2021-01-05"))),
    file_of("ผลรายไตรมาส", RESULTS, (CODE, 1, 0.5, "x" * 300), (CODE, "2", "=1+1", "ก")),
]


def lines_of(content: bytes, name: str, kind: SheetKind | None) -> list[Line]:
    """All that is read, with everything that is wrong put into words; nothing but a refusal may be raised."""
    findings = Findings()
    try:
        found = list(read(BytesIO(content), name, NAMES, findings, kind, lambda _: None))
    except Refusal as refused:
        is_told(refused)
        return []
    assert all(finding_words(one, THAI) for one in (*findings.wrong, *findings.notes))
    return found


@pytest.mark.fuzz
@given(st.sampled_from(VALID), st.data())
def test_broken_packages_are_refused_in_words(whole, data):
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    lines_of(bytes(broken), "a.xlsx", None)


#: What is put where it does not belong: other tags, attributes and numbers of the same language.
PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [
            b"<f/>",
            b"</row>",
            b'<c r="ZZZZ9" t="s"><v>9</v></c>',
            b'<row r="99999999"/>',
            b"<v>1e999</v>",
            b"&x;",
            b'<mergeCell ref="A1:XFD1048576"/>',
            b"<!DOCTYPE a>",
            b't="d"',
            b"<v>-1</v>",
            b"_x0000_",
            b"\xff",
        ]
    ),
)


@pytest.mark.fuzz
@given(st.sampled_from(VALID), st.data())
def test_workbooks_that_are_broken_inside_are_refused_in_words(whole, data):
    parts = _unpacked(whole)
    names = [name for name in parts if name.endswith((".xml", ".rels")) and "Content_Types" not in name]
    name = data.draw(st.sampled_from(sorted(names)))
    part = bytearray(parts[name])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(part)))
        part[at : at + data.draw(st.integers(0, 12))] = data.draw(PIECES)
    lines_of(_packed({**parts, name: bytes(part)}), "a.xlsx", None)


@pytest.mark.fuzz
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)), st.sampled_from(SheetKind))
def test_any_bytes_as_csv_are_read_or_refused_in_words(content, kind):
    lines_of(content, "a.csv", kind)


def test_a_cell_in_the_far_corner_takes_no_room_and_a_wide_row_is_cut():
    book = openpyxl.Workbook()
    book.worksheets[0].cell(1_048_576, 16_384, "far")
    opened = workbook.Book(BytesIO(saved(book)), "a.xlsx")
    assert list(opened.rows(opened.sheets[0])) == []


def _unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {one: archive.read(one) for one in archive.namelist()}


def _packed(parts: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()
