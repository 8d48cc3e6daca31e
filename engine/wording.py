"""From data to a sentence: what the engine says by kind and particulars, said in Thai or in English.

The sentences stand in ``locale/`` and are handed in. A sentence has named places, ``{day}``; what fills
one is said by its type. A plain text that stands for a word of ours names the family of that word,
``{trigger:trigger}``; ``{nearest:or}`` joins a list by "or". A part in square brackets is left out when
a place inside it has nothing to say: ``[ Did you mean {nearest:or}?]``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from engine.appeal import AppealState
from engine.errors import Refusal, Unmet
from engine.events import Happened
from engine.evidence import EvidenceState
from engine.indicator import Life, MilestoneState, ReportState, Ruling
from engine.levels import Basis
from engine.pages.kinds import Weight
from engine.permissions import Action, Role
from engine.petition import PetitionKind, PetitionState
from engine.proposed import ProposalState
from engine.prose.reasons import Confidence
from engine.prose.standing import ProposalStanding
from engine.quarter import BE_OFFSET, FiscalYear, Quarter
from engine.records import How, Kind
from engine.thai_dates import MONTHS, WEEKDAYS, Era, Span, Style, format_day
from engine.verdict import VerdictKind
from engine.workflow import Direction, MeasureKind, Order, Text, YearValue

_FAMILIES: dict[type, str] = {
    Action: "action",
    AppealState: "appeal_state",
    Basis: "basis",
    Confidence: "confidence",
    Direction: "direction",
    Era: "era",
    EvidenceState: "evidence_state",
    Happened: "event",
    How: "how",
    Kind: "record_kind",
    Life: "life",
    MeasureKind: "measure_kind",
    MilestoneState: "milestone_state",
    Order: "order",
    PetitionKind: "petition_kind",
    PetitionState: "petition_state",
    ProposalStanding: "proposal_standing",
    ProposalState: "proposal_state",
    ReportState: "report_state",
    Role: "role",
    Ruling: "ruling",
    Span: "span",
    VerdictKind: "verdict_kind",
    Weight: "finding_weight",
    YearValue: "year_value",
}
#: Families of numbers: ``year`` is a CE year told in the era of the language, ``be`` and ``ce`` in that era.
_NUMBERED = ("month", "weekday", "year", "be", "ce", "size")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_PLACE = re.compile(r"\{(\w+)(?::(\w+))?\}")
#: Units that are written before their number.
_BEFORE_ITS_NUMBER = ("ร้อยละ", "ลดลงร้อยละ", "เพิ่มขึ้นร้อยละ")
_SAYS_NOTHING: tuple[object, ...] = (None, "", [], ())


def places(sentence: str) -> set[str]:
    """The places of a sentence, each with its family: ``{"day", "trigger:trigger"}``."""
    return {f"{name}:{family}" if family else name for name, family in _PLACE.findall(sentence)}


class _Place(NamedTuple):
    """A place of a sentence, and the family of words that fills it, if one does."""

    name: str
    family: str


#: Parts that are said if none of the names has nothing to say: always, where there is no name.
_Part = tuple[tuple[str, ...], tuple[str | _Place, ...]]


@lru_cache(maxsize=4096)
def _parts(sentence: str) -> tuple[_Part, ...]:
    """The sentence taken apart, for it is said thousands of times; nothing for one that has no places."""
    if "{" not in sentence:
        return ()
    found: list[_Part] = []
    for place, text in enumerate(_OPTIONAL.split(sentence)):
        inner = _pieces(text)
        names = tuple(one.name for one in inner if isinstance(one, _Place)) if place % 2 else ()
        found.append((names, inner))
    return tuple(found)


def _pieces(text: str) -> tuple[str | _Place, ...]:
    pieces: list[str | _Place] = []
    end = 0
    for place in _PLACE.finditer(text):
        pieces += [text[end : place.start()], _Place(place[1], place[2] or "")]
        end = place.end()
    return (*pieces, text[end:])


@dataclass(frozen=True, slots=True)
class Wording:
    """One language with its sentences, and the zone in which instants are told."""

    language: str
    sentences: Mapping[str, str]
    zone: ZoneInfo

    def say(self, kind: str, params: Mapping[str, Any] | None = None, /, **more: Any) -> str:
        """The sentence of that kind with its places filled."""
        sentence = self.sentences[kind]
        parts = _parts(sentence)
        if not parts:
            return sentence
        given = {**(params or {}), **more}
        return "".join(
            [
                self._told(part, given)
                for names, of_part in parts
                if all(given.get(name) not in _SAYS_NOTHING for name in names)
                for part in of_part
            ]
        )

    def _told(self, part: "str | _Place", given: Mapping[str, Any]) -> str:
        return part if isinstance(part, str) else self.value(given.get(part.name), part.family)

    def unmet(self, condition: Unmet) -> str:
        """What is not met and what to do about it, with the roles that can lift it."""
        sentence = self.say(condition.kind, condition.params)
        if not condition.who:
            return sentence
        return self.say("who.can", sentence=sentence, who=list(condition.who))

    def refusal(self, refusal: Refusal) -> list[str]:
        """A sentence for every unmet condition."""
        return [self.unmet(condition) for condition in refusal.conditions]

    def word(self, family: str, name: str) -> str:
        """Our word for a name of that family; the name itself where we have none."""
        return self.sentences.get(f"{family}.{name}", name)

    def value(self, value: object, family: str = "") -> str:
        """A value as people write it, by its type."""
        match value:
            case None:
                return "–"
            case Text():
                return value.in_language(self.language)
            case datetime():
                local = value.astimezone(self.zone)
                return self.say("format.instant", day=local.date(), time=f"{local:%H:%M}")
            case date():
                return format_day(value, self.language, Style.SHORT)
            case Quarter():
                year = value.fiscal_year
                return self.say("format.quarter", number=value.number, be=year + BE_OFFSET, ce=year)
            case FiscalYear():
                return self.say("format.fiscal_year", be=value.year + BE_OFFSET, ce=value.year)
            case int() if family in _NUMBERED:
                return self._numbered(value, family)
            case Decimal():
                return plain_number(value)
            case str():
                family = family or _FAMILIES.get(type(value), "")
                return self.word(family, value) if family else value
            case Iterable():
                parts = [self.value(one, "" if family == "or" else family) for one in value]
                return self._joined(parts, family)
        return str(value)

    def amount(self, value: object, unit: str) -> str:
        """A value with its unit, as people write it: ``5 ระดับ`` but ``ร้อยละ 62``; a dash for none."""
        said = self.value(value)
        if value is None or not unit:
            return said
        return f"{unit} {said}" if unit.startswith(_BEFORE_ITS_NUMBER) else f"{said} {unit}"

    def _numbered(self, number: int, family: str) -> str:
        """A number that stands for something: a month, a weekday, a year (CE) in the era of the language."""
        match family:
            case "month":
                return MONTHS[number - 1].en if self.language == "en" else MONTHS[number - 1].th
            case "weekday":
                return WEEKDAYS[number - 1].en if self.language == "en" else WEEKDAYS[number - 1].th
            case "size":
                return _size(number)
        return str(
            number if family == "ce" or (self.language == "en" and family == "year") else number + BE_OFFSET
        )

    def _joined(self, parts: list[str], family: str) -> str:
        if family == "or" and len(parts) > 1:
            return self.say("format.or", some=", ".join(parts[:-1]), last=parts[-1])
        return ", ".join(parts)


def _size(size: int) -> str:
    """The size of a file, in the unit in which people say it."""
    for unit, power in (("MB", 2), ("kB", 1)):
        if size >= 1024**power:
            return f"{size / 1024**power:.0f} {unit}"
    return f"{size} B"


def plain_number(value: Decimal) -> str:
    """A number without exponent and without zeros that say nothing: ``100``, ``1407.52``."""
    if not value.is_finite():
        return str(value)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def level_text(level: int, fraction: float | None) -> str:
    """A level with the part of the way to the next: ``3.5``."""
    return f"{level + fraction:.2f}".rstrip("0").rstrip(".") if fraction else str(level)
