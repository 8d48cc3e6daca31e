"""A running indicator put onto another version of its definition, on purpose."""

from collections.abc import Iterator
from datetime import datetime

from engine.actions._work import Outcome, Work, begin
from engine.actions.reports import deadline
from engine.errors import Unmet, refuse
from engine.events import Happened
from engine.indicator import Decision, Evidence, Indicator, Milestone, Occurrence, Waiver
from engine.permissions import Action, Person
from engine.ports import Transaction
from engine.quarter import Quarter
from engine.workflow import NOT_STARTED, MilestoneDefinition, Text, Workflow


def migrate_indicator(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    workflow: Workflow,
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Put the indicator onto that version of its definition: its facts stay, states and levels follow.

    Nothing that is recorded may lose its place, and once a quarter is sealed the rules stand that it was
    sealed with.
    """
    work = begin(tx, code, fiscal_year, Action.MANAGE_INDICATORS, by, now, expected_version)
    indicator, old = work.indicator, work.indicator.workflow
    if workflow.key != old.key:
        raise refuse("migration.other_definition", code=indicator.code, given=workflow.key, key=old.key)
    if workflow.version == old.version:
        work.check_person()
        return work.nothing_to_do()
    work.check_person(None, *_faults(work, workflow))
    dropped = [key for key in indicator.milestones if workflow.milestone(key) is None]
    indicator.milestones = {one.key: _milestone(work, old, one) for one in workflow.milestones}
    # The old state may be none of the new ladder, which is climbed anew from its foot.
    indicator.workflow, indicator.ladder = workflow, NOT_STARTED
    tx.migrate(indicator, dropped)
    data = {
        "workflow": workflow.key,
        "versions": [old.version, workflow.version],
        "workflow_hash": workflow.source_hash,
    }
    return work.finish(Happened.INDICATOR_MIGRATED, data, indicator.fiscal_year.first_day)


def _faults(work: Work, workflow: Workflow) -> Iterator[Unmet]:
    indicator = work.indicator
    if indicator.sealed_through:
        sealed = Quarter(indicator.fiscal_year.year, indicator.sealed_through)
        yield Unmet("quarter.sealed", {"quarter": sealed})
    if homeless := list(_homeless(work, workflow)):
        params = {"code": indicator.code, "version": workflow.version, "milestones": homeless}
        yield Unmet("migration.no_place", params)


def _homeless(work: Work, workflow: Workflow) -> Iterator[Text]:
    """The milestones of which something is recorded that the version has no place for."""
    for definition in work.indicator.workflow.milestones:
        new = workflow.milestone(definition.key)
        if new is None:
            petitions = work.tx.petitions(work.indicator)
            lost = any(one.milestone == definition.key for one in (*_kept(work.indicator), *petitions))
        else:
            lost = _has_lost_a_part(work.indicator, definition, new)
        if lost:
            yield definition.title


def _kept(indicator: Indicator) -> Iterator[Occurrence | Decision | Waiver | Evidence]:
    """All that is recorded of milestones, what was taken back too: it stays in the history."""
    yield from indicator.occurrences
    yield from indicator.decisions
    yield from indicator.waivers
    yield from indicator.evidence


def _has_lost_a_part(indicator: Indicator, old: MilestoneDefinition, new: MilestoneDefinition) -> bool:
    """Whether a kind of fact, a piece of evidence asked for, or a measured value has no place any more."""
    facts = [one for one in indicator.occurrences if one.milestone == old.key]
    kinds = {one.kind for one in facts if one.kind}
    asked = {one.request for one in indicator.evidence if one.milestone == old.key and one.request}
    measured_otherwise = facts and (old.measure is None) is not (new.measure is None)
    return bool(
        kinds - {kind.key for kind in new.kinds}
        or asked - {request.key for request in new.evidence}
        or measured_otherwise
    )


def _milestone(work: Work, old: Workflow, definition: MilestoneDefinition) -> Milestone:
    """The milestone as it stood, or a new one; its day follows where the quarter is another one now."""
    indicator, before = work.indicator, old.milestone(definition.key)
    if before is not None and before.due_quarter == definition.due_quarter:
        return indicator.milestones[definition.key]
    made = indicator.milestones.get(definition.key) or Milestone(definition.key, since=work.now)
    quarter = indicator.fiscal_year.quarters[definition.due_quarter - 1]
    made.due_on = deadline(work.tx, indicator.agency, quarter)
    work.change.milestones.append(made)
    return made
