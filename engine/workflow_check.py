"""The check of a workflow before anybody may run it: every fault of a definition, as data.

A fault points into the definition's TOML document by its ``path``; its sentence, in Thai and in English,
stands in ``locale/`` under its ``kind``. What can be seen on the page (names, numbers, titles) is looked
at here; then :mod:`engine.ladder_trial` tries the ladder on made-up facts.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from engine.faults import Fault, Path, when
from engine.ladder_trial import climbing, ladder_faults
from engine.nearest import nearest
from engine.prose.phrase_check import phrase_faults
from engine.workflow import (
    NOT_STARTED,
    AllOf,
    AnyOf,
    AtLeast,
    Bound,
    Count,
    MilestoneDefinition,
    Order,
    Reached,
    Rule,
    Text,
    Workflow,
    leaves,
)

#: Keys are typed on command lines and drawn in diagrams: small letters, digits and underscores only.
_KEY = re.compile(r"[a-z][a-z0-9_]*")


def check(workflow: Workflow) -> list[Fault]:
    """Every fault of the definition, in no particular order; an empty list means that it may be run.

    Milestones and levels are numbered from 0 in the order in which ``workflow`` holds them.
    """
    written = [
        *_workflow_faults(workflow),
        *_milestone_faults(workflow),
        *_level_faults(workflow),
        *_rule_faults(workflow),
        *phrase_faults(workflow.milestones),
    ]
    return [*written, *_schedule_faults(workflow), *ladder_faults(workflow, written)]


# --- what can be seen on the page ----------------------------------------------------------------------


def _workflow_faults(workflow: Workflow) -> Iterator[Fault]:
    yield from _key_faults(("key",), workflow.key)
    yield from _title_faults(("title",), workflow.title)
    # A description may be left out; one in a single language is half a description.
    if workflow.description != Text("", ""):
        yield from _title_faults(("description",), workflow.description)
    yield from _reminder_faults(workflow.remind_before)
    if workflow.version < 1:
        yield Fault(("version",), "workflow.version_below_one", {"given": workflow.version})
    if not workflow.milestones:
        yield Fault(("milestones",), "workflow.no_milestones")
    if not workflow.levels:
        yield Fault(("levels",), "workflow.no_levels")


def _reminder_faults(days: tuple[int, ...] | None) -> Iterator[Fault]:
    """Whether they are days of the house is for the house to say: a definition is checked without one."""
    path: Path = ("reminders", "before")
    if days is None:
        return
    if not days:
        yield Fault(path, "reminders.no_day")
    for index, day in enumerate(days):
        if day < 0:
            yield Fault((*path, index), "reminders.day_negative", {"given": day})
        elif day in days[:index]:
            yield Fault((*path, index), "reminders.day_twice", {"given": day})


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


def _rule_faults(workflow: Workflow) -> Iterator[Fault]:
    for index, rung in enumerate(workflow.levels):
        for path, rule in _walk(rung.rule, when(index)):
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
    elif rule.falling is not milestone.measure.falls:
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
                    when(index),
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
    ladder = climbing(workflow)
    placed = [
        (index, milestone, level)
        for index, milestone in enumerate(workflow.milestones)
        if (level := ladder.first_level_of(milestone.key)) is not None
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
