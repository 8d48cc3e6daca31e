"""The city's records as they are kept: agencies, people, the plan, a year's indicators and its extensions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from engine.indicator import Life
from engine.records import Agencies, Kind, Name, Record, Value, extension_key, result_key
from engine.workflow import Workflow
from storage import tables as t
from storage.registry import OPERATOR_EMAIL
from storage.store import Store

_a, _p, _g, _n, _i, _d, _e, _r = (
    t.agencies.c,
    t.people.c,
    t.grants.c,
    t.plan_nodes.c,
    t.indicators.c,
    t.indicator_details.c,
    t.extensions.c,
    t.reports.c,
)


@dataclass
class Kept:
    """The records of the city and of one year by name, with the id under which each row is kept.

    ``lives`` is where each indicator's life stands, by its key.
    """

    records: dict[Name, Record] = field(default_factory=dict)
    ids: dict[Name, int] = field(default_factory=dict)
    lives: dict[str, str] = field(default_factory=dict)
    workflows: dict[tuple[str, int], Workflow] = field(default_factory=dict)

    @property
    def agencies(self) -> Agencies:
        return Agencies(self.records.values())

    def of(self, kind: Kind) -> Iterator[Record]:
        """Every record of one kind, in the order of the rows."""
        return (one for one in self.records.values() if one.kind is kind)

    def keep(self, row: int, kind: Kind, key: str, fields: Mapping[str, Value]) -> None:
        self.records[kind, key] = Record(kind, key, fields)
        self.ids[kind, key] = row

    def id_of(self, kind: Kind, key: Value) -> int | None:
        """The id of the row; ``None`` for no key at all."""
        return None if key is None else self.ids[kind, str(key)]


def role_of(role: str, agency: str | None) -> str:
    """A role as people write it: ``evaluator``, ``coordinator@5049``."""
    return role if agency is None else f"{role}@{agency}"


def read(store: Store, connection: Connection, fiscal_year: int, *, with_results: bool = False) -> Kept:
    """Everything, in one statement for each kind; what was reported only ``with_results``, for it is much."""
    kept = Kept()
    agencies = _read_agencies(connection, kept)
    _read_people(connection, kept, agencies)
    plan = _read_plan(connection, kept)
    _read_workflows(store, connection, kept)
    _read_indicators(connection, kept, agencies, plan, fiscal_year)
    _read_extensions(connection, kept, agencies, fiscal_year)
    if with_results:
        _read_results(connection, kept, fiscal_year)
    return kept


def _read_agencies(connection: Connection, kept: Kept) -> dict[int | None, str]:
    """Keeps them; returns the key of each by its id: its code, or its name where it has none."""
    rows = connection.execute(select(*t.agencies.columns).order_by(_a.id)).all()
    keys: dict[int | None, str] = {row.id: row.code or row.name_th for row in rows}
    for row in rows:
        parent = keys.get(row.parent_id)
        said = {"code": row.code, "name": row.name_th, "name_en": row.name_en, "kind": row.kind}
        kept.keep(row.id, Kind.AGENCY, keys[row.id], {**said, "parent": parent})
    return keys


def _read_people(connection: Connection, kept: Kept, agencies: Mapping[int | None, str]) -> None:
    held: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(select(_g.person_id, _g.role, _g.agency_id).order_by(_g.id)):
        role = role_of(row.role, agencies.get(row.agency_id))
        held[row.person_id] = (*held.get(row.person_id, ()), role)
    query = select(_p.id, _p.email, _p.name, _p.language).where(_p.email != OPERATOR_EMAIL).order_by(_p.id)
    for one in connection.execute(query):
        said = {"name": one.name, "language": one.language, "roles": held.get(one.id, ())}
        kept.keep(one.id, Kind.PERSON, one.email, said)


def _read_plan(connection: Connection, kept: Kept) -> dict[int | None, str]:
    rows = connection.execute(select(*t.plan_nodes.columns).order_by(_n.id)).all()
    codes: dict[int | None, str] = {row.id: row.code for row in rows}
    for row in rows:
        kept.keep(row.id, Kind.PLAN_NODE, row.code, {"title": row.title, "parent": codes.get(row.parent_id)})
    return codes


def _read_workflows(store: Store, connection: Connection, kept: Kept) -> None:
    for number in connection.execute(select(t.workflow_versions.c.id)).scalars().all():
        found = store.workflow(number, connection)
        kept.workflows[found.key, found.version] = found


_w = t.workflow_versions.c
_INDICATORS = (
    select(
        *(_i.id, _i.code, _i.agency_id, _i.owner_id, _i.target, _i.weight, _i.life, _w.key, _w.version),
        *(_d.title_th, _d.title_en, _d.unit, _d.kind, _d.result_kind, _d.definition, _d.method),
        *(_d.evidence_asked, _d.plan_node_id),
    )
    .join_from(t.indicators, t.indicator_details)
    .join(t.workflow_versions)
    .order_by(_i.code)
)


def _read_indicators(
    connection: Connection,
    kept: Kept,
    agencies: Mapping[int | None, str],
    plan: Mapping[int | None, str],
    fiscal_year: int,
) -> None:
    for row in connection.execute(_INDICATORS.where(_i.fiscal_year == fiscal_year)):
        said: dict[str, Any] = {
            "agency": agencies[row.agency_id],
            "workflow": row.key,
            "version": row.version,
            "title": row.title_th,
            "title_en": row.title_en,
            "unit": row.unit,
            "target": row.target,
            "weight": row.weight,
            "owner": agencies.get(row.owner_id),
            "plan": plan.get(row.plan_node_id),
            "kind": row.kind,
            "result_kind": row.result_kind,
            "definition": row.definition,
            "method": row.method,
            "evidence_asked": row.evidence_asked,
            "draft": row.life == Life.DRAFT,
        }
        kept.keep(row.id, Kind.INDICATOR, row.code, said)
        kept.lives[row.code] = row.life


def _read_extensions(
    connection: Connection, kept: Kept, agencies: Mapping[int | None, str], fiscal_year: int
) -> None:
    query = select(_e.agency_id, _e.quarter, _e.until_on, _e.reason).where(_e.fiscal_year == fiscal_year)
    for row in connection.execute(query.order_by(_e.quarter, _e.agency_id)):
        agency = agencies[row.agency_id]
        said = {"agency": agency, "quarter": row.quarter, "until": row.until_on, "reason": row.reason}
        kept.keep(0, Kind.EXTENSION, extension_key(agency, row.quarter), said)


def _read_results(connection: Connection, kept: Kept, fiscal_year: int) -> None:
    query = select(_i.code, _r.quarter, _r.self_reported, _r.narrative).join_from(t.reports, t.indicators)
    for row in connection.execute(query.where(_i.fiscal_year == fiscal_year).order_by(_i.code, _r.quarter)):
        said = {"indicator": row.code, "quarter": row.quarter, "result": row.self_reported}
        kept.keep(0, Kind.RESULT, result_key(row.code, row.quarter), {**said, "narrative": row.narrative})
