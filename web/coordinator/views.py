"""From an indicator to what its pages draw: steps, tags, rows; every value ready to be read."""

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from engine.errors import Unmet
from engine.explain import Missing
from engine.guards import lacking_evidence
from engine.indicator import (
    Evaluation,
    Milestone,
    MilestoneState,
    Occurrence,
    QuarterReport,
    ReportState,
    Ruling,
)
from engine.levels import latest_decisions, tallies_of
from engine.permissions import Action
from engine.quarter import Quarter
from engine.sealing import recorded_after
from engine.standing import sentence
from engine.wording import Wording
from engine.workflow import MilestoneDefinition
from storage.seals import SealedLevel
from web.coordinator.scene import Scene

#: The colour of a state's tag; its word stands in it, so that nobody needs the colour.
STATE_COLOURS: Mapping[str, str] = {
    MilestoneState.OPEN: "grey",
    MilestoneState.IN_PROGRESS: "",
    MilestoneState.ACHIEVED: "teal",
    MilestoneState.VERIFIED: "green",
    MilestoneState.RETURNED: "red",
    MilestoneState.BLOCKED: "orange",
    MilestoneState.POSTPONED: "yellow",
    MilestoneState.WAIVED: "purple",
}
REPORT_COLOURS: Mapping[str, str] = {
    ReportState.DRAFT: "grey",
    ReportState.SUBMITTED: "",
    ReportState.ENDORSED: "teal",
    ReportState.ACCEPTED: "green",
    ReportState.RETURNED: "red",
    ReportState.SEALED: "purple",
}


class Tag(NamedTuple):
    """A state as it is shown."""

    words: str
    colour: str


def state_tag(state: str, wording: Wording) -> Tag:
    """The tag of a milestone's state."""
    return Tag(wording.word("milestone_state", state), STATE_COLOURS[state])


def report_tag(report: QuarterReport | None, wording: Wording) -> Tag:
    """The tag of a quarter's report; one that nobody has begun has none yet."""
    if report is None:
        return Tag(wording.say("page.no_report"), "grey")
    return Tag(wording.word("report_state", report.state), REPORT_COLOURS[report.state])


class Step(NamedTuple):
    """A rung of the ladder: where the indicator stands is told by marks, each with its word."""

    level: int
    title: str
    claimed: bool
    verified: bool
    projected: bool
    target: bool


def ladder(scene: Scene) -> list[Step]:
    """The rungs, the highest first."""
    found = scene.found
    aim = found.target_level
    return [
        Step(
            rung.level.level,
            scene.wording.value(rung.level.title),
            rung.level.level <= found.claimed.level,
            rung.level.level <= found.verified.level,
            found.claimed.level < rung.level.level <= found.projected.level,
            rung.level.level == aim,
        )
        for rung in reversed(found.claimed.rungs)
    ]


class Todo(NamedTuple):
    """One thing that is missing for the next level, who can supply it, and the page on which they do."""

    text: str
    who: str
    due: str
    href: str
    is_theirs: bool


#: Where a missing thing is supplied: the part of the milestone's page, and who may do it.
_SUPPLIED: Mapping[str, tuple[str, Action]] = {
    "milestone.needs_occurrences": ("/record#day", Action.RECORD),
    "measure.not_reported": ("/record#value", Action.RECORD),
    "measure.too_low": ("/record#value", Action.RECORD),
    "measure.too_high": ("/record#value", Action.RECORD),
    "occurrence.waits_for_approval": ("#facts", Action.APPROVE_UNDATED),
    "milestone.reopened": ("/answer", Action.ACHIEVE),
    "milestone.blocked": ("/resume", Action.RESUME),
    "milestone.postponed": ("/resume", Action.RESUME),
    "milestone.returned": ("/answer", Action.ACHIEVE),
    "milestone.needs_evidence": ("?attach=yes#attach", Action.ATTACH),
    "milestone.not_verified": ("/verify", Action.VERIFY),
}


def todos(scene: Scene, missing: tuple[Missing, ...], root: str) -> list[Todo]:
    """Everything that is missing, each with the way to it."""
    found = []
    for one in missing:
        where, action = _SUPPLIED.get(one.condition.kind, ("", Action.VIEW))
        is_theirs = scene.may(action)
        page = f"{root}{scene.base}/milestones/{one.milestone}"
        found.append(
            Todo(
                sentence(one, scene.wording),
                scene.wording.value(list(one.condition.who)) if one.condition.who else "",
                scene.wording.value(one.due_on) if one.due_on else "",
                page + where if is_theirs else page,
                is_theirs and action is not Action.VIEW,
            )
        )
    return found


class TaskRow(NamedTuple):
    """A milestone in the list of tasks."""

    href: str
    title: str
    hint: str
    tag: Tag


def task_list(scene: Scene, root: str) -> list[TaskRow]:
    """The milestones in the order of the definition."""
    wording, indicator = scene.wording, scene.indicator
    tallies = tallies_of(indicator.workflow, indicator.facts, scene.found.on)
    rows = []
    for definition in indicator.workflow.milestones:
        milestone, tally = indicator.milestones[definition.key], tallies[definition.key]
        hint = wording.say(
            "page.task_hint",
            level=indicator.workflow.first_level_of(definition.key),
            have=len(tally.facts) if definition.measure is None else None,
            need=definition.needs,
            value=tally.value,
            due=milestone.postponed_to or milestone.due_on,
        )
        rows.append(
            TaskRow(
                f"{root}{scene.base}/milestones/{definition.key}",
                wording.value(definition.title),
                hint,
                state_tag(milestone.state, wording),
            )
        )
    return rows


class QuarterRow(NamedTuple):
    """A quarter in the table of the indicator's page."""

    number: int
    href: str
    claimed: str
    verified: str
    self_reported: str
    scores: str
    remark: str
    text: str
    tag: Tag
    due: str
    sealed: str
    corrected: bool


def quarter_table(
    scene: Scene, root: str, due: Mapping[int, date], sealed: Mapping[int, SealedLevel]
) -> list[QuarterRow]:
    """The four quarters; what was not reported is a dash and never 0.

    A sealed one tells the levels in its seal; it is ``corrected`` where what was recorded since gives others.
    """
    wording = scene.wording
    rows = []
    for one in scene.found.quarters:
        number = one.quarter.number
        report = scene.indicator.reports.get(number)
        given = report.evaluation if report else None
        kept = sealed.get(number)
        rows.append(
            QuarterRow(
                number,
                f"{root}{scene.base}/quarters/{number}",
                wording.value(one.claimed),
                wording.value(one.verified),
                wording.value(report.self_reported if report else None),
                _scores(given, wording, is_hidden=number in scene.hidden),
                remark_of(report, wording),
                report.narrative if report else "",
                report_tag(report, wording),
                wording.value(due[number]),
                sealed_words(kept, wording),
                kept is not None and (kept.claimed, kept.verified) != (one.claimed, one.verified),
            )
        )
    return rows


def _scores(given: Evaluation | None, wording: Wording, *, is_hidden: bool) -> str:
    if is_hidden:
        return wording.say("page.score_hidden")
    return f"{wording.value(given.quality)} / {wording.value(given.timeliness)}" if given else "–"


def judged(scene: Scene) -> str:
    """Which report lies before the evaluators now, as the old page told it; nothing where none does."""
    reports = (scene.indicator.reports[number] for number in sorted(scene.indicator.reports))
    waits = [one.quarter for one in reports if one.state in (ReportState.SUBMITTED, ReportState.ENDORSED)]
    return scene.wording.say("page.being_evaluated", quarters=waits) if waits else ""


def remark_of(report: QuarterReport | None, wording: Wording) -> str:
    """The word of who evaluated the report; of scores that came with a page only that they did."""
    if report is None or report.evaluation is None:
        return ""
    return wording.say("page.scores_of_page") if report.came_judged else report.evaluation.remark


def sealed_words(kept: SealedLevel | None, wording: Wording) -> str:
    """At which levels a quarter was sealed, under which hash; nothing for one that was not."""
    if kept is None:
        return ""
    levels = {"claimed": kept.claimed, "verified": kept.verified}
    return wording.say("page.sealed_at_levels", levels, short=kept.hash[:12])


class FactRow(NamedTuple):
    """A fact of a milestone as its page lists it; ``acts`` are what may be done to it: (word, path).

    A plan is ``planned`` until it is ``kept``: until a fact says that it took place.
    """

    number: int
    kind: str
    day: str
    value: str
    document: str
    note: str
    who: str
    counts: bool
    planned: bool
    kept: bool
    waiting: bool
    after_seal: bool
    voided: str
    files: list[str]
    acts: list[tuple[str, str]]


def fact_rows(
    scene: Scene,
    definition: MilestoneDefinition,
    root: str,
    sealed: Mapping[int, SealedLevel] = MappingProxyType({}),
) -> list[FactRow]:
    """The facts of the milestone, the newest day first, the voided ones last."""
    facts = [one for one in scene.indicator.occurrences if one.milestone == definition.key]
    facts.sort(key=lambda one: (one.voided_at is None, one.occurred_on or date.min, one.number), reverse=True)
    kept = scene.indicator.kept_plans
    seals = {number: one.sealed_at for number, one in sealed.items()}
    return [
        _fact_row(
            scene,
            definition,
            one,
            root,
            is_kept=one.number in kept,
            after_seal=recorded_after(one, seals),
        )
        for one in facts
    ]


def _fact_row(
    scene: Scene,
    definition: MilestoneDefinition,
    one: Occurrence,
    root: str,
    *,
    is_kept: bool,
    after_seal: bool,
) -> FactRow:
    wording = scene.wording
    kind = definition.kind(one.kind)
    quarter = Quarter(scene.indicator.fiscal_year.year, one.quarter)
    if one.occurred_on is not None:
        day = scene.phrases.day(one.occurred_on)
    else:
        day = wording.say("page.undated_in", quarter=quarter, counts_on=one.counts_on)
    return FactRow(
        one.number,
        wording.value(kind.title) if kind else wording.value(definition.title),
        day,
        "" if one.value is None else wording.amount(one.value, scene.indicator.unit),
        one.document_number or "",
        one.note,
        wording.say("page.by_at", name=scene.name(one.recorded_by), at=one.recorded_at),
        one.counts,
        one.planned and not is_kept,
        is_kept,
        one.counts and one.waits_for_approval and not one.planned,
        after_seal,
        wording.say("page.voided_because", reason=one.void_reason, name=scene.name(one.voided_by))
        if one.voided_at
        else "",
        [
            each.file_name or each.link or ""
            for each in scene.indicator.evidence
            if each.occurrence == one.number and each.withdrawn_at is None
        ],
        list(_fact_acts(scene, one, root, is_kept=is_kept)),
    )


def _fact_acts(scene: Scene, one: Occurrence, root: str, *, is_kept: bool) -> Iterator[tuple[str, str]]:
    if one.voided_at is not None:
        return
    page = f"{root}{scene.base}/occurrences/{one.number}"
    if one.quarter <= scene.indicator.sealed_through:
        if scene.may(Action.CORRECT):
            yield scene.wording.say("act.correct"), f"{page}/correct"
        elif scene.may(Action.PETITION):
            yield scene.wording.say("act.ask_correction"), f"{page}/ask_correction"
        return
    if one.planned and not is_kept and scene.may(Action.RECORD):
        record = f"{root}{scene.base}/milestones/{one.milestone}/record?fulfils={one.number}"
        yield scene.wording.say("page.keep_plan"), record
    if one.counts and one.waits_for_approval and scene.may(Action.APPROVE_UNDATED):
        yield scene.wording.say("act.approve"), f"{page}/approve"
    if scene.may(Action.VOID):
        yield scene.wording.say("act.void"), f"{page}/void"


def wanted_evidence(scene: Scene, definition: MilestoneDefinition) -> list[tuple[str, str, bool, bool]]:
    """The documents that the milestone asks for: (key, title, whether it is needed, whether it is there)."""
    lacking = {one.params["key"] for one in lacking_evidence(scene.indicator, definition, scene.found.on)}
    attached = {
        one.request
        for one in scene.indicator.evidence
        if one.withdrawn_at is None and one.milestone == definition.key
    }
    return [
        (
            asked.key,
            scene.wording.value(asked.title),
            asked.required,
            asked.key in attached and asked.key not in lacking,
        )
        for asked in definition.evidence
    ]


def why_returned(scene: Scene, key: str) -> tuple[str, date | None, str] | None:
    """Why the milestone was sent back, by when it is to be mended, and by whom; ``None`` if it was not."""
    decision = latest_decisions(scene.indicator.decisions).get(key)
    if decision is None or decision.ruling is not Ruling.RETURNED:
        return None
    return decision.reason, decision.fix_by, scene.name(decision.decided_by)


def why_reopened(scene: Scene, key: str) -> str:
    """Why the facts of the milestone do not count until somebody says that it is done; nothing if they do."""
    decision = latest_decisions(scene.indicator.decisions).get(key)
    if decision is None or decision.ruling is not Ruling.REOPENED:
        return ""
    milestone = {"milestone": scene.milestone(key).title, "reason": decision.reason}
    return scene.wording.unmet(Unmet("milestone.reopened", milestone))


def paused(scene: Scene, milestone: Milestone) -> str:
    """For whom a blocked milestone waits, until when a postponed one is put off; nothing for any other."""
    match milestone.state:
        case MilestoneState.BLOCKED:
            return scene.wording.say(
                "page.blocked_by", waiting_for=milestone.blocked_by, since=milestone.since
            )
        case MilestoneState.POSTPONED:
            return scene.wording.say(
                "page.postponed_to", until=milestone.postponed_to, reason=milestone.reason
            )
        case MilestoneState.WAIVED:
            return scene.wording.say("page.waived_because", reason=milestone.reason)
    return ""
