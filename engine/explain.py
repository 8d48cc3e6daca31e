"""What is missing for a level, everything at once, each with who can supply it and by when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from engine.errors import Unmet
from engine.guards import lacking_evidence
from engine.indicator import Indicator, MilestoneState, Ruling
from engine.levels import (
    Basis,
    LevelResult,
    Proof,
    happened,
    latest_decisions,
    level_of,
    prove,
    tallies_of,
)
from engine.permissions import Action, who_may
from engine.quarter import Quarter
from engine.workflow import AllOf, AnyOf, AtLeast, Bound, Count, MilestoneDefinition, Order, Reached, Rule


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing: the rule it belongs to, the condition, and when it is due.

    Both ``None``: the thing must be had. Else it belongs to the way numbered ``group``, and ``choose``
    of the ways suffice.
    """

    rule: str
    milestone: str
    condition: Unmet
    due_on: date | None
    group: int | None = None
    choose: int | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """The next level of an indicator and all that is missing for it."""

    level: int
    missing: tuple[Missing, ...]


def next_level(
    indicator: Indicator,
    on: date,
    known_at: datetime | None = None,
    basis: Basis = Basis.CLAIMED,
) -> Next | None:
    """What separates the indicator from its next level on that day; ``None`` at the top."""
    result = level_of(indicator.workflow, indicator.facts, on, known_at, basis)
    rung = _next_rung(indicator, result)
    if rung is None:
        return None
    level, proof = rung
    return Next(level, tuple(_missing(indicator, proof, on, known_at, basis)))


def _next_rung(indicator: Indicator, result: LevelResult) -> tuple[int, Proof] | None:
    """The level after this one and the proof of the rung that leads to it.

    Where milestones may be done in any order the nearest open rung leads to the next level, whatever
    its own number.
    """
    unmet = [rung for rung in result.rungs if not rung.proof.met]
    if not unmet:
        return None
    if indicator.workflow.order is not Order.ANY:
        return unmet[0].level.level, unmet[0].proof
    nearest = max(unmet, key=lambda rung: rung.proof.progress)
    done = len(result.rungs) - len(unmet)
    return result.rungs[done].level.level, nearest.proof


def _missing(
    indicator: Indicator,
    proof: Proof,
    on: date,
    known_at: datetime | None,
    basis: Basis,
    group: int | None = None,
    choose: int | None = None,
) -> Iterator[Missing]:
    """The unmet leaves of a proof, left to right."""
    if proof.met:
        return
    rule = proof.rule
    if isinstance(rule, Reached | Count | Bound):
        definition = indicator.workflow.milestone(rule.milestone)
        assert definition is not None
        due_on = indicator.milestones[rule.milestone].due_on
        for condition in _conditions(indicator, definition, proof, on, known_at, basis):
            mend_by = condition.params.get("fix_by", due_on)
            yield Missing(rule_text(rule), rule.milestone, condition, mend_by, group, choose)
        return
    for place, part in enumerate(proof.parts):
        if isinstance(rule, AnyOf | AtLeast):
            needed = rule.n if isinstance(rule, AtLeast) else 1
            met = sum(one.met for one in proof.parts)
            yield from _missing(indicator, part, on, known_at, basis, place + 1, needed - met)
        else:
            yield from _missing(indicator, part, on, known_at, basis, group, choose)


def rule_text(rule: Rule) -> str:
    """A rule as a short text for programs: ``meetings_held``, ``count(x) >= 2``, ``x <= 5``, ``all``."""
    match rule:
        case Reached(milestone):
            return milestone
        case Count(milestone, at_least):
            return f"count({milestone}) >= {at_least}"
        case Bound(milestone, limit, falling):
            return f"{milestone} {'<=' if falling else '>='} {limit.normalize():f}"
        case AllOf():
            return "all"
        case AnyOf():
            return "any"
        case AtLeast(n):
            return f"at least {n}"


def _conditions(
    indicator: Indicator,
    definition: MilestoneDefinition,
    proof: Proof,
    on: date,
    known_at: datetime | None,
    basis: Basis,
) -> Iterator[Unmet]:
    """Why one leaf is not met, and everything else that stands in its way."""
    if basis is Basis.VERIFIED:
        proof = _claimed(indicator, proof, on, known_at)
        if proof.met:
            yield from _unverified(indicator, definition, on, known_at)
            return
    decision = latest_decisions(indicator.decisions, known_at).get(definition.key)
    if decision is not None and decision.ruling is Ruling.REOPENED:
        yield Unmet(
            "milestone.reopened",
            {"milestone": definition.title, "reason": decision.reason},
            who_may(Action.ACHIEVE),
        )
    elif isinstance(proof.rule, Bound):
        yield _short_of_limit(definition, proof)
    else:
        yield _short_of_count(definition, proof)
    yield from _waiting(indicator, definition, on, known_at)
    if known_at is None:
        yield from _paused(indicator, definition)


def _claimed(indicator: Indicator, proof: Proof, on: date, known_at: datetime | None) -> Proof:
    """The proof of the same leaf by the claimed facts."""
    tallies = tallies_of(indicator.workflow, indicator.facts, on, known_at)
    return prove(proof.rule, indicator.workflow, tallies)


def _short_of_count(definition: MilestoneDefinition, proof: Proof) -> Unmet:
    have, need = int(proof.have or 0), int(proof.need or 0)
    return Unmet(
        "milestone.needs_occurrences",
        {"milestone": definition.title, "missing": need - have, "have": have, "need": need},
        (definition.supplied_by,),
    )


def _short_of_limit(definition: MilestoneDefinition, proof: Proof) -> Unmet:
    assert isinstance(proof.rule, Bound)
    params = {"milestone": definition.title, "have": proof.have, "limit": proof.rule.limit}
    if proof.have is None:
        return Unmet("measure.not_reported", params, (definition.supplied_by,))
    kind = "measure.too_high" if proof.rule.falling else "measure.too_low"
    return Unmet(kind, params, (definition.supplied_by,))


def _waiting(
    indicator: Indicator, definition: MilestoneDefinition, on: date, known_at: datetime | None
) -> Iterator[Unmet]:
    """Undated facts that would count from a quarter's end if somebody approved them."""
    for one in indicator.occurrences:
        if one.milestone != definition.key or one.occurred_on is not None or not one.counts:
            continue
        if happened(one.approved_at, known_at) or happened(one.voided_at, known_at):
            continue
        if happened(one.recorded_at, known_at):
            quarter = Quarter(indicator.fiscal_year.year, one.quarter)
            if quarter.first_day <= on:
                yield Unmet(
                    "occurrence.waits_for_approval",
                    {"number": one.number, "milestone": definition.title, "quarter": quarter},
                    who_may(Action.APPROVE_UNDATED),
                )


def _paused(indicator: Indicator, definition: MilestoneDefinition) -> Iterator[Unmet]:
    """A block or a postponement that stands now."""
    milestone = indicator.milestones[definition.key]
    if milestone.state == MilestoneState.BLOCKED:
        yield Unmet(
            "milestone.blocked",
            {"milestone": definition.title, "waiting_for": milestone.blocked_by, "since": milestone.since},
            who_may(Action.RESUME),
        )
    if milestone.state == MilestoneState.POSTPONED:
        yield Unmet(
            "milestone.postponed",
            {"milestone": definition.title, "until": milestone.postponed_to, "reason": milestone.reason},
            who_may(Action.RESUME),
        )


def _unverified(
    indicator: Indicator, definition: MilestoneDefinition, on: date, known_at: datetime | None
) -> Iterator[Unmet]:
    """What stands between a claimed milestone and its verification."""
    decision = latest_decisions(indicator.decisions, known_at).get(definition.key)
    if decision is not None and decision.ruling is Ruling.RETURNED:
        yield Unmet(
            "milestone.returned",
            {"milestone": definition.title, "reason": decision.reason, "fix_by": decision.fix_by},
            who_may(Action.ACHIEVE),
        )
        return
    yield from lacking_evidence(indicator, definition, on, known_at)
    yield Unmet("milestone.not_verified", {"milestone": definition.title}, who_may(Action.VERIFY))
