"""What is rolled up along the trees of the city: its nodes, and how many indicators count alike at each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Column, Select, func, select
from sqlalchemy.engine import Connection

from engine.indicator import Life
from engine.levels import Basis
from engine.permissions import Person
from engine.scores import Method, Place, RollUp, leaf_of, roll_up, tree_of
from engine.workflow import Text, Workflow
from storage import tables as t
from storage.contents import Workflows
from storage.desk import seen_by
from storage.narrowing import level_of_cell

_i, _d, _a, _n = t.indicators.c, t.indicator_details.c, t.agencies.c, t.plan_nodes.c

#: The key of the city itself, and the place of indicators that are in no plan.
ROOT = ""
NOWHERE = "none"


class Tree(StrEnum):
    """Along which tree the city is rolled up."""

    PLAN = "plan"
    AGENCIES = "agencies"


class Node(NamedTuple):
    """A node of a tree with its name; a node of the plan has a code, an agency may have one."""

    place: Place
    code: str
    title: Text


@dataclass(frozen=True, slots=True)
class Alike:
    """So many indicators of a place that stand at one level and count alike."""

    place: str
    level: int
    life: str
    workflow: Workflow
    target: Decimal | None
    weight: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """One indicator as a tree shows it."""

    id: int
    code: str
    title: Text
    agency: Text
    level: int
    life: str
    workflow: Workflow
    target: Decimal | None
    weight: Decimal


_AGENCIES = select(_a.id, _a.parent_id, _a.code, _a.name_th, _a.name_en).order_by(
    _a.kind.desc(), _a.code.nulls_last(), _a.id
)
_PLAN = select(_n.id, _n.parent_id, _n.code, _n.title)


def nodes(connection: Connection, tree: Tree) -> list[Node]:
    """Every node of the tree, siblings in the order in which they are shown: one statement."""
    if tree is Tree.AGENCIES:
        return [
            Node(_place(row), row.code or "", Text(row.name_th, row.name_en))
            for row in connection.execute(_AGENCIES)
        ]
    rows = sorted(connection.execute(_PLAN), key=lambda row: [(len(one), one) for one in row.code.split(".")])
    return [Node(_place(row), row.code, Text(row.title, row.title)) for row in rows]


def _place(row: Any) -> Place:
    return Place(str(row.id), None if row.parent_id is None else str(row.parent_id))


#: In the order of the index that holds all of it, so that a million rows are counted as they come.
_COUNTED = (_i.life, _i.workflow_version_id, _i.target, _i.weight)
_PLACES: Mapping[Tree, Column[int]] = {Tree.AGENCIES: _i.agency_id, Tree.PLAN: _d.plan_node_id}


def alike(
    connection: Connection,
    workflows: Workflows,
    person: Person,
    fiscal_year: int,
    tree: Tree,
    basis: Basis,
    quarter: int | None,
) -> list[Alike]:
    """What the person may see of the year, counted by place and by all that a roll-up asks: one statement.

    Cancelled indicators count nowhere.
    """
    keys = [level_of_cell(basis, quarter).label("level"), *_COUNTED, _PLACES[tree].label("place")]
    query = _of_year(select(*keys, func.count().label("times")), person, fiscal_year).group_by(*keys)
    if tree is Tree.PLAN:
        query = query.join_from(t.indicators, t.indicator_details)
    return [
        Alike(
            str(row.place or NOWHERE),
            row.level,
            row.life,
            workflows(row.workflow_version_id, connection),
            row.target,
            row.weight,
            row.times,
        )
        for row in connection.execute(query).all()
    ]


def _of_year(query: Select[Any], person: Person, fiscal_year: int) -> Select[Any]:
    return seen_by(query, person).where(_i.fiscal_year == fiscal_year, _i.life != Life.CANCELLED)


def rolled(names: Iterable[Node], counted: Iterable[Alike], method: Method, *, begun: bool = True) -> RollUp:
    """The tree rolled up; of a time that has not begun the levels are missing."""
    places = [*(one.place for one in names), Place(NOWHERE, None)]
    leaves = (
        (
            one.place,
            leaf_of(
                one.place,
                one.level if begun else None,
                one.workflow,
                one.target,
                weight=one.weight,
                life=one.life,
                times=one.count,
            ),
        )
        for one in counted
    )
    return roll_up(tree_of(ROOT, places, leaves), method)


def leaves_at(
    connection: Connection,
    workflows: Workflows,
    person: Person,
    fiscal_year: int,
    tree: Tree,
    place: str,
    basis: Basis,
    quarter: int | None,
    most: int,
) -> list[Leaf]:
    """The indicators right at a place, by agency and code, at most so many: one statement."""
    at = _PLACES[tree]
    query = (
        select(
            _i.id,
            _i.code,
            _d.title_th,
            _d.title_en,
            _a.name_th,
            _a.name_en,
            level_of_cell(basis, quarter).label("level"),
            _i.life,
            _i.workflow_version_id,
            _i.target,
            _i.weight,
        )
        .join_from(t.indicators, t.indicator_details)
        .join(t.agencies, _a.id == _i.agency_id)
        .where(at.is_(None) if place == NOWHERE else at == int(place))
        .order_by(_a.code.nulls_last(), _i.agency_id, _i.code)
        .limit(most)
    )
    return [
        Leaf(
            row.id,
            row.code,
            Text(row.title_th, row.title_en),
            Text(row.name_th, row.name_en),
            row.level,
            row.life,
            workflows(row.workflow_version_id, connection),
            row.target,
            row.weight,
        )
        for row in connection.execute(_of_year(query, person, fiscal_year)).all()
    ]
