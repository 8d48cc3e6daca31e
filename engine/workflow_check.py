"""The check of a workflow before anybody may run it: every fault of a definition, as data.

A fault points into the definition's TOML document by its ``path``; its sentence, in Thai and in English,
stands in ``locale/`` under its ``kind``. What can be seen on the page (names, numbers, titles) is looked
at first. The ladder is then tried: :func:`engine.levels.level_of` is asked about made-up facts in which
everything is done, or everything but one thing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations, islice, pairwise, product
from typing import Any

from engine.indicator import Facts, Occurrence
from engine.levels import LevelResult, Proof, level_of
from engine.nearest import nearest
from engine.workflow import (
    NOT_STARTED,
    AllOf,
    AnyOf,
    AtLeast,
    Bound,
    Count,
    Direction,
    LevelRule,
    Measure,
    MilestoneDefinition,
    Order,
    Reached,
    Rule,
    Text,
    Workflow,
    YearValue,
    leaves,
)

Path = tuple[str | int, ...]
#: Keys are typed on command lines and drawn in diagrams: small letters, digits and underscores only.
_KEY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where in the TOML document, what kind of fault, and its particulars."""

    path: Path
    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)


def check(workflow: Workflow) -> list[Fault]:
    """Every fault of the definition, in no particular order; an empty list means that it may be run.

    Milestones and levels are numbered from 0 in the order in which ``workflow`` holds them.
    """
    written = [
        *_workflow_faults(workflow),
        *_milestone_faults(workflow),
        *_level_faults(workflow),
        *_rule_faults(workflow),
    ]
    return [*written, *_schedule_faults(workflow), *_ladder_faults(workflow, written)]


# --- what can be seen on the page ----------------------------------------------------------------------


def _workflow_faults(workflow: Workflow) -> Iterator[Fault]:
    yield from _key_faults(("key",), workflow.key)
    yield from _title_faults(("title",), workflow.title)
    # A description may be left out; one in a single language is half a description.
    if workflow.description != Text("", ""):
        yield from _title_faults(("description",), workflow.description)
    if workflow.version < 1:
        yield Fault(("version",), "workflow.version_below_one", {"given": workflow.version})
    if not workflow.milestones:
        yield Fault(("milestones",), "workflow.no_milestones")
    if not workflow.levels:
        yield Fault(("levels",), "workflow.no_levels")


def _key_faults(path: Path, key: str) -> Iterator[Fault]:
    if not _KEY.fullmatch(key):
        yield Fault(path, "key.malformed", {"given": key})


def _title_faults(path: Path, title: Text) -> Iterator[Fault]:
    for language, words in (("th", title.th), ("en", title.en)):
        if not words.strip():
            yield Fault((*path, language), "title.missing", {"language": language})


def _milestone_faults(workflow: Workflow) -> Iterator[Fault]:
    keys = [milestone.key for milestone in workflow.milestones]
    yield from _duplicates(keys, ("milestones",), "key", "milestone.duplicate")
    for index, milestone in enumerate(workflow.milestones):
        path: Path = ("milestones", index)
        yield from _key_faults((*path, "key"), milestone.key)
        yield from _title_faults((*path, "title"), milestone.title)
        if milestone.needs < 1:
            yield Fault(
                (*path, "needs"),
                "milestone.needs_below_one",
                {"milestone": milestone.key, "given": milestone.needs},
            )
        if not 1 <= milestone.due_quarter <= 4:
            yield Fault(
                (*path, "due_quarter"),
                "milestone.due_quarter_outside",
                {"milestone": milestone.key, "given": milestone.due_quarter},
            )
        yield from _kind_faults(milestone, (*path, "kinds"))
        yield from _evidence_faults(milestone, (*path, "evidence"))
        yield from _measure_faults(milestone, (*path, "measure"))


def _duplicates(names: Sequence[Any], path: Path, leaf: str, kind: str, **more: Any) -> Iterator[Fault]:
    """A fault for every name that stands earlier in the list already."""
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Fault((*path, index, leaf), kind, {"given": name, **more})


def _kind_faults(milestone: MilestoneDefinition, path: Path) -> Iterator[Fault]:
    keys = [kind.key for kind in milestone.kinds]
    yield from _duplicates(keys, path, "key", "kind.duplicate", milestone=milestone.key)
    for index, kind in enumerate(milestone.kinds):
        yield from _key_faults((*path, index, "key"), kind.key)
        yield from _title_faults((*path, index, "title"), kind.title)
    if milestone.kinds and not any(kind.counts for kind in milestone.kinds):
        yield Fault(path, "milestone.no_counting_kind", {"milestone": milestone.key})


def _evidence_faults(milestone: MilestoneDefinition, path: Path) -> Iterator[Fault]:
    keys = [request.key for request in milestone.evidence]
    yield from _duplicates(keys, path, "key", "evidence.duplicate", milestone=milestone.key)
    for index, request in enumerate(milestone.evidence):
        yield from _key_faults((*path, index, "key"), request.key)
        yield from _title_faults((*path, index, "title"), request.title)
        where = (*path, index, "available_from_quarter")
        params = {
            "evidence": request.key,
            "milestone": milestone.key,
            "given": request.available_from_quarter,
            "due_quarter": milestone.due_quarter,
        }
        if not 1 <= request.available_from_quarter <= 4:
            yield Fault(where, "evidence.quarter_outside", params)
        elif 1 <= milestone.due_quarter < request.available_from_quarter:
            yield Fault(where, "evidence.after_due", params)


def _measure_faults(milestone: MilestoneDefinition, path: Path) -> Iterator[Fault]:
    measure = milestone.measure
    if measure is None or measure.minimum is None or measure.maximum is None:
        return
    if measure.minimum > measure.maximum:
        yield Fault(
            path,
            "measure.range_empty",
            {"milestone": milestone.key, "minimum": measure.minimum, "maximum": measure.maximum},
        )


def _level_faults(workflow: Workflow) -> Iterator[Fault]:
    numbers = [rung.level for rung in workflow.levels]
    yield from _duplicates(numbers, ("levels",), "level", "level.duplicate")
    yield from _duplicates(
        [rung.state for rung in workflow.levels], ("levels",), "state", "level.state_duplicate"
    )
    for index, rung in enumerate(workflow.levels):
        path: Path = ("levels", index)
        yield from _title_faults((*path, "title"), rung.title)
        yield from _key_faults((*path, "state"), rung.state)
        if rung.state == NOT_STARTED:
            yield Fault((*path, "state"), "level.state_reserved", {"given": rung.state})
        if rung.level < 1:
            yield Fault((*path, "level"), "level.below_one", {"given": rung.level})
    yield from _gaps(numbers)


def _gaps(numbers: Sequence[int]) -> Iterator[Fault]:
    """Levels run 1, 2, 3 … from the top of the file to its end."""
    previous = 0
    for index, number in enumerate(numbers):
        if number > previous + 1:
            missing = [one for one in range(previous + 1, min(number, previous + 10)) if one not in numbers]
            if missing:
                yield Fault(("levels", index, "level"), "level.gap", {"level": number, "missing": missing})
        if 0 < number < previous:
            yield Fault(
                ("levels", index, "level"), "level.out_of_order", {"level": number, "previous": previous}
            )
        previous = number


# --- the rules, as they are written --------------------------------------------------------------------

#: Under which key of the document a rule keeps its parts.
_PARTS: dict[type, str] = {AllOf: "all", AnyOf: "any", AtLeast: "of"}


def _walk(rule: Rule, path: Path) -> Iterator[tuple[Path, Rule]]:
    """The rule and every rule inside it, each with its path."""
    yield path, rule
    if isinstance(rule, AllOf | AnyOf | AtLeast):
        for index, part in enumerate(rule.rules):
            yield from _walk(part, (*path, _PARTS[type(rule)], index))


def _when(index: int) -> Path:
    return ("levels", index, "when")


def _rule_faults(workflow: Workflow) -> Iterator[Fault]:
    for index, rung in enumerate(workflow.levels):
        for path, rule in _walk(rung.rule, _when(index)):
            match rule:
                case Reached(key):
                    yield from _unknown(workflow, key, (*path, "milestone"))
                case Count(key, at_least):
                    yield from _unknown(workflow, key, (*path, "count"))
                    yield from _below_one(at_least, path)
                case Bound():
                    yield from _unknown(workflow, rule.milestone, (*path, "measure"))
                    yield from _unfit_bound(workflow, rule, path)
                case AtLeast(n, rules):
                    yield from _below_one(n, path)
                    yield from _empty(rules, path)
                case AllOf(rules) | AnyOf(rules):
                    yield from _empty(rules, path)
    yield from _band_faults(workflow)
    yield from _unused(workflow)


def _unknown(workflow: Workflow, key: str, path: Path) -> Iterator[Fault]:
    if workflow.milestone(key) is None:
        known = [milestone.key for milestone in workflow.milestones]
        yield Fault(
            path,
            "rule.unknown_milestone",
            {"given": key, "nearest": nearest(key, known), "known": known},
        )


def _below_one(at_least: int, path: Path) -> Iterator[Fault]:
    if at_least < 1:
        yield Fault((*path, "at_least"), "rule.at_least_below_one", {"given": at_least})


def _empty(rules: tuple[Rule, ...], path: Path) -> Iterator[Fault]:
    if not rules:
        yield Fault(path, "rule.empty")


def _unfit_bound(workflow: Workflow, rule: Bound, path: Path) -> Iterator[Fault]:
    """A limit belongs to a measured milestone, and lies on the side that its direction calls better."""
    milestone = workflow.milestone(rule.milestone)
    if milestone is None:
        return
    if milestone.measure is None:
        yield Fault((*path, "measure"), "rule.not_measured", {"milestone": milestone.key})
    elif rule.falling is not _falls(milestone.measure):
        written, right = ("at_most", "at_least") if rule.falling else ("at_least", "at_most")
        yield Fault(
            (*path, written),
            "rule.wrong_direction",
            {"milestone": milestone.key, "given": written, "right": right},
        )


def _band_faults(workflow: Workflow) -> Iterator[Fault]:
    """A higher level asks for more of the same measure, never for as much or for less."""
    for milestone in workflow.milestones:
        bands = sorted(
            (
                (rung.level, index, leaf)
                for index, rung in enumerate(workflow.levels)
                for leaf in leaves(rung.rule)
                if isinstance(leaf, Bound) and leaf.milestone == milestone.key
            ),
            key=lambda band: band[:2],
        )
        for (lower, _, below), (level, index, above) in pairwise(bands):
            if lower == level or above.falling is not below.falling:
                continue
            if (above.limit >= below.limit) if above.falling else (above.limit <= below.limit):
                yield Fault(
                    _when(index),
                    "level.band_not_falling" if above.falling else "level.band_not_rising",
                    {
                        "level": level,
                        "milestone": milestone.key,
                        "given": above.limit,
                        "previous": below.limit,
                    },
                )


def _unused(workflow: Workflow) -> Iterator[Fault]:
    used = {leaf.milestone for rung in workflow.levels for leaf in leaves(rung.rule)}
    known = [milestone.key for milestone in workflow.milestones]
    # A milestone whose name is only misspelt in a rule has its fault there already.
    misspelt = {key for name in used - set(known) for key in nearest(name, known, most=1)}
    for index, milestone in enumerate(workflow.milestones):
        if milestone.key not in used | misspelt and not milestone.optional:
            yield Fault(("milestones", index, "key"), "milestone.unused", {"milestone": milestone.key})


def _schedule_faults(workflow: Workflow) -> Iterator[Fault]:
    """A milestone that carries a lower level is not due later than one that carries a higher."""
    if workflow.order is Order.ANY:
        return
    climbing = _climbing(workflow)
    placed = [
        (index, milestone, level)
        for index, milestone in enumerate(workflow.milestones)
        if (level := climbing.first_level_of(milestone.key)) is not None
    ]
    for index, lower, level in placed:
        earlier = [
            higher for _, higher, above in placed if above > level and higher.due_quarter < lower.due_quarter
        ]
        if earlier and not lower.optional:
            first = min(earlier, key=lambda milestone: milestone.due_quarter)
            yield Fault(
                ("milestones", index, "due_quarter"),
                "milestone.due_after_higher",
                {
                    "milestone": lower.key,
                    "due_quarter": lower.due_quarter,
                    "higher": first.key,
                    "higher_due_quarter": first.due_quarter,
                },
            )


# --- the ladder, tried on made-up facts ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Extent:
    """How far one milestone has come: the number of its facts and, where it is measured, the value."""

    facts: int
    value: Decimal | None = None


_World = dict[str, _Extent]

#: A rule with very many parts has very many ways to be just unmet; so many of them are tried.
_MOST_WORLDS = 5_000


def _ladder_faults(workflow: Workflow, written: Sequence[Fault]) -> Iterator[Fault]:
    sound = _sound(workflow, written)
    if not sound.levels:
        return
    position = {rung.level: index for index, rung in reversed([*enumerate(workflow.levels)])}
    done = _everything_done(sound)
    out_of_reach = [rung for rung in _tried(sound, done).rungs if not rung.proof.met]
    for unmet in out_of_reach:
        asked, possible = _first_unmet(unmet.proof)
        params = {"level": unmet.level.level, "asked": asked, "possible": possible}
        yield Fault(_when(position[unmet.level.level]), "level.unreachable", params)
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
        if _when(position[above.level]) not in at_fault and not _can_stand(ladder, index, done):
            params = {"level": rung.level, "next": above.level}
            yield Fault(_when(position[rung.level]), "level.never_stands", params)


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
    return _climbing(replace(workflow, levels=tuple(rungs)))


def _climbing(workflow: Workflow) -> Workflow:
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


def _falls(measure: Measure) -> bool:
    return measure.direction is Direction.FALLING


def _best(measure: Measure | None, limits: Sequence[Decimal]) -> Decimal | None:
    """The best value the year can end with: at its own limit, or else beyond every limit of the rules."""
    if measure is None:
        return None
    least, most = _reach(measure)
    if _falls(measure):
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
                _when(position[first]),
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
    falls = milestone is not None and milestone.measure is not None and _falls(milestone.measure)
    value = (max if falls else min)(values) if values else None
    return _Extent(min(one.facts, other.facts), value)
