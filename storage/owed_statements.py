"""One SELECT per topic: what is owed, by the day it is due and by whose it is, each a range of an index."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    Column,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import TypeEngine

from engine.indicator import Life, ReportState
from engine.reminders import Topic
from storage import tables as t
from storage.among import among
from storage.asking import Lookup
from storage.naming import one_of
from storage.types import Instant, instant_text

_i, _m, _d, _o, _r, _e, _s, _p, _v = (
    t.indicators.c,
    t.milestones.c,
    t.decisions.c,
    t.occurrences.c,
    t.reports.c,
    t.extensions.c,
    t.seals.c,
    t.appeals.c,
    t.verdicts.c,
)

_NONE = literal_column("0", Integer)

#: Work goes on while a cancellation is only asked for; in a year sealed to its end nothing can be done.
RUNNING = and_(
    one_of(_i.life, Life.ACTIVE, Life.CANCELLATION_REQUESTED),
    _i.fiscal_year.not_in(select(_s.fiscal_year).where(_s.quarter == literal_column("4"))),
)
#: Not handed in: never begun, or a draft that was not handed in before.
_UNSUBMITTED = or_(_r.indicator_id.is_(None), and_(_r.state == ReportState.DRAFT, _r.fix_by.is_(None)))


class Source(NamedTuple):
    """Where the subjects of a topic stand.

    ``query`` gives agency, indicator, key, due, workflow, fiscal_year, quarter and, for milestones, which
    have none, the day by which they belong to one, and who is not told; ``rows`` are those that the index
    holds, in the order of ``due``, ``owner`` and ``number``.
    """

    query: Select[Any]
    rows: ColumnElement[bool]
    due: Column[Any]
    owner: Column[int]
    number: Column[Any]

    @property
    def place(self) -> tuple[Column[Any], ...]:
        """What the order is by: a place in it is where the next portion begins."""
        return self.due, self.owner, self.number


def _of_milestone(due: Column[Any], rows: ColumnElement[bool]) -> Source:
    query = (
        select(
            _i.agency_id.label("agency"),
            _i.id.label("indicator"),
            _m.key,
            due.label("due"),
            _i.workflow_version_id.label("workflow"),
            _i.fiscal_year,
            null().label("quarter"),
            due.label("belongs_on"),
            _NONE.label("not_to"),
        )
        .join_from(t.milestones, t.indicators, _m.indicator_id == _i.id)
        .where(rows, RUNNING)
    )
    return Source(query, rows, due, _m.indicator_id, _m.key)


def _of_return() -> Source:
    later = t.decisions.alias("later")
    query = (
        select(
            _i.agency_id.label("agency"),
            _i.id.label("indicator"),
            _m.key,
            _d.fix_by.label("due"),
            _NONE.label("workflow"),
            _i.fiscal_year,
            null().label("quarter"),
            _m.due_on.label("belongs_on"),
            _NONE.label("not_to"),
        )
        .join_from(
            t.decisions, t.milestones, and_(_m.indicator_id == _d.indicator_id, _m.key == _d.milestone)
        )
        .join(t.indicators, _i.id == _d.indicator_id)
        .where(
            t.RETURN,
            one_of(_m.state, "returned"),
            ~exists().where(
                later.c.indicator_id == _d.indicator_id,
                later.c.milestone == _d.milestone,
                later.c.number > _d.number,
            ),
            RUNNING,
        )
    )
    return Source(query, t.RETURN, _d.fix_by, _d.indicator_id, _d.number)


def _of_report(due: Column[Any], rows: ColumnElement[bool]) -> Source:
    query = (
        select(
            _i.agency_id.label("agency"),
            _i.id.label("indicator"),
            _r.quarter.label("key"),
            due.label("due"),
            _NONE.label("workflow"),
            _i.fiscal_year,
            _r.quarter,
            null().label("belongs_on"),
            _NONE.label("not_to"),
        )
        .join_from(t.reports, t.indicators, _r.indicator_id == _i.id)
        .where(rows, RUNNING)
    )
    return Source(query, rows, due, _r.indicator_id, _r.quarter)


def _of_appeal() -> Source:
    query = (
        select(
            _i.agency_id.label("agency"),
            _i.id.label("indicator"),
            _p.quarter.label("key"),
            _p.made_at.label("due"),
            _NONE.label("workflow"),
            _i.fiscal_year,
            _p.quarter,
            null().label("belongs_on"),
            _v.given_by.label("not_to"),
        )
        .join_from(t.appeals, t.indicators, _p.indicator_id == _i.id)
        .join(t.verdicts, and_(_v.indicator_id == _p.indicator_id, _v.number == _p.verdict))
        .where(t.APPEALED, RUNNING)
    )
    return Source(query, t.APPEALED, _p.made_at, _p.indicator_id, _p.number)


def _of_plan() -> Source:
    kept = t.occurrences.alias("kept")
    query = (
        select(
            _i.agency_id.label("agency"),
            _i.id.label("indicator"),
            _o.number.label("key"),
            _o.occurred_on.label("due"),
            _NONE.label("workflow"),
            _i.fiscal_year,
            _o.quarter,
            null().label("belongs_on"),
            _NONE.label("not_to"),
        )
        .join_from(t.occurrences, t.indicators, _o.indicator_id == _i.id)
        .where(
            t.PLANNED,
            ~exists().where(
                kept.c.indicator_id == _o.indicator_id,
                kept.c.fulfils == _o.number,
                kept.c.voided_at.is_(None),
            ),
            RUNNING,
        )
    )
    return Source(query, t.PLANNED, _o.occurred_on, _o.indicator_id, _o.number)


def _of_extension() -> Source:
    waiting = (
        select(_i.id)
        .select_from(_with_report(_e.quarter))
        .where(_i.fiscal_year == _e.fiscal_year, _i.agency_id == _e.agency_id, _UNSUBMITTED, RUNNING)
    )
    query = select(
        _e.agency_id.label("agency"),
        _NONE.label("indicator"),
        _e.quarter.label("key"),
        _e.until_on.label("due"),
        _NONE.label("workflow"),
        _e.fiscal_year,
        _e.quarter,
        null().label("belongs_on"),
        _NONE.label("not_to"),
    ).where(waiting.correlate(t.extensions).exists())
    return Source(query, _e.until_on.is_not(None), _e.until_on, _e.agency_id, _e.quarter)


def _with_report(quarter: ColumnElement[int]) -> FromClause:
    """Every indicator beside its report of that quarter, if there is one."""
    return t.indicators.join(t.reports, and_(_r.indicator_id == _i.id, _r.quarter == quarter), isouter=True)


#: Where each topic's subjects stand. A quarter's report that nobody has begun has no row to stand in: it is
#: found by :data:`REPORTS`.
SOURCES: Mapping[Topic, Sequence[Source]] = {
    Topic.MILESTONE: (
        _of_milestone(_m.due_on, t.UNDONE),
        _of_milestone(_m.postponed_to, t.POSTPONED),
    ),
    Topic.ENDORSEMENT: (_of_report(_r.submitted_at, t.SUBMITTED),),
    Topic.EVALUATION: (_of_report(_r.endorsed_at, t.ENDORSED),),
    Topic.APPEAL: (_of_appeal(),),
    Topic.RETURNED_MILESTONE: (_of_return(),),
    Topic.RETURNED_REPORT: (_of_report(_r.fix_by, t.TO_MEND),),
    Topic.EXTENSION: (_of_extension(),),
    Topic.MEETING: (_of_plan(),),
}


def due_between(source: Source) -> Select[Any]:
    """What follows a place in the source's order and is due by ``last``, at most ``limit`` of it."""
    names = ("due", "owner", "number")
    after = [bindparam(f"after_{n}", type_=c.type) for n, c in zip(names, source.place, strict=True)]
    return (
        source.query.add_columns(source.owner.label("owner"), source.number.label("number"))
        .where(source.due <= bindparam("last", type_=source.due.type), tuple_(*source.place) > tuple_(*after))
        .order_by(*source.place)
        .limit(bindparam("limit"))
    )


def of_owners(source: Source) -> Lookup:
    """All of it that belongs to the ``owners``, whenever it is due."""
    return Lookup(source.query.where(among(source.owner, "owners")).order_by(source.owner, source.number))


def of_these(source: Source) -> Lookup:
    """The same, but only what has one of the ``keys``."""
    return Lookup(of_owners(source).query.where(among(source.number, "keys")))


DUE = {topic: [due_between(source) for source in sources] for topic, sources in SOURCES.items()}
OF_OWNERS = {topic: [of_owners(source) for source in sources] for topic, sources in SOURCES.items()}
#: Where an owner has many that are not asked for.
OF_THESE = {Topic.MILESTONE: [of_these(source) for source in SOURCES[Topic.MILESTONE]]}


# --- reports: what is missing has no row -----------------------------------------------------------------


def _reports(agencies: ColumnElement[bool]) -> Select[Any]:
    """The indicators of a ``year`` whose report of a ``quarter`` is not there, from a place on, by agency."""
    after = tuple_(bindparam("after_agency", type_=_i.id.type), bindparam("after_id", type_=_i.id.type))
    return (
        select(_i.agency_id, _i.id)
        .select_from(_with_report(bindparam("quarter", type_=_r.quarter.type)))
        .where(
            _i.fiscal_year == bindparam("year"),
            tuple_(_i.agency_id, _i.id) > after,
            agencies,
            _UNSUBMITTED,
            RUNNING,
        )
        .order_by(_i.agency_id, _i.id)
        .limit(bindparam("limit"))
    )


_AGENCIES = bindparam("agencies", type_=_i.agency_id.type, expanding=True)
#: By whether all but some agencies are asked for, or only some.
REPORTS = {True: _reports(_i.agency_id.not_in(_AGENCIES)), False: _reports(_i.agency_id.in_(_AGENCIES))}
#: The reports that there are of the ``owners``, each indicator once at least.
REPORTS_OF_OWNERS = Lookup(
    select(_i.agency_id, _i.id, _i.fiscal_year, _r.quarter, _r.state, _r.fix_by)
    .join_from(t.indicators, t.reports, _r.indicator_id == _i.id, isouter=True)
    .where(among(_i.id, "owners"), RUNNING)
    .order_by(_i.id, _r.quarter)
)


# --- all windows at once ---------------------------------------------------------------------------------

_ALL = [source for sources in SOURCES.values() for source in sources]
#: The earliest due day (or instant of handing on) of each source: windows that end before it hold nothing.
EARLIEST = select(*(select(func.min(one.due)).where(one.rows).scalar_subquery() for one in _ALL))


def occupied(dialect: str) -> Select[Any]:
    """Which windows hold anything, as (source, number): one seek in an index each, all in one statement.

    The sources are counted through :data:`SOURCES`, the windows of each from 0. Most days nothing newly
    crosses a step, and a statement for each window would cost more than all the seeks.
    """
    windows = _of_sqlite if dialect == "sqlite" else _of_postgresql
    found = []
    for place, source in enumerate(_ALL):
        number, low, high = windows(place, source.due.type)
        found.append(
            select(literal_column(str(place), Integer).label("source"), number.label("number")).where(
                select(source.owner).where(source.rows, source.due.between(low, high)).exists()
            )
        )
    both = union_all(*found).subquery()
    return select(both.c.source, both.c.number)


def windows_given(dialect: str, place: int, bounds: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    """The parameters by which :func:`occupied` is told the windows of a source, days or instants."""
    if dialect == "sqlite":
        as_text = instant_text if bounds and isinstance(bounds[0][0], datetime) else date.isoformat
        return {f"windows_{place}": json.dumps([as_text(low) + as_text(high) for low, high in bounds])}
    return {f"low_{place}": [low for low, _ in bounds], f"high_{place}": [high for _, high in bounds]}


_Window = tuple[ColumnElement[int], ColumnElement[Any], ColumnElement[Any]]


def _of_sqlite(place: int, of: TypeEngine[Any]) -> _Window:
    """One text a window, both bounds at full width: taking it apart is cheaper than objects of JSON."""
    width = (
        len(instant_text(datetime.min.replace(tzinfo=UTC)))
        if isinstance(of, Instant)
        else len(date.min.isoformat())
    )
    each = func.json_each(bindparam(f"windows_{place}", type_=Text())).table_valued("key", "value")
    low = func.substr(each.c.value, 1, width, type_=of)
    return each.c.key, low, func.substr(each.c.value, width + 1, type_=of)


def _of_postgresql(place: int, of: TypeEngine[Any]) -> _Window:
    bounds = (bindparam(f"{name}_{place}", type_=ARRAY(of)) for name in ("low", "high"))
    each = func.unnest(*bounds).table_valued("low", "high", with_ordinality="number").render_derived()
    return each.c.number - 1, each.c.low, each.c.high
