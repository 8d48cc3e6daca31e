"""Whatever is handed in for a page: it is read or it is not, in little time, and never with a traceback.

Of the three kinds of input together ``make fuzz`` tries a hundred thousand.
"""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.pages.findings import findings
from engine.pages.reading import read_page
from engine.pages.text import LONGEST, decoded
from tests.pages import ROWS, text_only, whole

_words = st.sampled_from(
    [line for row in ROWS[:12] for made in (whole(row), text_only(row)) for line in made.split("\n")]
    + ["1", "2", "100 / 100", "-", "", "|", ":", "%", "ไตรมาสที่ 1", "ไตรมาสที่ ๔ :", "ค่าเป้าหมาย", "นิยาม :"]
    + ["<table><tr><td>1<td>2", "<![x", "<!--", "</p>", "&#x0;", "\u0e33\u0e32", "\u0e4d", "\ufeff", "\x00"]
    + ["9" * 400, "1,2,3,4", "๑.๒.๓.๔", "5049-2017", "1e999", "NaN", "(" * 60, "นับ" * 200]
)
_lines = st.lists(st.one_of(_words, st.text(max_size=60)), max_size=60)
_texts = st.one_of(st.text(max_size=400), _lines.map("\n".join), _lines.map("".join), _lines.map("<br>".join))


def _tried(text: str) -> None:
    page = read_page(text)
    for one in findings(page, 2021):
        assert one.quarter in range(5)
    for number in (page.target, page.achieved, page.evaluated_score):
        assert number is None or (number.is_finite() and abs(number) < Decimal(10) ** 15)
    assert len(page.quarters) <= 4


@pytest.mark.fuzz
@given(_texts)
@example("<![")
def test_any_text_is_read(text):
    _tried(text)


@pytest.mark.fuzz
@given(st.binary(max_size=600))
def test_any_bytes_are_read(content):
    _tried(decoded(content).text)


_pages = st.sampled_from([made(row) for row in ROWS for made in (whole, text_only)])


@pytest.mark.fuzz
@given(_pages, st.integers(0, 900), st.integers(0, 60), st.text(max_size=20))
def test_page_with_a_hole_is_read(page, at, length, put):
    _tried(page[:at] + put + page[at + length :])


def test_longest_page_is_read_in_little_time() -> None:
    """No pattern takes more than its share: each of these would take minutes if one did."""
    for piece in ("1 ", "x\n", "<!--", "ไตรมาสที่ 1 ", "รายงานผล\n"):
        _tried(piece * (LONGEST // len(piece)))
    for piece in ("จาก 1 ", "ร้อยละ ", "1. ", "ระดับ/"):
        line = piece * (20_000 // len(piece))
        _tried(
            "\n".join(
                [
                    "ค่าเป้าหมาย ร้อยละ : 100",
                    "*** สยป. ตรวจประเมินตัวชี้วัด : ไตรมาสที่ 3:",
                    line,
                    line + "1",
                    line + "2",
                    line + "3",
                ]
            )
        )
