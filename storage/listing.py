"""The indicators of a year as a list by code, page by page behind the last code that was told."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from storage import tables as t
from storage.narrowing import YEAR, Moment, Wanted, conditions_of, of_agencies

_i, _d, _a, _w = t.indicators.c, t.indicator_details.c, t.agencies.c, t.workflow_versions.c
_ROWS = (
    select(
        _i.code,
        _i.fiscal_year,
        _i.agency_id,
        _a.code,
        _a.name_th,
        _a.name_en,
        _d.title_th,
        _d.title_en,
        _d.unit,
        _w.key,
        _i.target,
        _i.life,
        _i.claimed_level,
        _i.claimed_fraction,
        _i.verified_level,
        _i.next_due_on,
        _i.version,
    )
    .join_from(t.indicators, t.indicator_details, _d.indicator_id == _i.id)
    .join(t.agencies, _a.id == _i.agency_id)
    .join(t.workflow_versions, _w.id == _i.workflow_version_id)
    .where(_i.fiscal_year == YEAR)
    .order_by(_i.code)
)


class Listed(NamedTuple):
    """An indicator as lists have it; ``fiscal_year`` is that of the Common Era."""

    code: str
    fiscal_year: int
    agency: int
    agency_code: str | None
    agency_th: str
    agency_en: str
    title_th: str
    title_en: str
    unit: str
    workflow: str
    target: Decimal | None
    life: str
    claimed: int
    claimed_fraction: float
    verified: int
    next_due_on: date | None
    version: int


def listed(
    connection: Connection, fiscal_year: int, wanted: Wanted, moment: Moment, after: str, limit: int
) -> Sequence[Listed]:
    """At most so many of those that are wanted, with codes behind that one: one statement."""
    query = _ROWS.where(
        *conditions_of(None, wanted, moment), *of_agencies(wanted, t.agencies), _i.code > after
    )
    given = {"year": fiscal_year, "reported": moment.reported, "today": moment.today}
    return [Listed._make(row) for row in connection.execute(query.limit(limit), given)]
