"""What the public may read: sealed results and what was corrected since, and of nobody by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, select
from sqlalchemy.engine import Connection

from engine.quarter import Quarter
from engine.workflow import Text
from storage import tables as t
from storage.contents import Workflows
from storage.corrections import IS_LATE
from storage.types import Instant
from storage.views import level_at_quarter

_s, _l, _i, _d, _a, _w, _o = (
    t.seals.c,
    t.seal_lines.c,
    t.indicators.c,
    t.indicator_details.c,
    t.agencies.c,
    t.workflow_versions.c,
    t.occurrences.c,
)


@dataclass(frozen=True, slots=True)
class Seal:
    """A sealed quarter, and the one hash over its results."""

    quarter: Quarter
    sealed_at: datetime
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Result:
    """An indicator as it was sealed; its names are those of today, ``corrected`` is what came after the seal,
    the rest is under the seal's hash."""

    indicator: int
    code: str
    agency: int
    agency_code: str | None
    agency_name: Text
    title: Text
    unit: str
    claimed: int
    claimed_fraction: float
    verified: int
    verified_fraction: float
    top: int
    workflow: str
    workflow_version: int
    workflow_hash: str
    journal_seq: int
    journal_head: str
    corrected: tuple[int, int] | None  # where facts were corrected since: what is claimed and verified now


@dataclass(frozen=True, slots=True)
class Corrected:
    """An indicator of whose facts in a sealed quarter one was recorded, approved or voided since, at last
    ``at``; with the levels that follow by now."""

    quarter: Quarter
    agency: int
    indicator: int
    claimed: int
    verified: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AgencyResult:
    """How many indicators of an agency were sealed, and how many of them stood at their highest level."""

    agency: int
    name: Text
    indicators: int
    at_top: int


_SEALS = select(_s.fiscal_year, _s.quarter, _s.sealed_at, _s.previous_hash, _s.hash).order_by(
    _s.fiscal_year.desc(), _s.quarter.desc()
)


def sealed_quarters(connection: Connection) -> list[Seal]:
    """Every sealed quarter, the newest first."""
    return [
        Seal(Quarter(row.fiscal_year, row.quarter), row.sealed_at, row.previous_hash, row.hash)
        for row in connection.execute(_SEALS)
    ]


def names_as_of(connection: Connection) -> str:
    """What changes whenever an agency is named otherwise: the head of the city's journal."""
    head: str = connection.execute(select(t.city.c.journal_head)).scalar_one()
    return head


def _level_now(basis: str, quarter: Any) -> Any:
    """The level at the end of that quarter as it is known by now."""
    return case({number: level_at_quarter(basis, number) for number in range(1, 5)}, value=quarter)


_CORRECTED = (
    select(
        _s.fiscal_year,
        _s.quarter,
        _i.agency_id,
        _i.id,
        _level_now("claimed", _s.quarter),
        _level_now("verified", _s.quarter),
        func.max(_o.recorded_at, type_=Instant),
        func.max(_o.approved_at, type_=Instant),
        func.max(_o.voided_at, type_=Instant),
    )
    .join_from(t.seals, t.indicators, _i.fiscal_year == _s.fiscal_year)
    .join(t.occurrences, and_(_o.indicator_id == _i.id, IS_LATE))
    .group_by(_s.fiscal_year, _s.quarter, _i.id)
    .order_by(_s.fiscal_year, _s.quarter, _i.id)
)


def corrected_since(connection: Connection, quarter: Quarter | None = None) -> list[Corrected]:
    """What was corrected in the sealed quarter, or in every one: one statement."""
    query = _CORRECTED
    if quarter is not None:
        query = query.where(_s.fiscal_year == quarter.fiscal_year, _s.quarter == quarter.number)
    return [
        Corrected(Quarter(year, number), agency, indicator, claimed, verified, max(filter(None, instants)))
        for year, number, agency, indicator, claimed, verified, *instants in connection.execute(query)
    ]


_THIS_QUARTER = and_(_l.fiscal_year == bindparam("year"), _l.quarter == bindparam("quarter"))
_FROM = (
    t.seal_lines.join(t.indicators, _i.id == _l.indicator_id)
    .join(t.indicator_details, _d.indicator_id == _i.id)
    .join(t.agencies, _a.id == _i.agency_id)
    .join(t.workflow_versions, and_(_w.key == _l.workflow, _w.version == _l.workflow_version))
)
_IS_CORRECTED = (
    select(_o.number)
    .join_from(t.occurrences, t.seals, IS_LATE)
    .where(_o.indicator_id == _l.indicator_id, _s.fiscal_year == _l.fiscal_year, _s.quarter == _l.quarter)
    .correlate(t.seal_lines)
    .exists()
)
_RESULTS = select(
    _l.indicator_id,
    _l.code,
    _a.id.label("agency"),
    _a.code.label("agency_code"),
    _a.name_th,
    _a.name_en,
    _d.title_th,
    _d.title_en,
    _d.unit,
    _l.claimed_level,
    _l.claimed_fraction,
    _l.verified_level,
    _l.verified_fraction,
    _w.id.label("workflow_id"),
    _l.workflow,
    _l.workflow_version,
    _l.workflow_hash,
    _l.journal_seq,
    _l.journal_head,
    _IS_CORRECTED.label("is_corrected"),
    _level_now("claimed", _l.quarter).label("claimed_now"),
    _level_now("verified", _l.quarter).label("verified_now"),
).select_from(_FROM)
_PORTION = (
    _RESULTS.where(_THIS_QUARTER, _l.indicator_id > bindparam("after"))
    .order_by(_l.indicator_id)
    .limit(bindparam("most"))
)
_OF_AGENCY = _RESULTS.where(_THIS_QUARTER, _i.agency_id == bindparam("agency")).order_by(_l.code)
_OF_CODE = (
    _RESULTS.add_columns(_l.fiscal_year, _l.quarter)
    .where(_l.fiscal_year == bindparam("year"), _l.code == bindparam("code"))
    .order_by(_l.quarter.desc())
    .limit(1)
)


def results(
    connection: Connection, workflows: Workflows, quarter: Quarter, *, after: int, most: int
) -> list[Result]:
    """So many results of a sealed quarter by indicator, those behind the given one."""
    given = {"year": quarter.fiscal_year, "quarter": quarter.number, "after": after, "most": most}
    return list(_told(connection, workflows, connection.execute(_PORTION, given).all()))


def of_agency(connection: Connection, workflows: Workflows, quarter: Quarter, agency: int) -> list[Result]:
    """The results of one agency, by code."""
    given = {"year": quarter.fiscal_year, "quarter": quarter.number, "agency": agency}
    return list(_told(connection, workflows, connection.execute(_OF_AGENCY, given).all()))


def newest_of(
    connection: Connection, workflows: Workflows, fiscal_year: int, code: str
) -> tuple[Quarter, Result] | None:
    """An indicator at the last sealed quarter of the year; ``None`` while there is none."""
    row = connection.execute(_OF_CODE, {"year": fiscal_year, "code": code}).one_or_none()
    if row is None:
        return None
    (result,) = _told(connection, workflows, [row])
    return Quarter(row.fiscal_year, row.quarter), result


def _told(connection: Connection, workflows: Workflows, rows: Any) -> Iterator[Result]:
    for row in rows:
        yield Result(
            row.indicator_id,
            row.code,
            row.agency,
            row.agency_code,
            Text(row.name_th, row.name_en),
            Text(row.title_th, row.title_en),
            row.unit,
            row.claimed_level,
            row.claimed_fraction,
            row.verified_level,
            row.verified_fraction,
            workflows(row.workflow_id, connection).top_level,
            row.workflow,
            row.workflow_version,
            row.workflow_hash,
            row.journal_seq,
            row.journal_head,
            (row.claimed_now, row.verified_now) if row.is_corrected else None,
        )


_BY_AGENCY = (
    select(_a.id, _a.name_th, _a.name_en, _w.id.label("workflow_id"), _l.verified_level, func.count())
    .select_from(_FROM)
    .where(_THIS_QUARTER)
    .group_by(_a.id, _a.code, _a.name_th, _a.name_en, _w.id, _l.verified_level)
    .order_by(_a.code.nulls_last(), _a.id)
)


def by_agency(connection: Connection, workflows: Workflows, quarter: Quarter) -> list[AgencyResult]:
    """Every agency of a sealed quarter: one statement, however many indicators there are."""
    given = {"year": quarter.fiscal_year, "quarter": quarter.number}
    found: dict[int, AgencyResult] = {}
    for agency, th, en, workflow, level, count in connection.execute(_BY_AGENCY, given).all():
        before = found.get(agency) or AgencyResult(agency, Text(th, en), 0, 0)
        at_top = count if level >= workflows(workflow, connection).top_level else 0
        found[agency] = AgencyResult(agency, before.name, before.indicators + count, before.at_top + at_top)
    return list(found.values())
