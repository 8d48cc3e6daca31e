"""From what a page reads of an indicator to the shapes that programs are given of it."""

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from engine.appeal import Appeal
from engine.evidence import evidence_states
from engine.indicator import Indicator, QuarterReport
from engine.quarter import Quarter
from engine.verdict import shown_of
from storage.reminding import Reminder
from storage.told import Told
from storage.views import HistoryLine
from web.api.shapes import pieces
from web.coordinator.indicator import names_of_acts
from web.coordinator.scene import Scene


def facts(indicator: Indicator, milestone: str = "", quarter: int = 0) -> list[pieces.Fact]:
    """The facts of the milestone, or of the quarter, or all of them."""
    return [
        pieces.Fact.model_validate(one)
        for one in indicator.occurrences
        if milestone in ("", one.milestone) and quarter in (0, one.quarter)
    ]


def evidence(scene: Scene, milestones: Collection[str] | None = None) -> list[pieces.Evidence]:
    """The documents of these milestones, or all of them, each with whether it holds."""
    states = evidence_states(scene.indicator, scene.found.on)
    return [
        pieces.Evidence.model_validate({**one._asdict(), "state": str(states[one.number])})
        for one in scene.indicator.evidence
        if milestones is None or one.milestone in milestones
    ]


def milestone(scene: Scene, key: str) -> pieces.Milestone:
    """A milestone, and what may be done to it."""
    return pieces.Milestone.model_validate(milestone_values(scene, key))


def milestone_values(scene: Scene, key: str) -> dict[str, Any]:
    """What a shape of a milestone is made of."""
    kept, definition = scene.indicator.milestones[key], scene.milestone(key)
    return {
        "key": key,
        "title": definition.title,
        "state": kept.state,
        "needs": definition.needs,
        "due_on": kept.due_on,
        "postponed_to": kept.postponed_to,
        "blocked_by": kept.blocked_by,
        "reason": kept.reason,
        "since": kept.since,
        "acts": names_of_acts(scene, key),
    }


def report(one: QuarterReport, *, blind: bool) -> pieces.Report:
    """A report; whoever reads it again is not told what the first evaluator found.

    Scores that came with a page are no verdict of who imported it.
    """
    found = pieces.Report.model_validate(one)
    if blind:
        return found.model_copy(update={"evaluation": None})
    if found.evaluation is not None and one.came_judged:
        of_page = found.evaluation.model_copy(update={"evaluated_by": None})
        return found.model_copy(update={"evaluation": of_page})
    return found


def appeals(made: Iterable[Appeal], hidden: Collection[int]) -> list[Appeal]:
    """The appeals, without what is said of scores that whoever looks may not know yet."""
    return [replace(one, reason="") if one.quarter in hidden else one for one in made]


def happenings(lines: Iterable[HistoryLine], hidden: Collection[int] = ()) -> list[pieces.Happening]:
    """The events; of scores that whoever looks may not know yet, only that there are some."""
    found = []
    for line in lines:
        entry = line.entry
        data = dict(shown_of(entry.what, json.loads(entry.data), hidden))
        found.append(
            pieces.Happening(
                seq=entry.seq,
                at=entry.at,
                what=entry.what,
                by=entry.by,
                name=line.by,
                data=data,
                hash=entry.hash,
            )
        )
    return found


def told(rows: Iterable[Told]) -> list[pieces.Told]:
    """Who was told what, and what became of it."""
    found = []
    for one in rows:
        result = one.result
        found.append(
            pieces.Told(
                name=one.name,
                what=str(one.about.subject.topic if isinstance(one.about, Reminder) else one.about.what),
                at=(result.sent_at or result.not_before) if result else None,
                state=str(result.state) if result else None,
            )
        )
    return found


def warnings(scene: Scene, found: Iterable[Any]) -> list[pieces.Warning]:
    """Where a report does not fit, in words."""
    return [pieces.Warning(kind=one.kind, sentence=scene.wording.unmet(one)) for one in found]


def quarter(one: Quarter, due_on: Any, *, sealed: bool) -> pieces.Quarter:
    return pieces.Quarter(
        quarter=one.number, first_day=one.first_day, last_day=one.last_day, due_on=due_on, sealed=sealed
    )
