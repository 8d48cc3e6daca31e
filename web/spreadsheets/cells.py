"""A cell of a spreadsheet, made into what its column asks for, or refused with a reason."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from engine.errors import refuse
from engine.nearest import nearest
from engine.numbers import parse_number
from engine.quarter import BE_OFFSET, BE_YEARS
from engine.searching import folded
from engine.thai_dates import DateProblem, Style, format_day, parse_be_year, parse_day, plain_text
from web.reading import LONGEST, plain
from web.spreadsheets.columns import Column, Reads

#: More letters a cell that is one line does not hold.
_LINE, _CODE = 1000, 64
#: No number of a city is as large; what is typed longer is a slip of the hand.
_LARGEST = Decimal(10) ** 15
#: What people type into a cell of which there is nothing to say.
_NOTHING = frozenset({"", "-", "–", "—"})
#: What people type to empty a value: no list of theirs has it for anything else, as lists have dashes.
_CLEARING = frozenset({"(ล้างค่า)", "(ล้าง)", "(clear)"})
_QUARTER = re.compile(r"(?:q|ไตรมาส|ไตรมาสที่|quarter)?\s*([1-4])", re.IGNORECASE)


class Percent(float):
    """A number that is shown with a percent sign: 0.85 where people see 85 %."""


class Broken(StrEnum):
    """A cell whose value is not in the file: the kind of the sentence about it."""

    UNSAVED = "cell.formula_unsaved"
    ERROR = "cell.error"


Raw = str | int | float | bool | datetime | Broken | None
Value = str | int | Decimal
#: The choices of a column by each of their folded words, with the word under which one is offered.
Choices = Mapping[str, tuple[str, str]]


def is_empty(raw: Raw) -> bool:
    """Whether nothing is said: an empty cell, blanks, a dash."""
    return raw is None or (isinstance(raw, str) and raw.strip() in _NOTHING)


def is_clearing(raw: Raw) -> bool:
    """Whether the cell says that what was there is to go."""
    return isinstance(raw, str) and " ".join(plain(raw).lower().split()) in _CLEARING


def value_of(column: Column, raw: Raw, choices: Choices) -> Value | None:
    """What the cell says; ``None`` where it says nothing.

    Raises :class:`~engine.errors.Refusal` where the cell is not what the column asks for.
    """
    if isinstance(raw, Broken):
        raise refuse(str(raw))
    if raw is None or is_empty(raw):
        return None
    if column.reads is Reads.CHOICE:
        return _choice(_line(raw, _CODE), choices)
    return _READERS[column.reads](raw)


# --- by what a column asks for -----------------------------------------------------------------------------


def _text(raw: Raw) -> str | None:
    return _of_length(plain(_typed(raw)), LONGEST) or None


def _one_line(raw: Raw) -> str | None:
    return _line(raw, _LINE) or None


def _code(raw: Raw) -> str | None:
    """A code is a text: what the spreadsheet took for a day is no code any more."""
    if isinstance(raw, datetime):
        raise refuse("cell.day_for_code", day=raw.date())
    return _line(raw, _CODE) or None


def _plan(raw: Raw) -> str | None:
    """The code of a place in the plan, with Arabic digits and without a dot at its end."""
    text = _code(raw)
    return plain_text(text).rstrip(".") if text else None


def _number(raw: Raw) -> Decimal:
    """Exact, as far as a spreadsheet is: of 0.1 + 0.2 it keeps sixteen digits too many."""
    match raw:
        case bool():
            raise refuse("value.not_a_number", value=_typed(raw))
        case datetime():
            raise refuse("cell.day_for_number", day=raw.date())
        case int() | float() if not math.isfinite(raw):
            raise refuse("value.not_a_number", value=str(raw))
        case float():
            exact = Decimal(f"{raw * 100 if isinstance(raw, Percent) else raw:.15g}")
        case int():
            exact = Decimal(raw)
        case _:
            exact = parse_number(_line(raw, _CODE))
    if abs(exact) >= _LARGEST:
        raise refuse("cell.number_too_large", most=_LARGEST)
    return exact


def _year(raw: Raw) -> int:
    """The fiscal year (CE) of a Buddhist-Era year."""
    if isinstance(raw, datetime):
        raise refuse("cell.day_for_year", day=raw.date())
    try:
        return parse_be_year(_line(raw, _CODE))
    except DateProblem as problem:
        raise refuse(problem.kind, **problem.params) from None


def _quarter(raw: Raw) -> int:
    """1 to 4, however it is written; a day means the quarter in which it lies."""
    if isinstance(raw, datetime):
        return _quarter_of(_day(raw))
    text = plain_text(_line(raw, _CODE))
    if found := _QUARTER.fullmatch(text):
        return int(found[1])
    try:
        return _quarter_of(parse_day(text))
    except DateProblem:
        raise refuse("quarter.unknown", given=text) from None


def _quarter_of(day: date) -> int:
    return (day.month - 10) % 12 // 3 + 1


_READERS: Mapping[Reads, Callable[[Raw], Value | None]] = {
    Reads.LINE: _one_line,
    Reads.TEXT: _text,
    Reads.CODE: _code,
    Reads.PLAN: _plan,
    Reads.NUMBER: _number,
    Reads.YEAR: _year,
    Reads.QUARTER: _quarter,
}


def _choice(text: str, choices: Choices) -> str:
    found = choices.get(fold(text))
    if found is None:
        near = dict.fromkeys(choices[one][1] for one in nearest(fold(text), choices))
        known = dict.fromkeys(word for _, word in choices.values())
        raise refuse("cell.choice_unknown", given=text, nearest=list(near), known=list(known))
    return found[0]


# --- as people see it --------------------------------------------------------------------------------------


def fold(text: str) -> str:
    """A heading or a choice in one form: letters and digits alone, without marks that set them apart."""
    return "".join(one for one in folded(plain(text)) if not (one.isspace() or one in "*_-–.:/()[]\"'"))


def _line(raw: Raw, most: int) -> str:
    return _of_length(" ".join(plain(_typed(raw)).split()), most)


def _of_length(text: str, most: int) -> str:
    if len(text) > most:
        raise refuse("field.too_long", length=len(text), most=most)
    return text


def _typed(raw: Raw) -> str:
    """The cell as people see it: a whole number without a point, a day as Thai people write it."""
    match raw:
        case bool():
            return "TRUE" if raw else "FALSE"
        case datetime():
            return format_day(_day(raw), "th", Style.SHORT)
        case Percent():
            return f"{raw * 100:.15g}%"
        case float() if math.isfinite(raw) and raw == int(raw) and abs(raw) < _LARGEST:
            return str(int(raw))
        case float():
            return f"{raw:.15g}"
    return str(raw)


def _day(raw: datetime) -> date:
    """The day; one that was typed with a Buddhist year is brought to where it belongs."""
    day = raw.date()
    if day.year not in BE_YEARS:
        return day
    try:
        return day.replace(year=day.year - BE_OFFSET)
    except ValueError:  # 29 February of a year that has none
        return day.replace(year=day.year - BE_OFFSET, day=28)
