"""A real year replayed: the civil-society network of Thung Khru in fiscal year 2564, fact by fact."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from engine.actions import (
    NewOccurrence,
    approve_occurrence,
    record_occurrence,
    return_milestone,
    verify_milestone,
    void_occurrence,
)
from engine.explain import next_level
from engine.indicator import Indicator
from engine.levels import Basis, level_of
from engine.permissions import Role
from engine.workflow import OccurrenceKind, Text, Workflow
from tests.cast import (
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    ISSUE,
    MEETINGS,
    MILESTONES,
    REPORT,
    SECTION_HEAD,
    WORKFLOW,
    YEAR,
    at,
)
from tests.engine.memory import Desk, desk

KINDS = {
    COMMITTEE: ("order", "appointment"),
    MEETINGS: ("meeting", "invitation"),
    ISSUE: ("resolution", "agenda_item"),
}
#: Of the two kinds at a milestone the first counts, the second is kept for the history only.
NETWORK: Workflow = replace(
    WORKFLOW,
    milestones=tuple(
        replace(
            milestone,
            kinds=tuple(
                OccurrenceKind(kind, Text(kind, kind), counts=place == 0)
                for place, kind in enumerate(KINDS.get(milestone.key, ()))
            ),
        )
        for milestone in WORKFLOW.milestones
    ),
)
ENDS = (date(2020, 12, 31), date(2021, 3, 31), date(2021, 6, 30), date(2021, 9, 30))
Q1, Q2, Q3, Q4 = ENDS
NO_DAY = "the report gives no day"
#: The table of the year; an undated fact is recorded on its quarter's last day and approved on the same.
FACTS = (
    NewOccurrence(GUIDELINES, quarter=1, note=NO_DAY),
    NewOccurrence(COMMITTEE, date(2020, 11, 30)),
    NewOccurrence(MEETINGS, date(2020, 12, 21)),
    NewOccurrence(MEETINGS, date(2021, 1, 19), document_number="1/64"),
    NewOccurrence(MEETINGS, quarter=2, kind="invitation", note=NO_DAY),
    NewOccurrence(COMMITTEE, quarter=3, note=NO_DAY),
    NewOccurrence(MEETINGS, date(2021, 5, 18), document_number="2/64"),
    NewOccurrence(COMMITTEE, date(2021, 5, 24), kind="appointment"),
    NewOccurrence(COMMITTEE, date(2021, 5, 25), kind="appointment"),
    NewOccurrence(MEETINGS, date(2021, 6, 29), document_number="3/64"),
    NewOccurrence(ISSUE, date(2021, 6, 29), kind="agenda_item"),
    NewOccurrence(ISSUE, quarter=4, note=NO_DAY),
    NewOccurrence(REPORT, date(2021, 8, 19)),
)
ORDER_OF_NOVEMBER, CIVIC_ORDER, JUNE_MEETING = 2, 6, 10
AFTER_THE_YEAR = at(date(2021, 10, 5))


@pytest.fixture
def year() -> Desk:
    """The whole year as it was recorded."""
    one = desk(NETWORK)
    for number, new in sorted(enumerate(FACTS, start=1), key=lambda pair: recorded_on(pair[1])):
        one.do(record_occurrence, new, now=at(recorded_on(new)))
        if new.occurred_on is None and number != 5:
            waiting = len(one.indicator.occurrences)
            one.do(approve_occurrence, waiting, by=SECTION_HEAD, now=at(recorded_on(new), 15))
    return one


def recorded_on(new: NewOccurrence) -> date:
    return new.occurred_on or ENDS[(new.quarter or 0) - 1]


def number_of(one: Desk, fact: int) -> int:
    """The number under which the fact of the table was recorded."""
    wanted = FACTS[fact - 1]
    found = [
        kept.number
        for kept in one.indicator.occurrences
        if (kept.milestone, kept.occurred_on) == (wanted.milestone, wanted.occurred_on)
        and (wanted.occurred_on is not None or kept.quarter == wanted.quarter)
        and kept.counts
    ]
    assert len(found) == 1
    return found[0]


def levels(indicator: Indicator, basis: Basis = Basis.CLAIMED, known_at: datetime | None = None) -> list[int]:
    """The levels at the four quarters' ends."""
    return [level_of(NETWORK, indicator.facts, day, known_at, basis).level for day in ENDS]


def void(one: Desk, fact: int) -> None:
    number = number_of(one, fact)
    one.do(void_occurrence, number, reason="entered by mistake", now=AFTER_THE_YEAR)


def test_year_gives_the_levels_of_the_real_one(year):
    assert levels(year.indicator) == [2, 3, 3, 5]
    assert year.indicator.stored.claimed_trail == (2, 3, 3, 5)


def test_year_keeps_the_trail_day_by_day():
    """What is stored after every action is what the day's facts give, not what the end of the year gives."""
    one = desk(NETWORK)
    trails = []
    for new in FACTS[:4]:
        outcome = one.do(record_occurrence, new, now=at(max(recorded_on(new), Q1)))
        trails.append(outcome.after.claimed_trail)
    assert trails == [(0, None, None, None)] * 3 + [(0, 0, None, None)]
    approved = one.do(approve_occurrence, 1, by=SECTION_HEAD, now=at(date(2021, 2, 1)))
    assert approved.after.claimed_trail == (2, 3, None, None)


def test_voiding_the_june_meeting_changes_nothing_on_30_june(year):
    void(year, JUNE_MEETING)
    assert levels(year.indicator) == [2, 3, 3, 5]


def test_voiding_the_order_of_november_is_mended_by_the_civic_committees_order(year):
    void(year, ORDER_OF_NOVEMBER)
    assert levels(year.indicator) == [1, 1, 3, 5]
    assert year.indicator.stored.claimed_trail == (1, 1, 3, 5)


def test_voiding_both_orders_leaves_level_1(year):
    void(year, ORDER_OF_NOVEMBER)
    void(year, CIVIC_ORDER)
    assert levels(year.indicator) == [1, 1, 1, 1]
    assert year.indicator.stored.claimed_trail == (1, 1, 1, 1)


def test_voiding_is_not_known_before_it_was_done(year):
    before = [at(date(2021, 10, 5), 8), AFTER_THE_YEAR]
    void(year, ORDER_OF_NOVEMBER)
    assert [levels(year.indicator, known_at=known) for known in before] == [[2, 3, 3, 5], [1, 1, 3, 5]]


def test_level_4_on_30_june_lacks_the_issue_alone_and_the_coordinator_supplies_it(year):
    ahead = next_level(year.indicator, Q3)
    assert ahead is not None
    assert ahead.level == 4
    assert [(one.rule, one.condition.kind, one.condition.who) for one in ahead.missing] == [
        (ISSUE, "milestone.needs_occurrences", (Role.COORDINATOR,))
    ]


def test_level_5_at_the_end_lacks_nothing(year):
    assert next_level(year.indicator, Q4) is None


def test_level_as_known_before_a_fact_was_recorded_is_without_it(year):
    recorded = year.fact(number_of(year, 3)).recorded_at  # the meeting of 21 December
    approved = year.fact(number_of(year, 1)).approved_at
    assert approved is not None
    known = (recorded, approved, datetime(2021, 1, 19, tzinfo=UTC), at(date(2021, 1, 19)))
    assert [level_of(NETWORK, year.indicator.facts, date(2021, 1, 19), one).level for one in known] == [
        0,
        2,
        2,
        3,
    ]


def test_returning_a_milestone_lowers_the_verified_level_and_not_the_claimed_one(year):
    year.by = EVALUATOR
    for milestone in MILESTONES[:4]:
        year.do(verify_milestone, milestone, now=at(date(2021, 10, 8)))
    assert levels(year.indicator, Basis.VERIFIED) == [2, 3, 3, 4]
    assert year.indicator.stored.verified_trail == (2, 3, 3, 4)
    year.do(return_milestone, COMMITTEE, reason="which committee?", now=at(date(2021, 10, 9)))
    assert levels(year.indicator, Basis.VERIFIED) == [1, 1, 1, 1]
    assert year.indicator.stored.verified_trail == (1, 1, 1, 1)
    assert levels(year.indicator) == [2, 3, 3, 5]


def test_year_is_one_event_per_fact_and_approval_after_its_creation(year):
    assert len(year.tx.events) == 1 + len(FACTS) + 3
    assert {event.by for event in year.tx.events[1:]} == {COORDINATOR.id, SECTION_HEAD.id}
    assert year.tx.kept[CODE, YEAR].version == len(year.tx.events)
