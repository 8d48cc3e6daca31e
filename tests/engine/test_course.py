"""The course of a year: nothing changes between its days, and what is planned is as if it were kept."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.course import Point, Step, burn_ups, levels_through
from engine.indicator import Decision, Indicator, Occurrence, Ruling, Waiver
from engine.levels import Basis, level_of, tallies_of
from engine.quarter import FiscalYear
from tests.cast import CODE, MEASURED, MILESTONES, THUNG_KHRU, WORKFLOW, YEAR

FIRST, LAST = date(2020, 10, 1), date(2021, 9, 30)
KNOWN = datetime(2020, 10, 1, tzinfo=UTC)
DAYS = st.dates(FIRST - timedelta(days=20), LAST)
_VALUES = st.decimals(0, 120, places=1)


def indicator(workflow=WORKFLOW) -> Indicator:
    return Indicator(1, CODE, FiscalYear(YEAR), THUNG_KHRU, workflow, workflow.title, target=Decimal(80))


def fact(number: int, milestone: str, day: date | None, **more) -> Occurrence:
    return Occurrence(number, milestone, milestone, True, day, 1, day, KNOWN, 1, **more)


@st.composite
def lived(draw) -> Indicator:
    """Facts on any day, some voided, planned or without a day; verifications, returns and waivers."""
    one = indicator()
    facts = draw(st.lists(st.tuples(st.sampled_from(MILESTONES), st.none() | DAYS), max_size=8))
    for number, (milestone, day) in enumerate(facts, start=1):
        voided = KNOWN if draw(st.integers(0, 5)) == 0 else None
        planned = draw(st.integers(0, 5)) == 0
        one.occurrences.append(fact(number, milestone, day, voided_at=voided, planned=planned))
    rulings = draw(st.lists(st.tuples(st.sampled_from(MILESTONES), st.sampled_from(Ruling)), max_size=4))
    for number, (milestone, ruling) in enumerate(rulings, start=1):
        one.decisions.append(Decision(number, milestone, ruling, KNOWN, 5))
    for number, (milestone, day) in enumerate(
        draw(st.lists(st.tuples(st.sampled_from(MILESTONES), DAYS), max_size=2)), start=1
    ):
        until = day + timedelta(days=draw(st.integers(0, 90)))
        one.waivers.append(Waiver(number, milestone, day, until, KNOWN, 5, "น้ำท่วม"))
    return one


@given(lived(), st.dates(FIRST, LAST), st.sampled_from([Basis.CLAIMED, Basis.VERIFIED]))
def test_between_its_days_the_level_stays(one, on, basis):
    steps = levels_through(one, on, basis)

    assert steps[0].on == FIRST
    assert all(before.level != after.level for before, after in pairwise(steps))
    for ago in range(0, (on - FIRST).days + 1, 3):
        day = on - timedelta(days=ago)
        standing = [step.level for step in steps if step.on <= day][-1]
        assert standing == level_of(one.workflow, one.facts, day, basis=basis).level


@given(st.lists(st.tuples(DAYS, _VALUES), max_size=6), st.dates(FIRST, LAST))
def test_value_is_what_counts_on_each_day_and_plans_come_after(values, on):
    one = indicator(MEASURED)
    for number, (day, value) in enumerate(values, start=1):
        one.occurrences.append(fact(number, "result", day, value=value, planned=day > on))
    (found,) = burn_ups(one, on)

    assert found.goal == Decimal(80)
    for point in found.reached:
        assert point.value == tallies_of(MEASURED, one.facts, point.on)["result"].value
    for point in found.planned:
        through = tallies_of(MEASURED, one.facts, on, basis=Basis.PROJECTED, through=point.on)
        assert point.value == through["result"].value
    assert all(point.on <= on for point in found.reached)
    assert all(point.on > on for point in found.planned)
    assert found.reached[-1].value == tallies_of(MEASURED, one.facts, on)["result"].value


def test_year_of_a_network():
    one = indicator()
    for number, (milestone, day) in enumerate(
        ((MILESTONES[0], date(2020, 11, 3)), (MILESTONES[1], date(2020, 11, 30))), start=1
    ):
        one.occurrences.append(fact(number, milestone, day))
    one.decisions.append(Decision(1, MILESTONES[0], Ruling.VERIFIED, KNOWN, 5))

    assert levels_through(one, date(2021, 5, 18), Basis.CLAIMED) == [
        Step(FIRST, 0),
        Step(date(2020, 11, 3), 1),
        Step(date(2020, 11, 30), 2),
    ]
    assert levels_through(one, date(2021, 5, 18), Basis.VERIFIED) == [
        Step(FIRST, 0),
        Step(date(2020, 11, 3), 1),
    ]
    assert burn_ups(one, LAST) == []


def test_nothing_measured_is_no_value():
    (found,) = burn_ups(indicator(MEASURED), LAST)
    assert (found.reached, found.planned) == ([Point(FIRST, None)], [])
