"""Whatever is handed in for a page: it is read or it is not, in little time, and never with a traceback.

The long form, a hundred thousand inputs, is ``make fuzz``.
"""

import os
from decimal import Decimal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.pages import LONGEST, ReadPage, decoded, findings, read_page
from tests.pages import ROWS, text_only, whole

#: So many inputs each of the tests below tries.
INPUTS = int(os.environ.get("RADAP_FUZZ", "150"))
_settings = settings(
    max_examples=INPUTS, deadline=None, suppress_health_check=list(HealthCheck), database=None
)

_words = st.sampled_from(
    [line for row in ROWS[:12] for made in (whole(row), text_only(row)) for line in made.split("\n")]
    + ["1", "2", "100 / 100", "-", "", "|", ":", "%", "ไตรมาสที่ 1", "ไตรมาสที่ ๔ :", "ค่าเป้าหมาย", "นิยาม :"]
    + ["<table><tr><td>1<td>2", "<![x", "<!--", "</p>", "&#x0;", "\u0e33\u0e32", "\u0e4d", "\ufeff", "\x00"]
    + ["9" * 400, "1,2,3,4", "๑.๒.๓.๔", "5049-2017", "1e999", "NaN", "(" * 60, "นับ" * 200]
)
_lines = st.lists(st.one_of(_words, st.text(max_size=60)), max_size=60)
_texts = st.one_of(st.text(max_size=400), _lines.map("\n".join), _lines.map("".join), _lines.map("<br>".join))


def _tried(text: str) -> ReadPage:
    page = read_page(text)
    for one in findings(page, 2021):
        assert one.quarter in range(5)
    for number in (page.target, page.achieved, page.evaluated_score):
        assert number is None or (number.is_finite() and abs(number) < Decimal(10) ** 15)
    assert len(page.quarters) <= 4
    return page


@given(_texts)
@example("<![")
@_settings
def test_any_text_is_read(text: str) -> None:
    _tried(text)


@given(st.binary(max_size=600))
@_settings
def test_any_bytes_are_read(content: bytes) -> None:
    _tried(decoded(content).text)


@given(st.sampled_from(ROWS), st.integers(0, 400), st.integers(0, 60), st.text(max_size=20), st.booleans())
@_settings
def test_page_with_a_hole_is_read(
    row: dict[str, object], at: int, length: int, put: str, is_whole: bool
) -> None:
    made = whole(row) if is_whole else text_only(row)
    _tried(made[:at] + put + made[at + length :])


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
