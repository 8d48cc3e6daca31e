"""Drafts: what a person has typed of a quarter's report and not said yet, kept for them alone."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from storage import tables as t
from storage.statements import upsert

_d = t.drafts.c


class Draft(NamedTuple):
    """The text and the number as they were typed, and when."""

    narrative: str
    self_reported: str
    saved_at: datetime


def draft(connection: Connection, person: int, indicator: int, quarter: int) -> Draft | None:
    """What the person has typed, if they have."""
    row = connection.execute(
        select(_d.narrative, _d.self_reported, _d.saved_at).where(
            _d.person_id == person, _d.indicator_id == indicator, _d.quarter == quarter
        )
    ).one_or_none()
    return None if row is None else Draft(*row)


def keep(connection: Connection, person: int, indicator: int, quarter: int, typed: Draft) -> None:
    """Keep what was typed instead of what was typed before."""
    key = {"person_id": person, "indicator_id": indicator, "quarter": quarter}
    connection.execute(upsert(t.drafts, connection.dialect), {**key, **typed._asdict()})


def forget(connection: Connection, person: int, indicator: int, quarter: int) -> None:
    """It has been said, or is not to be."""
    gone = delete(t.drafts).where(_d.person_id == person, _d.indicator_id == indicator, _d.quarter == quarter)
    connection.execute(gone)
