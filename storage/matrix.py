"""What the matrix is made from: one SELECT of stored columns, narrowed to what somebody sees and asks for."""

from datetime import date
from enum import Enum
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, null, or_, select
from sqlalchemy.engine import Connection

from engine.indicator import ReportState
from engine.matrix import Cell
from engine.workflow import Text
from storage import tables as t
from storage.narrowing import (
    BLOCKED,
    REPORTED,
    RETURNED,
    YEAR,
    Moment,
    Wanted,
    agencies_with,
    conditions_of,
    level_of_cell,
    of_agencies,
)
from storage.owed_statements import RUNNING

_i, _a, _d, _w, _r, _m, _e, _s = (
    t.indicators.c,
    t.agencies.c,
    t.indicator_details.c,
    t.workflow_versions.c,
    t.reports.c,
    t.milestones.c,
    t.extensions.c,
    t.seal_lines.c,
)

EVERYTHING = Wanted()


def _no_moment(quarter: int | None) -> Moment:
    """For whoever does not ask what is late: before the first of all days nothing is."""
    return Moment(date.min, quarter or 4, date.max)


def district_matrix(
    connection: Connection,
    fiscal_year: int,
    quarter: int | None = None,
    wanted: Wanted = EVERYTHING,
    moment: Moment | None = None,
) -> list[Cell]:
    """The indicators of the year with their levels, by agency and code: one statement."""
    moment = moment or _no_moment(quarter)
    query = _narrowed(Shape.LEVELS, quarter, wanted, moment)
    return [Cell._make(row) for row in connection.execute(query, _given(fiscal_year, moment)).all()]


def versions_shown(
    connection: Connection, fiscal_year: int, quarter: int | None, wanted: Wanted, moment: Moment
) -> list[tuple[int, int]]:
    """(id, version) of the same indicators: what tells whether any of them has changed."""
    query = _narrowed(Shape.VERSIONS, quarter, wanted, moment)
    return [(row[0], row[1]) for row in connection.execute(query, _given(fiscal_year, moment)).all()]


def _given(fiscal_year: int, moment: Moment) -> dict[str, Any]:
    return {"year": fiscal_year, "reported": moment.reported, "today": moment.today}


# Built once, for building one takes ten times as long as asking it.


@cache
def _reading(quarter: int | None) -> Select[Any]:
    """Every column of a cell, in its order."""
    query = (
        select(
            _i.id,
            _i.code,
            _i.agency_id,
            _a.code,
            _a.name_th,
            _a.name_en,
            _d.title_th,
            _d.title_en,
            _d.unit,
            _w.key,
            _i.workflow_version_id,
            _i.target,
            _i.life,
            level_of_cell("claimed", quarter),
            _i.claimed_fraction if quarter is None else null(),
            level_of_cell("verified", quarter),
            _i.next_due_on,
            _LAST_REPORTED if quarter is None else _r.self_reported,
            _i.claimed_q1,
            _i.claimed_q2,
            _i.claimed_q3,
            _i.claimed_q4,
            BLOCKED,
            RETURNED,
            RUNNING,
            _HANDED_IN,
            _e.until_on,
            null() if quarter is None else _s.claimed_level,
            null() if quarter is None else _s.verified_level,
        )
        .join_from(t.indicators, t.agencies, _i.agency_id == _a.id)
        .join(t.indicator_details, _d.indicator_id == _i.id)
        .join(t.workflow_versions, _w.id == _i.workflow_version_id)
        .join(t.reports, and_(_r.indicator_id == _i.id, _r.quarter == REPORTED), isouter=True)
        .join(
            t.extensions,
            and_(
                _e.agency_id == _i.agency_id,
                _e.fiscal_year == _i.fiscal_year,
                _e.quarter == REPORTED,
            ),
            isouter=True,
        )
        .where(_i.fiscal_year == YEAR)
        .order_by(_a.code.nulls_last(), _i.agency_id, _i.code)
    )
    if quarter is None:
        return query
    sealed = and_(_s.fiscal_year == YEAR, _s.quarter == quarter, _s.indicator_id == _i.id)
    return query.join(t.seal_lines, sealed, isouter=True)


_reported = t.reports.alias("reported")
#: The value of the last quarter for which one was reported; an unreported one never hides it.
_LAST_REPORTED = (
    select(_reported.c.self_reported)
    .where(_reported.c.indicator_id == _i.id, _reported.c.self_reported.is_not(None))
    .order_by(_reported.c.quarter.desc())
    .limit(1)
    .correlate(t.indicators)
    .scalar_subquery()
)


#: The report that is looked at was handed in, be it that it came back since.
_HANDED_IN = and_(_r.state.is_not(None), or_(_r.state != ReportState.DRAFT.value, _r.fix_by.is_not(None)))
_VERSIONS = (
    select(_i.id, _i.version)
    .join_from(t.indicators, t.indicator_details, _d.indicator_id == _i.id)
    .where(_i.fiscal_year == YEAR)
)


# --- what is wanted of it --------------------------------------------------------------------------------


class Shape(Enum):
    """What is read of each indicator."""

    LEVELS = "levels"
    VERSIONS = "versions"
    MILESTONES = "milestones"


@lru_cache(256)  # the same is asked again and again, and building it takes a tenth of the page
def _narrowed(shape: Shape, quarter: int | None, wanted: Wanted, moment: Moment) -> Select[Any]:
    whole = {Shape.VERSIONS: _VERSIONS, Shape.MILESTONES: _MILESTONES}
    query = whole[shape] if shape in whole else _reading(quarter)
    conditions = conditions_of(quarter, wanted, moment)
    if conditions:
        query = query.where(*conditions)
    if wanted.size is None and not of_agencies(wanted, t.agencies):
        return query
    return query.where(_i.agency_id.in_(agencies_with(quarter, conditions, wanted)))


# --- the milestones of one definition --------------------------------------------------------------------


class MilestoneCell(NamedTuple):
    """One milestone of one indicator, with whose it is."""

    id: int
    code: str
    agency_id: int
    agency_th: str
    agency_en: str
    title_th: str
    title_en: str
    workflow_version: int
    key: str
    state: str
    due_on: date | None
    postponed_to: date | None
    blocked_by: str

    @property
    def agency(self) -> Text:
        return Text(self.agency_th, self.agency_en)

    @property
    def title(self) -> Text:
        return Text(self.title_th, self.title_en)


_MILESTONES = (
    select(
        _i.id,
        _i.code,
        _i.agency_id,
        _a.name_th,
        _a.name_en,
        _d.title_th,
        _d.title_en,
        _i.workflow_version_id,
        _m.key,
        _m.state,
        _m.due_on,
        _m.postponed_to,
        _m.blocked_by,
    )
    .join_from(t.indicators, t.agencies, _i.agency_id == _a.id)
    .join(t.indicator_details, _d.indicator_id == _i.id)
    .join(t.milestones, _m.indicator_id == _i.id)
    .where(_i.fiscal_year == YEAR)
    .order_by(_a.code.nulls_last(), _i.agency_id, _i.code)
)


def milestone_matrix(connection: Connection, fiscal_year: int, wanted: Wanted) -> list[MilestoneCell]:
    """Every milestone of the year's indicators on one definition, by agency and code: one statement."""
    moment = _no_moment(None)
    query = _narrowed(Shape.MILESTONES, None, wanted, moment)
    found = connection.execute(query, _given(fiscal_year, moment)).all()
    return [MilestoneCell._make(row) for row in found]
