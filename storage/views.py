"""What pages and lists read: plain statements over stored columns, no engine objects."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Integer, and_, bindparam, func, literal_column, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from storage import tables as t
from storage.asking import Lookup
from storage.journal import Entry
from storage.types import instant_text

_i = t.indicators.c

# Long reads: closed where they end, for whoever reads them may stop early.
_IN_PORTIONS = {"yield_per": 1000}


def codes(connection: Connection) -> dict[int, str]:
    """The code of every indicator by its id."""
    return {row.id: row.code for row in connection.execute(select(_i.id, _i.code))}


#: Written out, for PostgreSQL groups by what it knows to be the same.
_NO_LEVEL = literal_column("0", Integer)


def level_at_quarter(basis: str, quarter: int) -> ColumnElement[int | None]:
    """The level at a quarter's end: a quarter in which nothing was written keeps the level before it."""
    trail = [_i[f"{basis}_q{number}"] for number in range(quarter, 0, -1)]
    return func.coalesce(*trail, _NO_LEVEL)


def level_counts(connection: Connection, fiscal_year: int) -> dict[int, int]:
    """How many indicators of the year stand at each claimed level: one scan of stored columns."""
    found = connection.execute(
        select(_i.claimed_level, func.count())
        .where(_i.fiscal_year == fiscal_year)
        .group_by(_i.claimed_level)
        .order_by(_i.claimed_level)
    )
    return {row[0]: row[1] for row in found}


@dataclass(frozen=True, slots=True)
class Progress:
    """One indicator of an agency with its levels at the end of a quarter."""

    code: str
    claimed: int
    verified: int
    next_due_on: date | None


def agency_quarter(connection: Connection, agency: int, fiscal_year: int, quarter: int) -> list[Progress]:
    """One agency's indicators at one quarter, by code."""
    found = connection.execute(
        select(
            _i.code,
            level_at_quarter("claimed", quarter),
            level_at_quarter("verified", quarter),
            _i.next_due_on,
        )
        .where(_i.fiscal_year == fiscal_year, _i.agency_id == agency)
        .order_by(_i.code)
    )
    return [Progress(*row) for row in found]


def years_of(connection: Connection, code: str) -> list[int]:
    """The fiscal years in which the code is used, oldest first."""
    found = connection.execute(select(_i.fiscal_year).where(_i.code == code).order_by(_i.fiscal_year))
    return list(found.scalars())


def due_for_refresh(connection: Connection, today: date) -> list[tuple[str, int]]:
    """(code, fiscal year) of the indicators whose stored level changes by itself on or before ``today``."""
    found = connection.execute(
        select(_i.code, _i.fiscal_year).where(_i.changes_on <= today).order_by(_i.fiscal_year, _i.code)
    )
    return [(row.code, row.fiscal_year) for row in found]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event with the name of whoever did it."""

    entry: Entry
    by: str


_j, _p = t.journal.c, t.people.c
_HISTORY = Lookup(
    select(*t.journal.columns, _p.name)
    .join_from(t.journal, t.people, _j.by == _p.id, isouter=True)
    .where(_j.stream == bindparam("stream"))
    .order_by(_j.seq)
)


def history(connection: Connection, stream: int) -> list[HistoryLine]:
    """The events of one stream of the journal, oldest first."""
    found = _HISTORY.all(connection, {"stream": stream})
    return [HistoryLine(Entry(*row[:-1]), row[-1] or "") for row in found]


class Asked(NamedTuple):
    """What of a stream is asked for: a kind, a time, what lies before a number; ``None`` for any."""

    what: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def browse(connection: Connection, stream: int, asked: Asked, limit: int) -> list[HistoryLine]:
    """The events of one stream that are asked for, the newest first."""
    query = (
        select(*t.journal.columns, _p.name)
        .join_from(t.journal, t.people, _j.by == _p.id, isouter=True)
        .where(_j.stream == stream)
        .order_by(_j.seq.desc())
        .limit(limit)
    )
    if asked.what is not None:
        query = query.where(_j.what == asked.what)
    if asked.since is not None:
        query = query.where(_j.at >= instant_text(asked.since))
    if asked.until is not None:
        query = query.where(_j.at < instant_text(asked.until))
    if asked.before is not None:
        query = query.where(_j.seq < asked.before)
    return [HistoryLine(Entry(*row[:-1]), row[-1] or "") for row in connection.execute(query)]


def names_of(connection: Connection, people: Collection[int]) -> dict[int, str]:
    """The names of these people."""
    found = connection.execute(select(_p.id, _p.name).where(_p.id.in_(people)))
    return {row.id: row.name for row in found}


def journal_ends(connection: Connection) -> Iterator[tuple[int, str, int, str]]:
    """(stream, code, number of events, head) as their owners say: the city first, then indicators by id."""
    for city in connection.execute(select(t.city.c.journal_seq, t.city.c.journal_head)):
        yield t.CITY, "", city.journal_seq, city.journal_head
    query = select(_i.id, _i.code, _i.journal_seq, _i.journal_head).order_by(_i.id)
    with connection.execute(query, execution_options=_IN_PORTIONS) as rows:
        for row in rows:
            yield row.id, row.code, row.journal_seq, row.journal_head


def last_changes(connection: Connection) -> Iterator[tuple[int, str]]:
    """(stream, instant) of the event in which each indicator's history ends, by id."""
    j = t.journal.c
    query = (
        select(j.stream, j.at)
        .join_from(t.indicators, t.journal, and_(j.stream == _i.id, j.seq == _i.journal_seq))
        .order_by(_i.id)
    )
    with connection.execute(query, execution_options=_IN_PORTIONS) as rows:
        for row in rows:
            yield row.stream, row.at


def journal_entries(connection: Connection) -> Iterator[Entry]:
    """The whole journal by stream and number, read in portions."""
    query = select(*t.journal.columns).order_by(t.journal.c.stream, t.journal.c.seq)
    with connection.execute(query, execution_options=_IN_PORTIONS) as rows:
        for row in rows:
            yield Entry(*row)
