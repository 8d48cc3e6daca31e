"""The piece of work every peer does: one durable advance of one indicator, and what it must leave.

The rules are those of `engine.actions.record_occurrence`, written a second time in plain Python.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

# The workflow civil_society_network, from the lowest milestone up.
MILESTONES = ("guidelines_set", "committee_appointed", "meetings_held", "issue_chosen", "report_submitted")
NEEDED = (1, 1, 2, 1, 1)
"""Occurrences that achieve each milestone."""
KINDS = (
    ("guidelines", "project_plan"),
    ("appointing_order", "position_order"),
    ("meeting", "invitation"),
    ("resolution", "agenda_item"),
    ("report",),
)
"""What may be recorded at each milestone; the first kind counts."""
DUE_ON = (
    date(2021, 1, 10),
    date(2021, 1, 10),
    date(2021, 4, 10),
    date(2021, 10, 10),
    date(2021, 10, 10),
)
FISCAL_YEAR = 2021
CREATED_ON = date(2020, 10, 1)
CREATED_AT = datetime(2020, 10, 1, 2, tzinfo=UTC)
GENESIS = "0" * 64

# One year of an indicator: the position of the milestone and the day of each occurrence, in order.
STEPS = (
    (0, date(2020, 11, 10)),
    (1, date(2020, 11, 30)),
    (2, date(2021, 2, 18)),
    (2, date(2021, 5, 18)),
    (3, date(2021, 6, 22)),
    (4, date(2021, 9, 15)),
)
LEVEL_AFTER = (0, 1, 2, 2, 3, 4, 5)
"""The level after 0, 1, ... 6 steps, written by hand: what every peer is checked against."""


class Refused(Exception):
    """The fact may not be recorded on this indicator."""


class Year(NamedTuple):
    """First and last day of each quarter of the fiscal year, as the driver gives days."""

    quarters: tuple[tuple[Any, Any], ...]

    def quarter_of(self, day: Any) -> int:
        """The number of the quarter that holds the day; a day of another year is refused."""
        for number, (first, last) in enumerate(self.quarters, 1):
            if first <= day <= last:
                return number
        raise Refused(f"{day} is outside the fiscal year")


YEAR = Year(
    (
        (date(2020, 10, 1), date(2020, 12, 31)),
        (date(2021, 1, 1), date(2021, 3, 31)),
        (date(2021, 4, 1), date(2021, 6, 30)),
        (date(2021, 7, 1), date(2021, 9, 30)),
    )
)
YEAR_AS_TEXT = Year(tuple((first.isoformat(), last.isoformat()) for first, last in YEAR.quarters))


@dataclass(frozen=True, slots=True)
class Fact:
    """One occurrence to record; days and the instant as the driver takes them, `at` as the journal has it."""

    indicator: int
    code: str
    agency: int
    by: int
    milestone: str
    kind: str
    document: str
    occurred_on: Any
    today: Any
    recorded_at: Any
    at: str


def instant_text(instant: datetime) -> str:
    """An instant of UTC as the journal and SQLite have it."""
    return instant.isoformat(timespec="microseconds")


def _nobodys_fact(number: int, position: int, day: date) -> Fact:
    """The fact of one step, recorded two days after it occurred."""
    today = day + timedelta(days=2)
    at = datetime.combine(today, time(9), UTC)
    kind, document = KINDS[position][0], f"DOC-{number}/64"
    return Fact(0, "", 0, 0, MILESTONES[position], kind, document, day, today, at, instant_text(at))


def _as_text(fact: Fact) -> Fact:
    days = {"occurred_on": fact.occurred_on.isoformat(), "today": fact.today.isoformat()}
    return replace(fact, **days, recorded_at=fact.at)


_FACTS = tuple(_nobodys_fact(number, *step) for number, step in enumerate(STEPS, 1))
_FACTS_AS_TEXT = tuple(_as_text(fact) for fact in _FACTS)


def fact_of(i: int, indicators: int, *, as_text: bool = False) -> Fact:
    """The i-th fact of a city that records step by step: all first steps, then all second steps, ..."""
    step, number = divmod(i, indicators)
    id_ = number + 1
    fact = (_FACTS_AS_TEXT if as_text else _FACTS)[step]
    return replace(
        fact, indicator=id_, code=code_of(id_), agency=agency_of(id_), by=coordinator_of(agency_of(id_))
    )


INDICATORS_OF_AN_AGENCY = 20


def code_of(id_: int) -> str:
    """The code of an indicator."""
    return f"{5000 + id_}-2017"


def agency_of(id_: int) -> int:
    """The agency of an indicator."""
    return (id_ - 1) // INDICATORS_OF_AN_AGENCY + 1


def coordinator_of(agency: int) -> int:
    """The person who records for an agency."""
    return agency + 1


# --- the rules, by hand --------------------------------------------------------------------------------


class Indicator(NamedTuple):
    """The row of an indicator, as every peer selects it."""

    id: int
    code: str
    fiscal_year: int
    agency_id: int
    workflow_version: int
    owner: int | None
    target: Any
    weight: Any
    life: str
    ladder: str
    version: int
    journal_seq: int
    journal_head: str
    claimed_level: int
    claimed_fraction: float
    verified_level: int
    verified_fraction: float
    as_of: Any
    changes_on: Any
    next_due_on: Any
    claimed_q1: int | None
    claimed_q2: int | None
    claimed_q3: int | None
    claimed_q4: int | None
    verified_q1: int | None
    verified_q2: int | None
    verified_q3: int | None
    verified_q4: int | None
    title_th: str
    title_en: str
    unit: str
    sealed_through: int


class Milestone(NamedTuple):
    """The row of a milestone."""

    indicator_id: int
    key: str
    state: str
    due_on: Any
    since: Any
    blocked_by: str
    postponed_to: Any
    reason: str


class Occurrence(NamedTuple):
    """The row of an occurrence."""

    indicator_id: int
    number: int
    milestone: str
    kind: str
    counts: bool
    occurred_on: Any
    quarter: int
    counts_on: Any
    recorded_at: Any
    recorded_by: int
    planned: bool = False
    value: Any = None
    document_number: str | None = None
    note: str = ""
    approved_at: Any = None
    approved_by: int | None = None
    fulfils: int | None = None
    voided_at: Any = None
    voided_by: int | None = None
    void_reason: str = ""


class Decision(NamedTuple):
    """The row of a decision."""

    indicator_id: int
    number: int
    milestone: str
    ruling: str
    decided_at: Any
    decided_by: int
    reason: str
    fix_by: Any


class Waiver(NamedTuple):
    """The row of a waiver."""

    indicator_id: int
    number: int
    milestone: str
    granted_on: Any
    expires_on: Any
    granted_at: Any
    granted_by: int
    reason: str
    withdrawn_at: Any


class Read(NamedTuple):
    """Everything that the seven SELECTs of an advance found; evidence and reports decide nothing here."""

    indicator: Indicator
    milestones: Sequence[Milestone]
    occurrences: Sequence[Occurrence]
    decisions: Sequence[Decision]
    waivers: Sequence[Waiver]


class Levels(NamedTuple):
    """The columns of an indicator's row that keep its levels, in the order in which they are written."""

    claimed_level: int
    claimed_fraction: float
    verified_level: int
    verified_fraction: float
    as_of: Any
    changes_on: Any
    next_due_on: Any
    claimed_q1: int | None
    claimed_q2: int | None
    claimed_q3: int | None
    claimed_q4: int | None
    verified_q1: int | None
    verified_q2: int | None
    verified_q3: int | None
    verified_q4: int | None


class Entry(NamedTuple):
    """A row of the journal."""

    stream: int
    seq: int
    what: str
    at: str
    by: int
    data: str
    previous_hash: str
    hash: str


class Writes(NamedTuple):
    """The rows that one advance writes, column by column in the order of the tables."""

    life: str
    ladder: str
    levels: Levels
    milestones: list[Milestone]
    occurrence: Occurrence
    entry: Entry


def decide(read: Read, fact: Fact, year: Year) -> Writes:
    """Check the fact and say what recording it writes."""
    quarter = check_guards(read, fact, year)
    number = len(read.occurrences) + 1
    counts = fact.kind == KINDS[MILESTONES.index(fact.milestone)][0]
    occurrence = Occurrence(
        fact.indicator, number, fact.milestone, fact.kind, counts, fact.occurred_on, quarter,
        fact.occurred_on, fact.recorded_at, fact.by, document_number=fact.document,
    )  # fmt: skip # one row, one line
    after = read._replace(occurrences=[*read.occurrences, occurrence])
    moved = moved_milestones(after, fact)
    states = {new.key: (old.state, new.state) for old, new in moved}
    becoming = {new.key: new for _old, new in moved}
    after = after._replace(milestones=[becoming.get(one.key, one) for one in read.milestones])
    levels = levels_of(after, fact.today, year, affected_from=fact.occurred_on)
    before = read.indicator
    data = event_of(
        fact,
        number,
        quarter,
        states,
        (before.claimed_level, levels.claimed_level),
        (before.verified_level, levels.verified_level),
    )
    ladder = MILESTONES[levels.claimed_level - 1] if levels.claimed_level else "not_started"
    entry = chained(before.id, before.journal_seq + 1, fact, data, before.journal_head)
    return Writes(before.life, ladder, levels, list(becoming.values()), occurrence, entry)


def check_guards(read: Read, fact: Fact, year: Year) -> int:
    """Refuse what the rules refuse; the quarter of the fact."""
    indicator = read.indicator
    if fact.agency != indicator.agency_id:
        raise Refused(f"{fact.by} does not work for {indicator.agency_id}")
    if indicator.life not in ("active", "cancellation_requested"):
        raise Refused(f"{indicator.code} is {indicator.life}")
    if fact.kind not in KINDS[MILESTONES.index(fact.milestone)]:
        raise Refused(f"{fact.kind} is no kind of {fact.milestone}")
    if fact.occurred_on > fact.today:
        raise Refused(f"{fact.occurred_on} lies ahead")
    quarter = year.quarter_of(fact.occurred_on)
    if quarter <= indicator.sealed_through:
        raise Refused(f"quarter {quarter} is sealed")
    squeezed = "".join(fact.document.split())
    for one in read.occurrences:
        given = one.document_number if not one.planned and one.voided_at is None else None
        if given and "".join(given.split()) == squeezed:
            raise Refused(f"{fact.document} is recorded already")
    return quarter


def moved_milestones(read: Read, fact: Fact) -> list[tuple[Milestone, Milestone]]:
    """The milestones whose state follows the facts, before and after, from the lowest up."""
    counts = count_at(read, fact.today, verified=False)
    rows = {one.key: one for one in read.milestones}
    moved = []
    for key, needed in zip(MILESTONES, NEEDED, strict=True):
        old = rows[key]
        state = _following(old.state, counts[key], needed)
        if state != old.state:
            moved.append((old, old._replace(state=state, since=fact.recorded_at)))
    return moved


def _following(state: str, have: int, needed: int) -> str:
    """The state that a milestone with so many facts goes to by itself."""
    if state in ("open", "in_progress", "blocked", "postponed"):
        if have >= needed:
            return "achieved"
        if state == "open" and have:
            return "in_progress"
        return "open" if state == "in_progress" and not have else state
    if state in ("achieved", "verified") and have < needed:
        return "in_progress" if have else "open"
    return state


def levels_of(read: Read, today: Any, year: Year, affected_from: Any = None) -> Levels:
    """All that is kept of an indicator's levels as of today.

    Quarters that ended before `affected_from` keep what is stored; None computes all anew.
    """
    kept = read.indicator
    claimed, claimed_fraction = level_on(read, today, verified=False)
    verified, verified_fraction = level_on(read, today, verified=True)
    trail: list[int | None] = []
    claimed_trail = kept.claimed_q1, kept.claimed_q2, kept.claimed_q3, kept.claimed_q4
    verified_trail = kept.verified_q1, kept.verified_q2, kept.verified_q3, kept.verified_q4
    for is_verified, now, old in ((False, claimed, claimed_trail), (True, verified, verified_trail)):
        for (first, last), level in zip(year.quarters, old, strict=True):
            if first > today:
                trail.append(None)
            elif last >= today:
                trail.append(now)
            elif level is not None and affected_from is not None and last < affected_from:
                trail.append(level)
            else:
                trail.append(level_on(read, last, verified=is_verified)[0])
    return Levels(
        claimed, claimed_fraction, verified, verified_fraction, today,
        _changes_on(read, today, year), _next_due_on(read), *trail,
    )  # fmt: skip # one row, one line


def level_on(read: Read, day: Any, *, verified: bool) -> tuple[int, float]:
    """The highest milestone that is unbroken from below on that day, and the fraction towards the next."""
    counts = count_at(read, day, verified=verified)
    waived = [
        one.milestone
        for one in read.waivers
        if one.granted_on <= day <= one.expires_on and one.withdrawn_at is None
    ]
    for level, (key, needed) in enumerate(zip(MILESTONES, NEEDED, strict=True)):
        if counts[key] < needed and key not in waived:
            return level, counts[key] / needed
    return len(MILESTONES), 0.0


def count_at(read: Read, day: Any, *, verified: bool) -> dict[str, int]:
    """How many facts count at each milestone on that day: as claimed, or as the evaluator accepted them."""
    rulings = {one.milestone: one for one in read.decisions}
    counts = dict.fromkeys(MILESTONES, 0)
    for one in read.occurrences:
        if not one.counts or one.planned or one.voided_at is not None:
            continue
        if one.counts_on is None or one.counts_on > day:
            continue
        ruling = rulings.get(one.milestone)
        if verified:
            if ruling is None or ruling.ruling != "verified":
                continue
            if (one.approved_at or one.recorded_at) > ruling.decided_at:
                continue
        elif ruling is not None and ruling.ruling == "reopened":
            continue
        counts[one.milestone] += 1
    return counts


def _changes_on(read: Read, today: Any, year: Year) -> Any:
    """The next day on which a level changes by itself; the bench's waivers never run out within the year."""
    days = [
        one.counts_on
        for one in read.occurrences
        if one.counts and one.counts_on is not None and not one.planned and one.voided_at is None
    ]
    days += [one.granted_on for one in read.waivers if one.withdrawn_at is None]
    return min((day for day in days if today < day <= year.quarters[3][1]), default=None)


def _next_due_on(read: Read) -> Any:
    return min(
        (
            one.postponed_to or one.due_on
            for one in read.milestones
            if one.state not in ("achieved", "verified", "waived") and (one.postponed_to or one.due_on)
        ),
        default=None,
    )


# --- the journal ---------------------------------------------------------------------------------------


def event_of(
    fact: Fact,
    number: int,
    quarter: int,
    states: Mapping[str, tuple[str, str]],
    claimed: tuple[int, int],
    verified: tuple[int, int] = (0, 0),
) -> str:
    """What the event of one advance says, as canonical JSON: what did not move is left out."""
    data: dict[str, object] = {
        "occurrence": {
            "number": number,
            "milestone": fact.milestone,
            "kind": fact.kind,
            "occurred_on": str(fact.occurred_on),
            "quarter": quarter,
            "document_number": fact.document,
        }
    }
    if states:
        data["states"] = states
    if claimed[0] != claimed[1]:
        data["claimed"] = claimed
    if verified[0] != verified[1]:
        data["verified"] = verified
    return _canonical(data)


_canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def chained(stream: int, seq: int, fact: Fact, data: str, previous: str) -> Entry:
    """The event as the row that follows `previous`."""
    return _entry(stream, seq, "occurrence_recorded", fact.at, fact.by, data, previous)


def first_entry(id_: int) -> Entry:
    """The event that created an indicator."""
    at = instant_text(CREATED_AT)
    return _entry(id_, 1, "indicator_created", at, 1, f'{{"code":"{code_of(id_)}"}}', GENESIS)


def _entry(stream: int, seq: int, what: str, at: str, by: int, data: str, previous: str) -> Entry:
    """A row with its hash: SHA-256 over every field, one a line."""
    text = f"{previous}\n{stream}\n{seq}\n{what}\n{at}\n{by}\n{data}"
    return Entry(stream, seq, what, at, by, data, previous, hashlib.sha256(text.encode()).hexdigest())


# --- what must be there afterwards ---------------------------------------------------------------------


def expected_outcome(advances: int, indicators: int) -> list[tuple[int, str]]:
    """Level and journal head of each indicator after the first advances."""
    whole, rest = divmod(advances, indicators)
    return [_expected(number, whole + (number < rest), indicators) for number in range(indicators)]


def _expected(number: int, steps: int, indicators: int) -> tuple[int, str]:
    head = first_entry(number + 1).hash
    for step, (before, after) in enumerate(pairwise(LEVEL_AFTER[: steps + 1])):
        fact = fact_of(step * indicators + number, indicators)
        # Only the first of the two meetings leaves the level as it was.
        old = "in_progress" if step == 3 else "open"
        states = {fact.milestone: (old, "achieved" if after > before else "in_progress")}
        data = event_of(fact, step + 1, YEAR.quarter_of(fact.occurred_on), states, (before, after))
        head = chained(number + 1, step + 2, fact, data, head).hash
    return LEVEL_AFTER[steps], head
