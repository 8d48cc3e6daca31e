"""What pages read: stored columns that equal what the engine computes, in as few statements as promised."""

from datetime import date
from decimal import Decimal

import pytest

from engine import actions
from engine.actions import NewOccurrence
from engine.levels import Basis, level_of
from engine.matrix import Cell
from storage import views
from storage.matrix import district_matrix
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    MEETINGS,
    SAI_MAI,
    SAI_MAI_COORDINATOR,
    YEAR,
    at,
    new_indicator,
)
from tests.counting import statements
from tests.storage.plans import plan_of
from tests.storage.story import OTHER, PERCENT

DAY = date(2020, 12, 1)


def record(store, milestone, day, code=CODE, by=COORDINATOR):
    with store.begin() as tx:
        new = NewOccurrence(milestone, day)
        actions.record_occurrence(tx, code, YEAR, new, by=by, now=at(day))


def add(store, code, **more):
    with store.begin() as tx:
        actions.create_indicator(tx, new_indicator(code, **more), by=ADMINISTRATOR, now=FOUNDED)


def matrix(store, quarter=None):
    with store.read() as tx:
        return district_matrix(tx.connection, YEAR, quarter)


def report(store, quarter, value):
    with store.begin() as tx:
        now = at(date(2021, 9, 30))
        actions.write_report(
            tx, CODE, YEAR, quarter, narrative="x", self_reported=value, by=COORDINATOR, now=now
        )


@pytest.mark.parametrize("quarter", [None, 3])
def test_matrix_takes_one_statement_at_one_row_and_at_three(city, quarter):
    with statements(city.engine) as at_one:
        one = matrix(city, quarter)
    add(city, "5042-2017", agency=SAI_MAI)
    add(city, OTHER)
    with statements(city.engine) as at_three:
        three = matrix(city, quarter)

    assert (len(one), len(three)) == (1, 3)
    assert (len(at_one), len(at_three)) == (1, 1)


@pytest.mark.parametrize(
    "read",
    [
        lambda connection: views.level_counts(connection, YEAR),
        lambda connection: views.agency_quarter(connection, 1, YEAR, 2),
        lambda connection: views.years_of(connection, CODE),
        lambda connection: views.history(connection, 1),
    ],
)
def test_every_other_read_takes_one_statement_too(year, read):
    with statements(year.engine) as sent, year.read() as tx:
        found = read(tx.connection)

    assert len(found) > 0
    assert len(sent) == 1


def test_matrix_is_ordered_by_agency_and_code(city):
    add(city, "5042-2017", agency=SAI_MAI)
    add(city, OTHER)

    assert [one.code for one in matrix(city)] == ["5042-2017", OTHER, CODE]


def test_matrix_shows_only_its_year(city):
    with city.begin() as tx:
        actions.create_indicator(tx, new_indicator("5049-1", year=YEAR + 1), by=ADMINISTRATOR, now=FOUNDED)

    assert [one.code for one in matrix(city)] == [CODE]


def test_cell_tells_of_the_indicator(city):
    record(city, GUIDELINES, DAY)
    (cell,) = matrix(city)

    assert cell == Cell(
        id=1,
        code=CODE,
        agency_id=1,
        agency_code="5049",
        agency_th="สำนักงานเขตทุ่งครุ",
        agency_en="Thung Khru District",
        title_th=new_indicator().title.th,
        title_en=new_indicator().title.en,
        unit="ระดับ",
        workflow="civil_society_network",
        workflow_version=1,
        target=Decimal(5),
        life="active",
        claimed=1,
        claimed_fraction=0.0,
        verified=0,
        next_due_on=date(2021, 1, 11),
        self_reported=None,
        q1=1,
        q2=None,
        q3=None,
        q4=None,
        blocked=False,
        returned=False,
        running=True,
        handed_in=False,
        extended_until=None,
    )
    assert cell.agency.en == "Thung Khru District"


def test_quarter_in_which_nothing_was_written_keeps_the_level_before_it(city):
    record(city, GUIDELINES, DAY)
    record(city, COMMITTEE, DAY)

    found = {quarter: matrix(city, quarter)[0] for quarter in (1, 2, 3, 4)}

    assert {quarter: cell.claimed for quarter, cell in found.items()} == {1: 2, 2: 2, 3: 2, 4: 2}
    assert [cell.claimed_fraction for cell in found.values()] == [None] * 4


def test_quarters_before_the_first_fact_are_at_zero(city):
    record(city, GUIDELINES, date(2021, 5, 3))

    assert [matrix(city, quarter)[0].claimed for quarter in (1, 2, 3, 4)] == [0, 0, 1, 1]


def test_fact_told_late_changes_the_quarter_in_which_it_happened(city):
    record(city, GUIDELINES, DAY)
    with city.begin() as tx:
        now = at(date(2021, 7, 1))
        for day in (date(2021, 1, 5), date(2021, 5, 5)):
            new = NewOccurrence(MEETINGS, day)
            actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=now)
        new = NewOccurrence(COMMITTEE, date(2021, 2, 5))
        actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=now)

    assert [matrix(city, quarter)[0].claimed for quarter in (1, 2, 3, 4)] == [1, 2, 3, 3]


def test_unreported_quarter_neither_counts_as_zero_nor_hides_what_was_reported(city):
    report(city, 1, Decimal("2.5"))
    report(city, 2, None)

    assert matrix(city, 1)[0].self_reported == Decimal("2.5")
    assert [matrix(city, quarter)[0].self_reported for quarter in (2, 3)] == [None, None]
    assert matrix(city)[0].self_reported == Decimal("2.5")


def test_reported_zero_is_zero(city):
    report(city, 1, Decimal("2.5"))
    report(city, 3, Decimal(0))

    assert matrix(city)[0].self_reported == Decimal(0)
    assert matrix(city, 3)[0].self_reported == Decimal(0)


def test_stored_levels_are_those_of_the_engine(year):
    with year.read() as tx:
        indicators = list(tx.indicators(YEAR))
        today = {cell.code: cell for cell in district_matrix(tx.connection, YEAR)}
        quarters = {
            quarter: {cell.code: cell for cell in district_matrix(tx.connection, YEAR, quarter)}
            for quarter in (1, 2, 3, 4)
        }

    assert len(indicators) == 4
    for one in indicators:
        as_of = one.stored.as_of
        assert as_of is not None
        claimed = level_of(one.workflow, one.facts, as_of)
        verified = level_of(one.workflow, one.facts, as_of, basis=Basis.VERIFIED)
        cell = today[one.code]
        assert (cell.claimed, cell.claimed_fraction) == (claimed.level, claimed.fraction)
        assert cell.verified == verified.level
        for quarter in one.fiscal_year.quarters:
            end = min(quarter.last_day, as_of)
            shown = quarters[quarter.number][one.code]
            assert shown.claimed == level_of(one.workflow, one.facts, end).level
            assert shown.verified == level_of(one.workflow, one.facts, end, basis=Basis.VERIFIED).level


def test_levels_are_counted(year):
    with year.read() as tx:
        assert views.level_counts(tx.connection, YEAR) == {0: 1, 1: 2, 4: 1}
        assert views.level_counts(tx.connection, YEAR + 1) == {}


def test_agency_sees_its_own_at_the_quarter(city):
    add(city, "5042-2017", agency=SAI_MAI)
    record(city, GUIDELINES, DAY)
    record(city, GUIDELINES, DAY, "5042-2017", SAI_MAI_COORDINATOR)
    with city.begin() as tx:
        now = at(date(2021, 1, 5))
        actions.verify_milestone(tx, "5042-2017", YEAR, GUIDELINES, by=EVALUATOR, now=now)

    with city.read() as tx:
        found = views.agency_quarter(tx.connection, SAI_MAI, YEAR, 1)

    assert found == [views.Progress("5042-2017", 1, 1, date(2021, 1, 11))]


def test_history_names_who_did_what(year):
    with year.read() as tx:
        lines = views.history(tx.connection, 3)
        years = views.years_of(tx.connection, PERCENT)

    assert [(line.entry.what, line.by) for line in lines] == [
        ("indicator_created", ADMINISTRATOR.name),
        ("indicator_migrated", ADMINISTRATOR.name),
        ("petition_made", COORDINATOR.name),
        ("petition_granted", EVALUATOR.name),
        ("milestone_waived", EVALUATOR.name),
        ("occurrence_recorded", COORDINATOR.name),
        ("petition_made", COORDINATOR.name),
        ("petition_declined", EVALUATOR.name),
        ("petition_made", COORDINATOR.name),
        ("petition_withdrawn", COORDINATOR.name),
        ("indicator_closed", ADMINISTRATOR.name),
    ]
    assert years == [YEAR]


@pytest.mark.parametrize(
    ("read", "index", "asked"),
    [
        (lambda connection: views.level_counts(connection, YEAR), "ix_indicators_year_level", "fiscal_year"),
        (
            lambda connection: views.agency_quarter(connection, SAI_MAI, YEAR, 1),
            "ix_indicators_year_agency_code",
            "agency_id",
        ),
    ],
)
def test_what_is_read_of_a_million_is_a_range_of_an_index(city, read, index, asked):
    with statements(city.engine) as sent, city.read() as tx:
        read(tx.connection)

    with city.read() as tx:
        (plan,) = [plan_of(tx.connection, *one) for one in sent]
    assert index in plan
    assert asked in plan.partition(index)[2]
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
