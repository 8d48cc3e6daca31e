"""The Buddhist Era and Thai digits, at the edges: a day as people write it, and a day for people to read."""

import calendar
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from engine.quarter import BE_OFFSET


class DateFault(StrEnum):
    """Why a text is not understood as a day; the params of each are listed in :class:`DateProblem`."""

    NOT_A_DATE = "date.not_a_date"
    NOT_ONE_DAY = "date.not_one_day"
    NO_SUCH_DAY = "date.no_such_day"
    NO_SUCH_MONTH = "date.no_such_month"
    DAY_MONTH_AMBIGUOUS = "date.day_month_ambiguous"
    WEEKDAY_MISMATCH = "date.weekday_mismatch"
    YEAR_MISSING = "date.year_missing"
    YEAR_UNLIKELY = "date.year_unlikely"
    ERA_MIXED = "date.era_mixed"
    ERA_AMBIGUOUS = "date.era_ambiguous"
    NOT_A_YEAR = "date.not_a_year"


class DateProblem(ValueError):
    """A text that is not understood as a day: ``kind`` and ``params``, whose sentence stands elsewhere.

    Every kind carries ``text`` (what was typed), and besides:

    * ``not_one_day``: ``covers`` (a :class:`Span`)
    * ``no_such_day``: ``day``, ``month``, ``year`` (CE), ``last`` (the month's last day)
    * ``no_such_month``: ``month``
    * ``day_month_ambiguous``: ``readings`` (the two days it may mean, day first, then month first)
    * ``weekday_mismatch``: ``day``, ``given`` and ``actual`` (ISO weekdays)
    * ``year_missing``: ``day``, ``month``
    * ``year_unlikely``: ``year`` (as typed)
    * ``era_mixed``: ``year`` (as typed), ``era`` (which it is of), ``expected`` (which the form asks for),
      ``suggested_year`` (the same year in the expected era), ``suggested_day`` (``None`` for a mere year)
    * ``era_ambiguous``: ``year`` (as typed), ``as_be`` and ``as_ce`` (the CE years it may mean)
    """

    def __init__(self, kind: DateFault, text: str, **params: Any) -> None:
        self.kind = kind
        self.params: Mapping[str, Any] = MappingProxyType({"text": text, **params})
        super().__init__(f"{kind}: {text!r}")


class Span(StrEnum):
    """What a text names that is a piece of time, but not a day."""

    DAYS = "days"
    MONTH = "month"
    MONTHS = "months"
    YEAR = "year"


class Era(StrEnum):
    BE = "be"
    CE = "ce"


# --- words: the tables that every reader of dates shares -----------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A month or weekday: how we write it, and the other spellings people use (dots never matter)."""

    th: str
    th_short: str
    en: str
    en_short: str
    variants: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        return self.th, self.th_short, self.en, self.en_short, *self.variants


#: January to December.
MONTHS = (
    Name("มกราคม", "ม.ค.", "January", "Jan", ("มกรา",)),
    Name("กุมภาพันธ์", "ก.พ.", "February", "Feb", ("กุมภาพันธ", "กุมภาพันธุ์", "กุมพาพันธ์", "กุมภา")),
    Name("มีนาคม", "มี.ค.", "March", "Mar", ("มีนา",)),
    Name("เมษายน", "เม.ย.", "April", "Apr", ("เมษา",)),
    Name("พฤษภาคม", "พ.ค.", "May", "May", ("พฤศภาคม", "พฤษภา")),
    Name("มิถุนายน", "มิ.ย.", "June", "Jun", ("มิถุนายม", "มิถุนา")),
    Name("กรกฎาคม", "ก.ค.", "July", "Jul", ("กรกฏาคม", "กรกฎา", "กรกฏา")),
    Name("สิงหาคม", "ส.ค.", "August", "Aug", ("สิงหา",)),
    Name("กันยายน", "ก.ย.", "September", "Sep", ("กันยา", "Sept")),
    Name("ตุลาคม", "ต.ค.", "October", "Oct", ("ตุลา",)),
    Name("พฤศจิกายน", "พ.ย.", "November", "Nov", ("พฤษจิกายน", "พฤศจิกายาน", "พฤศจิกา")),
    Name("ธันวาคม", "ธ.ค.", "December", "Dec", ("ธันวา",)),
)

#: Monday to Sunday.
WEEKDAYS = (
    Name("จันทร์", "จ.", "Monday", "Mon"),
    Name("อังคาร", "อ.", "Tuesday", "Tue", ("Tues",)),
    Name("พุธ", "พ.", "Wednesday", "Wed"),
    Name("พฤหัสบดี", "พฤ.", "Thursday", "Thu", ("พฤหัสฯ", "พฤหัส", "Thurs")),
    Name("ศุกร์", "ศ.", "Friday", "Fri"),
    Name("เสาร์", "ส.", "Saturday", "Sat"),
    Name("อาทิตย์", "อา.", "Sunday", "Sun"),
)


def _plain(word: str) -> str:
    return word.replace(".", "").replace(" ", "").lower()


def _numbers(names: Iterable[Name]) -> dict[str, int]:
    """The number, from 1, of every spelling without its dots."""
    return {_plain(word): number for number, name in enumerate(names, start=1) for word in name.spellings}


def _pattern(names: Iterable[Name]) -> str:
    """A pattern for every spelling, the longest first."""
    words = sorted({word for name in names for word in name.spellings}, key=len, reverse=True)
    return "|".join(map(_spelt, words))


def _spelt(word: str) -> str:
    """A pattern for one spelling: dots may be missing or stand between spaces.

    Only a short form of one letter group needs its dot, or any letter before a number would be a weekday.
    """
    parts = word.lower().rstrip(".").split(".")
    dot = r"\." if len(parts) == 1 and word.endswith(".") else r"\.?"
    return r"(?:\s?\.\s?)?".join(map(re.escape, parts)) + dot


_MONTH_NUMBERS = _numbers(MONTHS)
_WEEKDAY_NUMBERS = _numbers(WEEKDAYS)

#: Patterns without groups, for a text that :func:`plain_text` has made even.
MONTH_PATTERN = _pattern(MONTHS)
WEEKDAY_PATTERN = _pattern(WEEKDAYS)
ERA_PATTERN = r"พ\.?\s?ศ\.?|ค\.?\s?ศ\.?|พุทธศักราช|คริสต์ศักราช|b\.?e\.?|c\.?e\.?|a\.?d\.?"

ERAS = {
    **dict.fromkeys(("พศ", "พุทธศักราช", "be"), Era.BE),
    **dict.fromkeys(("คศ", "คริสต์ศักราช", "ce", "ad"), Era.CE),
}


def month_named(word: str) -> int:
    """The number of the month that a match of :data:`MONTH_PATTERN` names."""
    return _MONTH_NUMBERS[_plain(word)]


def weekday_named(word: str) -> int:
    """The ISO weekday, Monday 1, that a match of :data:`WEEKDAY_PATTERN` names."""
    return _WEEKDAY_NUMBERS[_plain(word)]


# --- digits --------------------------------------------------------------------------------------------

_THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙"
_TO_THAI = str.maketrans("0123456789", _THAI_DIGITS)
_FROM_THAI = str.maketrans(_THAI_DIGITS, "0123456789")
_DIGITS = tuple(zip(_THAI_DIGITS, "0123456789", strict=True))
# Dashes of every length, and the invisible marks that come along when text is copied from a page.
_EVEN = _FROM_THAI | str.maketrans(
    dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", "")
)


def to_thai_digits(text: str) -> str:
    return text.translate(_TO_THAI)


def from_thai_digits(text: str) -> str:
    if not text.isascii():
        for thai, arabic in _DIGITS:  # sixty times as fast as a translation where there is none
            text = text.replace(thai, arabic)
    return text


def plain_text(text: str) -> str:
    """The text with Arabic digits, small letters, one kind of dash, single spaces and no invisible marks."""
    return " ".join(text.translate(_EVEN).lower().split())


# --- writing -------------------------------------------------------------------------------------------


class Style(StrEnum):
    LONG = "long"
    SHORT = "short"
    NUMERIC = "numeric"


# English numbers are written the ISO way: of 18/05 and 05/18 one reader in two expects the other.
_STYLES = {
    ("th", Style.LONG): "{day} {month.th} {be}",
    ("th", Style.SHORT): "{day} {month.th_short} {be}",
    ("th", Style.NUMERIC): "{day:02}/{number:02}/{be}",
    ("en", Style.LONG): "{day} {month.en} {ce}",
    ("en", Style.SHORT): "{day} {month.en_short} {ce}",
    ("en", Style.NUMERIC): "{ce:04}-{number:02}-{day:02}",
}


def format_day(day: date, lang: str, style: Style | str = Style.LONG) -> str:
    """The day as people read it: BE in Thai (``th``), CE in English (``en``), in Arabic digits.

    Raises ``ValueError`` for another language or style.
    """
    form = _STYLES.get((lang, Style(style)))
    if form is None:
        raise ValueError(f"days are written in th or en, not in {lang}")
    month = MONTHS[day.month - 1]
    return form.format(day=day.day, number=day.month, month=month, be=day.year + BE_OFFSET, ce=day.year)


# --- reading -------------------------------------------------------------------------------------------

# Years that a report can mean. As no year is in both ranges, a year of four digits tells its own era.
CE_YEARS = range(1857, 2257)
BE_YEARS = range(CE_YEARS.start + BE_OFFSET, CE_YEARS.stop + BE_OFFSET)
# "64" is 2564. Below 43 it is either BE 25xx, before anyone reported here, or CE 20xx: not ours to guess.
SURELY_BE = range(BE_OFFSET % 100, 100)

_LEAD = (
    r"(?:(?:เมื่อ|ณ|ลง|ลว\.?|dated|on)\s*)?"
    rf"(?:วันที่|(?:วัน)?(?P<weekday>{WEEKDAY_PATTERN})(?:\s?ที่)?,?)?\s*"
)
_TIME = (
    r"(?:(?:t|,?\s|,?\s?เวลา\s?)(?:[01]?[0-9]|2[0-3])[:.][0-5][0-9](?:[:.][0-5][0-9](?:\.[0-9]+)?)?"
    r"(?:\s?น\.?)?)?"
)
_YEAR = rf"(?P<era>{ERA_PATTERN})?\s?(?P<year>[0-9]{{1,8}})\s?(?P<era_after>{ERA_PATTERN})?"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"


# Patterns are kept as texts here: who types no day need not wait until they are compiled.
_compiled = cache(re.compile)


def _form(body: str) -> str:
    return _LEAD + body + _TIME


_ISO = _form(r"(?P<year>[0-9]{4})(?P<sep>[-/.])(?P<month>[0-9]{1,2})(?P=sep)(?P<day>[0-9]{1,2})")
_NUMBERS = _form(rf"(?P<first>[0-9]{{1,2}})\s?(?P<sep>[-/.])\s?(?P<second>[0-9]{{1,2}})\s?(?P=sep)\s?{_YEAR}")
_WITH_MONTH = _form(rf"{_DAY}\s?เดือน(?:ที่)?\s?(?P<month>[0-9]{{1,2}})\s?,?\s?{_YEAR}")
_WORDS = _form(rf"{_DAY}[\s./-]{{0,3}}(?:เดือน\s?)?(?P<month>{MONTH_PATTERN})[\s.,/-]{{0,3}}(?:{_YEAR})?")
_MONTH_FIRST = _form(rf"(?P<month>{MONTH_PATTERN})\s?{_DAY},?\s{_YEAR}")


def parse_day(text: str) -> date:
    """The one day that a text names, as people write days: in BE or CE, in words, numbers or Thai digits.

    A time of day behind it is read over. Raises :class:`DateProblem`: ranges, months and years, and all
    that is no date, are refused, and whatever could mean two days is never guessed.
    """
    plain = plain_text(text)
    for form, reader in _FORMS:
        if match := _compiled(form).fullmatch(plain):
            day = reader(text, match)
            _check_weekday(text, match, day)
            return day
    if span := _span_of(plain):
        raise DateProblem(DateFault.NOT_ONE_DAY, text, covers=span)
    raise DateProblem(DateFault.NOT_A_DATE, text)


def _from_iso(text: str, match: re.Match[str]) -> date:
    return _day(text, match, int(match["month"]), int(match["day"]), expected=Era.CE)


def _with_month(text: str, match: re.Match[str]) -> date:
    return _day(text, match, int(match["month"]), int(match["day"]))


def _from_words(text: str, match: re.Match[str]) -> date:
    month, day = month_named(match["month"]), int(match["day"])
    if match["year"] is None:
        raise DateProblem(DateFault.YEAR_MISSING, text, day=day, month=month)
    return _day(text, match, month, day, expected=Era.CE if match["month"].isascii() else Era.BE)


def _from_numbers(text: str, match: re.Match[str]) -> date:
    """Day first, as in Thai; a CE year may also stand behind the American order, month first."""
    first, second = int(match["first"]), int(match["second"])
    if int(match["year"]) not in CE_YEARS or first > 12:
        return _day(text, match, second, first)
    if second > 12 or first == second:
        return _day(text, match, first, second)
    readings = (_day(text, match, second, first), _day(text, match, first, second))
    raise DateProblem(DateFault.DAY_MONTH_AMBIGUOUS, text, readings=readings)


_FORMS: tuple[tuple[str, Callable[[str, re.Match[str]], date]], ...] = (
    (_ISO, _from_iso),
    (_NUMBERS, _from_numbers),
    (_WITH_MONTH, _with_month),
    (_WORDS, _from_words),
    (_MONTH_FIRST, _from_words),
)


def _day(text: str, match: re.Match[str], month: int, day: int, expected: Era | None = None) -> date:
    """The day, when it exists and its year is of the era that is written beside it or else ``expected``."""
    fields = match.groupdict()
    mark = fields.get("era") or fields.get("era_after")
    expected = ERAS[_plain(mark)] if mark else expected
    era, year = _read_year(text, match["year"], expected)
    if not 1 <= month <= 12:
        raise DateProblem(DateFault.NO_SUCH_MONTH, text, month=month)
    try:
        found = date(year, month, day)
    except ValueError:
        last = _last_day(year, month)
        raise DateProblem(DateFault.NO_SUCH_DAY, text, day=day, month=month, year=year, last=last) from None
    if expected not in (None, era):
        raise _era_mixed(text, int(match["year"]), era, found)
    return found


def _read_year(text: str, digits: str, expected: Era | None) -> tuple[Era, int]:
    """The era of a year as it is typed, and the year in CE."""
    typed = int(digits)
    if len(digits) == 2:
        as_be, as_ce = 2500 + typed - BE_OFFSET, 2000 + typed
        if expected is Era.CE or typed not in SURELY_BE:
            raise DateProblem(DateFault.ERA_AMBIGUOUS, text, year=digits, as_be=as_be, as_ce=as_ce)
        return Era.BE, as_be
    if typed in BE_YEARS:
        return Era.BE, typed - BE_OFFSET
    if typed in CE_YEARS:
        return Era.CE, typed
    raise DateProblem(DateFault.YEAR_UNLIKELY, text, year=digits)


def _era_mixed(text: str, typed: int, era: Era, day: date | None) -> DateProblem:
    """A year of the one era where the other is expected: it is offered in the expected one."""
    expected, suggested = (Era.CE, typed - BE_OFFSET) if era is Era.BE else (Era.BE, typed + BE_OFFSET)
    return DateProblem(
        DateFault.ERA_MIXED,
        text,
        year=typed,
        era=era,
        expected=expected,
        suggested_year=suggested,
        suggested_day=day,
    )


def _last_day(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _check_weekday(text: str, match: re.Match[str], day: date) -> None:
    given = match["weekday"] and weekday_named(match["weekday"])
    if given and given != day.isoweekday():
        params = {"day": day, "given": given, "actual": day.isoweekday()}
        raise DateProblem(DateFault.WEEKDAY_MISMATCH, text, **params)


# --- pieces of time that are no day, to be told apart from what is no date at all ----------------------

_NO_LETTER_BEFORE = r"(?:(?<![ก-ฺเ-๎a-z])|(?<=เดือน))"
_NO_LETTER_AFTER = r"(?![ก-ฺเ-๎a-z])"
_MONTH_IN_TEXT = rf"{_NO_LETTER_BEFORE}(?:{MONTH_PATTERN}){_NO_LETTER_AFTER}"
_ONE_OF_DAYS = r"(?<![0-9/])(?:0?[1-9]|[12][0-9]|3[01])"
_DAYS_IN_TEXT = (
    rf"((?:{_ONE_OF_DAYS}\s?(?:-|,|และ|ถึง|to|and)\s?){{0,9}}{_ONE_OF_DAYS})"
    rf"(?:\s?(?:{MONTH_PATTERN}){_NO_LETTER_AFTER}|[-/.][0-9]{{1,2}}[-/.][0-9]{{4}}(?![0-9]))"
)
_YEAR_ALONE = rf"(?:ประจำ)?(?:ปี\s?(?:งบประมาณ)?|fiscal year|fy)?\s?{_YEAR}"


def _span_of(plain: str) -> Span | None:
    """Which piece of time the text names. One day among other words is none: nobody knows what they add."""
    if (year := _compiled(_YEAR_ALONE).fullmatch(plain)) and _is_year(year["year"]):
        return Span.YEAR
    days = sum(len(re.findall("[0-9]+", found[1])) for found in _compiled(_DAYS_IN_TEXT).finditer(plain))
    if days:
        return Span.DAYS if days > 1 else None
    months = len(_compiled(_MONTH_IN_TEXT).findall(plain))
    return (None, Span.MONTH, Span.MONTHS)[min(months, 2)]


def _is_year(digits: str) -> bool:
    return int(digits) in BE_YEARS or int(digits) in CE_YEARS


def parse_be_year(text: str) -> int:
    """The CE year of a Buddhist-Era year such as ``2564``, ``๒๕๖๔``, ``64`` or ``ปีงบประมาณ พ.ศ. ๒๕๖๓``.

    Raises :class:`DateProblem`; a year such as 2021 is refused with the year that it is in BE.
    """
    match = _compiled(_YEAR_ALONE).fullmatch(plain_text(text))
    if match is None:
        raise DateProblem(DateFault.NOT_A_YEAR, text)
    era, year = _read_year(text, match["year"], Era.BE)
    mark = match["era"] or match["era_after"]
    if era is Era.CE or (mark and ERAS[_plain(mark)] is Era.CE):
        raise _era_mixed(text, int(match["year"]), era, None)
    return year
