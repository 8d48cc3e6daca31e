"""Texts are cut where a reader would cut them, and cleaned of what no line may carry."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.pieces import cut, one_line, shortened

THAI = st.text("กขคที่ปรึกษาน้ำผู้รู้ญฐำเแ ็์aA", max_size=200)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  ประชุม  ครั้งที่ 2 ", "ประชุม ครั้งที่ 2"),
        ("a\r\nBcc: x", "a Bcc: x"),
        ("a\u2028b\u0085c\x00d", "a b c d"),
        ("abc\u202edcba\u2066", "abc dcba"),
        ("ก\u200bข", "ก\u200bข"),  # where Thai may break, which is nobody's danger
    ],
)
def test_line_is_one_line(text, line):
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("ประชุม", 6, "ประชุม"),
        ("ประชุมใหญ่", 6, "ประชุ…"),
        ("กี่", 3, "กี่"),
        ("กี่ข้อ", 3, "ก…"),
        ("น้ำใจ", 3, "น…"),
        ("ab cd", 4, "ab…"),
    ],
)
def test_shortened_text_ends_with_a_whole_letter(text, limit, short):
    assert shortened(text, limit) == short


@given(THAI, st.integers(12, 60), st.integers(12, 60), st.booleans())
def test_pieces_are_the_text_in_whole_letters(text, first, rest, after_blank):
    pieces = cut(text, first, rest, after_blank=after_blank)
    assert b"".join(pieces).decode() == text
    assert all(pieces) or not text
    assert len(pieces[0]) <= first
    assert all(len(piece) <= rest for piece in pieces[1:])
    for piece in pieces:
        piece.decode()


def test_no_piece_begins_with_a_mark():
    for piece in cut("ที่ปรึกษาผู้รู้น้ำใจ" * 20, 20, 17)[1:]:
        assert not unicodedata.category(piece.decode()[0]).startswith("M")


def test_marks_without_end_are_cut_all_the_same():
    assert cut("ก" + "่" * 20, 12, 12) == [("ก" + "่" * 3).encode(), *[("่" * 4).encode()] * 4, "่".encode()]


def test_piece_rather_ends_after_a_blank():
    assert cut("ผู้ประสานงาน เขตทุ่งครุ", 45, 45, after_blank=True) == ["ผู้ประสานงาน ".encode(), "เขตทุ่งครุ".encode()]
