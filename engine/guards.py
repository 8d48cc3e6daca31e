"""The conditions behind every trigger, each a pure function of one attempt that yields what is unmet."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from engine.errors import Unmet
from engine.evidence import EvidenceState, evidence_states
from engine.indicator import Indicator, Life, MilestoneState, Occurrence, QuarterReport, ReportState
from engine.levels import NOTHING, Tally
from engine.permissions import Action, Person, Role, Subject, may, who_may
from engine.quarter import Quarter
from engine.workflow import MilestoneDefinition, Order


class Attempt(NamedTuple):
    """Somebody tries something: all that a guard may look at."""

    indicator: Indicator
    action: Action
    by: Person
    now: datetime
    today: date
    milestone: MilestoneDefinition | None = None
    tally: Tally = NOTHING
    report: QuarterReport | None = None
    reason: str = ""
    until: date | None = None
    petitioner: int | None = None
    judge: int | None = None  # whose verdict it is about
    corrected: bool = False  # it is about what came after the last seal of the year, or is asked to


Guard = Callable[[Attempt], Iterator[Unmet]]


def not_permitted(by: Person, action: Action, subject: Subject) -> Unmet | None:
    """The condition that is unmet when the person may not do that to the subject."""
    if may(by, action, subject):
        return None
    return Unmet("person.not_permitted", {"person": by.name, "action": action}, who_may(action))


def permitted(attempt: Attempt) -> Iterator[Unmet]:
    subject = Subject(attempt.indicator.agency, attempt.indicator.workflow_owner)
    unmet = not_permitted(attempt.by, attempt.action, subject)
    if unmet is not None:
        yield unmet


def running(attempt: Attempt) -> Iterator[Unmet]:
    life = attempt.indicator.life
    if life not in (Life.ACTIVE, Life.CANCELLATION_REQUESTED):
        yield Unmet(
            "indicator.not_running",
            {"code": attempt.indicator.code, "life": life},
            (Role.ADMINISTRATOR, Role.EVALUATOR),
        )


def year_open(attempt: Attempt) -> Iterator[Unmet]:
    """After the last seal of the year there are corrections, and what follows from them."""
    if (
        attempt.indicator.sealed_through == 4
        and attempt.action is not Action.CORRECT
        and not attempt.corrected
    ):
        yield Unmet("quarter.sealed", {"quarter": Quarter(attempt.indicator.fiscal_year.year, 4)})


def facts_open(attempt: Attempt) -> Iterator[Unmet]:
    """None of the milestone's counting facts lies in a sealed quarter."""
    sealed = attempt.indicator.sealed_through
    quarters = {fact.quarter for fact in attempt.tally.facts if fact.quarter <= sealed}
    for number in sorted(quarters):
        yield Unmet("quarter.sealed", {"quarter": Quarter(attempt.indicator.fiscal_year.year, number)})


def complete(attempt: Attempt) -> Iterator[Unmet]:
    """The milestone has what it needs; an undated fact helps only once it is approved."""
    milestone = attempt.milestone
    if milestone is None or attempt.tally.waived:
        return
    missing = milestone.needs - len(attempt.tally.facts)
    if missing <= 0:
        return
    yield Unmet(
        "milestone.needs_occurrences",
        {
            "milestone": milestone.title,
            "missing": missing,
            "have": len(attempt.tally.facts),
            "need": milestone.needs,
        },
        (milestone.supplied_by,),
    )
    for waiting in waiting_for_approval(attempt.indicator, milestone.key):
        yield Unmet(
            "occurrence.waits_for_approval",
            {
                "number": waiting.number,
                "milestone": milestone.title,
                "quarter": Quarter(attempt.indicator.fiscal_year.year, waiting.quarter),
            },
            who_may(Action.APPROVE_UNDATED),
        )


def waiting_for_approval(indicator: Indicator, milestone: str) -> Iterator[Occurrence]:
    """The undated facts of the milestone that nobody has approved yet."""
    for one in indicator.occurrences:
        if one.milestone == milestone and one.counts and one.waits_for_approval:
            yield one


def in_order(attempt: Attempt) -> Iterator[Unmet]:
    """Under a strict order every milestone of a lower level is achieved."""
    workflow = attempt.indicator.workflow
    if workflow.order is not Order.STRICT or attempt.milestone is None:
        return
    own_level = workflow.first_level_of(attempt.milestone.key)
    for lower in workflow.milestones:
        level = workflow.first_level_of(lower.key)
        if level is None or own_level is None or level >= own_level or lower.optional:
            continue
        if attempt.indicator.milestones[lower.key].state not in _DONE:
            yield Unmet(
                "milestone.lower_open",
                {"milestone": attempt.milestone.title, "lower": lower.title},
                (lower.supplied_by,),
            )


_DONE = (MilestoneState.ACHIEVED, MilestoneState.VERIFIED, MilestoneState.WAIVED)


def evidenced(attempt: Attempt) -> Iterator[Unmet]:
    """Every required document of the milestone is attached; a year that is over asks what held at its end."""
    if attempt.milestone is not None:
        on = min(attempt.today, attempt.indicator.fiscal_year.last_day)
        yield from lacking_evidence(attempt.indicator, attempt.milestone, on)


def lacking_evidence(
    indicator: Indicator, milestone: MilestoneDefinition, on: date, known_at: datetime | None = None
) -> Iterator[Unmet]:
    """The required documents of which none attached by ``known_at`` holds on that day.

    One of a fact that was voided since, one that has run out, and one with a newer version prove nothing.
    """
    states = evidence_states(indicator, on, known_at)
    attached = {
        one.request
        for one in indicator.evidence
        if one.milestone == milestone.key and states.get(one.number) is EvidenceState.HOLDS
    }
    for request in milestone.required_evidence:
        if request.key not in attached:
            yield Unmet(
                "milestone.needs_evidence",
                {"milestone": milestone.title, "evidence": request.title, "key": request.key},
                (milestone.supplied_by,),
            )


def not_own_work(attempt: Attempt) -> Iterator[Unmet]:
    """Nobody accepts work that they recorded or submitted themselves."""
    if attempt.by.has(Role.OPERATOR):
        return
    authors: set[int | None] = {fact.recorded_by for fact in attempt.tally.facts}
    if attempt.report is not None:
        authors.add(attempt.report.submitted_by)
    authors.add(attempt.petitioner)
    if attempt.by.id in authors:
        yield Unmet("person.own_work", {"person": attempt.by.name}, who_may(attempt.action))


def not_own_verdict(attempt: Attempt) -> Iterator[Unmet]:
    """Nobody judges their own verdict."""
    if attempt.by.id == attempt.judge and not attempt.by.has(Role.OPERATOR):
        yield Unmet("person.own_verdict", {"person": attempt.by.name}, who_may(attempt.action))


def reasoned(attempt: Attempt) -> Iterator[Unmet]:
    if not attempt.reason.strip():
        yield Unmet("reason.missing", {"action": attempt.action})


def ahead(attempt: Attempt) -> Iterator[Unmet]:
    """The day given lies after today; work of the last quarter is sent back when its year is over."""
    if attempt.until is not None and attempt.until <= attempt.today:
        yield Unmet("day.not_ahead", {"day": attempt.until, "first": attempt.today, "last": None})


def ahead_in_year(attempt: Attempt) -> Iterator[Unmet]:
    """The day given lies after today and inside the fiscal year."""
    year = attempt.indicator.fiscal_year
    if attempt.today >= year.last_day:
        yield Unmet("year.over", {"year": year})
    elif attempt.until is not None and not attempt.today < attempt.until <= year.last_day:
        yield Unmet(
            "day.not_ahead",
            {"day": attempt.until, "first": attempt.today, "last": year.last_day},
        )


def acceptance_is_theirs(attempt: Attempt) -> Iterator[Unmet]:
    """What was accepted, with its scores, is sent back only by those who may accept."""
    report = attempt.report
    if report is None or report.state != ReportState.ACCEPTED:
        return
    subject = Subject(attempt.indicator.agency, attempt.indicator.workflow_owner)
    if not may(attempt.by, Action.ACCEPT_REPORT, subject):
        roles = who_may(Action.ACCEPT_REPORT)
        yield Unmet("person.not_permitted", {"person": attempt.by.name, "action": attempt.action}, roles)


def something_reported(attempt: Attempt) -> Iterator[Unmet]:
    report = attempt.report
    if report is not None and not report.narrative.strip() and report.self_reported is None:
        yield Unmet("report.empty", {"quarter": _quarter(attempt, report)}, (Role.COORDINATOR,))


def quarter_begun(attempt: Attempt) -> Iterator[Unmet]:
    report = attempt.report
    if report is not None and _quarter(attempt, report).first_day > attempt.today:
        quarter = _quarter(attempt, report)
        yield Unmet("quarter.not_begun", {"quarter": quarter, "first": quarter.first_day})


def quarter_open(attempt: Attempt) -> Iterator[Unmet]:
    report = attempt.report
    if report is not None and report.quarter <= attempt.indicator.sealed_through:
        yield Unmet("quarter.sealed", {"quarter": _quarter(attempt, report)})


def _quarter(attempt: Attempt, report: QuarterReport) -> Quarter:
    return Quarter(attempt.indicator.fiscal_year.year, report.quarter)
