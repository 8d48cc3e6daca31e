"""What somebody wants to see of the matrix, as conditions on indicators and on their agencies."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Date, Float, Integer, Select, and_, bindparam, cast, exists, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from engine.indicator import MilestoneState, ReportState
from engine.matrix import CellState, Sort
from engine.permissions import Person
from storage import tables as t
from storage.desk import is_seen_by
from storage.naming import one_of
from storage.owed_statements import RUNNING
from storage.views import level_at_quarter

_i, _d, _w, _m, _n = (
    t.indicators.c,
    t.indicator_details.c,
    t.workflow_versions.c,
    t.milestones.c,
    t.plan_nodes.c,
)
#: The fiscal year that is read, and the quarter whose report is looked at.
YEAR: ColumnElement[int] = bindparam("year", type_=Integer)
REPORTED: ColumnElement[int] = bindparam("reported", type_=Integer)


@dataclass(frozen=True, slots=True)
class Moment:
    """The day on which somebody looks, and the quarter whose report they look at with its usual day."""

    today: date
    reported: int
    report_due: date


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see of a year: nothing means everything.

    ``person`` is who looks, for the city's records ``None``; ``agencies`` are those by id, ``group`` is one
    with those below it, ``plan`` a place in the city's plan with all below it, ``tops`` the highest level of
    each definition that measures, by the id of its version. ``size`` is how many agencies at once, ``skip``
    after how many.
    """

    person: Person | None = None
    agencies: tuple[int, ...] = ()
    agency_kind: str = ""
    group: int | None = None
    plan: int | None = None
    kind: str = ""
    result_kind: str = ""
    workflow: str = ""
    level: int | None = None
    state: CellState | None = None
    tops: tuple[tuple[int, int], ...] = ()
    sort: Sort = Sort.AGENCY
    size: int | None = None
    skip: int = 0


def level_of_cell(basis: str, quarter: int | None) -> ColumnElement[Any]:
    return _i[f"{basis}_level"] if quarter is None else level_at_quarter(basis, quarter)


def _any_milestone(state: MilestoneState) -> ColumnElement[bool]:
    return exists().where(_m.indicator_id == _i.id, one_of(_m.state, state)).correlate(t.indicators)


_mended = t.reports.alias("mended")
BLOCKED = _any_milestone(MilestoneState.BLOCKED)
RETURNED = or_(
    _any_milestone(MilestoneState.RETURNED),
    exists()
    .where(
        _mended.c.indicator_id == _i.id,
        one_of(_mended.c.state, ReportState.DRAFT, ReportState.RETURNED),
        _mended.c.fix_by.is_not(None),
    )
    .correlate(t.indicators),
)


def conditions_of(quarter: int | None, wanted: Wanted, moment: Moment) -> list[ColumnElement[bool]]:
    """What an indicator must be like."""
    found = [make(value) for name, make in _FILTERS if (value := getattr(wanted, name))]
    seen = None if wanted.person is None else is_seen_by(wanted.person)
    if seen is not None:
        found.append(seen)
    if wanted.level is not None:
        found.append(level_of_cell("claimed", quarter) == wanted.level)
    if wanted.state is not None:
        found.append(_in_state(wanted.state, quarter, wanted, moment))
    return found


def _below(node: int) -> Select[Any]:
    """A place in the city's plan and every place below it."""
    top = select(_n.id).where(_n.id == node).cte("below", recursive=True)
    child = t.plan_nodes.alias("child")
    whole = top.union_all(select(child.c.id).where(child.c.parent_id == top.c.id))
    return select(whole.c.id)


#: What an indicator is like, by what is wanted.
_FILTERS: tuple[tuple[str, Callable[[Any], ColumnElement[bool]]], ...] = (
    ("agencies", _i.agency_id.in_),
    ("kind", lambda kind: _d.kind == kind),
    ("result_kind", lambda kind: _d.result_kind == kind),
    ("workflow", lambda key: _i.workflow_version_id.in_(select(_w.id).where(_w.key == key).correlate(None))),
    ("plan", lambda node: _d.plan_node_id.in_(_below(node))),
)


def _in_state(state: CellState, quarter: int | None, wanted: Wanted, moment: Moment) -> ColumnElement[bool]:
    match state:
        case CellState.BLOCKED:
            return BLOCKED
        case CellState.RETURNED:
            return RETURNED
        case CellState.LATE:
            return _is_late(moment)
        case CellState.AT_TARGET:
            return _at_target(quarter, wanted)
        case CellState.BELOW_TARGET:
            return ~func.coalesce(_at_target(quarter, wanted), True)
        case CellState.CORRECTED:
            return or_(*map(_is_corrected, (1, 2, 3, 4) if quarter is None else (quarter,)))


def _is_corrected(quarter: int) -> ColumnElement[bool]:
    """Whether the levels at the end of the quarter are others than those in its seal."""
    sealed = t.seal_lines.c
    return (
        exists()
        .where(
            sealed.fiscal_year == YEAR,
            sealed.quarter == quarter,
            sealed.indicator_id == _i.id,
            or_(
                sealed.claimed_level != level_at_quarter("claimed", quarter),
                sealed.verified_level != level_at_quarter("verified", quarter),
            ),
        )
        .correlate(t.indicators)
    )


def _is_late(moment: Moment) -> ColumnElement[bool]:
    """What :func:`engine.matrix.due_of` gives lies before today."""
    overdue: ColumnElement[bool] = _i.next_due_on < bindparam("today", type_=Date)
    if moment.report_due < moment.today:
        handed = t.reports.alias("handed")
        longer = t.extensions.alias("longer")
        report = and_(
            ~exists()
            .where(
                handed.c.indicator_id == _i.id,
                handed.c.quarter == REPORTED,
                or_(handed.c.state != ReportState.DRAFT.value, handed.c.fix_by.is_not(None)),
            )
            .correlate(t.indicators),
            ~exists()
            .where(
                longer.c.agency_id == _i.agency_id,
                longer.c.fiscal_year == _i.fiscal_year,
                longer.c.quarter == REPORTED,
                longer.c.until_on >= bindparam("today", type_=Date),
            )
            .correlate(t.indicators),
        )
        overdue = or_(overdue, report)
    return and_(RUNNING, overdue)


def _at_target(quarter: int | None, wanted: Wanted) -> ColumnElement[bool]:
    """Whether the claimed level is that of the target; nothing where there is no target."""
    level = level_of_cell("claimed", quarter)
    measured = [version for version, _ in wanted.tops]
    tops = [and_(_i.workflow_version_id == version, level >= top) for version, top in wanted.tops]
    # A target of 4.5 means level 4, as whole numbers are made of it elsewhere.
    own = level + 1 > cast(_i.target, Float)
    return or_(*tops, and_(_i.workflow_version_id.not_in(measured), own)) if measured else own


def of_agencies(wanted: Wanted, agencies: Any) -> list[ColumnElement[bool]]:
    """What an agency must be like."""
    found = []
    if wanted.agency_kind:
        found.append(agencies.c.kind == wanted.agency_kind)
    if wanted.group is not None:
        found.append(or_(agencies.c.id == wanted.group, agencies.c.parent_id == wanted.group))
    return found


def agencies_with(quarter: int | None, conditions: list[ColumnElement[bool]], wanted: Wanted) -> Select[Any]:
    """The agencies that have anything of it, so many of them, in the order that is wanted."""
    seat = t.agencies.alias("seat")
    inside = t.indicators.join(t.indicator_details, _d.indicator_id == _i.id)

    def own(*columns: Any) -> Select[Any]:
        which = (_i.fiscal_year == YEAR, _i.agency_id == seat.c.id, *conditions)
        return select(*columns).select_from(inside).where(*which).correlate(seat)

    by_code = (seat.c.code.nulls_last(), seat.c.id)
    first: dict[Sort, Any] = {
        Sort.LEVEL: lambda: own(func.avg(level_of_cell("claimed", quarter))).scalar_subquery(),
        Sort.DUE: lambda: own(func.min(_i.next_due_on)).scalar_subquery().nulls_last(),
    }
    order = (first[wanted.sort](), *by_code) if wanted.sort in first else by_code
    query = select(seat.c.id).where(own(_i.id).exists(), *of_agencies(wanted, seat)).order_by(*order)
    return query if wanted.size is None else query.limit(wanted.size).offset(wanted.skip)
