"""Prepared statements turn values exactly as the toolkit's own types do, and take whole rows in order."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Boolean, Date
from sqlalchemy.dialects import postgresql, sqlite

from engine.indicator import (
    Decision,
    Evidence,
    Indicator,
    Milestone,
    Occurrence,
    QuarterReport,
    Standing,
    Stored,
    Waiver,
)
from engine.quarter import FiscalYear
from storage import rows, tables
from storage.among import Numbers, Words
from storage.journal import Entry
from storage.statements import _TURNS
from storage.types import Exact, Instant
from tests.cast import WORKFLOW

VALUES: dict[Any, list[Any]] = {
    Boolean: [True, False],
    Date: [date(2020, 12, 31), date(1, 1, 1), date(9999, 12, 31)],
    Exact: [Decimal(0), Decimal("-1407.5200"), Decimal("1E+3")],
    Instant: [
        datetime(2020, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(2021, 1, 1, tzinfo=timezone(timedelta(hours=7))),
    ],
}


@pytest.mark.parametrize("kind", VALUES)
def test_turns_are_those_of_the_toolkit(kind):
    dialect = sqlite.dialect()
    of = kind().dialect_impl(dialect)
    bind, result = of.bind_processor(dialect), of.result_processor(dialect, None)
    into, out = _TURNS[kind]

    for value in VALUES[kind]:
        kept = into(value)
        assert kept == bind(value)
        assert out(kept) == result(kept) == value


def test_many_numbers_go_in_as_the_toolkit_gives_them():
    bind = Numbers().bind_processor(sqlite.dialect())
    assert bind is not None
    assert [_TURNS[Numbers][0](one) for one in ([], [1, 2**62])] == [bind([]), bind([1, 2**62])]


def test_every_kind_of_value_is_tried():
    assert {*VALUES, Numbers, Words} == set(_TURNS)


FIELDS = {
    "milestones": tuple(Milestone.__slots__),
    "occurrences": Occurrence._fields,
    "decisions": Decision._fields,
    "waivers": Waiver._fields,
    "evidence": Evidence._fields,
}


@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_the_columns_after_the_owner(name):
    columns = tuple(column.name for column in tables.metadata.tables[name].columns)

    assert columns == ("indicator_id", *FIELDS[name])


def test_row_of_a_report_has_every_column_in_its_place():
    marks: dict[str, Any] = {name: f"<{name}>" for name in QuarterReport.__slots__ if name != "evaluation"}
    row = rows.report_row(7, QuarterReport(**marks))

    columns = [column.name for column in tables.reports.columns]
    assert len(row) == len(columns)
    assert dict(zip(columns, row, strict=True)) == {
        "indicator_id": 7,
        **marks,
        **dict.fromkeys(("quality", "timeliness", "remark", "evaluated_at", "evaluated_by")),
    }


def test_event_is_a_row_of_the_journal():
    assert tuple(column.name for column in tables.journal.columns) == Entry._fields


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect(paramstyle="format")])
def test_whole_rows_are_written_in_the_order_of_their_columns(dialect):
    statements = rows.Statements(dialect)

    for name, put in [*statements.upserts.items(), ("journal", statements.append)]:
        assert put.names == tuple(column.name for column in tables.metadata.tables[name].columns)


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect(paramstyle="format")])
def test_indicator_is_moved_by_a_row_in_the_order_of_the_statement(dialect):
    indicator = Indicator(7, "5049-2017", FiscalYear(2021), 3, WORKFLOW, WORKFLOW.title, version=4)
    indicator.stored = Stored(
        Standing(2, 0.5), Standing(1, 0.25), date(2021, 5, 1), None, None, (1, 2, 3, 4), (5, 6, 7, 8)
    )

    names = [name.removeprefix("b_") for name in rows.Statements(dialect).move.names]
    assert dict(zip(names, rows.moved(indicator, 9, "head"), strict=True)) == {
        "life": indicator.life,
        "ladder": indicator.ladder,
        **rows.stored_columns(indicator.stored),
        "version": 5,
        "journal_seq": 9,
        "journal_head": "head",
        "id": 7,
        "loaded_version": 4,
    }
