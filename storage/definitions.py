"""The definitions that are kept, with how many indicators rest on each and where these stand."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from engine.workflow import Workflow
from storage import tables as t

_i, _w = t.indicators.c, t.workflow_versions.c


class Kept(NamedTuple):
    """A version of a definition as it is kept, and how many indicators rest on it."""

    id: int
    workflow: Workflow
    registered_at: datetime
    indicators: int


_RESTING = select(func.count()).where(_i.workflow_version_id == _w.id).scalar_subquery()
_KEPT = select(_w.id, _w.registered_at, _RESTING).order_by(_w.key, _w.version.desc())
Read = Callable[[int, Connection], Workflow]


def kept(connection: Connection, read: Read) -> list[Kept]:
    """Every version by key, the newest of each first; one that was not read yet is read."""
    return [
        Kept(number, read(number, connection), registered_at, indicators)
        for number, registered_at, indicators in connection.execute(_KEPT).all()
    ]


def standing(connection: Connection, version: int) -> dict[int, int]:
    """How many indicators on that version stand at each claimed level."""
    found = connection.execute(
        select(_i.claimed_level, func.count())
        .where(_i.workflow_version_id == version)
        .group_by(_i.claimed_level)
    )
    return {row.claimed_level: row[1] for row in found}


def behind(connection: Connection, workflow: Workflow, fiscal_year: int) -> list[str]:
    """The codes of the year's indicators that run on another version of the definition."""
    query = (
        select(_i.code)
        .join_from(t.indicators, t.workflow_versions, _w.id == _i.workflow_version_id)
        .where(_i.fiscal_year == fiscal_year, _w.key == workflow.key, _w.version != workflow.version)
        .order_by(_i.code)
    )
    return list(connection.execute(query).scalars())


def version_of(connection: Connection, indicator: int) -> int:
    """The number of the version on which the indicator runs."""
    return int(connection.execute(select(_i.workflow_version_id).where(_i.id == indicator)).scalar_one())
