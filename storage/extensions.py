"""The extensions that agencies were given: who granted each, when, why, and until which day."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from storage import tables as t

_e, _p = t.extensions.c, t.people.c


class Granted(NamedTuple):
    """An agency has longer for a quarter."""

    agency: int
    quarter: int
    until: date
    reason: str
    at: datetime
    by: str


def granted(connection: Connection, fiscal_year: int) -> list[Granted]:
    """Every extension of the year, by quarter and agency."""
    query = (
        select(_e.agency_id, _e.quarter, _e.until_on, _e.reason, _e.granted_at, _p.name)
        .join_from(t.extensions, t.people, _p.id == _e.granted_by)
        .where(_e.fiscal_year == fiscal_year)
        .order_by(_e.quarter, _e.agency_id)
    )
    return [Granted(*row) for row in connection.execute(query)]
