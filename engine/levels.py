"""From facts to a level: one pure function for the claimed, the verified and the projected level."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from engine.indicator import Decision, Facts, Occurrence, Ruling, Standing
from engine.workflow import (
    AllOf,
    AnyOf,
    AtLeast,
    Bound,
    Count,
    LevelRule,
    Measure,
    Order,
    Reached,
    Rule,
    Workflow,
    YearValue,
)

_PARTS_OF_A_LEVEL = 10_000


class Basis(StrEnum):
    """Whose word a level rests on."""

    CLAIMED = "claimed"  # what the coordinator recorded
    VERIFIED = "verified"  # what the evaluator accepted, with the facts that lay before them
    PROJECTED = "projected"  # claimed, and the planned days still to come


class Tally(NamedTuple):
    """What counts at one milestone on one day: the facts, and the year's value where it is measured."""

    facts: tuple[Occurrence, ...] = ()
    value: Decimal | None = None
    waived: bool = False


#: What counts at a milestone at which nothing was done.
NOTHING = Tally()


class Proof(NamedTuple):
    """A rule with what was found for it: met or not, how far (0 to 1), and the numbers of the facts."""

    rule: Rule
    met: bool
    progress: float
    have: int | Decimal | None = None
    need: int | Decimal | None = None
    waived: bool = False
    facts: tuple[int, ...] = ()
    parts: tuple["Proof", ...] = ()


class Rung(NamedTuple):
    """One level of the ladder with the proof of its rule."""

    level: LevelRule
    proof: Proof


@dataclass(frozen=True, slots=True)
class LevelResult:
    """The level reached, 0 for none, the fraction of the way to the next, and the proof of every rung."""

    level: int
    fraction: float
    rungs: tuple[Rung, ...]

    @property
    def standing(self) -> Standing:
        return Standing(self.level, self.fraction)

    @property
    def next_rung(self) -> Rung | None:
        """The lowest rung that is not met, or ``None`` at the top."""
        return next((rung for rung in self.rungs if not rung.proof.met), None)


def level_of(
    workflow: Workflow,
    facts: Facts,
    on: date,
    known_at: datetime | None = None,
    basis: Basis = Basis.CLAIMED,
    through: date | None = None,
) -> LevelResult:
    """The level by the facts that happened by ``on``, as known at ``known_at`` (``None``: all we know).

    ``through`` is for the projected level alone, which is that of this later day: planned days after
    ``on`` and not after ``through`` count as if they had been kept, and waivers that end before it do not.
    """
    return level_from(workflow, tallies_of(workflow, facts, on, known_at, basis, through))


def level_from(workflow: Workflow, tallies: Mapping[str, Tally]) -> LevelResult:
    """The level that the tallies give."""
    rungs = tuple([Rung(rung, prove(rung.rule, workflow, tallies)) for rung in workflow.levels])
    if workflow.order is Order.ANY:
        reached = sum(rung.proof.met for rung in rungs)
        ahead = max((rung.proof.progress for rung in rungs if not rung.proof.met), default=None)
    else:
        reached = _unbroken(rungs)
        ahead = rungs[reached].proof.progress if reached < len(rungs) else None
    level = rungs[reached - 1].level.level if reached else 0
    return LevelResult(level, _fraction(ahead), rungs)


def standing_from(workflow: Workflow, tallies: Mapping[str, Tally]) -> Standing:
    """Only how far that is: no rung above the first that is not met need be asked, nor any proof be kept."""
    if workflow.order is Order.ANY:
        return level_from(workflow, tallies).standing
    level = 0
    for rung in workflow.levels:
        proof = prove(rung.rule, workflow, tallies)
        if not proof.met:
            return Standing(level, _fraction(proof.progress))
        level = rung.level
    return Standing(level, _fraction(None))


def _unbroken(rungs: tuple[Rung, ...]) -> int:
    """How many rungs are met one after the other from below."""
    for index, rung in enumerate(rungs):
        if not rung.proof.met:
            return index
    return len(rungs)


def _fraction(progress: float | None) -> float:
    """``progress`` cut down to ten-thousandths and kept below a whole level; 0 at the top."""
    if progress is None:
        return 0.0
    return min(math.floor(progress * _PARTS_OF_A_LEVEL), _PARTS_OF_A_LEVEL - 1) / _PARTS_OF_A_LEVEL


def tallies_of(
    workflow: Workflow,
    facts: Facts,
    on: date,
    known_at: datetime | None = None,
    basis: Basis = Basis.CLAIMED,
    through: date | None = None,
) -> dict[str, Tally]:
    """What counts at each milestone of the workflow; the parameters are those of :func:`level_of`."""
    rulings = latest_decisions(facts.decisions, known_at)
    last = max(on, through) if basis is Basis.PROJECTED and through else on
    counting: dict[str, list[Occurrence]] = {}
    for occurrence in _in_time(facts.occurrences, on, last, known_at, basis):
        if _accepted(occurrence, rulings.get(occurrence.milestone), basis):
            counting.setdefault(occurrence.milestone, []).append(occurrence)
    waived = {
        waiver.milestone
        for waiver in facts.waivers
        if waiver.granted_on <= last <= waiver.expires_on
        and happened(waiver.granted_at, known_at)
        and not happened(waiver.withdrawn_at, known_at)
    }
    tallies = {}
    for milestone in workflow.milestones:
        key = milestone.key
        own = counting.get(key, ())
        if own or key in waived:
            value = _year_value(milestone.measure, own, facts.target)
            tallies[key] = Tally(tuple(own), value, key in waived)
        else:
            tallies[key] = NOTHING
    return tallies


def latest_decisions(
    decisions: Iterable[Decision], known_at: datetime | None = None
) -> Mapping[str, Decision]:
    """The decision that stands on each milestone; decisions come in the order they were taken."""
    return {
        decision.milestone: decision
        for decision in decisions
        if known_at is None or decision.decided_at <= known_at
    }


def _in_time(
    occurrences: Iterable[Occurrence],
    on: date,
    last: date,
    known_at: datetime | None,
    basis: Basis,
) -> Iterator[Occurrence]:
    """The counting facts of days to ``on`` that were known; in a projection also what was planned then.

    A plan counts from the day after ``on`` to ``last``, unless a fact by ``on`` has kept it already.
    """
    known = _known(occurrences, known_at)
    kept = {
        one.fulfils for one in known if one.fulfils and (one.occurred_on is None or one.occurred_on <= on)
    }
    for one in known:
        if not one.counts or one.counts_on is None:
            continue
        if one.planned:
            if basis is Basis.PROJECTED and on < one.counts_on <= last and one.number not in kept:
                yield one
        elif one.counts_on <= on and (one.approved_at is None or happened(one.approved_at, known_at)):
            yield one


def _known(occurrences: Iterable[Occurrence], known_at: datetime | None) -> list[Occurrence]:
    """Those that were recorded and not voided by then."""
    if known_at is None:
        return [one for one in occurrences if one.voided_at is None]
    return [
        one for one in occurrences if one.recorded_at <= known_at and not happened(one.voided_at, known_at)
    ]


def happened(instant: datetime | None, known_at: datetime | None) -> bool:
    """Whether something had happened by ``known_at`` (``None``: ever)."""
    return instant is not None and (known_at is None or instant <= known_at)


def _accepted(occurrence: Occurrence, decision: Decision | None, basis: Basis) -> bool:
    """Whether the decision that stands on the milestone lets the fact count.

    A verification covers the facts that lay before the evaluator, not those recorded after it.
    """
    if basis is not Basis.VERIFIED:
        return decision is None or decision.ruling is not Ruling.REOPENED
    return (
        decision is not None
        and decision.ruling is Ruling.VERIFIED
        and occurrence.known_since <= decision.decided_at
    )


def _year_value(
    measure: Measure | None, counting: Sequence[Occurrence], target: Decimal | None
) -> Decimal | None:
    """The year's value of a measured milestone; ``None`` when nothing was measured, never 0."""
    if measure is None:
        return None
    dated = sorted(counting, key=lambda one: (one.counts_on or date.min, one.number))
    values = [one.value for one in dated if one.value is not None]
    if not values:
        return None
    if measure.year_value is YearValue.LATEST:
        value = values[-1]
    else:
        value = sum(values, Decimal(0))
        if measure.year_value is YearValue.MEAN:
            value /= len(values)
    if not measure.of_target:
        return value
    return value * 100 / target if target else None


def prove(rule: Rule, workflow: Workflow, tallies: Mapping[str, Tally]) -> Proof:
    """The proof tree of one rule over the tallies."""
    match rule:
        case Reached():
            milestone = workflow.milestone(rule.milestone)
            assert milestone is not None, f"the rule names no milestone of the workflow: {rule.milestone}"
            return _prove_count(rule, tallies[rule.milestone], milestone.needs)
        case Count():
            return _prove_count(rule, tallies[rule.milestone], rule.at_least)
        case Bound():
            return _prove_bound(rule, tallies[rule.milestone])
        case AllOf(rules):
            parts = tuple([prove(part, workflow, tallies) for part in rules])
            progress = sum(part.progress for part in parts) / len(parts) if parts else 1.0
            return Proof(rule, all(part.met for part in parts), progress, parts=parts)
        case AnyOf(rules):
            return _prove_some(rule, 1, tuple(prove(part, workflow, tallies) for part in rules))
        case AtLeast(n, rules):
            return _prove_some(rule, n, tuple(prove(part, workflow, tallies) for part in rules))


def _prove_count(rule: Reached | Count, tally: Tally, need: int) -> Proof:
    have = len(tally.facts)
    met = tally.waived or have >= need
    numbers = tuple([fact.number for fact in tally.facts])
    return Proof(rule, met, 1.0 if met else have / need, have, need, tally.waived, numbers)


def _prove_bound(rule: Bound, tally: Tally) -> Proof:
    value = tally.value
    within = value is not None and (value <= rule.limit if rule.falling else value >= rule.limit)
    met = tally.waived or within
    numbers = tuple([fact.number for fact in tally.facts])
    progress = 1.0 if met else _progress_to(rule, value)
    return Proof(rule, met, progress, value, rule.limit, tally.waived, numbers)


def _progress_to(rule: Bound, value: Decimal | None) -> float:
    """How far ``value`` has come from the rule's start to its limit, 0 to 1."""
    if value is None or rule.start is None or rule.start == rule.limit:
        return 0.0
    return min(max(float((value - rule.start) / (rule.limit - rule.start)), 0.0), 1.0)


def _prove_some(rule: AnyOf | AtLeast, n: int, parts: tuple[Proof, ...]) -> Proof:
    nearest = sorted((part.progress for part in parts), reverse=True)[:n]
    met = sum(part.met for part in parts) >= n
    return Proof(rule, met, 1.0 if met else sum(nearest) / n, parts=parts)
