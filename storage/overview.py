"""What the overview of the city is drawn from: counts over stored columns, a statement for each picture."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Integer, Select, and_, case, func, literal_column, or_, select, union_all
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from engine.indicator import Life
from engine.levels import Basis
from engine.permissions import Person
from engine.ports import Policy
from engine.quarter import FiscalYear, Timeliness, deadline_of
from engine.waiting import Wait
from engine.workflow import Text, Workflow
from storage import tables as t
from storage.contents import Workflows
from storage.desk import seen_by
from storage.naming import one_of
from storage.narrowing import level_of_cell
from storage.owed_statements import RUNNING
from storage.types import Instant

_i, _d, _a, _m, _r, _e, _w = (
    t.indicators.c,
    t.indicator_details.c,
    t.agencies.c,
    t.milestones.c,
    t.reports.c,
    t.extensions.c,
    t.workflow_versions.c,
)
#: What has a level at all: neither a draft nor cancelled.
_STANDING = _i.life.not_in([Life.DRAFT, Life.CANCELLED])


def levels_by_quarter(
    connection: Connection, person: Person, fiscal_year: int, basis: Basis
) -> dict[int, Counter[int]]:
    """How many indicators stood at each level at the end of each quarter: one pass over the rows."""
    levels: list[ColumnElement[Any]] = [
        level_of_cell(basis, number).label(f"q{number}") for number in (1, 2, 3, 4)
    ]
    query: Select[Any] = select(*levels, func.count()).group_by(*levels)
    query = query.where(_i.fiscal_year == fiscal_year, _STANDING)
    found: dict[int, Counter[int]] = {number: Counter() for number in (1, 2, 3, 4)}
    for row in connection.execute(seen_by(query, person)):
        for number in (1, 2, 3, 4):
            found[number][row[number - 1]] += row[4]
    return found


# --- reports ---------------------------------------------------------------------------------------------

_quarters = union_all(*(select(literal_column(str(n), Integer).label("number")) for n in (1, 2, 3, 4)))
_quarters_table = _quarters.subquery("quarters")
_q = _quarters_table.c


def handed_in(
    connection: Connection, policy: Policy, person: Person, year: FiscalYear, today: date
) -> dict[int, Counter[Timeliness | None]]:
    """How many reports of each quarter came in time, late, or not at all; ``None``: they are not due yet.

    Two statements: the days until which anybody was given longer, then the reports counted by them.
    """
    longer = [
        (row.quarter, row.until_on)
        for row in connection.execute(
            select(_e.quarter, _e.until_on).where(_e.fiscal_year == year.year).distinct()
        )
    ]
    due = {
        (number, until): deadline_of(year.quarters[number - 1], policy.deadlines, policy.calendar, until)
        for number, until in [*((number, None) for number in (1, 2, 3, 4)), *longer]
    }
    found: dict[int, Counter[Timeliness | None]] = {number: Counter() for number in (1, 2, 3, 4)}
    for number, until, came, count in connection.execute(_reports(policy, person, year, due)):
        day = due[number, until]
        how = Timeliness(came)
        found[number][None if how is Timeliness.MISSING and today <= day else how] += count
    return found


def _reports(
    policy: Policy, person: Person, year: FiscalYear, due: dict[tuple[int, date | None], date]
) -> Select[Any]:
    in_time = or_(
        *(
            and_(
                _q.number == number,
                _e.until_on.is_(None) if until is None else _e.until_on == until,
                _r.submitted_at < _end_of(day, policy),
            )
            for (number, until), day in due.items()
        )
    )
    came: ColumnElement[str] = case(
        (_r.submitted_at.is_(None), Timeliness.MISSING.value),
        (in_time, Timeliness.ON_TIME.value),
        else_=Timeliness.LATE.value,
    ).label("came")
    whose = and_(_e.agency_id == _i.agency_id, _e.fiscal_year == _i.fiscal_year, _e.quarter == _q.number)
    query = (
        select(_q.number, _e.until_on, came)
        .join_from(t.indicators, _quarters_table, _i.fiscal_year == year.year)
        .join(t.reports, and_(_r.indicator_id == _i.id, _r.quarter == _q.number), isouter=True)
        .join(t.extensions, whose, isouter=True)
        .where(_STANDING)
    )
    return _counted(seen_by(query, person))


def _counted(query: Select[Any]) -> Select[Any]:
    """How often each of its rows comes. From outside, for PostgreSQL does not group by what it is given."""
    rows = query.subquery()
    return select(*rows.c, func.count()).group_by(*rows.c)


def _end_of(day: date, policy: Policy) -> datetime:
    """The first instant after the day."""
    return datetime.combine(day + timedelta(days=1), time(), policy.zone)


# --- what waits ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waits:
    """So many milestones of one kind that have waited about as long; the longest of them ``since``."""

    workflow: Workflow
    milestone: str
    wait: Wait
    step: int
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """One milestone that waits, of which indicator, since when and, where it is known, for whom."""

    code: str
    title: Text
    agency: Text
    workflow: Workflow
    since: datetime
    waits_for: str


_WAITS = and_(_m.state.in_([str(one) for one in Wait]), _m.since.is_not(None), RUNNING)


def waits(
    connection: Connection,
    workflows: Workflows,
    person: Person,
    fiscal_year: int,
    starts: Sequence[datetime],
) -> list[Waits]:
    """What waits in the year, counted by milestone, by what holds it up and by how long: one statement.

    ``starts`` are the first instants of the steps, the shortest wait first.
    """
    steps = [(_m.since >= start, number) for number, start in enumerate(starts)]
    step = case(*steps, else_=len(starts))
    query = (
        select(_i.workflow_version_id, _m.key, _m.state, step.label("step"), _m.since)
        .join_from(t.milestones, t.indicators, _i.id == _m.indicator_id)
        .where(_i.fiscal_year == fiscal_year, _WAITS)
    )
    rows = seen_by(query, person).subquery().c
    keys = [one for one in rows if one is not rows.since]
    counted = select(*keys).add_columns(func.count(), func.min(rows.since, type_=Instant())).group_by(*keys)
    return [
        Waits(workflows(version, connection), key, Wait(state), step, count, since)
        for version, key, state, step, count, since in connection.execute(counted).all()
    ]


def waiting(
    connection: Connection,
    workflows: Workflows,
    person: Person,
    fiscal_year: int,
    wait: Wait,
    workflow: str,
    milestone: str,
    between: tuple[datetime | None, datetime | None],
    most: int,
) -> list[Waiting]:
    """The milestones of one kind that have waited since an instant between those two, the longest first."""
    low, high = between
    query = (
        select(
            _i.code,
            _d.title_th,
            _d.title_en,
            _a.name_th,
            _a.name_en,
            _i.workflow_version_id,
            _m.since,
            _m.blocked_by,
        )
        .join_from(t.milestones, t.indicators, _i.id == _m.indicator_id)
        .join(t.indicator_details, _d.indicator_id == _i.id)
        .join(t.agencies, _a.id == _i.agency_id)
        .join(t.workflow_versions, _w.id == _i.workflow_version_id)
        .where(
            _i.fiscal_year == fiscal_year,
            _w.key == workflow,
            _m.key == milestone,
            one_of(_m.state, wait.value),
            *([] if low is None else [_m.since >= low]),
            *([] if high is None else [_m.since < high]),
            RUNNING,
        )
        .order_by(_m.since, _i.code)
        .limit(most)
    )
    return [
        Waiting(
            row.code,
            Text(row.title_th, row.title_en),
            Text(row.name_th, row.name_en),
            workflows(row.workflow_version_id, connection),
            row.since,
            row.blocked_by,
        )
        for row in connection.execute(seen_by(query, person)).all()
    ]
