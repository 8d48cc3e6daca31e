"""What pages and lists read: plain statements over stored columns, no engine objects."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from engine.workflow import Text
from storage import tables as t
from storage.journal import Entry

_i, _a, _d, _w, _r = (
    t.indicators.c,
    t.agencies.c,
    t.indicator_details.c,
    t.workflow_versions.c,
    t.reports.c,
)

# Long reads: closed where they end, for whoever reads them may stop early.
_IN_PORTIONS = {"yield_per": 1000}


@dataclass(frozen=True, slots=True)
class Cell:
    """One indicator in the matrix.

    With a quarter the levels are those of its last day, or of the last change while it runs; without one
    those of today. ``self_reported`` is what the agency typed for the quarter, or for the last one it
    reported.
    """

    code: str
    agency_id: int
    agency: Text
    agency_code: str | None
    title: Text
    unit: str
    workflow: str
    target: Decimal | None
    life: str
    claimed: int
    claimed_fraction: float | None
    verified: int
    next_due_on: date | None
    self_reported: Decimal | None


def codes(connection: Connection) -> dict[int, str]:
    """The code of every indicator by its id."""
    return {row.id: row.code for row in connection.execute(select(_i.id, _i.code))}


def district_matrix(connection: Connection, fiscal_year: int, quarter: int | None = None) -> list[Cell]:
    """Every indicator of the year with its levels, by agency and code: one statement."""
    reported = _r.quarter == quarter if quarter else _r.quarter == _last_reported()
    claimed = _at_quarter("claimed", quarter) if quarter else _i.claimed_level
    verified = _at_quarter("verified", quarter) if quarter else _i.verified_level
    found = connection.execute(
        select(
            _i.code,
            _i.agency_id,
            _a.name_th,
            _a.name_en,
            _a.code.label("agency_code"),
            _d.title_th,
            _d.title_en,
            _d.unit,
            _w.key,
            _i.target,
            _i.life,
            claimed.label("claimed"),
            _i.claimed_fraction,
            verified.label("verified"),
            _i.next_due_on,
            _r.self_reported,
        )
        .join_from(t.indicators, t.agencies, _i.agency_id == _a.id)
        .join(t.indicator_details, _d.indicator_id == _i.id)
        .join(t.workflow_versions, _w.id == _i.workflow_version_id)
        .join(t.reports, and_(_r.indicator_id == _i.id, reported), isouter=True)
        .where(_i.fiscal_year == fiscal_year)
        .order_by(_a.code.nulls_last(), _i.agency_id, _i.code)
    )
    return [
        Cell(
            row.code,
            row.agency_id,
            Text(row.name_th, row.name_en),
            row.agency_code,
            Text(row.title_th, row.title_en),
            row.unit,
            row.key,
            row.target,
            row.life,
            row.claimed,
            None if quarter else row.claimed_fraction,
            row.verified,
            row.next_due_on,
            row.self_reported,
        )
        for row in found
    ]


def _at_quarter(basis: str, quarter: int) -> ColumnElement[int | None]:
    """The level at a quarter's end: a quarter in which nothing was written keeps the level before it."""
    trail = [_i[f"{basis}_q{number}"] for number in range(quarter, 0, -1)]
    return func.coalesce(*trail, 0)


def _last_reported() -> ColumnElement[int | None]:
    """The last quarter for which the indicator reported a value; an unreported one never hides it."""
    other = t.reports.alias("reported")
    return (
        select(func.max(other.c.quarter))
        .where(other.c.indicator_id == _i.id, other.c.self_reported.is_not(None))
        .correlate(t.indicators)
        .scalar_subquery()
    )


def level_counts(connection: Connection, fiscal_year: int) -> dict[int, int]:
    """How many indicators of the year stand at each claimed level: one scan of stored columns."""
    found = connection.execute(
        select(_i.claimed_level, func.count())
        .where(_i.fiscal_year == fiscal_year)
        .group_by(_i.claimed_level)
        .order_by(_i.claimed_level)
    )
    return {row[0]: row[1] for row in found}


@dataclass(frozen=True, slots=True)
class Progress:
    """One indicator of an agency with its levels at the end of a quarter."""

    code: str
    claimed: int
    verified: int
    next_due_on: date | None


def agency_quarter(connection: Connection, agency: int, fiscal_year: int, quarter: int) -> list[Progress]:
    """One agency's indicators at one quarter, by code."""
    found = connection.execute(
        select(_i.code, _at_quarter("claimed", quarter), _at_quarter("verified", quarter), _i.next_due_on)
        .where(_i.fiscal_year == fiscal_year, _i.agency_id == agency)
        .order_by(_i.code)
    )
    return [Progress(*row) for row in found]


def years_of(connection: Connection, code: str) -> list[int]:
    """The fiscal years in which the code is used, oldest first."""
    found = connection.execute(select(_i.fiscal_year).where(_i.code == code).order_by(_i.fiscal_year))
    return list(found.scalars())


def due_for_refresh(connection: Connection, today: date) -> list[tuple[str, int]]:
    """(code, fiscal year) of the indicators whose stored level changes by itself on or before ``today``."""
    found = connection.execute(
        select(_i.code, _i.fiscal_year).where(_i.changes_on <= today).order_by(_i.fiscal_year, _i.code)
    )
    return [(row.code, row.fiscal_year) for row in found]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event with the name of whoever did it."""

    entry: Entry
    by: str


_j, _p = t.journal.c, t.people.c
_HISTORY = (
    select(*t.journal.columns, _p.name)
    .join_from(t.journal, t.people, _j.by == _p.id, isouter=True)
    .where(_j.stream == bindparam("stream"))
    .order_by(_j.seq)
)


def history(connection: Connection, stream: int) -> list[HistoryLine]:
    """The events of one stream of the journal, oldest first."""
    found = connection.execute(_HISTORY, {"stream": stream})
    return [HistoryLine(Entry(*row[:-1]), row[-1] or "") for row in found]


def journal_ends(connection: Connection) -> Iterator[tuple[int, str, int, str]]:
    """(stream, code, number of events, head) as their owners say: the city first, then indicators by id."""
    for city in connection.execute(select(t.city.c.journal_seq, t.city.c.journal_head)):
        yield t.CITY, "", city.journal_seq, city.journal_head
    query = select(_i.id, _i.code, _i.journal_seq, _i.journal_head).order_by(_i.id)
    with connection.execute(query, execution_options=_IN_PORTIONS) as rows:
        for row in rows:
            yield row.id, row.code, row.journal_seq, row.journal_head


def last_changes(connection: Connection) -> Iterator[tuple[int, str]]:
    """(stream, instant) of the event in which each indicator's history ends, by id."""
    j = t.journal.c
    query = (
        select(j.stream, j.at)
        .join_from(t.indicators, t.journal, and_(j.stream == _i.id, j.seq == _i.journal_seq))
        .order_by(_i.id)
    )
    with connection.execute(query, execution_options=_IN_PORTIONS) as rows:
        for row in rows:
            yield row.stream, row.at


def journal_entries(connection: Connection) -> Iterator[Entry]:
    """The whole journal by stream and number, read in portions."""
    query = select(*t.journal.columns).order_by(t.journal.c.stream, t.journal.c.seq)
    with connection.execute(query, execution_options=_IN_PORTIONS) as rows:
        for row in rows:
            yield Entry(*row)
