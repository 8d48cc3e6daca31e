"""Every date in a running text: days, ranges, months and years, each with its place and what it covers.

Look-alikes are left alone: numbers of orders, letters and meetings, scores, telephones, shares and money.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from engine.prose import date_forms as forms
from engine.prose.date_found import Doubt, Found, Piece, lead_before, year_of
from engine.prose.date_numbers import in_numbers, month_first
from engine.prose.date_words import in_words
from engine.prose.plain import Plain, plain
from engine.quarter import FiscalYear

__all__ = ["Doubt", "Found", "Piece", "dates_in", "find_dates"]


def find_dates(text: str, within: FiscalYear | None = None) -> tuple[Found, ...]:
    """Every date of the text in the order of its places.

    Days and months without a year are dates only where the fiscal year is known in which they lie.
    """
    even = plain(text)
    found = dates_in(even.text, within)
    return tuple(_placed(even, one) for one in found) if even.breaks else found


def dates_in(even: str, within: FiscalYear | None = None) -> tuple[Found, ...]:
    """:func:`find_dates` for a text that is in its even form already."""
    return tuple(_merged(even, _all(even, within)))


def _placed(even: Plain, found: Found) -> Found:
    return found._replace(start=even.origin(found.start), end=even.origin(found.end))


def _all(text: str, within: FiscalYear | None) -> Iterator[Found]:
    end = 0
    for place in forms.STARTS.finditer(text):
        start = place.start()
        if start < end:
            continue
        read = _from_number if "0" <= text[start] <= "9" else _from_word
        for one in read(text, start, within):
            yield one
            end = one.end


_IN_NUMBERS = (forms.ISO, forms.NUMBERS, forms.WITH_MONTH)


def _from_number(text: str, start: int, within: FiscalYear | None) -> Sequence[Found]:
    match = next((one for form in _IN_NUMBERS if (one := form.match(text, start))), None)
    if match is not None and (found := in_numbers(text, match)):
        return found
    match = forms.WORDS.match(text, start)
    if match is None or forms.NUMBERED.search(text, max(0, start - 12), start):
        return ()
    return in_words(text, match, within)


def _from_word(text: str, start: int, within: FiscalYear | None) -> Sequence[Found]:
    if text[start] != "ป" and _stands_alone(text, start):
        if match := forms.MONTH_FIRST.match(text, start):
            return month_first(text, match)
        if match := forms.WORDS.match(text, start):
            return in_words(text, match, within)
    match = forms.YEARS.match(text, start)
    return () if match is None else _in_years(text, match)


_LEADS_TO_MONTH = ("เดือน", "ถึง", "ประจำ", "ตั้งแต่", "ใน", "ของ", "ช่วง", "ระหว่าง")
_LETTER_LAST = re.compile("[ก-๎a-z]$")


def _stands_alone(text: str, start: int) -> bool:
    """Whether a month begins here, and not the middle of a word or of a longer abbreviation."""
    if forms.WHOLE.match(text, start):
        return True
    before = text[max(0, start - 8) : start]
    short = forms.SHORT.match(text, start)
    if short is None:
        return False
    if before.endswith("."):
        return not _LETTER_LAST.search(before[:-1])
    return not _LETTER_LAST.search(before) or bool(short["dot"]) or before.endswith(_LEADS_TO_MONTH)


def _merged(text: str, found: Iterator[Found]) -> list[Found]:
    """Two days in numbers with a dash between them are a range."""
    kept: list[Found] = []
    for one in found:
        before = kept[-1] if kept else None
        if (
            before is not None
            and before.piece is one.piece is Piece.DAY
            and before.first < one.first
            and forms.BETWEEN.fullmatch(text, before.end, one.start)
        ):
            doubts = tuple(dict.fromkeys((*before.doubts, *one.doubts)))
            kept[-1] = before._replace(end=one.end, piece=Piece.RANGE, last=one.last, doubts=doubts)
        else:
            kept.append(one)
    return kept


def _in_years(text: str, match: re.Match[str]) -> Sequence[Found]:
    start, lead, _ = lead_before(text, match.start())
    year = year_of(match["year"])
    through = year if not match["through"] else year_of(match["through"])
    counted = match["calendar"] and text[: match.start()].rstrip()[-1:].isdigit()
    if year is None or through is None or through < year or counted:
        return ()
    if match["fiscal"]:
        first, last = FiscalYear(year).first_day, FiscalYear(through).last_day
    else:
        first, last = date(year, 1, 1), date(through, 12, 31)
    piece = Piece.RANGE if year < through else Piece.FISCAL_YEAR if match["fiscal"] else Piece.YEAR
    return (Found(start, match.end(), piece, first, last, lead=lead),)
