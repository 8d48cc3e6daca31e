"""What the page of one indicator reads besides the indicator itself: its texts, its people, who did what."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from engine.indicator import Indicator
from engine.permissions import Role
from engine.workflow import Text
from storage import tables as t
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


def dossier_of(connection: Connection, indicator: Indicator) -> Dossier:
    """Five statements, whatever the indicator holds."""
    row = connection.execute(
        select(
            _d.kind,
            _d.result_kind,
            _d.definition,
            _d.method,
            _d.evidence_asked,
            _d.plan_node_id,
            _d.source_note,
        ).where(_d.indicator_id == indicator.id)
    ).one()
    agencies = {
        one.id: one
        for one in connection.execute(
            select(_a.id, _a.code, _a.name_th, _a.name_en).where(
                _a.id.in_([indicator.agency, indicator.workflow_owner or 0])
            )
        )
    }
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
    start = select(_n.id, _n.parent_id, _n.code, _n.title).where(_n.id == node).cte("path", recursive=True)
    above = t.plan_nodes.alias("above")
    path = start.union_all(
        select(above.c.id, above.c.parent_id, above.c.code, above.c.title).where(
            above.c.id == start.c.parent_id
        )
    )
    rows = connection.execute(select(path.c.code, path.c.title)).all()
    return tuple(PlanStep(*row) for row in reversed(rows))


def _responsible(connection: Connection, agency: int) -> tuple[Responsible, ...]:
    rows = connection.execute(
        select(_g.role, _p.name, _p.email)
        .join_from(t.grants, t.people, _p.id == _g.person_id)
        .where(_g.agency_id == agency, _g.role.in_(map(str, _RESPONSIBLE)))
        .order_by(_p.id)
    )
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
    rows = connection.execute(select(_p.id, _p.name).where(_p.id.in_(people)))
    return {row.id: row.name for row in rows}
