"""An indicator on another version of its definition: nothing recorded is lost, states and levels follow."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import pytest

from engine import actions
from engine.actions import NewOccurrence
from engine.events import Happened
from engine.indicator import MilestoneState
from engine.quarter import Quarter
from engine.workflow import (
    EvidenceRequest,
    Measure,
    MeasureKind,
    MilestoneDefinition,
    OccurrenceKind,
    Text,
    Workflow,
)
from tests.cast import (
    ADMINISTRATOR,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    ISSUE,
    MEASURED,
    MEASURED_NEXT,
    MEETINGS,
    REPORT,
    WORKFLOW,
    YEAR,
    at,
)
from tests.engine.memory import Desk, desk, kinds, unmet

DAY = date(2020, 12, 1)
TITLE = Text("ก", "A")


def version(*definitions: MilestoneDefinition, without: tuple[str, ...] = ()) -> Workflow:
    """The next version: these milestones as given here or new, and those left out ``without`` which it is."""
    given = {one.key: one for one in definitions}
    milestones = [given.pop(one.key, one) for one in WORKFLOW.milestones if one.key not in without]
    levels = tuple(rung for rung in WORKFLOW.levels if rung.state not in without)
    milestones += list(given.values())
    return replace(WORKFLOW, version=2, milestones=tuple(milestones), levels=levels, source_hash="8" * 64)


def of(key: str, **changes: object) -> MilestoneDefinition:
    found = WORKFLOW.milestone(key)
    assert found is not None
    return replace(found, **changes)  # type: ignore[arg-type]  # a test names what it is about


@pytest.fixture
def one() -> Desk:
    """Guidelines, a committee and two meetings: level 3."""
    made = desk()
    for key, count in ((GUIDELINES, 1), (COMMITTEE, 1), (MEETINGS, 2)):
        for _ in range(count):
            made.record(key, DAY)
    made.do(actions.verify_milestone, GUIDELINES, by=EVALUATOR, now=at(DAY))
    return made


def migrate(on: Desk, workflow: Workflow, **given: object) -> actions.Outcome:
    return on.do(actions.migrate_indicator, workflow, **{"by": ADMINISTRATOR, "now": at(DAY), **given})


def test_states_and_levels_follow_the_new_rules_and_every_fact_stays(one):
    before = one.indicator

    outcome = migrate(one, version(of(MEETINGS, needs=3)))

    after = one.indicator
    assert (before.stored.claimed.level, after.stored.claimed.level) == (3, 2)
    assert (after.ladder, after.milestones[MEETINGS].state) == (COMMITTEE, MilestoneState.IN_PROGRESS)
    assert after.milestones[GUIDELINES] == before.milestones[GUIDELINES]
    assert (after.occurrences, after.decisions) == (before.occurrences, before.decisions)
    assert outcome.event is not None
    assert outcome.event.what is Happened.INDICATOR_MIGRATED
    assert outcome.event.data == {
        "workflow": WORKFLOW.key,
        "versions": [1, 2],
        "workflow_hash": "8" * 64,
        "states": {MEETINGS: ["achieved", "in_progress"]},
        "claimed": [3, 2],
    }


def test_new_milestone_is_open_and_due_and_one_that_is_dropped_is_gone(one):
    plan = MilestoneDefinition("plan", TITLE, due_quarter=2, optional=True)

    migrate(one, version(plan, without=(ISSUE,)))

    milestones = one.indicator.milestones
    assert set(milestones) == {GUIDELINES, COMMITTEE, MEETINGS, REPORT, "plan"}
    assert (milestones["plan"].state, milestones["plan"].due_on) == ("open", date(2021, 4, 12))


def test_day_follows_where_the_quarter_is_another_one(one):
    migrate(one, version(of(ISSUE, due_quarter=2)))

    assert one.indicator.milestones[ISSUE].due_on == date(2021, 4, 12)


def test_same_version_changes_nothing(one):
    assert migrate(one, WORKFLOW).event is None


def test_ladder_may_have_other_states(one):
    renamed = tuple(replace(rung, state=f"step_{rung.level}") for rung in WORKFLOW.levels)

    migrate(one, replace(version(), levels=renamed))

    assert one.indicator.ladder == "step_3"


@pytest.mark.parametrize(
    ("workflow", "lost"),
    [
        (version(without=(COMMITTEE,)), COMMITTEE),
        (version(of(COMMITTEE, measure=Measure(MeasureKind.COUNT))), COMMITTEE),
    ],
)
def test_what_has_no_place_there_keeps_the_indicator_where_it_is(one, workflow, lost):
    before = one.indicator

    (condition,) = unmet(partial(migrate, one, workflow))

    assert condition.kind == "migration.no_place"
    assert condition.params["milestones"] == [of(lost).title]
    assert one.indicator == before


def test_kind_and_evidence_that_are_used_must_be_there():
    request = EvidenceRequest("order", TITLE)
    kind = OccurrenceKind("order", TITLE)
    full = replace(version(of(COMMITTEE, kinds=(kind,), evidence=(request,))), version=1)
    for lacking in (of(COMMITTEE, kinds=(kind,)), of(COMMITTEE, evidence=(request,))):
        made = desk(full)
        made.record(COMMITTEE, DAY, kind="order")
        given = {"request": "order", "link": "https://example.org/1", "now": at(DAY)}
        made.do(actions.attach_evidence, COMMITTEE, **given)
        assert kinds(partial(migrate, made, version(lacking))) == ["migration.no_place"]
        assert migrate(made, version(of(COMMITTEE, kinds=(kind,), evidence=(request,)))).event is not None


def test_fact_that_was_voided_keeps_its_place_too():
    made = desk()
    made.record(COMMITTEE, DAY)
    made.do(actions.void_occurrence, 1, reason="x", now=at(DAY))

    assert kinds(partial(migrate, made, version(without=(COMMITTEE,)))) == ["migration.no_place"]


def test_sealed_quarter_stands_as_it_was_computed(one):
    sealed = date(2021, 1, 20)
    actions.seal_quarter(one.tx, Quarter(YEAR, 1), reason="x", by=EVALUATOR, now=at(sealed))

    assert kinds(partial(migrate, one, version(), now=at(sealed))) == ["quarter.sealed"]


def test_only_administrators_move_and_only_within_a_definition(one):
    assert kinds(partial(migrate, one, version(), by=COORDINATOR)) == ["person.not_permitted"]
    assert kinds(partial(migrate, one, MEASURED)) == ["migration.other_definition"]


def test_measured_value_meets_the_new_bands():
    made = desk(MEASURED)
    new = NewOccurrence("result", DAY, value=Decimal(55))
    made.do(actions.record_occurrence, new, now=at(DAY))

    outcome = migrate(made, MEASURED_NEXT)

    assert (outcome.before.claimed.level, outcome.after.claimed.level) == (1, 0)
