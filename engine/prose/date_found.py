"""What is found of a date in a text, and the small readings that all forms of dates share."""

import calendar
import re
from datetime import date, time
from enum import StrEnum
from typing import NamedTuple

from engine.prose import date_forms as forms
from engine.quarter import BE_OFFSET
from engine.thai_dates import BE_YEARS, CE_YEARS, SURELY_BE, weekday_named


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


def year_of(digits: str) -> int | None:
    """The CE year that the digits mean; ``None`` where a report can mean none, or nobody knows which."""
    typed = int(digits)
    if len(digits) == 2:
        return 2500 + typed - BE_OFFSET if typed in SURELY_BE else None
    if typed in BE_YEARS:
        return typed - BE_OFFSET
    return typed if typed in CE_YEARS else None


def day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_of(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def lead_before(text: str, start: int) -> tuple[int, str, int | None]:
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


def time_of(match: re.Match[str]) -> time | None:
    """The time of day behind it; midnight without the word for a time is none."""
    if not match["time"] or (
        match["time"][:1] in " t"
        and "เวลา" not in match["time"]
        and int(match["hour"]) == int(match["minute"]) == 0
    ):
        return None
    return time(int(match["hour"]), int(match["minute"]))
