"""What reports over many indicators read: one statement for all rows, in the order in which they stand."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, select
from sqlalchemy.engine import Connection

from engine.workflow import Text
from storage import tables as t
from storage.dossier import PlanStep

_i, _d, _a, _n = t.indicators.c, t.indicator_details.c, t.agencies.c, t.plan_nodes.c
_IN_PORTIONS = {"yield_per": 1000}


class QuarterCell(NamedTuple):
    """One quarter of one indicator: levels at its end, what was reported and given; ``None`` for nothing."""

    claimed: int | None
    verified: int | None
    state: str | None
    submitted_at: datetime | None
    self_reported: Decimal | None
    quality: int | None
    timeliness: int | None
    remark: str | None


class YearRow(NamedTuple):
    """One indicator of a year with its four quarters."""

    id: int
    code: str
    fiscal_year: int
    agency: int
    agency_code: str | None
    agency_name: Text
    title: Text
    unit: str
    target: Decimal | None
    weight: Decimal
    life: str
    workflow_version: int
    plan_node: int | None
    claimed: int
    verified: int
    quarters: tuple[QuarterCell, QuarterCell, QuarterCell, QuarterCell]

    def without_scores(self, quarters: Collection[int]) -> "YearRow":
        """The same, without the scores of these quarters."""
        if not quarters:
            return self
        hidden = {"quality": None, "timeliness": None, "remark": None}
        first, second, third, fourth = (
            one._replace(**hidden) if number in quarters else one
            for number, one in enumerate(self.quarters, start=1)
        )
        return self._replace(quarters=(first, second, third, fourth))

    @property
    def self_reported(self) -> Decimal | None:
        """What was reported last; a quarter that was not reported hides nothing."""
        given = [one.self_reported for one in self.quarters if one.self_reported is not None]
        return given[-1] if given else None


def _rows() -> Select[Any]:
    reports = [t.reports.alias(f"r{number}") for number in (1, 2, 3, 4)]
    columns: list[Any] = []
    for number, report in enumerate(reports, start=1):
        r = report.c
        columns += [_i[f"claimed_q{number}"], _i[f"verified_q{number}"], r.state, r.submitted_at]
        columns += [r.self_reported, r.quality, r.timeliness, r.remark]
    query = (
        select(
            _i.id,
            _i.code,
            _i.fiscal_year,
            _i.agency_id,
            _a.code,
            _a.name_th,
            _a.name_en,
            _d.title_th,
            _d.title_en,
            _d.unit,
            _i.target,
            _i.weight,
            _i.life,
            _i.workflow_version_id,
            _d.plan_node_id,
            _i.claimed_level,
            _i.verified_level,
            *columns,
        )
        .join_from(t.indicators, t.indicator_details)
        .join(t.agencies, _a.id == _i.agency_id)
    )
    for number, report in enumerate(reports, start=1):
        own = and_(report.c.indicator_id == _i.id, report.c.quarter == number)
        query = query.join(report, own, isouter=True)
    ordered = query.where(_i.fiscal_year == bindparam("year"))
    return ordered.order_by(_a.code.nulls_last(), _i.agency_id, _i.code)


_ROWS = _rows()
_OF_AGENCY = _ROWS.where(_i.agency_id == bindparam("agency"))


def rows_of_year(connection: Connection, fiscal_year: int, agency: int | None = None) -> Iterator[YearRow]:
    """The indicators of the year, of the one agency or of all, by agency and code."""
    given = {"year": fiscal_year, "agency": agency}
    query = _ROWS if agency is None else _OF_AGENCY
    with connection.execute(query, given, execution_options=_IN_PORTIONS) as rows:
        for row in rows:
            yield _row(tuple(row))


def _row(row: tuple[Any, ...]) -> YearRow:
    one, two, three, four = (QuarterCell(*row[at : at + 8]) for at in (17, 25, 33, 41))
    agency_th, agency_en, title_th, title_en = row[5:9]
    names = Text(agency_th, agency_en), Text(title_th, title_en)
    return YearRow._make((*row[:5], *names, *row[9:17], (one, two, three, four)))


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan tree: each place by its id, with the one above it."""

    nodes: Mapping[int, tuple[int | None, PlanStep]]

    def path(self, node: int | None) -> tuple[PlanStep, ...]:
        """From the top of the plan down to a place."""
        found: list[PlanStep] = []
        while node is not None and node in self.nodes:
            node, step = self.nodes[node]
            found.append(step)
        return tuple(reversed(found))

    def dimension(self, node: int | None) -> PlanStep | None:
        """The dimension (มิติ) in which a place lies: the second floor of the plan, the first where it ends."""
        path = self.path(node)
        return path[1] if len(path) > 1 else path[0] if path else None

    def dimensions(self) -> list[PlanStep]:
        """Every dimension that has a place in it, by code."""
        found = {step.code: step for node in self.nodes if (step := self.dimension(node)) is not None}
        deep = {step.code for node in self.nodes for step in self.path(node)[1:2]}
        return [found[code] for code in sorted(found) if code in deep or not deep]


def plan_of(connection: Connection) -> Plan:
    """The plan as it stands: one statement."""
    rows = connection.execute(select(_n.id, _n.parent_id, _n.code, _n.title))
    return Plan({row.id: (row.parent_id, PlanStep(row.code, row.title)) for row in rows})


def plan_nodes_of_year(connection: Connection, fiscal_year: int) -> dict[int, int]:
    """The place in the plan of each indicator of the year that has one."""
    query = (
        select(_d.indicator_id, _d.plan_node_id)
        .join_from(t.indicator_details, t.indicators)
        .where(_i.fiscal_year == fiscal_year, _d.plan_node_id.is_not(None))
    )
    return {row[0]: row[1] for row in connection.execute(query)}
