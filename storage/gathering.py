"""From what somebody is to be told to messages: one digest a person and day, and news as it comes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from sqlalchemy import ColumnElement, Table, and_, bindparam, exists, select, update
from sqlalchemy.engine import Connection

from engine.outbox import NewMessage, Step
from storage.outbox import enqueue, merge
from storage.outbox_tables import PENDING, UNSAID, WAITING, notices, outbox, outbox_log, reminders

_r, _n, _o, _l = reminders.c, notices.c, outbox.c, outbox_log.c
#: How many messages are looked for at once.
_PORTION = 500
DIGEST = "digest"


def waiting_people(connection: Connection, through: date) -> list[int]:
    """Who has reminders in no message yet that are owed by that day, by id."""
    query = select(_r.person_id).distinct().where(WAITING, _r.owed_on <= through).order_by(_r.person_id)
    return list(connection.execute(query).scalars())


def notified_people(connection: Connection) -> list[int]:
    """Who has notices in no message yet, by id."""
    query = select(_n.person_id).distinct().where(UNSAID).order_by(_n.person_id)
    return list(connection.execute(query).scalars())


def gather(connection: Connection, digests: Iterable[NewMessage], through: date, now: datetime) -> int:
    """Put each person's reminders owed by that day into their digest; returns how many digests took some.

    A message whose sending has begun takes nothing, not even when it is to be sent again: it may have arrived
    without. What waits for its person then waits for the next one. What an earlier digest has certainly not
    told them yet goes along, so that a server that was down brings nobody two mails on one day.
    """
    waiting = and_(WAITING, _r.owed_on <= through)
    taken = _gather(connection, reminders, waiting, digests, now)
    _take_along(connection, taken, now)
    return len(taken)


def gather_notices(connection: Connection, messages: Iterable[NewMessage], now: datetime) -> int:
    """Put each person's notices into their message; returns how many messages took some."""
    return len(_gather(connection, notices, UNSAID, messages, now))


def _gather(
    connection: Connection,
    table: Table,
    waiting: ColumnElement[bool],
    messages: Iterable[NewMessage],
    now: datetime,
) -> dict[int, int]:
    """The messages that took something, by person."""
    new = list(messages)
    enqueue(connection, new, now)
    take = (
        update(table)
        .where(waiting, table.c.person_id == bindparam("person"))
        .values(message_id=bindparam("message"))
    )
    return {
        person: message
        for message, person in _pending(connection, [one.key for one in new])
        if connection.execute(take, {"person": person, "message": message}).rowcount > 0
    }


_IN_DOUBT = exists().where(_l.message_id == _o.id, _l.what == Step.UNCERTAIN)
_MOVE = (
    update(reminders)
    .where(_r.message_id == bindparam("earlier"), _r.withdrawn_at.is_(None))
    .values(message_id=bindparam("later"))
)
#: It is given up by the age of the oldest thing that it tells.
_AGE = (
    update(outbox)
    .where(_o.id == bindparam("later"), _o.created_at > bindparam("since", type_=_o.created_at.type))
    .values(created_at=bindparam("since", type_=_o.created_at.type))
)


def _take_along(connection: Connection, digests: Mapping[int, int], now: datetime) -> None:
    """Merge what earlier digests of these people still wait with, unless one of them may have arrived."""
    people = sorted(digests)
    for first in range(0, len(people), _PORTION):
        some = people[first : first + _PORTION]
        query = select(_o.id, _o.person_id, _o.created_at).where(
            PENDING,
            _o.kind == DIGEST,
            _o.person_id.in_(some),
            _o.id.not_in([digests[person] for person in some]),
            ~_IN_DOUBT,
        )
        locked = query.order_by(_o.id).with_for_update(skip_locked=True, of=outbox)
        found = connection.execute(locked).all()
        for row in found:
            later = digests[row.person_id]
            connection.execute(_MOVE, {"earlier": row.id, "later": later})
            connection.execute(_AGE, {"later": later, "since": row.created_at})
        merge(connection, {row.id: digests[row.person_id] for row in found}, now)


def _pending(connection: Connection, keys: list[str]) -> Iterator[tuple[int, int]]:
    """(id, person) of those that were never sent and that nobody can claim until this transaction ends."""
    for first in range(0, len(keys), _PORTION):
        query = select(_o.id, _o.person_id).where(
            _o.key.in_(keys[first : first + _PORTION]),
            PENDING,
            _o.attempts == 0,
            _o.person_id.is_not(None),
        )
        for row in connection.execute(query.order_by(_o.id).with_for_update(skip_locked=True)).all():
            yield row.id, row.person_id
