"""Days written in numbers, and the English order with the month first."""

import re
from collections.abc import Sequence

from engine.prose import date_forms as forms
from engine.prose.date_found import Doubt, Found, Piece, day_of, lead_before, month_of, time_of, year_of
from engine.thai_dates import month_named


def in_numbers(text: str, match: re.Match[str]) -> Sequence[Found]:
    start, lead, weekday = lead_before(text, match.start())
    fields = match.groupdict()
    first, second, digits = int(match["first"]), int(match["second"]), match["year"]
    if not lead and not _surely_a_day(text, match):
        return ()
    year, doubts = year_of(digits), []
    if year is None and len(digits) == 2 and match["sep"] == "/":
        year, doubts = 2000 + int(digits), [Doubt.ERA]
    if year is None:
        return ()
    day = day_of(year, second, first)
    swapped = day_of(year, first, second) if match.re is forms.NUMBERS else None
    if day is None and swapped is None:
        return _whole_month(start, match.end(), year, second, lead) if 0 < first < 32 else ()
    if day is None or day == swapped:
        day, swapped = swapped or day, None
    assert day is not None
    if swapped is not None:
        doubts.append(Doubt.DAY_OR_MONTH)
    if weekday and weekday != day.isoweekday():
        doubts.append(Doubt.WEEKDAY)
    begins = day_of(day.year, day.month, int(fields["from"])) if fields.get("from") else None
    piece = Piece.RANGE if begins and begins < day else Piece.DAY
    return (
        Found(start, match.end(), piece, begins or day, day, tuple(doubts), swapped, time_of(match), lead),
    )


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


def month_first(text: str, match: re.Match[str]) -> Sequence[Found]:
    start, lead, weekday = lead_before(text, match.start())
    year = year_of(match["year"])
    day = None if year is None else day_of(year, month_named(match["month"]), int(match["day"]))
    if day is None:
        return ()
    doubts = (Doubt.WEEKDAY,) if weekday and weekday != day.isoweekday() else ()
    return (Found(start, match.end(), Piece.DAY, day, day, doubts, None, time_of(match), lead),)


def _whole_month(start: int, end: int, year: int, month: int, lead: str) -> Sequence[Found]:
    """The month of a day that it does not have."""
    if not 1 <= month <= 12:
        return ()
    return (Found(start, end, Piece.MONTH, *month_of(year, month), (Doubt.NO_SUCH_DAY,), lead=lead),)
