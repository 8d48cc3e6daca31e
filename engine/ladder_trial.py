"""The ladder of a definition, tried: :func:`engine.levels.level_of` is asked about made-up facts.

In some everything is done, in others everything but one thing; so the trial finds levels that nobody can
reach, that never stand, or that rise while something below them is open.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations, islice, pairwise, product
from typing import Any

from engine.faults import Fault, Path, when
from engine.indicator import Facts, Occurrence
from engine.levels import LevelResult, Proof, level_of
from engine.workflow import (
    AllOf,
    AnyOf,
    AtLeast,
    Bound,
    Count,
    LevelRule,
    Measure,
    MilestoneDefinition,
    Order,
    Reached,
    Rule,
    Workflow,
    YearValue,
    leaves,
)


@dataclass(frozen=True, slots=True)
class _Extent:
    """How far one milestone has come: the number of its facts and, where it is measured, the value."""

    facts: int
    value: Decimal | None = None


_World = dict[str, _Extent]

#: A rule with very many parts has very many ways to be just unmet; so many of them are tried.
_MOST_WORLDS = 5_000


def ladder_faults(workflow: Workflow, written: Sequence[Fault]) -> Iterator[Fault]:
    """What is wrong with the ladder as a whole; ``written`` are the faults that were seen before."""
    sound = _sound(workflow, written)
    if not sound.levels:
        return
    position = {rung.level: index for index, rung in reversed([*enumerate(workflow.levels)])}
    done = _everything_done(sound)
    out_of_reach = [rung for rung in _tried(sound, done).rungs if not rung.proof.met]
    for unmet in out_of_reach:
        asked, possible = _first_unmet(unmet.proof)
        params = {"level": unmet.level.level, "asked": asked, "possible": possible}
        yield Fault(when(position[unmet.level.level]), "level.unreachable", params)
    unmet_levels = [unmet.level for unmet in out_of_reach]
    ladder = replace(sound, levels=tuple(rung for rung in sound.levels if rung not in unmet_levels))
    yield from _never_stands(ladder, done, position, {fault.path for fault in written})
    if ladder.order is not Order.ANY:
        yield from _rises_while_open(ladder, done, position)


def _never_stands(
    ladder: Workflow, done: _World, position: Mapping[int, int], at_fault: set[Path]
) -> Iterator[Fault]:
    """A level that gives way to the next one whenever it is reached is no level."""
    for index, (rung, above) in enumerate(pairwise(ladder.levels)):
        if when(position[above.level]) not in at_fault and not _can_stand(ladder, index, done):
            params = {"level": rung.level, "next": above.level}
            yield Fault(when(position[rung.level]), "level.never_stands", params)


def _sound(workflow: Workflow, written: Sequence[Fault]) -> Workflow:
    """The workflow with the levels that can be tried, lowest first: those without a fault so far."""
    tried = ("level.band_not_falling", "level.band_not_rising")
    broken = {fault.path[:2] for fault in written if fault.path[2:3] == ("when",) and fault.kind not in tried}
    broken |= {fault.path[:2] for fault in written if fault.kind in ("level.duplicate", "level.below_one")}
    unfit = {milestone.key for milestone in workflow.milestones if milestone.needs < 1}
    unfit |= {fault.params["milestone"] for fault in written if fault.kind == "measure.range_empty"}
    rungs = [
        rung
        for index, rung in enumerate(workflow.levels)
        if ("levels", index) not in broken and not any(leaf.milestone in unfit for leaf in leaves(rung.rule))
    ]
    return climbing(replace(workflow, levels=tuple(rungs)))


def climbing(workflow: Workflow) -> Workflow:
    """The workflow with its levels in rising order, however they stand in the file."""
    return replace(workflow, levels=tuple(sorted(workflow.levels, key=lambda rung: rung.level)))


def _tried(workflow: Workflow, world: Mapping[str, _Extent]) -> LevelResult:
    """What the ladder makes of a made-up world."""
    facts = [
        _made_up(key, extent.value if number == 0 else None)
        for key, extent in world.items()
        for number in range(extent.facts)
    ]
    # Of a target of 100, a value is as many percent: so one value serves measures of both kinds.
    return level_of(workflow, Facts(facts, target=Decimal(100)), _DAY)


_DAY = date(2020, 10, 1)


def _made_up(milestone: str, value: Decimal | None) -> Occurrence:
    midnight = datetime(_DAY.year, _DAY.month, _DAY.day, tzinfo=UTC)
    return Occurrence(1, milestone, "", True, _DAY, 1, _DAY, midnight, 0, value=value)


def _everything_done(workflow: Workflow) -> _World:
    """The world in which nothing more can be done."""
    found = [leaf for rung in workflow.levels for leaf in leaves(rung.rule)]
    return {
        milestone.key: _Extent(
            max(
                milestone.needs,
                1,
                *(one.at_least for one in found if isinstance(one, Count) and one.milestone == milestone.key),
            ),
            _best(
                milestone.measure,
                [one.limit for one in found if isinstance(one, Bound) and one.milestone == milestone.key],
            ),
        )
        for milestone in workflow.milestones
    }


def _best(measure: Measure | None, limits: Sequence[Decimal]) -> Decimal | None:
    """The best value the year can end with: at its own limit, or else beyond every limit of the rules."""
    if measure is None:
        return None
    least, most = _reach(measure)
    if measure.falls:
        return least if least is not None else min(limits, default=Decimal(0)) - 1
    return (
        most
        if most is not None
        else max([*limits, *([least] if least is not None else [])], default=Decimal(0)) + 1
    )


def _reach(measure: Measure) -> tuple[Decimal | None, Decimal | None]:
    """Between which numbers the year's value lies; ``None`` where nothing holds it.

    A range is set for single values in their own unit. It says nothing of percents of a target, nor,
    at its upper end, of a sum; but what is never below 0 stays so as a share and as a sum.
    """
    if measure.of_target or measure.year_value is YearValue.SUM:
        return (Decimal(0) if measure.minimum is not None and measure.minimum >= 0 else None), None
    return measure.minimum, measure.maximum


def _first_unmet(proof: Proof) -> tuple[Any, Any]:
    """What the first unmet rule asks for, and what there is when everything is done."""
    if isinstance(proof.rule, AtLeast) and proof.rule.n > len(proof.parts):
        return proof.rule.n, len(proof.parts)
    for part in proof.parts:
        if not part.met:
            return _first_unmet(part)
    return proof.need, proof.have


def _rises_while_open(
    workflow: Workflow, done: Mapping[str, _Extent], position: Mapping[int, int]
) -> Iterator[Fault]:
    """With one milestone short of what it needs, the level stays below the first that speaks of it."""
    for milestone in workflow.milestones:
        first = workflow.first_level_of(milestone.key)
        if first is None or milestone.optional:
            continue
        world = {**done, milestone.key: replace(done[milestone.key], facts=milestone.needs - 1)}
        if _tried(workflow, world).level >= first:
            yield Fault(
                when(position[first]),
                "level.rises_while_open",
                {"level": first, "milestone": milestone.key, "needs": milestone.needs},
            )


def _can_stand(workflow: Workflow, index: int, done: _World) -> bool:
    """Whether some world leaves the ladder exactly at the level at ``index``.

    Rules only ever gain from more being done. So where any world fails a rule, one of the furthest that
    just fail it shows the same levels below, and only these need to be tried.
    """
    level = workflow.levels[index].level
    missing: Iterable[tuple[LevelRule, ...]] = [(workflow.levels[index + 1],)]
    if workflow.order is Order.ANY:
        missing = combinations(workflow.levels, len(workflow.levels) - index - 1)
    worlds = (
        {**done, **world}
        for rungs in missing
        for world in _just_short(AnyOf(tuple(rung.rule for rung in rungs)), workflow, done)
    )
    for number, world in enumerate(islice(worlds, _MOST_WORLDS), start=1):
        if _tried(workflow, world).level == level or number == _MOST_WORLDS:
            return True
    return False


def _just_short(rule: Rule, workflow: Workflow, done: _World) -> Iterator[_World]:
    """The furthest worlds in which the rule is unmet, each told by what it lacks."""
    match rule:
        case Reached(key):
            milestone = workflow.milestone(key)
            assert milestone is not None, "rules of unknown milestones are not tried"
            yield {key: replace(done[key], facts=milestone.needs - 1)}
        case Count(key, at_least):
            yield {key: replace(done[key], facts=at_least - 1)}
        case Bound():
            yield {rule.milestone: _just_short_of_limit(rule, workflow, done[rule.milestone])}
        case AllOf(rules):
            for part in rules:
                yield from _just_short(part, workflow, done)
        case AnyOf(rules):
            yield from _all_short(rules, workflow, done)
        case AtLeast(n, rules):
            for parts in combinations(rules, len(rules) - n + 1):
                yield from _all_short(parts, workflow, done)


def _just_short_of_limit(rule: Bound, workflow: Workflow, best: _Extent) -> _Extent:
    """The nearest value that misses the limit; nothing measured at all where every value would meet it."""
    milestone = workflow.milestone(rule.milestone)
    assert milestone is not None, "rules of unknown milestones are not tried"
    assert milestone.measure is not None, "limits without a measure are not tried"
    least, most = _reach(milestone.measure)
    value = rule.limit.next_plus() if rule.falling else rule.limit.next_minus()
    if (least is not None and value < least) or (most is not None and value > most):
        return _Extent(0)
    return replace(best, value=value)


def _all_short(rules: Sequence[Rule], workflow: Workflow, done: _World) -> Iterator[_World]:
    """The furthest worlds in which every one of the rules is unmet."""
    for worlds in product(*(list(islice(_just_short(rule, workflow, done), _MOST_WORLDS)) for rule in rules)):
        lacking: _World = {}
        for key, extent in (item for world in worlds for item in world.items()):
            lacking[key] = _worse(lacking.get(key, extent), extent, workflow.milestone(key))
        yield lacking


def _worse(one: _Extent, other: _Extent, milestone: MilestoneDefinition | None) -> _Extent:
    """As few facts and as bad a value as the worse of two."""
    values = [extent.value for extent in (one, other) if extent.value is not None]
    falls = milestone is not None and milestone.measure is not None and milestone.measure.falls
    value = (max if falls else min)(values) if values else None
    return _Extent(min(one.facts, other.facts), value)
