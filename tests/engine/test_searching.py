"""Words that are looked for: one form for all their spellings; marked and cut between whole letters."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refusal
from engine.searching import LONGEST, MOST_WORDS, folded, marked, passages, words_of

#: น้ำ as it is typed: composed, in two halves with the tone mark between, before and behind them.
WATER = ["น้ำ", "น\u0e4d\u0e49\u0e32", "น\u0e49\u0e4d\u0e32", "น\u0e33\u0e49"]


@pytest.mark.parametrize("typed", WATER)
def test_every_spelling_of_a_word_is_one_word_and_is_marked_in_any_other(typed):
    assert folded(typed) == "น้ำ"
    for written in WATER:
        assert found_in(f"ลอก{written}เสีย", [folded(typed)]) == [written]


@pytest.mark.parametrize(
    ("typed", "same"),
    [("๕๗๑/๒๕๕๙", "571/2559"), ("เเผน", "แผน"), ("ABC", "abc"), ("e\u0301", "é"), ("ทำ", "ท\u0e4d\u0e32")],
)
def test_words_that_look_alike_are_the_same(typed, same):
    assert folded(typed) == folded(same)
    assert found_in(f"ที่ {typed} นี้", [folded(same)]) != []


def test_tone_marks_tell_words_apart():
    assert len({folded(word) for word in ("ป่า", "ปา", "ป้า")}) == 3
    assert found_in("ปา ป้า ป่า", ["ป่า"]) == ["ป่า"]


def found_in(text, words):
    return [piece.text for piece in marked(text, words) if piece.found]


def test_found_letters_are_marked_whole():
    """Whoever typed ที finds ที่ as well: its tone mark stays on it."""
    assert found_in("ที่ประชุม", ["ที"]) == ["ที่"]
    assert found_in("เกณฑ์", ["กณ"]) == ["เกณ"]


def test_words_are_each_told_once():
    assert words_of("  ขยะ ๒ ขยะ\n2 ") == ("ขยะ", "2")


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("ก", "search.too_short"),
        ("1 2 3", "search.too_short"),
        ("ก" * (LONGEST + 1), "search.too_long"),
        (" ".join(f"คำ{one}" for one in range(MOST_WORDS + 1)), "search.too_many_words"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(asked, kind):
    with pytest.raises(Refusal) as refused:
        words_of(asked)
    assert [one.kind for one in refused.value.conditions] == [kind]


def test_nothing_asked_for_is_no_words():
    assert words_of("") == ()


def test_passage_is_cut_at_blanks_and_says_so():
    text = f"{'ความนำที่ยาว ' * 20}พบขยะในที่รกร้าง {'และอื่นๆ อีกมาก ' * 20}"
    first, *middle, last = passages(text, ["ขยะ"])
    assert (first.text, last.text) == ("…", "…")
    assert [piece.text for piece in middle if piece.found] == ["ขยะ"]
    shown = "".join(piece.text for piece in middle)
    assert len(shown) < 160
    assert shown.startswith("ความนำที่ยาว ")


def test_words_far_apart_are_shown_in_two_passages():
    text = f"ขยะ {'ก ' * 300}ไฟไหม้ {'ข ' * 300}ขยะ"
    pieces = passages(text, ["ไฟไหม้", "ขยะ"])
    assert [piece.text for piece in pieces if piece.found] == ["ขยะ", "ไฟไหม้"]
    assert [piece.text for piece in pieces if "…" in piece.text] == [" … ", "…"]


def test_text_without_the_words_is_shown_from_its_beginning():
    (piece,) = passages("สั้นๆ", ["ขยะ"])
    assert piece == ("สั้นๆ", False)


#: Vowels and marks that hang on the letter before them, and vowels that wait for the one after.
_HANGS, _WAITS = "ะัาำิีึืฺุูๅๆ็่้๊๋์ํ\u0301", "เแโใไ"


@given(
    st.text(alphabet=f"กขคนป{_HANGS}{_WAITS}ab1๒ ", max_size=400), st.text("กขนป่้ำเa1", min_size=1, max_size=3)
)
def test_nothing_is_lost_and_no_letter_is_cut(text, typed):
    words = words_of(typed + "กข")
    line = "".join(piece.text for piece in marked(text, words))
    for pieces in (marked(text, words), passages(text, words)):
        for piece, following in pairwise(pieces):
            if "…" not in piece.text + following.text:
                assert following.text[0] not in _HANGS
                assert piece.text[-1] not in _WAITS
    for piece in passages(text, words):
        assert "…" in piece.text or piece.text in line
