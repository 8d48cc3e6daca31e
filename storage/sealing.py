"""What is still open in a quarter that is to be sealed: a statement a check, the first rows and the count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Float, Select, and_, case, cast, func, literal, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from engine.indicator import Life, ReportState
from engine.petition import PetitionKind
from engine.quarter import Quarter
from engine.sealing import Check
from engine.workflow import Text, Workflow, YearValue
from storage import tables as t
from storage.naming import one_of
from storage.views import level_at_quarter

_i, _d, _a, _r, _p, _o, _q = (
    t.indicators.c,
    t.indicator_details.c,
    t.agencies.c,
    t.reports.c,
    t.petitions.c,
    t.occurrences.c,
    t.appeals.c,
)
#: So many rows of a check are shown.
MOST = 20
#: Results that differ by less are the same: the one was rounded.
_SAME = 0.005

Workflows = Callable[[int, Connection], Workflow]


class Row(NamedTuple):
    """One thing that is open: at which indicator, and what about it.

    ``said`` and ``found`` are what is reported and what the facts give, or what is claimed and what is
    verified; ``number`` is that of the petition or of the fact, ``word`` the report's state, the petition's
    kind or the fact's milestone.
    """

    code: str
    title: Text
    agency: Text
    word: str = ""
    number: int = 0
    said: Decimal | int | None = None
    found: Decimal | float | int | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """How much of a check is open, and the first rows of it, by agency and code."""

    count: int
    rows: list[Row]


def still_open(
    connection: Connection, workflows: Workflows, quarter: Quarter, most: int = MOST
) -> dict[Check, Open]:
    """Every check in its order, also those of which nothing is open."""
    queries: Mapping[Check, Select[Any]] = {
        Check.UNEVALUATED: _unevaluated(quarter),
        Check.APPEALED: _appealed(quarter),
        Check.UNDECIDED: _undecided(quarter),
        Check.UNREPORTED: _unreported(quarter),
        Check.CONTRADICTING: _contradicting(quarter, _kinds_of(connection, workflows, quarter)),
        Check.UNVERIFIED: _unverified(quarter),
        Check.UNDATED: _undated(quarter),
        Check.PETITIONED: _petitioned(quarter),
    }
    found = {}
    for check, query in queries.items():
        rows = connection.execute(query.order_by(_a.code.nulls_last(), _i.code).limit(most)).all()
        found[check] = Open(rows[0][0] if rows else 0, [_row(*row[1:]) for row in rows])
    return found


def _row(code: str, th: str, en: str, agency_th: str, agency_en: str, *more: Any) -> Row:
    return Row(code, Text(th, en), Text(agency_th, agency_en), *more)


def _of(quarter: Quarter, *more: ColumnElement[Any]) -> Select[Any]:
    """The running indicators of the year, with how many there are and what a row says besides."""
    return (
        select(func.count().over(), _i.code, _d.title_th, _d.title_en, _a.name_th, _a.name_en, *more)
        .join_from(t.indicators, t.indicator_details)
        .join(t.agencies, _a.id == _i.agency_id)
        .where(
            _i.fiscal_year == quarter.fiscal_year, one_of(_i.life, Life.ACTIVE, Life.CANCELLATION_REQUESTED)
        )
    )


def _unevaluated(quarter: Quarter) -> Select[Any]:
    return (
        _of(quarter, _r.state)
        .join(t.reports, _r.indicator_id == _i.id)
        .where(_r.quarter == quarter.number, or_(t.SUBMITTED, t.ENDORSED))
    )


def _unreported(quarter: Quarter) -> Select[Any]:
    own = and_(_r.indicator_id == _i.id, _r.quarter == quarter.number)
    return (
        _of(quarter, func.coalesce(_r.state, ""))
        .join(t.reports, own, isouter=True)
        .where(or_(_r.state.is_(None), one_of(_r.state, ReportState.DRAFT, ReportState.RETURNED)))
    )


def _appealed(quarter: Quarter) -> Select[Any]:
    return (
        _of(quarter, literal(""), _q.number)
        .join(t.appeals, _q.indicator_id == _i.id)
        .where(t.APPEALED, _q.quarter == quarter.number)
    )


def _undecided(quarter: Quarter) -> Select[Any]:
    return _asked(quarter).where(_p.kind == PetitionKind.EXTENSION, _p.quarter == quarter.number)


def _petitioned(quarter: Quarter) -> Select[Any]:
    return _asked(quarter).where(or_(_p.kind != PetitionKind.EXTENSION, _p.quarter != quarter.number))


def _asked(quarter: Quarter) -> Select[Any]:
    return _of(quarter, _p.kind, _p.number).join(t.petitions, _p.indicator_id == _i.id).where(t.PENDING)


def _undated(quarter: Quarter) -> Select[Any]:
    return (
        _of(quarter, _o.milestone, _o.number)
        .join(t.occurrences, _o.indicator_id == _i.id)
        .where(
            _o.quarter == quarter.number,
            _o.counts,
            _o.counts_on.is_(None),
            _o.voided_at.is_(None),
        )
    )


def _unverified(quarter: Quarter) -> Select[Any]:
    claimed, verified = (
        level_at_quarter("claimed", quarter.number),
        level_at_quarter("verified", quarter.number),
    )
    return _of(quarter, literal(""), literal(0), claimed, verified).where(verified < claimed)


# --- what is reported against what the facts give ----------------------------------------------------------


class _Kinds(NamedTuple):
    """The definitions of the year by how a result follows from them, as ids of their versions.

    ``measured`` has the key of the milestone that is measured, by how its values make the year's.
    """

    ladders: list[int]
    measured: dict[YearValue, dict[int, str]]


def _kinds_of(connection: Connection, workflows: Workflows, quarter: Quarter) -> _Kinds:
    query = select(_i.workflow_version_id).where(_i.fiscal_year == quarter.fiscal_year).distinct()
    kinds = _Kinds([], {})
    for version in connection.execute(query).scalars().all():
        measured = next((one for one in workflows(version, connection).milestones if one.measure), None)
        if measured is None or measured.measure is None:
            kinds.ladders.append(version)
        elif not measured.measure.of_target:  # there a result is not what is measured
            kinds.measured.setdefault(measured.measure.year_value, {})[version] = measured.key
    return kinds


def _contradicting(quarter: Quarter, kinds: _Kinds) -> Select[Any]:
    """Levels are compared with levels, measured results with the value that the facts make together."""
    found = case(
        (_i.workflow_version_id.in_(kinds.ladders), cast(level_at_quarter("claimed", quarter.number), Float)),
        *(
            (_i.workflow_version_id.in_(list(keys)), _value(how, sorted(set(keys.values())), quarter))
            for how, keys in kinds.measured.items()
        ),
    )
    said = cast(_r.self_reported, Float)
    return (
        _of(quarter, literal(""), literal(0), _r.self_reported, found)
        .join(t.reports, _r.indicator_id == _i.id)
        .where(_r.quarter == quarter.number, _r.self_reported.is_not(None), func.abs(said - found) > _SAME)
    )


def _value(how: YearValue, keys: list[str], quarter: Quarter) -> ColumnElement[float]:
    """The year's value by the facts that count by the quarter's last day."""
    value = cast(_o.value, Float)
    counting = and_(
        _o.indicator_id == _i.id,
        _o.milestone.in_(keys),
        _o.counts,
        _o.planned.is_(False),
        _o.voided_at.is_(None),
        _o.value.is_not(None),
        _o.counts_on <= quarter.last_day,
    )
    if how is YearValue.LATEST:
        query = select(value).where(counting).order_by(_o.counts_on.desc(), _o.number.desc()).limit(1)
    else:
        query = select(func.sum(value) if how is YearValue.SUM else func.avg(value)).where(counting)
    return query.correlate(t.indicators).scalar_subquery()
