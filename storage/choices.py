"""What the matrix may be narrowed by: years, the city's plan, groups of agencies, definitions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Connection

from engine.workflow import Text
from storage import tables as t

_i, _a, _w, _n = t.indicators.c, t.agencies.c, t.workflow_versions.c, t.plan_nodes.c


class PlanPlace(NamedTuple):
    """A place in the city's plan, with how deep it lies."""

    id: int
    code: str
    title: str
    depth: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from: years, places in the plan, agencies with others below, definitions."""

    years: tuple[int, ...]
    plan: tuple[PlanPlace, ...]
    groups: tuple[tuple[int, Text], ...]
    versions: Mapping[int, str]


def choices(connection: Connection) -> Choices:
    """What the matrix may be narrowed by, whoever looks: four small statements."""
    nodes = connection.execute(_NODES).all()
    above = {row.id: row.parent_id for row in nodes}
    return Choices(
        tuple(connection.execute(_YEARS).scalars()),
        tuple(PlanPlace(row.id, row.code, row.title, _depth(row.id, above)) for row in nodes),
        tuple((row.id, Text(row.name_th, row.name_en)) for row in connection.execute(_GROUPS)),
        {row.id: row.key for row in connection.execute(_KEYS)},
    )


def _depth(node: int, above: Mapping[int, int | None]) -> int:
    depth, at = 0, above.get(node)
    while at is not None and depth < len(above):
        depth, at = depth + 1, above.get(at)
    return depth


def _years() -> Select[Any]:
    """From the newest year to the next older one, and so on: a step of an index for each, not a scan."""
    newest = select(func.max(_i.fiscal_year).label("year")).cte("years", recursive=True)
    older = (
        select(func.max(_i.fiscal_year)).where(_i.fiscal_year < newest.c.year).correlate(newest)
    ).scalar_subquery()
    years = newest.union_all(select(older).where(newest.c.year.is_not(None)))
    return select(years.c.year).where(years.c.year.is_not(None)).order_by(years.c.year.desc())


_YEARS = _years()
_NODES = select(_n.id, _n.parent_id, _n.code, _n.title).order_by(_n.code)
_parent = t.agencies.alias("parent")
_GROUPS = (
    select(_parent.c.id, _parent.c.name_th, _parent.c.name_en)
    .where(_parent.c.id.in_(select(_a.parent_id).where(_a.parent_id.is_not(None))))
    .order_by(_parent.c.name_th)
)
_KEYS = select(_w.id, _w.key).order_by(_w.key, _w.version)
