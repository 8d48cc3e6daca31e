"""What of a year is looked at when its indicators are carried over, besides the records themselves."""

import json
from datetime import date

from sqlalchemy import select
from sqlalchemy.engine import Connection

from engine.carry_over import LastYear
from engine.events import Happened
from engine.permissions import Role
from engine.quarter import FiscalYear
from engine.records import Kind
from storage import tables as t
from storage.kept_records import Kept

_i, _j, _w, _g = t.indicators.c, t.journal.c, t.waivers.c, t.grants.c


def read(connection: Connection, year: FiscalYear, kept: Kept) -> LastYear:
    """Why indicators were cancelled, what was waived at the year's end, and which agencies are served."""
    cancelled = {
        row.code: str(json.loads(row.data).get("reason", ""))
        for row in connection.execute(
            select(_i.code, _j.data)
            .join_from(t.indicators, t.journal, _j.stream == _i.id)
            .where(_i.fiscal_year == year.year, _j.what == str(Happened.INDICATOR_CANCELLED))
            .order_by(_i.code, _j.seq)
        )
    }
    waived: dict[str, list[tuple[str, date]]] = {}
    for row in connection.execute(
        select(_i.code, _w.milestone, _w.expires_on)
        .join_from(t.waivers, t.indicators)
        .where(_i.fiscal_year == year.year, _w.withdrawn_at.is_(None))
        .order_by(_i.code, _w.number)
    ):
        waived.setdefault(row.code, []).append((row.milestone, row.expires_on))
    ids = set(
        connection.execute(select(_g.agency_id).where(_g.role.in_([Role.COORDINATOR, Role.DEPUTY]))).scalars()
    )
    served = {one.key for one in kept.of(Kind.AGENCY) if kept.ids[one.name] in ids}
    return LastYear(kept.lives, cancelled, waived, served)
