"""How far the days were swept and the journals told: what a tick begins with, and what it leaves."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.engine import Connection

from storage import search_index
from storage import tables as t
from storage.journal import Entry

_c, _i, _j = t.city.c, t.indicators.c, t.journal.c
_PORTION = 500


_SWEPT_ON = select(_c.swept_on)
_SWEPT = update(t.city).values(swept_on=bindparam("day"))


def swept_on(connection: Connection) -> date | None:
    """The last day whose reminders were all written down; ``None`` when none was."""
    day: date | None = connection.execute(_SWEPT_ON).scalar_one()
    return day


def move_swept_on(connection: Connection, day: date) -> None:
    """Say so in the transaction that writes the last reminders of the day."""
    connection.execute(_SWEPT, {"day": day})


class Untold(NamedTuple):
    """A stream of the journal that was told up to event ``told`` and has events up to ``last``.

    ``stream`` is an indicator's id, or 0 for the city, which has no agency.
    """

    stream: int
    agency: int | None
    told: int
    last: int


_UNTOLD = (
    select(_i.id, _i.agency_id, _i.told_seq, _i.journal_seq)
    .where(t.UNTOLD)
    .order_by(_i.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, key_share=True)
)
_UNTOLD_OF_CITY = (
    select(_c.told_seq, _c.journal_seq)
    .where(_c.journal_seq > _c.told_seq)
    .with_for_update(skip_locked=True, key_share=True)
)


def untold(connection: Connection, limit: int = _PORTION) -> list[Untold]:
    """Indicators with events that nobody was told of, by id; at most ``limit`` of them.

    On PostgreSQL they are the caller's until the transaction ends; those that somebody is just writing to, or
    telling of, are passed by: waiting for them could make a circle.
    """
    return [Untold(*row) for row in connection.execute(_UNTOLD, {"limit": limit})]


def untold_of_city(connection: Connection) -> Untold | None:
    """The city's own stream, if it has such events and nobody is writing to it."""
    row = connection.execute(_UNTOLD_OF_CITY).one_or_none()
    return None if row is None else Untold(t.CITY, None, *row)


_EVENTS = {
    False: select(*t.journal.columns)
    .join_from(t.indicators, t.journal, and_(_j.stream == _i.id, _j.seq > _i.told_seq))
    .where(_i.id.in_(bindparam("streams", expanding=True)))
    .order_by(_j.stream, _j.seq),
    True: select(*t.journal.columns)
    .join_from(
        t.city, t.journal, and_(_j.stream.in_(bindparam("streams", expanding=True)), _j.seq > _c.told_seq)
    )
    .order_by(_j.seq),
}


def events_of(connection: Connection, streams: Collection[Untold]) -> Iterator[Entry]:
    """The untold events of these streams, stream by stream in the order in which they happened."""
    given = sorted(streams)
    for first in range(0, len(given), _PORTION):
        some = {one.stream: one for one in given[first : first + _PORTION]}
        for of_city in (True, False):
            asked = [stream for stream in some if (stream == t.CITY) is of_city]
            if asked:
                for row in connection.execute(_EVENTS[of_city], {"streams": asked}):
                    if row.seq <= some[row.stream].last:
                        yield Entry(*row)


_OF_INDICATOR = (
    update(t.indicators)
    .where(and_(_i.id == bindparam("stream"), _i.told_seq < bindparam("seq")))
    .values(told_seq=bindparam("seq"))
)
_OF_CITY = update(t.city).where(_c.told_seq < bindparam("seq")).values(told_seq=bindparam("seq"))


def mark_told(connection: Connection, streams: Collection[Untold]) -> None:
    """Everything up to the ``last`` event of each stream was told; nothing is ever told less than before.

    The facts of these indicators no longer wait to be found.
    """
    rows = [{"stream": one.stream, "seq": one.last} for one in sorted(streams) if one.stream != t.CITY]
    if rows:
        search_index.take_facts(connection, [row["stream"] for row in rows])
        connection.execute(_OF_INDICATOR, rows)
    for city in (one for one in streams if one.stream == t.CITY):
        connection.execute(_OF_CITY, {"seq": city.last})


def call_told(connection: Connection) -> None:
    """Let all that has happened count as told: a city that is filled with its past sends no news of it."""
    while streams := untold(connection):
        mark_told(connection, streams)
    connection.execute(update(t.city).values(told_seq=_c.journal_seq))
