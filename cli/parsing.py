"""What people type at the command line, turned into days, years, instants and numbers, or refused."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.errors import Refusal, Unmet, refuse
from engine.numbers import parse_number
from engine.quarter import BE_OFFSET, BE_YEARS, FiscalYear
from engine.thai_dates import DateProblem, parse_be_year, parse_day, plain_text


class Unreadable(Refusal):
    """What was typed cannot be read at all: wrong use of the command, not a refusal of the rules."""


def unreadable(kind: str, **params: Any) -> Unreadable:
    """A single thing that cannot be read."""
    return Unreadable(refuse(kind, **params).conditions)


def day(typed: str) -> date:
    """A day in ISO or as Thai people write it; whatever could mean two days is refused with both."""
    try:
        return parse_day(typed)
    except DateProblem as problem:
        raise Unreadable([Unmet(problem.kind, problem.params)]) from None


def fiscal_year(typed: str) -> FiscalYear:
    """The fiscal year of a Buddhist-Era year; a year of the Common Era is refused with its equal."""
    try:
        return FiscalYear(parse_be_year(typed))
    except DateProblem as problem:
        raise Unreadable([Unmet(problem.kind, problem.params)]) from None


def quarter_number(typed: str) -> int:
    """1 to 4."""
    digits = plain_text(typed).upper().removeprefix("Q")
    if digits not in ("1", "2", "3", "4"):
        raise unreadable("quarter.unknown", given=typed)
    return int(digits)


def instant(typed: str, zone: ZoneInfo) -> datetime:
    """An ISO instant; without a zone that of the house; a bare day means its very end."""
    text = typed.strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise unreadable("instant.unreadable", given=typed) from None
    if found.year in BE_YEARS:
        raise unreadable("instant.buddhist_era", given=typed, ce=found.year - BE_OFFSET)
    if len(text) == len("2021-06-30"):
        next_day = found.date() + timedelta(days=1)
        return datetime.combine(next_day, time(), zone).astimezone(UTC) - timedelta(microseconds=1)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def number(typed: str) -> Decimal:
    """A plain number; thousands may be set apart by commas, digits may be Thai."""
    try:
        return parse_number(typed)
    except Refusal as refused:
        raise Unreadable(refused.conditions) from None
