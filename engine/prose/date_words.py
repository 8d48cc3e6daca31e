"""Days and months written with the names of months: alone, in a list, in a range."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from engine.prose import date_forms as forms
from engine.prose.date_found import Doubt, Found, Piece, day_of, lead_before, month_of, time_of, year_of
from engine.quarter import FiscalYear
from engine.thai_dates import month_named


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
            return month_of(self.year, self.month)
        day = day_of(self.year, self.month, self.day)
        return None if day is None else (day, day)


_BEHIND_MONTH = re.compile("เดือน *$")


def in_words(text: str, match: re.Match[str], within: FiscalYear | None) -> Sequence[Found]:
    end = match.start("time") if match["time"] else match.end()
    if (one := forms.ONE_DAY.fullmatch(text, match.start(), end)) and (day := _one_day(text, match, one)):
        return (day,)
    items = _items(text, match.start(), end)
    # Without a year the bare name of a month is no date: แผนเดือน ธ.ค., มี.ค., มิ.ย.
    named = items[0].day or _BEHIND_MONTH.search(text, max(0, match.start() - 8), match.start())
    if not _with_years(items, within if named else None):
        return ()
    found = list(_groups(items))
    start, lead, weekday = lead_before(text, match.start())
    first = found[0]
    if weekday and first.day and first.day.isoweekday() != weekday:
        first = first._replace(doubts=(*first.doubts, Doubt.WEEKDAY))
    found[0] = first._replace(start=start, lead=lead)
    if match["time"]:
        found[-1] = found[-1]._replace(end=match.end(), at=time_of(match))
    return found


def _one_day(text: str, match: re.Match[str], one: re.Match[str]) -> Found | None:
    """The day that most expressions are; ``None`` where its month does not have it, or it has no year."""
    year = year_of(one["year"])
    day = year and day_of(year, month_named(one["month"]), int(one["day"].rstrip("sthndr")))
    if not day:
        return None
    start, lead, weekday = lead_before(text, match.start())
    doubts = (Doubt.WEEKDAY,) if weekday and weekday != day.isoweekday() else ()
    return Found(start, match.end(), Piece.DAY, day, day, doubts, None, time_of(match), lead)


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
                item.year = year_of(piece["year"]) if piece["year"] else None
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
        bounds = [month_of(item.year or 0, item.month) for item in items]
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
        begins = ends = month_of(one.year, one.month)
        return Found(one.start, last.end, Piece.MONTH, *begins, (*doubts, Doubt.NO_SUCH_DAY))
    if len(group) == 2:
        both_months = one.day is None and last.day is None
        piece = Piece.MONTHS if both_months else Piece.RANGE
    else:
        piece = Piece.MONTH if one.day is None else Piece.DAY
    return Found(one.start, last.end, piece, begins[0], ends[1], doubts)


def _assumed(items: list[_Item]) -> tuple[Doubt, ...]:
    return (Doubt.YEAR_ASSUMED,) if any(item.assumed for item in items) else ()
