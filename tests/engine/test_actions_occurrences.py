"""Recording facts and plans, approving undated ones, taking facts back."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.actions import (
    NewOccurrence,
    approve_occurrence,
    record_occurrence,
    seal_quarter,
    verify_milestone,
    void_occurrence,
)
from engine.events import Happened
from engine.levels import Basis, level_of
from engine.permissions import Role
from engine.quarter import FiscalYear, Quarter
from engine.workflow import Measure, MeasureKind, OccurrenceKind, Order, Text, Workflow
from tests.cast import (
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    ISSUE,
    MEASURED,
    MEETINGS,
    OPERATOR,
    REPORT,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    WORKFLOW,
    YEAR,
    at,
)
from tests.engine.memory import Desk, desk, kinds, unmet

DAY = date(2021, 2, 1)
Q1, Q2, Q3, Q4 = (quarter.last_day for quarter in FiscalYear(YEAR).quarters)


def undated(one: Desk, milestone: str, quarter: int, on: date, **given: Any) -> int:
    """Record an undated fact; its number."""
    number = one.record(milestone, None, on=on, quarter=quarter, note="no day given", **given).number
    assert number is not None
    return number


def sealed(one: Desk, through: int) -> None:
    one.tx.seals = {Quarter(YEAR, number): [] for number in range(1, through + 1)}


# --- recording -----------------------------------------------------------------------------------------


def test_fact_is_kept_as_it_was_given():
    one = desk()
    outcome = one.record(
        GUIDELINES, DAY, document_number=" กท 6909/1116 ", note=" circular ", now=at(DAY, 12)
    )
    fact = one.fact(1)
    assert outcome.number == 1
    assert (fact.milestone, fact.kind, fact.counts, fact.planned) == (GUIDELINES, "", True, False)
    assert (fact.occurred_on, fact.counts_on, fact.quarter) == (DAY, DAY, 2)
    assert (fact.document_number, fact.note, fact.value) == ("กท 6909/1116", "circular", None)
    assert (fact.recorded_at, fact.recorded_by) == (at(DAY, 12), COORDINATOR.id)
    assert outcome.event is not None
    assert outcome.event.data["occurrence"] == {
        "number": 1,
        "milestone": GUIDELINES,
        "kind": "",
        "occurred_on": "2021-02-01",
        "quarter": 2,
        "document_number": "กท 6909/1116",
        "note": "circular",
    }


def test_facts_are_numbered_in_the_order_they_were_recorded():
    one = desk()
    assert [one.record(key, DAY).number for key in (REPORT, GUIDELINES, REPORT)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("day", "today", "refused"),
    [
        (date(2020, 9, 30), DAY, ["day.outside_year"]),
        (date(2020, 10, 1), DAY, []),
        (DAY, DAY, []),
        (DAY + timedelta(1), DAY, ["day.in_future"]),
        (Q4, Q4 + timedelta(1), []),
        (Q4 + timedelta(1), Q4 + timedelta(1), ["day.outside_year"]),
        (date(2559, 12, 30), DAY, ["day.outside_year"]),
        (date(1478, 2, 1), DAY, ["day.outside_year"]),
    ],
)
def test_day_of_a_fact_lies_in_the_year_and_not_ahead(day, today, refused):
    one = desk()
    if refused:
        assert kinds(lambda: one.record(GUIDELINES, day, on=today)) == refused
    else:
        assert one.record(GUIDELINES, day, on=today).number == 1


def test_day_of_a_fact_is_the_local_one():
    """At 18:00 in London it is already tomorrow in Bangkok."""
    one = desk()
    assert one.record(GUIDELINES, DAY, on=DAY, now=at(DAY, 0)).number == 1
    late = at(DAY, 0) - timedelta(seconds=1)
    assert kinds(lambda: one.record(GUIDELINES, DAY, on=DAY, now=late)) == ["day.in_future"]


def test_fact_of_another_quarter_than_named_is_refused():
    one = desk()
    assert kinds(lambda: one.record(GUIDELINES, DAY, quarter=1)) == ["day.other_quarter"]
    assert one.record(GUIDELINES, DAY, quarter=2).number == 1


def test_fact_of_a_sealed_quarter_is_refused_and_of_the_next_not():
    one = desk()
    sealed(one, 1)
    assert kinds(lambda: one.record(GUIDELINES, Q1, on=DAY)) == ["quarter.sealed"]
    assert one.record(GUIDELINES, Q1 + timedelta(1), on=DAY).number == 1


def test_fact_is_refused_with_everything_that_is_wrong_at_once():
    one = desk(replace(WORKFLOW, order=Order.STRICT))
    new = NewOccurrence(COMMITTEE, Q4 + timedelta(1), kind="order", value=Decimal(5), fulfils=7)
    refused = unmet(lambda: one.do(record_occurrence, new, by=SAI_MAI_COORDINATOR, now=at(DAY)))
    assert [found.kind for found in refused] == [
        "person.not_permitted",
        "occurrence.kind_unknown",
        "day.outside_year",
        "value.unexpected",
        "occurrence.no_such_plan",
        "milestone.lower_open",
    ]
    assert refused[0].who == (Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD)
    assert one.indicator.occurrences == []


def test_fact_at_an_unknown_milestone_offers_the_nearest():
    refused = unmet(lambda: desk().record("meeting_held", DAY))
    assert [(found.kind, found.params["nearest"]) for found in refused] == [("milestone.unknown", [MEETINGS])]


# --- order ---------------------------------------------------------------------------------------------


def test_strict_order_takes_the_next_milestone_only():
    one = desk(replace(WORKFLOW, order=Order.STRICT))
    refused = unmet(lambda: one.record(MEETINGS, DAY))
    assert [(found.kind, found.params["lower"].en) for found in refused] == [
        ("milestone.lower_open", "Guidelines set"),
        ("milestone.lower_open", "Committee appointed"),
    ]
    for milestone in (GUIDELINES, COMMITTEE, MEETINGS):
        one.record(milestone, DAY)
    assert kinds(lambda: one.record(ISSUE, DAY)) == ["milestone.lower_open"]  # one meeting of two
    assert one.record(MEETINGS, DAY).after.claimed.level == 3


def test_strict_order_takes_plans_for_what_is_to_come():
    one = desk(replace(WORKFLOW, order=Order.STRICT))
    assert one.record(ISSUE, Q4, on=DAY, planned=True).number == 1


@pytest.mark.parametrize("order", [Order.TOLERANT, Order.ANY])
def test_other_orders_take_any_milestone(order):
    assert desk(replace(WORKFLOW, order=order)).record(REPORT, DAY).number == 1


# --- kinds ---------------------------------------------------------------------------------------------

MEETING_KINDS: Workflow = replace(
    WORKFLOW,
    milestones=tuple(
        replace(
            one,
            kinds=(
                OccurrenceKind("meeting", Text("ประชุม", "Meeting")),
                OccurrenceKind("invitation", Text("หนังสือเชิญ", "Invitation"), counts=False),
            ),
        )
        for one in WORKFLOW.milestones
    ),
)


def test_kind_is_the_first_unless_named():
    one = desk(MEETING_KINDS)
    one.record(MEETINGS, DAY)
    one.record(MEETINGS, DAY, kind="invitation")
    assert [(fact.kind, fact.counts) for fact in one.indicator.occurrences] == [
        ("meeting", True),
        ("invitation", False),
    ]
    assert one.indicator.milestones[MEETINGS].state == "in_progress"


def test_unknown_kind_offers_the_nearest():
    refused = unmet(lambda: desk(MEETING_KINDS).record(MEETINGS, DAY, kind="metings"))
    assert [(found.kind, found.params["nearest"]) for found in refused] == [
        ("occurrence.kind_unknown", ["meeting"])
    ]


# --- values --------------------------------------------------------------------------------------------


def bounded(minimum: int | None, maximum: int | None) -> Desk:
    measure = Measure(
        MeasureKind.PERCENT,
        minimum=None if minimum is None else Decimal(minimum),
        maximum=None if maximum is None else Decimal(maximum),
    )
    return desk(replace(MEASURED, milestones=(replace(MEASURED.milestones[0], measure=measure),)))


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        ("-0.01", ["value.out_of_range"]),
        ("0", []),
        ("100.0000", []),
        ("100.01", ["value.out_of_range"]),
        ("NaN", ["value.not_a_number"]),
        ("sNaN", ["value.not_a_number"]),
        ("Infinity", ["value.not_a_number"]),
    ],
)
def test_value_lies_within_the_bounds_of_the_measure(value, refused):
    one = bounded(0, 100)
    if refused:
        assert kinds(lambda: one.record("result", DAY, value=Decimal(value))) == refused
    else:
        one.record("result", DAY, value=Decimal(value))
        assert one.fact(1).value == Decimal(value)


def test_value_without_bounds_is_any_number():
    one = bounded(None, None)
    one.record("result", DAY, value=Decimal(-250))
    assert kinds(lambda: one.record("result", DAY, value=Decimal("-Infinity"))) == ["value.not_a_number"]


def test_value_is_asked_for_where_something_is_measured_and_nowhere_else():
    assert kinds(lambda: desk(MEASURED).record("result", DAY)) == ["value.missing"]
    assert desk(MEASURED).record("result", Q4, on=DAY, planned=True).number == 1
    assert kinds(lambda: desk().record(GUIDELINES, DAY, value=Decimal(0))) == ["value.unexpected"]


def test_value_is_kept_exactly_in_the_event():
    outcome = desk(MEASURED).record("result", DAY, value=Decimal("100.0000"))
    assert outcome.event is not None
    assert outcome.event.data["occurrence"]["value"] == "100.0000"


# --- duplicates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", ["1/64", " 1/64 ", "1 / 64"])
def test_document_number_twice_is_refused_with_where_it_is(again):
    one = desk()
    one.record(MEETINGS, DAY, document_number="1/64")
    (refused,) = unmet(lambda: one.record(MEETINGS, DAY, document_number=again))
    assert refused.kind == "occurrence.duplicate_document"
    assert (refused.params["number"], refused.params["day"]) == (1, DAY)
    assert refused.params["milestone"].en == "Meetings held"


def test_document_number_is_free_again_when_its_fact_is_voided():
    one = desk()
    one.record(MEETINGS, DAY, document_number="1/64")
    one.do(void_occurrence, 1, reason="the wrong day", now=at(DAY, 10))
    assert one.record(MEETINGS, DAY, document_number="1/64", now=at(DAY, 11)).number == 2


def test_document_number_of_a_plan_is_that_of_the_fact_to_come():
    one = desk()
    one.record(MEETINGS, DAY, on=Q1, planned=True, document_number="1/64")
    assert one.record(MEETINGS, DAY, document_number="1/64", fulfils=1).number == 2


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_facts_without_a_document_number_are_no_duplicates(nothing):
    one = desk()
    one.record(MEETINGS, DAY, document_number=nothing)
    assert one.record(MEETINGS, DAY, document_number=nothing).number == 2
    assert one.fact(1).document_number is None


# --- plans ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "refused"),
    [
        (DAY, ["day.not_ahead"]),
        (DAY + timedelta(1), []),
        (Q4, []),
        (Q4 + timedelta(1), ["day.outside_year"]),
        (None, ["day.missing"]),
    ],
)
def test_day_of_a_plan_lies_ahead_in_the_year(day, refused):
    one = desk()
    if refused:
        assert kinds(lambda: one.record(MEETINGS, day, on=DAY, planned=True, quarter=None)) == refused
    else:
        outcome = one.record(MEETINGS, day, on=DAY, planned=True)
        assert outcome.event is not None
        assert outcome.event.what is Happened.OCCURRENCE_PLANNED


def test_plan_moves_neither_state_nor_level():
    one = desk()
    outcome = one.record(GUIDELINES, Q3, on=DAY, planned=True)
    assert one.indicator.milestones[GUIDELINES].state == "open"
    assert outcome.after.claimed == outcome.before.claimed
    assert level_of(WORKFLOW, one.indicator.facts, DAY, None, Basis.PROJECTED, Q4).level == 1


def test_plan_is_fulfilled_once_by_a_fact_of_its_milestone():
    one = desk()
    one.record(MEETINGS, Q3, on=DAY, planned=True)
    one.record(ISSUE, Q3, on=DAY, planned=True)
    (refused,) = unmet(lambda: one.record(MEETINGS, Q2, fulfils=2))
    assert (refused.kind, refused.params) == ("occurrence.no_such_plan", {"number": 2, "known": [1]})
    assert one.record(MEETINGS, Q2, fulfils=1).number == 3
    assert one.fact(3).fulfils == 1
    assert kinds(lambda: one.record(MEETINGS, Q2, fulfils=1)) == ["occurrence.no_such_plan"]


def test_plan_is_open_again_when_the_fact_that_fulfilled_it_is_voided():
    one = desk()
    one.record(MEETINGS, Q3, on=DAY, planned=True)
    one.record(MEETINGS, Q2, fulfils=1)
    one.do(void_occurrence, 2, reason="not held", now=at(Q2, 10))
    assert one.record(MEETINGS, Q2, fulfils=1, now=at(Q2, 11)).number == 3


@pytest.mark.parametrize("number", [0, 1, 3, 9])
def test_fact_fulfils_no_fact_and_no_voided_plan(number):
    one = desk()
    one.record(MEETINGS, DAY)
    one.record(MEETINGS, Q3, on=DAY, planned=True)
    one.do(void_occurrence, 2, reason="cancelled", now=at(DAY, 10))
    one.record(MEETINGS, Q3, on=DAY, planned=True, now=at(DAY, 11))
    if number == 3:
        assert one.record(MEETINGS, Q2, fulfils=number).number == 4
    else:
        assert kinds(lambda: one.record(MEETINGS, Q2, fulfils=number)) == ["occurrence.no_such_plan"]


# --- undated facts -------------------------------------------------------------------------------------


def test_undated_fact_waits_and_counts_for_nothing():
    one = desk()
    undated(one, GUIDELINES, 1, DAY)
    fact = one.fact(1)
    assert (fact.occurred_on, fact.counts_on, fact.quarter, fact.waits_for_approval) == (None, None, 1, True)
    assert (one.indicator.stored.claimed.level, one.indicator.milestones[GUIDELINES].state) == (0, "open")


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"quarter": None}, ["day.missing"]),
        ({"quarter": 0}, ["quarter.unknown"]),
        ({"quarter": 5}, ["quarter.unknown"]),
        ({"quarter": 2, "note": " "}, ["reason.undated"]),
        ({"quarter": 3, "note": "later"}, ["quarter.not_begun"]),
        ({"quarter": 4, "note": ""}, ["reason.undated", "quarter.not_begun"]),
        ({"quarter": 1, "note": "late"}, ["quarter.sealed"]),
    ],
)
def test_undated_fact_says_why_and_belongs_to_an_open_quarter(given, refused):
    one = desk()
    sealed(one, 1)
    assert kinds(lambda: one.record(GUIDELINES, None, on=DAY, **given)) == refused


def test_undated_fact_counts_from_the_end_of_its_quarter_once_approved():
    one = desk()
    undated(one, GUIDELINES, 1, Q1)
    outcome = one.do(approve_occurrence, 1, by=SECTION_HEAD, now=at(Q1, 10))
    fact = one.fact(1)
    assert (fact.counts_on, fact.approved_at, fact.approved_by) == (Q1, at(Q1, 10), SECTION_HEAD.id)
    assert fact.occurred_on is None
    assert outcome.after.claimed_trail == (1, None, None, None)
    assert outcome.event is not None
    assert outcome.event.data == {
        "occurrence": 1,
        "milestone": GUIDELINES,
        "counts_on": "2020-12-31",
        "states": {GUIDELINES: ["open", "achieved"]},
        "claimed": [0, 1],
    }


def test_undated_fact_is_not_approved_before_its_quarter_ends():
    one = desk()
    undated(one, GUIDELINES, 1, Q1 - timedelta(1))
    refused = kinds(lambda: one.do(approve_occurrence, 1, by=SECTION_HEAD, now=at(Q1 - timedelta(1))))
    assert refused == ["quarter.not_ended"]


def test_nobody_approves_what_they_recorded():
    one = desk()
    undated(one, GUIDELINES, 1, DAY, by=SECTION_HEAD)
    (refused,) = unmet(lambda: one.do(approve_occurrence, 1, by=SECTION_HEAD, now=at(DAY)))
    assert (refused.kind, refused.who) == ("person.own_work", (Role.SECTION_HEAD, Role.EVALUATOR))
    assert one.do(approve_occurrence, 1, by=EVALUATOR, now=at(DAY)).after.claimed.level == 1


def test_script_approves_what_it_recorded():
    one = desk()
    undated(one, GUIDELINES, 1, DAY, by=OPERATOR)
    assert one.do(approve_occurrence, 1, by=OPERATOR, now=at(DAY)).after.claimed.level == 1


def test_approval_is_refused_with_everything_that_is_wrong():
    one = desk()
    undated(one, GUIDELINES, 2, DAY)
    sealed(one, 2)
    assert kinds(lambda: one.do(approve_occurrence, 1, by=COORDINATOR, now=at(DAY))) == [
        "person.not_permitted",
        "person.own_work",
        "quarter.sealed",
        "quarter.not_ended",
    ]


@pytest.mark.parametrize("planned", [False, True])
def test_dated_fact_and_plan_need_no_approval(planned):
    one = desk()
    one.record(GUIDELINES, Q1, on=Q1 - timedelta(planned), planned=planned)
    refused = kinds(lambda: one.do(approve_occurrence, 1, by=SECTION_HEAD, now=at(DAY)))
    assert refused == ["occurrence.already_counts"]


def test_fact_is_approved_once():
    one = desk()
    undated(one, GUIDELINES, 1, DAY)
    one.do(approve_occurrence, 1, by=SECTION_HEAD, now=at(DAY))
    (refused,) = unmet(lambda: one.do(approve_occurrence, 1, by=SECTION_HEAD, now=at(DAY)))
    assert (refused.kind, refused.params) == ("occurrence.already_counts", {"number": 1, "day": Q1})


# --- taking back ---------------------------------------------------------------------------------------


def test_voided_fact_stays_with_its_reason_and_counts_no_more():
    one = desk()
    one.record(GUIDELINES, DAY)
    outcome = one.do(void_occurrence, 1, reason=" the wrong year ", now=at(DAY, 10))
    fact = one.fact(1)
    assert (fact.voided_at, fact.voided_by, fact.void_reason) == (
        at(DAY, 10),
        COORDINATOR.id,
        "the wrong year",
    )
    assert (outcome.after.claimed.level, outcome.number) == (0, 1)


def test_voided_fact_that_was_verified_takes_both_levels_down():
    one = desk()
    one.record(GUIDELINES, DAY)
    one.do(verify_milestone, GUIDELINES, by=EVALUATOR, now=at(DAY, 10))
    outcome = one.do(void_occurrence, 1, reason="last year's", now=at(DAY, 11))
    assert outcome.event is not None
    assert (outcome.event.data["claimed"], outcome.event.data["verified"]) == ([1, 0], [1, 0])


@pytest.mark.parametrize("reason", ["", "  "])
def test_fact_is_not_voided_without_a_reason(reason):
    one = desk()
    one.record(GUIDELINES, DAY)
    assert kinds(lambda: one.do(void_occurrence, 1, reason=reason, now=at(DAY))) == ["reason.missing"]


def test_fact_of_a_sealed_quarter_is_not_voided():
    one = desk()
    one.record(GUIDELINES, Q1)
    one.record(COMMITTEE, Q1 + timedelta(1))
    seal_quarter(one.tx, Quarter(YEAR, 1), by=EVALUATOR, now=at(DAY))
    assert kinds(lambda: one.do(void_occurrence, 1, reason="", by=EVALUATOR, now=at(DAY))) == [
        "person.not_permitted",
        "quarter.sealed",
        "reason.missing",
    ]
    assert one.do(void_occurrence, 2, reason="twice", now=at(DAY)).after.claimed.level == 1


@pytest.mark.parametrize("action", [void_occurrence, approve_occurrence])
def test_unknown_or_voided_fact_is_refused(action):
    one = desk()
    undated(one, GUIDELINES, 1, DAY)
    undated(one, GUIDELINES, 1, DAY)
    one.do(void_occurrence, 1, reason="twice", now=at(DAY, 10))
    given = {"by": SECTION_HEAD, "now": at(DAY, 11)} | (
        {"reason": "twice"} if action is void_occurrence else {}
    )
    (unknown,) = unmet(lambda: one.do(action, 3, **given))
    assert (unknown.kind, unknown.params["known"]) == ("occurrence.unknown", [2])
    (voided,) = unmet(lambda: one.do(action, 1, **given))
    assert (voided.kind, voided.params) == ("occurrence.already_voided", {"number": 1, "at": at(DAY, 10)})
