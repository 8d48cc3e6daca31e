"""Every date in a running text: days, ranges, months and years, each with its place and what it covers.

Look-alikes are left alone: numbers of orders, letters and meetings, scores, telephones, shares and money.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import NamedTuple

from engine.prose import date_forms as forms
from engine.prose.plain import Plain, plain
from engine.quarter import BE_OFFSET, FiscalYear
from engine.thai_dates import BE_YEARS, CE_YEARS, SURELY_BE, month_named, weekday_named


class Piece(StrEnum):
    """What a date in a text covers."""

    DAY = "day"
    RANGE = "range"
    MONTH = "month"
    MONTHS = "months"
    YEAR = "year"
    FISCAL_YEAR = "fiscal_year"


class Doubt(StrEnum):
    """What is not certain about a date that was read."""

    DAY_OR_MONTH = "day_or_month"  # 3/4: the other day is told
    ERA = "era"  # a year of two digits that no report in the Buddhist Era can mean
    WEEKDAY = "weekday"  # the weekday beside it is another one
    NO_SUCH_DAY = "no_such_day"  # the month has no such day: the month is told
    YEAR_ASSUMED = "year_assumed"  # it stands without a year


class Found(NamedTuple):
    """A date: its place in code points, what it covers, and its first and last day.

    ``lead`` are the words that led to it (``เมื่อวันที่``, ``ลว.``), which its place includes. ``other`` is
    the day that it may mean as well.
    """

    start: int
    end: int
    piece: Piece
    first: date
    last: date
    doubts: tuple[Doubt, ...] = ()
    other: date | None = None
    at: time | None = None
    lead: str = ""

    @property
    def day(self) -> date | None:
        """The day, where it is one."""
        return self.first if self.piece is Piece.DAY else None

    @property
    def iso(self) -> str:
        """What it covers as ISO 8601 writes it: ``2021-05-18``, ``2021-05``, ``2019-10/2019-12``."""
        match self.piece:
            case Piece.DAY:
                return self.first.isoformat()
            case Piece.MONTH:
                return f"{self.first:%Y-%m}"
            case Piece.MONTHS:
                return f"{self.first:%Y-%m}/{self.last:%Y-%m}"
            case Piece.YEAR:
                return f"{self.first:%Y}"
        return f"{self.first.isoformat()}/{self.last.isoformat()}"


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


# --- one pass over the text -----------------------------------------------------------------------------


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
    if match is not None and (found := _in_numbers(text, match)):
        return found
    match = forms.WORDS.match(text, start)
    if match is None or forms.NUMBERED.search(text, max(0, start - 12), start):
        return ()
    return _in_words(text, match, within)


def _from_word(text: str, start: int, within: FiscalYear | None) -> Sequence[Found]:
    if text[start] != "ป" and _stands_alone(text, start):
        if match := forms.MONTH_FIRST.match(text, start):
            return _month_first(text, match)
        if match := forms.WORDS.match(text, start):
            return _in_words(text, match, within)
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


# --- days in numbers ------------------------------------------------------------------------------------


def _in_numbers(text: str, match: re.Match[str]) -> Sequence[Found]:
    start, lead, weekday = _lead(text, match.start())
    fields = match.groupdict()
    first, second, digits = int(match["first"]), int(match["second"]), match["year"]
    if not lead and not _surely_a_day(text, match):
        return ()
    year, doubts = _year(digits), []
    if year is None and len(digits) == 2 and match["sep"] == "/":
        year, doubts = 2000 + int(digits), [Doubt.ERA]
    if year is None:
        return ()
    day = _day(year, second, first)
    swapped = _day(year, first, second) if match.re is forms.NUMBERS else None
    if day is None and swapped is None:
        return _whole_month(start, match.end(), year, second, lead) if 0 < first < 32 else ()
    if day is None or day == swapped:
        day, swapped = swapped or day, None
    assert day is not None
    if swapped is not None:
        doubts.append(Doubt.DAY_OR_MONTH)
    if weekday and weekday != day.isoweekday():
        doubts.append(Doubt.WEEKDAY)
    begins = _day(day.year, day.month, int(fields["from"])) if fields.get("from") else None
    piece = Piece.RANGE if begins and begins < day else Piece.DAY
    return (Found(start, match.end(), piece, begins or day, day, tuple(doubts), swapped, _time(match), lead),)


def _surely_a_day(text: str, match: re.Match[str]) -> bool:
    """Whether numbers with no word before them are a day, and not an outline, a telephone or an order."""
    start = match.start()
    if forms.TELEPHONE.search(text, max(0, start - 6), start):
        return False
    if (
        match["sep"] in ".-"
        and len(match["year"]) == 2
        and min(len(match["first"]), len(match["second"])) < 2
    ):
        return False
    return forms.NUMBERED.search(text, max(0, start - 12), start) is None


def _month_first(text: str, match: re.Match[str]) -> Sequence[Found]:
    start, lead, weekday = _lead(text, match.start())
    year = _year(match["year"])
    day = None if year is None else _day(year, month_named(match["month"]), int(match["day"]))
    if day is None:
        return ()
    doubts = (Doubt.WEEKDAY,) if weekday and weekday != day.isoweekday() else ()
    return (Found(start, match.end(), Piece.DAY, day, day, doubts, None, _time(match), lead),)


# --- days and months in words ---------------------------------------------------------------------------


@dataclass(slots=True)
class _Item:
    """One day or month of an expression; ``ranged`` when it ends the range that the one before begins."""

    start: int
    end: int
    day: int | None
    month: int = 0
    year: int | None = None
    ranged: bool = False
    assumed: bool = False

    @property
    def bounds(self) -> tuple[date, date] | None:
        """Its first and last day; ``None`` for a day that its month does not have."""
        assert self.year is not None
        if self.day is None:
            return _month(self.year, self.month)
        day = _day(self.year, self.month, self.day)
        return None if day is None else (day, day)


_BEHIND_MONTH = re.compile("เดือน *$")


def _in_words(text: str, match: re.Match[str], within: FiscalYear | None) -> Sequence[Found]:
    end = match.start("time") if match["time"] else match.end()
    if (one := forms.ONE_DAY.fullmatch(text, match.start(), end)) and (day := _one_day(text, match, one)):
        return (day,)
    items = _items(text, match.start(), end)
    # Without a year the bare name of a month is no date: แผนเดือน ธ.ค., มี.ค., มิ.ย.
    named = items[0].day or _BEHIND_MONTH.search(text, max(0, match.start() - 8), match.start())
    if not _with_years(items, within if named else None):
        return ()
    found = list(_groups(items))
    start, lead, weekday = _lead(text, match.start())
    first = found[0]
    if weekday and first.day and first.day.isoweekday() != weekday:
        first = first._replace(doubts=(*first.doubts, Doubt.WEEKDAY))
    found[0] = first._replace(start=start, lead=lead)
    if match["time"]:
        found[-1] = found[-1]._replace(end=match.end(), at=_time(match))
    return found


def _one_day(text: str, match: re.Match[str], one: re.Match[str]) -> Found | None:
    """The day that most expressions are; ``None`` where its month does not have it, or it has no year."""
    year = _year(one["year"])
    day = year and _day(year, month_named(one["month"]), int(one["day"].rstrip("sthndr")))
    if not day:
        return None
    start, lead, weekday = _lead(text, match.start())
    doubts = (Doubt.WEEKDAY,) if weekday and weekday != day.isoweekday() else ()
    return Found(start, match.end(), Piece.DAY, day, day, doubts, None, _time(match), lead)


def _items(text: str, start: int, end: int) -> list[_Item]:
    items: list[_Item] = []
    waiting: list[_Item] = []  # days whose month is still to come
    ranged, led = False, start
    for piece in forms.PIECES.finditer(text, start, end):
        if piece["day"]:
            day = int(piece["day"].rstrip("sthndr"))
            waiting.append(_Item(min(led, piece.start()), piece.end(), day, ranged=ranged))
        elif piece["month"]:
            if not waiting:
                waiting.append(_Item(min(led, piece.start()), piece.end(), None, ranged=ranged))
            waiting[-1].end = piece.end()
            for item in waiting:
                item.month = month_named(piece["month"])
                item.year = _year(piece["year"]) if piece["year"] else None
            items += waiting
            waiting = []
        ranged, led = bool(piece["range"]), piece.start("lead") if piece["lead"] else end
    return items


def _with_years(items: list[_Item], within: FiscalYear | None) -> bool:
    """Give every item its year: that of the one behind it, else of the one before, else of the fiscal year.

    Days that follow each other never run backwards: 28 ธ.ค. - 3 ม.ค. 64 begins in the year before.
    """
    for item, behind in zip(reversed(items[:-1]), reversed(items[1:]), strict=True):
        if item.year is None and behind.year is not None:
            item.year = behind.year - (item.month > behind.month)
    for item, before in zip(items[1:], items, strict=False):
        if item.year is None and before.year is not None:
            item.year, item.assumed = before.year + (item.month < before.month), True
    if items and items[0].year is None and within is not None:
        for item in items:
            item.year, item.assumed = within.year - (item.month >= 10), True
    return bool(items) and items[0].year is not None


def _groups(items: list[_Item]) -> Iterator[Found]:
    if all(item.day is None for item in items):
        bounds = [_month(item.year or 0, item.month) for item in items]
        piece = Piece.MONTH if len(items) == 1 else Piece.MONTHS
        first, last = min(one[0] for one in bounds), max(one[1] for one in bounds)
        yield Found(items[0].start, items[-1].end, piece, first, last, _assumed(items))
        return
    group: list[_Item] = []
    for item in items:
        if group and not (item.ranged and len(group) == 1 and _ordered(group[0], item)):
            yield _as_found(group)
            group = []
        group.append(item)
    yield _as_found(group)


def _ordered(one: _Item, other: _Item) -> bool:
    a, b = one.bounds, other.bounds
    return a is not None and b is not None and a[0] < b[1]


def _as_found(group: list[_Item]) -> Found:
    one, last = group[0], group[-1]
    begins, ends = one.bounds, last.bounds
    doubts = _assumed(group)
    if begins is None or ends is None:
        assert one.year is not None
        begins = ends = _month(one.year, one.month)
        return Found(one.start, last.end, Piece.MONTH, *begins, (*doubts, Doubt.NO_SUCH_DAY))
    if len(group) == 2:
        both_months = one.day is None and last.day is None
        piece = Piece.MONTHS if both_months else Piece.RANGE
    else:
        piece = Piece.MONTH if one.day is None else Piece.DAY
    return Found(one.start, last.end, piece, begins[0], ends[1], doubts)


def _assumed(items: list[_Item]) -> tuple[Doubt, ...]:
    return (Doubt.YEAR_ASSUMED,) if any(item.assumed for item in items) else ()


# --- years, and what all forms share --------------------------------------------------------------------


def _in_years(text: str, match: re.Match[str]) -> Sequence[Found]:
    start, lead, _ = _lead(text, match.start())
    year = _year(match["year"])
    through = year if not match["through"] else _year(match["through"])
    counted = match["calendar"] and text[: match.start()].rstrip()[-1:].isdigit()
    if year is None or through is None or through < year or counted:
        return ()
    if match["fiscal"]:
        first, last = FiscalYear(year).first_day, FiscalYear(through).last_day
    else:
        first, last = date(year, 1, 1), date(through, 12, 31)
    piece = Piece.RANGE if year < through else Piece.FISCAL_YEAR if match["fiscal"] else Piece.YEAR
    return (Found(start, match.end(), piece, first, last, lead=lead),)


def _year(digits: str) -> int | None:
    """The CE year that the digits mean; ``None`` where a report can mean none, or nobody knows which."""
    typed = int(digits)
    if len(digits) == 2:
        return 2500 + typed - BE_OFFSET if typed in SURELY_BE else None
    if typed in BE_YEARS:
        return typed - BE_OFFSET
    return typed if typed in CE_YEARS else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _whole_month(start: int, end: int, year: int, month: int, lead: str) -> Sequence[Found]:
    """The month of a day that it does not have."""
    if not 1 <= month <= 12:
        return ()
    return (Found(start, end, Piece.MONTH, *_month(year, month), (Doubt.NO_SUCH_DAY,), lead=lead),)


def _lead(text: str, start: int) -> tuple[int, str, int | None]:
    """Where the words begin that lead to what stands at ``start``, they themselves, and a weekday in them."""
    place = start - 1
    while place > 0 and text[place] == " ":
        place -= 1
    if place < 0 or text[place] not in forms.LEAD_ENDS:
        return start, "", None
    found = forms.LEAD.search(text, max(0, place - 28), start)
    if found is None:
        return start, "", None
    weekday = found["weekday"] and weekday_named(found["weekday"])
    return found.start(), found[0].strip(), weekday or None


def _time(match: re.Match[str]) -> time | None:
    """The time of day behind it; midnight without the word for a time is none."""
    if not match["time"] or (
        match["time"][:1] in " t"
        and "เวลา" not in match["time"]
        and int(match["hour"]) == int(match["minute"]) == 0
    ):
        return None
    return time(int(match["hour"]), int(match["minute"]))
