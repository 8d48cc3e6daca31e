"""Words that somebody looks for, in the form in which texts are looked through; and where they were found."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from engine.errors import refuse
from engine.thai_dates import from_thai_digits

#: What is asked for is no longer, in letters and in words.
LONGEST, MOST_WORDS = 300, 20
#: So many letters around a found word are shown, and at most so many passages of one text.
_AROUND, _PASSAGES = 60, 2
#: How far a cut moves to fall on a blank.
_TO_A_BLANK = 12

_TONES = "\u0e48-\u0e4b"
#: Sara am in its two halves, with a tone mark between them, or with one behind it.
_SARA_AM = re.compile(f"\u0e4d([{_TONES}]?)\u0e32|\u0e33([{_TONES}])")
#: What may not begin a line: vowels that follow or hang on their letter, tone marks, marks of any script.
_FOLLOWING = frozenset("\u0e30\u0e31\u0e32\u0e33\u0e45\u0e46" + "".join(map(chr, range(0x0E34, 0x0E3B))))
#: Vowels that stand before the letter to which they belong.
_LEADING = frozenset("เแโใไ")


def folded(text: str) -> str:
    """The text as it is looked through: small letters, Arabic digits, and one spelling of what looks alike.

    น้ำ is typed in four ways that nobody can tell apart, and แ as two เ.
    """
    plain = from_thai_digits(unicodedata.normalize("NFC", text).lower()).replace("เเ", "แ")
    return _SARA_AM.sub(lambda found: f"{found[1] or found[2] or ''}\u0e33", plain)


def words_of(asked: str) -> tuple[str, ...]:
    """The words that are looked for, each once; refused where they are too few letters, or too many."""
    if len(asked) > LONGEST:
        raise refuse("search.too_long", length=len(asked), most=LONGEST)
    words = tuple(dict.fromkeys(folded(asked).split()))
    if len(words) > MOST_WORDS:
        raise refuse("search.too_many_words", count=len(words), most=MOST_WORDS)
    if words and max(map(len, words)) < 2:
        raise refuse("search.too_short")
    return words


class Piece(NamedTuple):
    """A part of a text; ``found`` where it is what was looked for."""

    text: str
    found: bool


def marked(text: str, words: Sequence[str]) -> list[Piece]:
    """The whole text in one line, with the words apart."""
    line = _line(text)
    return list(_pieces(line, 0, len(line), _found(line, words)))


def passages(text: str, words: Sequence[str]) -> list[Piece]:
    """The text around the words, in one line, with the words apart; its beginning where none of them stands.

    It is cut between letters as people see them: never through a vowel or a tone mark.
    """
    line = _line(text)
    found = list(_found(line, words))
    windows = _windows(line, found) or [(0, _cut_after(line, 2 * _AROUND))]
    pieces: list[Piece] = []
    for first, last in windows:
        if first > 0:
            pieces.append(Piece("…" if not pieces else " … ", found=False))
        pieces += _pieces(line, first, last, found)
    if windows[-1][1] < len(line):
        pieces.append(Piece("…", found=False))
    return pieces


def _line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _found(line: str, words: Iterable[str]) -> Iterator[tuple[int, int]]:
    """From where to where a word stands, letters whole, each place once and in their order."""
    # The longest first: of two words that begin alike it says more.
    patterns = "|".join(_pattern(word) for word in sorted(words, key=len, reverse=True))
    if not patterns:
        return
    end = 0
    for one in re.finditer(patterns, line, re.IGNORECASE):
        first = max(end, _cut_before(line, one.start()))
        end = _cut_after(line, one.end())
        yield first, end


def _pattern(word: str) -> str:
    """What finds a folded word in a text that is not."""
    parts = []
    for letter, tone, am in re.findall(f"((?:([{_TONES}])?(\u0e33))|.)", word, re.DOTALL):
        if am:
            spelled = (f"{tone}\u0e33", f"\u0e4d{tone}\u0e32", f"{tone}\u0e4d\u0e32", f"\u0e33{tone}")
            parts.append(f"(?:{'|'.join(dict.fromkeys(spelled))})")
        elif letter == "แ":
            parts.append("(?:แ|เเ)")
        elif letter.isascii() and letter.isdigit():
            parts.append(f"[{letter}{chr(0x0E50 + int(letter))}]")
        else:
            parts.append(re.escape(letter))
    return "".join(parts)


def _windows(line: str, found: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is shown: around the first places, those that touch each other as one."""
    windows: list[tuple[int, int]] = []
    for start, end in found:
        first, last = _blank_before(line, start - _AROUND), _blank_after(line, end + _AROUND)
        if windows and first <= windows[-1][1]:
            windows[-1] = (windows[-1][0], last)
        elif len(windows) < _PASSAGES:
            windows.append((first, last))
        else:
            break
        if windows[-1][1] - windows[-1][0] > 4 * _AROUND:  # a word that stands everywhere
            break
    return windows


def _pieces(line: str, first: int, last: int, found: Iterable[tuple[int, int]]) -> Iterator[Piece]:
    for start, end in found:
        if start >= last:
            break
        if end > first:
            if start > first:
                yield Piece(line[first:start], found=False)
            yield Piece(line[start:end], found=True)
            first = end
    if first < last:
        yield Piece(line[first:last], found=False)


def _blank_before(line: str, place: int) -> int:
    """Where to begin: behind a blank if there is one near, else before a whole letter."""
    if place <= _TO_A_BLANK:
        return 0
    blank = line.find(" ", place - _TO_A_BLANK, place)
    return blank + 1 if blank >= 0 else _cut_before(line, place)


def _blank_after(line: str, place: int) -> int:
    if place >= len(line) - _TO_A_BLANK:
        return len(line)
    blank = line.rfind(" ", place, place + _TO_A_BLANK)
    return blank if blank >= 0 else _cut_after(line, place)


def _cut_before(line: str, place: int) -> int:
    """The last place up to this one at which the line may be cut."""
    while 0 < place < len(line) and not _may_cut(line, place):
        place -= 1
    return max(place, 0)


def _cut_after(line: str, place: int) -> int:
    """The first place from this one on at which the line may be cut."""
    while 0 < place < len(line) and not _may_cut(line, place):
        place += 1
    return min(place, len(line))


def _may_cut(line: str, place: int) -> bool:
    following = line[place]
    hangs = following in _FOLLOWING or unicodedata.category(following).startswith("M")
    return not hangs and line[place - 1] not in _LEADING
