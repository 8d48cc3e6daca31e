"""Levels: from facts, decisions and waivers to a level, its fraction and its proof."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.indicator import Decision, Facts, Occurrence, Ruling, Waiver
from engine.levels import Basis, Proof, level_from, level_of, standing_from, tallies_of
from engine.quarter import FiscalYear, Quarter
from engine.workflow import (
    AllOf,
    AnyOf,
    AtLeast,
    Bound,
    Count,
    LevelRule,
    Measure,
    MeasureKind,
    MilestoneDefinition,
    Order,
    Reached,
    Rule,
    Text,
    Workflow,
    YearValue,
)
from tests.cast import COMMITTEE, GUIDELINES, ISSUE, MEETINGS, MILESTONES, WORKFLOW, at

YEAR = FiscalYear(2021)
Q1, Q2, Q3, Q4 = (quarter.last_day for quarter in YEAR.quarters)
END = datetime.max.replace(tzinfo=UTC)


def fact(number: int, milestone: str, day: date | None, **given: Any) -> Occurrence:
    """A counting fact of that day, recorded on the day at noon."""
    quarter = Quarter.containing(day).number if day else given.pop("quarter", 1)
    recorded_at = given.pop("recorded_at", at(day or YEAR.first_day, 12))
    known = {"kind": "", "counts": True, "counts_on": day, "recorded_by": 2, **given}
    return Occurrence(number, milestone, occurred_on=day, quarter=quarter, recorded_at=recorded_at, **known)


def ruled(number: int, milestone: str, ruling: Ruling, decided_at: datetime) -> Decision:
    return Decision(number, milestone, ruling, decided_at, decided_by=5)


def ladder(*rules: Rule, order: Order = Order.TOLERANT, **measures: Measure) -> Workflow:
    """Milestones ``a`` to ``d``, one fact each, and a level for every rule from below."""
    return Workflow(
        "ladder",
        1,
        Text("บันได", "Ladder"),
        order,
        tuple(MilestoneDefinition(key, Text(key, key), measure=measures.get(key)) for key in "abcd"),
        tuple(
            LevelRule(level, f"level_{level}", Text("", ""), rule)
            for level, rule in enumerate(rules, start=1)
        ),
    )


ONE_BY_ONE = tuple(Reached(key) for key in "abcd")


def level(workflow: Workflow, *occurrences: Occurrence, on: date = Q4, **given: Any) -> int:
    return level_of(workflow, Facts(occurrences), on, **given).level


def standing(workflow: Workflow, *occurrences: Occurrence, **given: Any) -> tuple[int, float]:
    result = level_of(workflow, Facts(occurrences, target=given.pop("target", None)), Q4, **given)
    return result.level, result.fraction


# --- when and as known ---------------------------------------------------------------------------------

NOVEMBER, MAY = date(2020, 11, 30), date(2021, 5, 18)
TWO = (fact(1, GUIDELINES, NOVEMBER), fact(2, COMMITTEE, MAY))


@pytest.mark.parametrize(
    ("on", "reached"),
    [
        (NOVEMBER - timedelta(1), 0),
        (NOVEMBER, 1),
        (MAY - timedelta(1), 1),
        (MAY, 2),
        (Q4, 2),
    ],
)
def test_level_counts_a_fact_from_its_own_day(on, reached):
    assert level(WORKFLOW, *TWO, on=on) == reached


def test_level_as_known_at_an_instant_leaves_out_what_was_recorded_later():
    late = fact(2, COMMITTEE, NOVEMBER, recorded_at=at(MAY))
    assert [level(WORKFLOW, TWO[0], late, known_at=known) for known in (at(MAY, 8), at(MAY, 9), None)] == [
        1,
        2,
        2,
    ]


def test_level_leaves_out_an_undated_fact_until_it_is_approved():
    waiting = fact(1, GUIDELINES, None)
    assert level(WORKFLOW, waiting) == 0


def test_level_counts_an_approved_undated_fact_from_the_end_of_its_quarter():
    approved = fact(1, GUIDELINES, None, counts_on=Q1, approved_at=at(MAY))
    assert [level(WORKFLOW, approved, on=day) for day in (Q1 - timedelta(1), Q1)] == [0, 1]
    assert [level(WORKFLOW, approved, known_at=known) for known in (at(MAY, 8), at(MAY, 9))] == [0, 1]


def test_level_as_known_before_a_fact_was_voided_still_has_it():
    voided = fact(1, GUIDELINES, NOVEMBER, voided_at=at(MAY))
    assert [level(WORKFLOW, voided, known_at=known) for known in (at(MAY, 8), at(MAY, 9), None)] == [1, 0, 0]


def test_level_leaves_out_a_fact_whose_kind_does_not_count():
    assert level(WORKFLOW, fact(1, GUIDELINES, NOVEMBER, counts=False)) == 0


def test_level_leaves_out_a_fact_of_a_milestone_that_the_workflow_does_not_have():
    assert level(WORKFLOW, TWO[0], fact(2, "gone_since", NOVEMBER)) == 1


# --- planned -------------------------------------------------------------------------------------------

PLAN = fact(2, COMMITTEE, MAY, planned=True, recorded_at=at(NOVEMBER))


def projected(*occurrences: Occurrence, on: date, through: date | None, **given: Any) -> int:
    return level(WORKFLOW, *occurrences, on=on, basis=Basis.PROJECTED, through=through, **given)


def test_plan_counts_in_the_projection_alone():
    assert [level(WORKFLOW, TWO[0], PLAN, on=Q2, basis=basis) for basis in Basis] == [1, 0, 1]
    assert projected(TWO[0], PLAN, on=Q2, through=Q4) == 2


@pytest.mark.parametrize(
    ("on", "through", "reached"),
    [
        (Q2, MAY - timedelta(1), 1),
        (Q2, MAY, 2),
        (MAY - timedelta(1), Q4, 2),
        (MAY, Q4, 1),  # its day has come and nothing was recorded
        (Q2, None, 1),
    ],
)
def test_plan_counts_between_today_and_the_day_looked_ahead_to(on, through, reached):
    assert projected(TWO[0], PLAN, on=on, through=through) == reached


def test_plan_no_longer_counts_when_it_was_fulfilled():
    kept = fact(3, COMMITTEE, None, quarter=3, fulfils=2, recorded_at=at(date(2021, 2, 1)))
    assert projected(TWO[0], PLAN, kept, on=Q2, through=Q4) == 1
    voided = fact(3, COMMITTEE, None, quarter=3, fulfils=2, recorded_at=at(Q1), voided_at=at(Q2))
    assert projected(TWO[0], PLAN, voided, on=Q2, through=Q4) == 2


def test_plan_counts_as_known_before_it_was_fulfilled():
    kept = fact(3, COMMITTEE, None, quarter=3, fulfils=2, recorded_at=at(date(2021, 2, 1)))
    assert projected(TWO[0], PLAN, kept, on=Q1, through=Q4, known_at=at(date(2021, 1, 31))) == 2


def test_plan_does_not_count_as_known_before_it_was_made_or_after_it_was_voided():
    voided = fact(2, COMMITTEE, MAY, planned=True, recorded_at=at(NOVEMBER), voided_at=at(Q1))
    known = (at(NOVEMBER, 8), at(NOVEMBER, 9), at(Q1, 8), at(Q1, 9))
    assert [
        projected(fact(1, GUIDELINES, YEAR.first_day), voided, on=Q1, through=Q4, known_at=one)
        for one in known
    ] == [1, 2, 2, 1]


def test_projection_counts_a_waiver_only_while_it_lasts():
    waived = Facts(waivers=[waiver(GUIDELINES, NOVEMBER, MAY)])
    days = (MAY, MAY + timedelta(1))
    assert [level_of(WORKFLOW, waived, Q2, None, Basis.PROJECTED, day).level for day in days] == [1, 0]


# --- decisions -----------------------------------------------------------------------------------------


def by_basis(facts: Facts, known_at: datetime | None = None) -> tuple[int, int]:
    """Claimed and verified at the year's end."""
    claimed, verified = (
        level_of(WORKFLOW, facts, Q4, known_at, basis).level for basis in (Basis.CLAIMED, Basis.VERIFIED)
    )
    return claimed, verified


def test_verified_level_counts_what_was_accepted_from_the_day_it_happened():
    facts = Facts([TWO[0]], [ruled(1, GUIDELINES, Ruling.VERIFIED, at(MAY))])
    days = (NOVEMBER - timedelta(1), NOVEMBER)
    assert [level_of(WORKFLOW, facts, day, basis=Basis.VERIFIED).level for day in days] == [0, 1]
    assert [by_basis(facts, known) for known in (at(MAY, 8), at(MAY, 9))] == [(1, 0), (1, 1)]


def test_verified_level_covers_only_what_lay_before_the_evaluator():
    early, late = fact(1, GUIDELINES, NOVEMBER), fact(2, GUIDELINES, NOVEMBER, recorded_at=at(MAY, 10))
    verified = [ruled(1, GUIDELINES, Ruling.VERIFIED, at(MAY, 9))]
    assert by_basis(Facts([early, late], verified)) == (1, 1)
    assert by_basis(Facts([late], verified)) == (1, 0)


def test_verified_level_does_not_cover_an_undated_fact_approved_later():
    approved = fact(1, GUIDELINES, None, counts_on=Q1, approved_at=at(MAY, 10))
    assert by_basis(Facts([approved], [ruled(1, GUIDELINES, Ruling.VERIFIED, at(MAY, 9))])) == (1, 0)


@pytest.mark.parametrize(
    ("rulings", "claimed_and_verified"),
    [
        ([], (1, 0)),
        ([Ruling.VERIFIED], (1, 1)),
        ([Ruling.VERIFIED, Ruling.RETURNED], (1, 0)),
        ([Ruling.RETURNED, Ruling.ACHIEVED], (1, 0)),
        ([Ruling.RETURNED, Ruling.ACHIEVED, Ruling.VERIFIED], (1, 1)),
        ([Ruling.VERIFIED, Ruling.REOPENED], (0, 0)),
        ([Ruling.REOPENED, Ruling.ACHIEVED], (1, 0)),
    ],
)
def test_decision_that_stands_is_the_last_one(rulings, claimed_and_verified):
    decisions = [ruled(n, GUIDELINES, ruling, at(MAY, n)) for n, ruling in enumerate(rulings, start=1)]
    assert by_basis(Facts([TWO[0]], decisions)) == claimed_and_verified


def test_decision_as_known_before_it_was_taken_does_not_stand():
    decisions = [
        ruled(1, GUIDELINES, Ruling.VERIFIED, at(MAY, 1)),
        ruled(2, GUIDELINES, Ruling.REOPENED, at(MAY, 3)),
    ]
    known = [by_basis(Facts([TWO[0]], decisions), at(MAY, hour)) for hour in (0, 1, 2, 3)]
    assert known == [(1, 0), (1, 1), (1, 1), (0, 0)]


def test_decision_on_one_milestone_leaves_the_others_alone():
    facts = Facts(TWO, [ruled(1, COMMITTEE, Ruling.REOPENED, at(Q4))])
    assert by_basis(facts) == (1, 0)


# --- waivers -------------------------------------------------------------------------------------------


def waiver(
    milestone: str, granted_on: date, expires_on: date, withdrawn_at: datetime | None = None
) -> Waiver:
    return Waiver(
        1, milestone, granted_on, expires_on, at(granted_on), 5, "no committee this year", withdrawn_at
    )


def test_waiver_holds_from_the_day_it_was_granted_through_its_last():
    facts = Facts(waivers=[waiver(GUIDELINES, NOVEMBER, MAY)])
    days = (NOVEMBER - timedelta(1), NOVEMBER, MAY, MAY + timedelta(1))
    assert [level_of(WORKFLOW, facts, day).level for day in days] == [0, 1, 1, 0]


def test_waiver_mends_a_gap_in_the_ladder_for_every_basis():
    facts = Facts(
        [TWO[1]], [ruled(1, COMMITTEE, Ruling.VERIFIED, at(Q3))], [waiver(GUIDELINES, NOVEMBER, Q4)]
    )
    assert by_basis(facts) == (2, 2)


def test_waiver_as_known_before_it_was_withdrawn_still_holds():
    facts = Facts(waivers=[waiver(GUIDELINES, NOVEMBER, Q4, withdrawn_at=at(MAY))])
    known = (at(NOVEMBER, 8), at(NOVEMBER, 9), at(MAY, 8), at(MAY, 9), None)
    assert [level_of(WORKFLOW, facts, MAY, one).level for one in known] == [0, 1, 1, 0, 0]


def test_waiver_stands_in_for_a_measured_value():
    workflow = ladder(Bound("a", Decimal(80)), a=Measure(MeasureKind.PERCENT))
    assert level_of(workflow, Facts(waivers=[waiver("a", NOVEMBER, Q4)]), Q4).level == 1


# --- order ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [Order.STRICT, Order.TOLERANT])
@pytest.mark.parametrize(
    ("done", "reached"), [("", 0), ("a", 1), ("b", 0), ("ab", 2), ("abd", 2), ("bcd", 0), ("abcd", 4)]
)
def test_level_counts_what_is_unbroken_from_below(order, done, reached):
    facts = [fact(n, key, NOVEMBER) for n, key in enumerate(done, start=1)]
    assert level(ladder(*ONE_BY_ONE, order=order), *facts) == reached


@pytest.mark.parametrize(("done", "reached"), [("", 0), ("d", 1), ("bd", 2), ("acd", 3), ("abcd", 4)])
def test_level_counts_what_is_done_in_any_order(done, reached):
    facts = [fact(n, key, NOVEMBER) for n, key in enumerate(done, start=1)]
    assert level(ladder(*ONE_BY_ONE, order=Order.ANY), *facts) == reached


def test_fraction_in_any_order_is_that_of_the_nearest_open_rung():
    workflow = ladder(Count("a", 4), Count("b", 4), order=Order.ANY)
    facts = [fact(1, "a", NOVEMBER), *(fact(n, "b", NOVEMBER) for n in (2, 3, 4))]
    assert standing(workflow, *facts) == (0, 0.75)


# --- rules ---------------------------------------------------------------------------------------------

A1, A2, B1, C1 = fact(1, "a", NOVEMBER), fact(2, "a", MAY), fact(3, "b", NOVEMBER), fact(4, "c", NOVEMBER)


@pytest.mark.parametrize(
    ("rule", "facts", "expected"),
    [
        (Reached("a"), [], (0, 0.0)),
        (Reached("a"), [A1], (1, 0.0)),
        (Count("a", 3), [], (0, 0.0)),
        (Count("a", 3), [A1], (0, 0.3333)),
        (Count("a", 3), [A1, A2], (0, 0.6666)),
        (Count("a", 2), [A1, A2], (1, 0.0)),
        (AllOf((Reached("a"), Reached("b"))), [A1], (0, 0.5)),
        (AllOf((Reached("a"), Count("b", 3))), [A1, B1], (0, 0.6666)),
        (AllOf((Reached("a"), Reached("b"))), [A1, B1], (1, 0.0)),
        (AnyOf((Count("a", 2), Count("b", 4))), [A1, B1], (0, 0.5)),
        (AnyOf((Reached("a"), Reached("b"))), [B1], (1, 0.0)),
        (AtLeast(2, (Reached("a"), Reached("b"), Count("c", 4))), [A1, C1], (0, 0.625)),
        (AtLeast(2, (Reached("a"), Reached("b"), Reached("c"))), [A1, C1], (1, 0.0)),
        (AllOf((AnyOf((Reached("a"), Reached("b"))), AtLeast(1, (Reached("c"),)))), [B1], (0, 0.5)),
    ],
)
def test_rule_gives_level_and_fraction(rule, facts, expected):
    assert standing(ladder(rule), *facts) == expected


def test_milestone_that_needs_two_is_half_way_with_one():
    below = [fact(1, GUIDELINES, NOVEMBER), fact(2, COMMITTEE, NOVEMBER)]
    assert standing(WORKFLOW, *below, fact(3, MEETINGS, NOVEMBER)) == (2, 0.5)


def test_fraction_stays_below_a_whole_level():
    nearly = ladder(
        Bound("a", Decimal(10**9), start=Decimal(0)), a=Measure(MeasureKind.COUNT, year_value=YearValue.SUM)
    )
    assert standing(nearly, fact(1, "a", NOVEMBER, value=Decimal(10**9 - 1))) == (0, 0.9999)


# --- measures ------------------------------------------------------------------------------------------

RISING = (Bound("a", Decimal(60), start=Decimal(0)), Bound("a", Decimal(80), start=Decimal(60)))
FALLING = (
    Bound("a", Decimal(30), falling=True, start=Decimal(50)),
    Bound("a", Decimal(10), falling=True, start=Decimal(30)),
)


def measured(*rules: Bound, **given: Any) -> Workflow:
    return ladder(*rules, a=Measure(MeasureKind.PERCENT, **given))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("-5", (0, 0.0)),
        ("0", (0, 0.0)),
        ("45", (0, 0.75)),
        ("59.9999", (0, 0.9999)),
        ("60", (1, 0.0)),
        ("70", (1, 0.5)),
        ("80", (2, 0.0)),
        ("250", (2, 0.0)),
    ],
)
def test_rising_measure(value, expected):
    assert standing(measured(*RISING), fact(1, "a", NOVEMBER, value=Decimal(value))) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("60", (0, 0.0)),
        ("50", (0, 0.0)),
        ("35", (0, 0.75)),
        ("30", (1, 0.0)),
        ("20", (1, 0.5)),
        ("10", (2, 0.0)),
    ],
)
def test_falling_measure(value, expected):
    assert standing(measured(*FALLING), fact(1, "a", NOVEMBER, value=Decimal(value))) == expected


def test_measure_without_a_start_is_all_or_nothing():
    assert standing(measured(Bound("a", Decimal(60))), fact(1, "a", NOVEMBER, value=Decimal(59))) == (0, 0.0)


def test_null_is_not_zero():
    """Nothing measured is no level even where less is better; a measured 0 is the best there is."""
    assert standing(measured(*FALLING)) == (0, 0.0)
    assert standing(measured(*FALLING), fact(1, "a", NOVEMBER, value=Decimal(0))) == (2, 0.0)


VALUES = (
    fact(1, "a", MAY, value=Decimal(40)),
    fact(2, "a", NOVEMBER, value=Decimal(70)),
    fact(3, "a", MAY, value=Decimal(45)),
)


@pytest.mark.parametrize(
    ("year_value", "value"),
    [(YearValue.LATEST, "45"), (YearValue.SUM, "155"), (YearValue.MEAN, "51.66666666666666666666666667")],
)
def test_year_value_is_made_of_the_values_by_their_days(year_value, value):
    workflow = measured(*RISING, year_value=year_value)
    assert tallies_of(workflow, Facts(VALUES), Q4)["a"].value == Decimal(value)


def test_year_value_on_a_day_leaves_out_what_came_later():
    assert tallies_of(measured(*RISING), Facts(VALUES), Q1)["a"].value == 70


@pytest.mark.parametrize(("target", "value"), [("50", "90"), ("30", "150"), ("0", None), (None, None)])
def test_value_of_target_is_a_percentage_and_without_a_target_nothing(target, value):
    workflow = measured(*RISING, of_target=True)
    facts = Facts(VALUES, target=None if target is None else Decimal(target))
    assert tallies_of(workflow, facts, Q4)["a"].value == (None if value is None else Decimal(value))


def test_level_of_a_value_without_a_target_is_none_even_where_less_is_better():
    workflow = measured(*FALLING, of_target=True)
    assert [standing(workflow, *VALUES, target=target) for target in (None, Decimal(0))] == [(0, 0.0)] * 2


def test_planned_value_counts_in_the_projection_and_a_plan_without_one_does_not():
    plans = [fact(4, "a", Q4, planned=True, value=Decimal(80)), fact(5, "a", Q4, planned=True)]
    early = [*VALUES, *(plan for plan in plans)]
    assert level_of(measured(*RISING), Facts(early), Q3).level == 0
    assert level_of(measured(*RISING), Facts(early), Q3, basis=Basis.PROJECTED, through=Q4).level == 2


# --- the proof -----------------------------------------------------------------------------------------


def test_proof_names_the_facts_of_every_leaf():
    workflow = ladder(AllOf((Count("a", 2), AnyOf((Reached("b"), Reached("c"))))))
    result = level_of(workflow, Facts([A1, A2, C1]), Q4)
    proof = result.rungs[0].proof
    assert proof.met
    assert proof.parts[0] == Proof(Count("a", 2), met=True, progress=1.0, have=2, need=2, facts=(1, 2))
    assert proof.parts[1].parts == (
        Proof(Reached("b"), met=False, progress=0.0, have=0, need=1),
        Proof(Reached("c"), met=True, progress=1.0, have=1, need=1, facts=(4,)),
    )


def test_proof_of_a_measure_has_its_value_and_limit():
    result = level_of(measured(*RISING), Facts([VALUES[1]]), Q4)
    assert result.rungs[1].proof == Proof(
        RISING[1], met=False, progress=0.5, have=Decimal(70), need=Decimal(80), facts=(2,)
    )


def test_proof_says_what_was_waived():
    result = level_of(WORKFLOW, Facts(waivers=[waiver(GUIDELINES, NOVEMBER, Q4)]), Q4)
    assert result.rungs[0].proof == Proof(
        Reached(GUIDELINES), met=True, progress=1.0, have=0, need=1, waived=True
    )


def test_next_rung_is_the_lowest_that_is_open():
    result = level_of(WORKFLOW, Facts([TWO[0], fact(2, ISSUE, MAY)]), Q4)
    assert result.next_rung is not None
    assert result.next_rung.level.level == 2
    assert level_of(ladder(Reached("a")), Facts([A1]), Q4).next_rung is None


# --- properties ----------------------------------------------------------------------------------------

DAYS = st.dates(YEAR.first_day, YEAR.last_day)
INSTANTS = st.integers(0, 450 * 24).map(lambda hours: at(YEAR.first_day) + timedelta(hours=hours))


@st.composite
def occurrences(draw: st.DrawFn) -> tuple[Occurrence, ...]:
    """Facts as they may lie in a store: undated, approved, planned, fulfilled, voided, not counting."""
    made: list[Occurrence] = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        given: dict[str, Any] = {
            "counts": draw(st.booleans()),
            "recorded_at": draw(INSTANTS),
            "fulfils": draw(st.sampled_from([None, *range(1, number)])),
            "voided_at": draw(st.none() | INSTANTS),
        }
        day = draw(st.none() | DAYS)
        if day is not None:
            given["planned"] = draw(st.booleans())
        elif draw(st.booleans()):
            quarter = draw(st.sampled_from(YEAR.quarters))
            given |= {"quarter": quarter.number, "counts_on": quarter.last_day, "approved_at": draw(INSTANTS)}
        made.append(fact(number, draw(st.sampled_from(MILESTONES)), day, **given))
    return tuple(made)


DECISIONS = st.lists(
    st.builds(
        Decision,
        st.just(1),
        st.sampled_from(MILESTONES),
        st.sampled_from(Ruling),
        INSTANTS,
        st.just(5),
    ),
    max_size=5,
)
WAIVERS = st.lists(
    st.builds(
        Waiver,
        st.just(1),
        st.sampled_from(MILESTONES),
        DAYS,
        DAYS,
        INSTANTS,
        st.just(5),
        st.just("reason"),
        st.none() | INSTANTS,
    ),
    max_size=3,
)
FACTS = st.builds(Facts, occurrences(), DECISIONS, WAIVERS)


@given(FACTS, DAYS, st.sampled_from(Basis), st.none() | DAYS)
def test_level_as_known_at_the_end_of_time_is_the_level(facts, on, basis, through):
    assert level_of(WORKFLOW, facts, on, END, basis, through) == level_of(
        WORKFLOW, facts, on, None, basis, through
    )


@given(
    occurrences(),
    DECISIONS,
    DAYS,
    DAYS,
    st.none() | INSTANTS,
    st.sampled_from([Basis.CLAIMED, Basis.VERIFIED]),
)
def test_level_without_waivers_never_falls_as_days_pass(facts, decisions, first, second, known_at, basis):
    before, after = sorted((first, second))
    everything = Facts(facts, decisions)
    earlier = level_of(WORKFLOW, everything, before, known_at, basis)
    assert earlier.level <= level_of(WORKFLOW, everything, after, known_at, basis).level


@given(FACTS, DAYS, st.sampled_from(Basis), st.sampled_from(Order))
def test_standing_alone_is_that_of_the_level_with_its_proof(facts, on, basis, order):
    workflow = replace(WORKFLOW, order=order)
    tallies = tallies_of(workflow, facts, on, basis=basis)
    assert standing_from(workflow, tallies) == level_from(workflow, tallies).standing


@given(FACTS, DAYS, st.none() | INSTANTS, st.sampled_from(Basis))
def test_level_is_never_reached_with_a_lower_one_open(facts, on, known_at, basis):
    result = level_of(WORKFLOW, facts, on, known_at, basis)
    assert [rung.proof.met for rung in result.rungs[: result.level]] == [True] * result.level
    assert [rung.proof.met for rung in result.rungs[result.level : result.level + 1]] in ([False], [])


@given(FACTS, DAYS, st.sampled_from(MILESTONES), DAYS, st.sampled_from([Basis.CLAIMED, Basis.PROJECTED]))
def test_fact_more_never_lowers_the_claimed_level_of_milestones(facts, on, milestone, day, basis):
    more = Facts(
        [*facts.occurrences, fact(len(facts.occurrences) + 1, milestone, day)], facts.decisions, facts.waivers
    )
    assert (
        level_of(WORKFLOW, facts, on, None, basis, Q4).level
        <= level_of(WORKFLOW, more, on, None, basis, Q4).level
    )


@given(st.lists(st.decimals(0, 100, places=2), max_size=6), st.decimals(0, 100, places=2), DAYS)
def test_value_more_never_lowers_the_level_of_a_rising_sum(values, more, on):
    workflow = measured(*RISING, year_value=YearValue.SUM)
    facts = [fact(n, "a", NOVEMBER, value=value) for n, value in enumerate([*values, more], start=1)]
    before, after = (level_of(workflow, Facts(known), on) for known in (facts[:-1], facts))
    assert (before.level, before.fraction) <= (after.level, after.fraction)


@given(FACTS, DAYS)
def test_verified_level_is_never_above_the_claimed_one(facts, on):
    verified, claimed = (
        level_of(WORKFLOW, facts, on, basis=basis) for basis in (Basis.VERIFIED, Basis.CLAIMED)
    )
    assert (verified.level, verified.fraction) <= (claimed.level, claimed.fraction)


@given(FACTS, DAYS, st.none() | INSTANTS, st.sampled_from(Basis))
def test_fraction_is_a_part_of_a_level_in_ten_thousandths(facts, on, known_at, basis):
    result = level_of(WORKFLOW, facts, on, known_at, basis)
    assert 0 <= result.fraction < 1
    assert round(result.fraction, 4) == result.fraction
    assert result.level < len(MILESTONES) or result.fraction == 0
