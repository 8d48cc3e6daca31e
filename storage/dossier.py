"""What the page of one indicator reads besides the indicator itself: its texts, its people, who did what."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select
from sqlalchemy.engine import Connection

from engine.indicator import Indicator
from engine.permissions import Role
from engine.workflow import Text
from storage import tables as t
from storage.among import among
from storage.asking import Lookup
from storage.naming import one_of
from storage.registry import Details

_d, _a, _n, _g, _p = (
    t.indicator_details.c,
    t.agencies.c,
    t.plan_nodes.c,
    t.grants.c,
    t.people.c,
)

#: The people who answer for an agency's work, in this order.
_RESPONSIBLE = (Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD, Role.DIRECTOR)


class Responsible(NamedTuple):
    """Somebody who works for the agency."""

    role: Role
    name: str
    email: str


class PlanStep(NamedTuple):
    """A place in the city's plan."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """The texts around an indicator; ``plan`` leads from the top of the city's plan down to its place.

    ``names`` are those of everybody who did something to it, by id.
    """

    agency: Text
    agency_code: str | None
    owner: Text | None
    details: Details
    plan: tuple[PlanStep, ...]
    responsible: tuple[Responsible, ...]
    names: Mapping[int, str]


def _path() -> Select[Any]:
    """From a place in the plan up to its top."""
    start = select(_n.id, _n.parent_id, _n.code, _n.title).where(_n.id == bindparam("node"))
    path = start.cte("path", recursive=True)
    above = t.plan_nodes.alias("above")
    next_up = select(above.c.id, above.c.parent_id, above.c.code, above.c.title)
    whole = path.union_all(next_up.where(above.c.id == path.c.parent_id))
    return select(whole.c.code, whole.c.title)


# Built once, for building one takes ten times as long as asking it.
_DETAILS = Lookup(
    select(
        _d.kind,
        _d.result_kind,
        _d.definition,
        _d.method,
        _d.evidence_asked,
        _d.plan_node_id,
        _d.source_note,
    ).where(_d.indicator_id == bindparam("indicator"))
)
_AGENCIES = Lookup(select(_a.id, _a.code, _a.name_th, _a.name_en).where(among(_a.id, "agencies")))
_PATH = Lookup(_path())
_PEOPLE = Lookup(
    select(_g.role, _p.name, _p.email)
    .join_from(t.grants, t.people, _p.id == _g.person_id)
    .where(_g.agency_id == bindparam("agency"), one_of(_g.role, *_RESPONSIBLE))
    .order_by(_p.id)
)
_NAMES = Lookup(select(_p.id, _p.name).where(among(_p.id, "people")))


def dossier_of(connection: Connection, indicator: Indicator) -> Dossier:
    """Five statements, whatever the indicator holds."""
    row = _DETAILS.one(connection, {"indicator": indicator.id})
    wanted = [indicator.agency, indicator.workflow_owner or 0]
    agencies = {one.id: one for one in _AGENCIES.all(connection, {"agencies": wanted})}
    own, owner = agencies[indicator.agency], agencies.get(indicator.workflow_owner or 0)
    return Dossier(
        agency=Text(own.name_th, own.name_en),
        agency_code=own.code,
        owner=Text(owner.name_th, owner.name_en) if owner else None,
        details=Details(*row),
        plan=_plan(connection, row.plan_node_id),
        responsible=_responsible(connection, indicator.agency),
        names=names_of(connection, _doers(indicator)),
    )


def _plan(connection: Connection, node: int | None) -> tuple[PlanStep, ...]:
    if node is None:
        return ()
    rows = _PATH.all(connection, {"node": node})
    return tuple(PlanStep(*row) for row in reversed(rows))


def _responsible(connection: Connection, agency: int) -> tuple[Responsible, ...]:
    rows = _PEOPLE.all(connection, {"agency": agency})
    found = [Responsible(Role(role), name, email) for role, name, email in rows]
    return tuple(sorted(found, key=lambda one: _RESPONSIBLE.index(one.role)))


def _doers(indicator: Indicator) -> set[int]:
    """Everybody who recorded, decided, attached, wrote or judged something of the indicator."""
    found: set[int | None] = set()
    for fact in indicator.occurrences:
        found |= {fact.recorded_by, fact.approved_by, fact.voided_by}
    found.update(one.decided_by for one in indicator.decisions)
    found.update(one.granted_by for one in indicator.waivers)
    found.update(one.attached_by for one in indicator.evidence)
    for report in indicator.reports.values():
        found |= {report.written_by, report.submitted_by, report.endorsed_by}
        found.add(report.evaluation.evaluated_by if report.evaluation else None)
    return {one for one in found if one}


def names_of(connection: Connection, people: Collection[int]) -> dict[int, str]:
    """The names of these people."""
    rows = _NAMES.all(connection, {"people": list(people)})
    return {row.id: row.name for row in rows}
