"""What people type into forms: read field by field, made plain, and kept to be shown again if it is wrong."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.errors import Refusal, Unmet
from engine.numbers import parse_number
from engine.quarter import BE_OFFSET, FiscalYear
from engine.thai_dates import DateProblem, parse_be_year, parse_day, plain_text
from engine.wording import Wording

#: Nothing that is typed into one field is longer, in characters.
LONGEST = 20_000
#: No letter of any language carries more marks; what does is made to overflow its line.
_MOST_MARKS = 4
#: Controls but line feed and tab, marks that turn the direction of a text, and those that nobody sees.
_UNWANTED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


#: A time of day behind a day, as :func:`parse_day` reads it over.
_TIME_OF_DAY = re.compile(r"(?:[ tT,]|เวลา)([0-9]{1,2})[:.]([0-9]{2})(?:[:.][0-9.]+)?(?: ?น\.?)?$")


def plain(typed: str) -> str:
    """The text as it is kept: composed letters, one kind of line end, nothing hidden in it."""
    text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n").replace("\r", "\n"))
    return _few_marks(_UNWANTED.sub("", text)).strip()


def _few_marks(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


#: To which field of a form an unmet condition belongs, by how its kind begins; any other belongs to none.
_FIELDS: Mapping[str, str] = {
    "date.": "day",
    "day.": "day",
    "quarter.": "quarter",
    "value.": "value",
    "occurrence.duplicate_document": "document",
    "occurrence.kind_unknown": "kind",
    "occurrence.no_such_plan": "fulfils",
    "reason.undated": "note",
    "reason.": "reason",
    "petition.no_day": "day",
    "extension.": "day",
    "report.empty": "narrative",
    "evidence.run_out": "expires",
    "evidence.unknown": "replaces",
    "evidence.of_another": "replaces",
    "evidence.replaced_already": "replaces",
    "evidence.": "files",
    "return.unanswered": "answer-{number}",
    "quality.": "quality_reason",
    "timeliness.": "timeliness_reason",
    "appeal.changes_nothing": "quality",
}


def whole_number(text: str, most_digits: int) -> int | None:
    """The whole number of an address, a hidden field or a choice; ``None`` for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else None


class Typed:
    """One form as it was sent. ``fields`` is what was typed, ``faults`` what is wrong with it, by field."""

    def __init__(self, form: Mapping[str, Any]) -> None:
        self.fields: dict[str, str] = {
            name: value for name, value in form.items() if isinstance(value, str) and name != "token"
        }
        self.faults: dict[str, list[Unmet]] = {}

    def text(self, name: str, most: int = LONGEST) -> str:
        """The plain text of a field; one that is too long is a fault, and none of it is lost."""
        text = plain(self.fields.get(name, ""))
        if len(text) > most:
            self.fault(name, Unmet("field.too_long", {"length": len(text), "most": most}))
        return text

    def line(self, name: str, most: int = 300) -> str:
        """The same in one line."""
        return " ".join(self.text(name, most).split())

    def day(self, name: str) -> date | None:
        """The day of a field; ``None`` for an empty one, and for one that is no day, which is a fault."""
        typed = self.line(name)
        if not typed:
            return None
        try:
            return parse_day(typed)
        except DateProblem as problem:
            self.fault(name, Unmet(problem.kind, problem.params))
            return None

    def instant(self, name: str, zone: ZoneInfo) -> datetime | None:
        """The instant of a field: a day means its end, a time of day behind it that of the minute."""
        day = self.day(name)
        if day is None:
            return None
        said = _TIME_OF_DAY.search(plain_text(self.line(name)))
        at = time(int(said[1]), int(said[2]), 59, 999_999) if said else time.max
        return datetime.combine(day, at, zone).astimezone(UTC)

    def number(self, name: str) -> Decimal | None:
        """The number of a field; ``None`` for an empty one, and for one that is no number: a fault."""
        typed = self.line(name)
        if not typed:
            return None
        try:
            return parse_number(typed)
        except Refusal as refused:
            self.fault(name, *refused.conditions)
            return None

    def whole(self, name: str) -> int | None:
        """The whole number of a hidden field or a choice; ``None`` for anything else."""
        return whole_number(self.fields.get(name, ""), 9)

    def fault(self, name: str, *conditions: Unmet) -> None:
        self.faults.setdefault(name, []).extend(conditions)

    def blame(self, refused: Refusal | Iterable[Unmet], **fields: str) -> None:
        """Put each unmet condition beside its field; ``fields`` says where this form's differ."""
        conditions = refused.conditions if isinstance(refused, Refusal) else refused
        for one in conditions:
            name = next((field for kind, field in _FIELDS.items() if one.kind.startswith(kind)), "")
            self.fault(fields.get(name, name).format_map(one.params), one)

    def errors(self, wording: Wording) -> dict[str, list[str]]:
        """What is wrong, as sentences by field."""
        return {
            name: list(dict.fromkeys(wording.unmet(one) for one in unmet))
            for name, unmet in self.faults.items()
        }


#: Years that somebody may ask for: what lies further off is a slip of the hand.
YEARS = range(2000, 2200)


def year_typed(typed: str) -> FiscalYear | None:
    """The fiscal year that was typed; ``None`` for none, and for one that is a slip of the hand."""
    be = whole_number(typed, 4)
    return FiscalYear.from_be(be) if be is not None and be - BE_OFFSET in YEARS else None


def year_asked(asked: str, there: Sequence[int], today: date) -> FiscalYear:
    """The fiscal year of an address; without one, or with one that is none, the running one or the newest."""
    running = FiscalYear.containing(today).year
    try:
        year = parse_be_year(asked)
    except DateProblem:
        return FiscalYear(newest_year(there, running))
    return FiscalYear(year if year in YEARS else newest_year(there, running))


def newest_year(there: Sequence[int], running: int) -> int:
    """The year to show where none is asked for: the running one, or the newest there is."""
    return running if running in there or not there else there[0]
