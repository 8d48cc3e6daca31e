"""The matrix: what shares a column, what a target means, what is due, and how two readings differ."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from engine.indicator import Indicator, Occurrence
from engine.levels import Basis, level_of
from engine.matrix import (
    Cell,
    Difference,
    Sort,
    as_of,
    differences,
    due_of,
    laid_out,
    reached_by,
    target_level,
)
from engine.quarter import FiscalYear
from engine.workflow import Text
from tests.cast import CODE, COMMITTEE, GUIDELINES, MEASURED, THUNG_KHRU, WORKFLOW, at

BLANK = Cell(
    id=1,
    code=CODE,
    agency_id=1,
    agency_code="5049",
    agency_th="ทุ่งครุ",
    agency_en="Thung Khru",
    title_th="เครือข่าย",
    title_en="Network",
    unit="ระดับ",
    workflow="network",
    workflow_version=1,
    target=Decimal(5),
    life="active",
    claimed=0,
    claimed_fraction=0.0,
    verified=0,
    next_due_on=None,
    self_reported=None,
    q1=None,
    q2=None,
    q3=None,
    q4=None,
    blocked=False,
    returned=False,
    running=True,
    handed_in=True,
    extended_until=None,
)
DUE = date(2021, 4, 12)


def cell(id_: int, agency: int, title: str = "เครือข่าย", **more) -> Cell:
    return BLANK._replace(id=id_, code=f"{5000 + agency}-{id_}", agency_id=agency, title_th=title, **more)


def test_work_that_several_agencies_do_is_a_column_and_the_rest_stands_alone():
    grid = laid_out(
        [cell(1, 1), cell(2, 1, "ของตน"), cell(3, 2), cell(4, 2, "ถนน"), cell(5, 3, "ถนน"), cell(6, 3)]
    )

    assert [column.title.th for column in grid.columns] == ["เครือข่าย", "ถนน"]
    assert [[[one.id for one in own] for own in row.cells] for row in grid.rows] == [
        [[1], []],
        [[3], [4]],
        [[6], [5]],
    ]
    assert [[one.id for one in own] for own in grid.alone] == [[2]]


@pytest.mark.parametrize("title", ["(7) เครือข่าย", "มิติที่ 3 (3.2) เครือข่าย", "เครือ ข่าย", "(๗) เครือข่าย"])
def test_numbering_and_blanks_of_a_title_make_no_column_of_their_own(title):
    assert len(laid_out([cell(1, 1), cell(2, 2, title)]).columns) == 1


def test_same_title_on_another_definition_is_other_work():
    grid = laid_out([cell(1, 1), cell(2, 2, workflow="percent")])
    assert (grid.columns, [one.id for own in grid.alone for one in own]) == ((), [1, 2])


def test_two_of_one_agency_stand_in_one_cell():
    grid = laid_out([cell(1, 1), cell(2, 1), cell(3, 2)])
    assert [one.id for one in grid.rows[0].cells[0]] == [1, 2]


def test_nothing_is_laid_out_as_nothing():
    assert laid_out([]) == ((), (), ())


@pytest.mark.parametrize(
    ("sort", "order"), [(Sort.AGENCY, [1, 2, 3]), (Sort.LEVEL, [3, 1, 2]), (Sort.DUE, [2, 1, 3])]
)
def test_agencies_stand_in_the_order_asked_for(sort, order):
    cells = [
        cell(1, 1, claimed=2, next_due_on=date(2021, 5, 1)),
        cell(2, 2, claimed=4, next_due_on=date(2021, 4, 1)),
        cell(3, 3, claimed=1),
    ]
    assert [row.first.agency_id for row in laid_out(cells, sort).rows] == order


def test_target_of_a_measure_is_the_top_and_of_a_ladder_itself():
    assert target_level(MEASURED, Decimal(80)) == 2
    assert target_level(WORKFLOW, Decimal(4)) == 4
    assert target_level(WORKFLOW, None) is None


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({}, None),
        ({"next_due_on": date(2021, 7, 1)}, date(2021, 7, 1)),
        ({"handed_in": False}, DUE),
        ({"handed_in": False, "next_due_on": date(2021, 1, 11)}, date(2021, 1, 11)),
        ({"handed_in": False, "extended_until": date(2021, 5, 1)}, date(2021, 5, 1)),
        ({"handed_in": False, "extended_until": date(2021, 4, 1)}, DUE),
        ({"handed_in": False, "running": False}, None),
    ],
)
def test_what_is_due_next_is_the_milestone_or_the_report(more, due):
    assert due_of(BLANK._replace(**more), DUE) == due


def test_quarter_in_which_nothing_was_written_keeps_the_level_before_it():
    assert reached_by((None, 2, None, 3), 4) == (0, 2, 2, 3)
    assert reached_by((1, 2, None, None), 1) == (1,)


def test_readings_differ_by_code_or_by_the_only_one_of_the_same_work():
    now = [cell(1, 1, claimed=3, verified=1), cell(2, 2, claimed=1), cell(3, 3), cell(4, 4)]
    before = [
        now[0]._replace(claimed=1, verified=1),
        now[1]._replace(id=12, code="old", claimed=2),
        now[3]._replace(id=14, code="old-1"),
        now[3]._replace(id=15, code="old-2"),
    ]
    assert differences(now, before) == {1: Difference(2, 0, 1), 2: Difference(-1, 0, 2)}


def test_cell_of_a_day_and_an_instant_is_that_of_level_of():
    facts = [
        Occurrence(
            1, GUIDELINES, GUIDELINES, True, date(2020, 11, 2), 1, date(2020, 11, 2), at(date(2020, 11, 3)), 2
        ),
        Occurrence(
            2, COMMITTEE, COMMITTEE, True, date(2021, 1, 5), 2, date(2021, 1, 5), at(date(2021, 3, 1)), 2
        ),
    ]
    indicator = Indicator(1, CODE, FiscalYear(2021), THUNG_KHRU, WORKFLOW, Text("", ""), occurrences=facts)
    asked: list[tuple[date, datetime | None]] = [
        (date(2020, 10, 5), None),
        (date(2021, 2, 1), None),
        (date(2021, 2, 1), at(date(2021, 2, 1))),
        (date(2021, 9, 30), None),
    ]
    for on, known_at in asked:
        found = as_of(BLANK, indicator, on, known_at)
        claimed = level_of(WORKFLOW, indicator.facts, on, known_at)
        assert (found.claimed, found.claimed_fraction) == (claimed.level, claimed.fraction)
        assert found.verified == level_of(WORKFLOW, indicator.facts, on, known_at, Basis.VERIFIED).level
    assert [as_of(BLANK, indicator, on, known_at).trail for on, known_at in asked] == [
        (0, None, None, None),
        (1, 2, None, None),
        (1, 1, None, None),
        (1, 2, 2, 2),
    ]
