"""Who was told what, when, and with which result: the queue as lists and pages show it."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.engine import Connection

from engine.errors import refuse
from engine.outbox import TROUBLED as TROUBLED_STATES
from engine.outbox import State
from storage.asking import Lookup
from storage.outbox_tables import TROUBLED, notices, outbox, outbox_log, reminders
from storage.reminding import NOTICES, REMINDERS, Notice, Reminder, reminder_of
from storage.tables import people

_o, _r, _n, _p = outbox.c, reminders.c, notices.c, people.c


class Message(NamedTuple):
    """A message as lists show it; what was sent is :func:`content_of`."""

    id: int
    key: str
    channel: str
    kind: str
    person: int | None
    state: str
    not_before: datetime
    created_at: datetime
    attempts: int
    message_ref: str
    to_address: str
    subject: str
    answer: str
    sent_at: datetime | None


_MESSAGE = (
    _o.id,
    _o.key,
    _o.channel,
    _o.kind,
    _o.person_id,
    _o.state,
    _o.not_before,
    _o.created_at,
    _o.attempts,
    _o.message_ref,
    _o.to_address,
    _o.subject,
    _o.answer,
    _o.sent_at,
)


def messages(
    connection: Connection,
    states: Collection[State] = tuple(State),
    *,
    person: int | None = None,
    endpoint: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Message]:
    """The newest messages in these states (to one person), those before the id ``before``.

    Or those to the ``endpoint`` of a program: those are among no others.
    """
    query = select(*_MESSAGE).where(_o.state.in_(map(str, states))).order_by(_o.id.desc()).limit(limit)
    query = query.where(_o.endpoint_id == endpoint if endpoint else _o.endpoint_id.is_(None))
    if set(states) <= TROUBLED_STATES:
        query = query.where(TROUBLED)  # which has an index of its own
    if person is not None:
        query = query.where(_o.person_id == person)
    if before is not None:
        query = query.where(_o.id < before)
    return [Message._make(row) for row in connection.execute(query)]


def message_of(connection: Connection, message: int) -> Message:
    """The message of that id; refused as ``message.unknown``."""
    row = connection.execute(select(*_MESSAGE).where(_o.id == message)).one_or_none()
    if row is None:
        raise refuse("message.unknown", number=message)
    return Message._make(row)


def content_of(connection: Connection, message: int) -> bytes | None:
    """What was sent last, word for word; ``None`` when sending has not begun."""
    return connection.execute(select(_o.content).where(_o.id == message)).scalar_one_or_none()


def counts(connection: Connection) -> dict[State, int]:
    """How many messages to people are in each state; states without any are left out."""
    query = select(_o.state, func.count()).where(_o.endpoint_id.is_(None)).group_by(_o.state)
    found = connection.execute(query)
    return {State(row[0]): row[1] for row in found}


class Logged(NamedTuple):
    """One step of a message."""

    at: datetime
    what: str
    detail: str


def log_of(connection: Connection, message: int) -> list[Logged]:
    """What happened to the message, oldest first."""
    log = outbox_log.c
    query = select(log.at, log.what, log.detail).where(log.message_id == message).order_by(log.id)
    return [Logged(*row) for row in connection.execute(query)]


class Told(NamedTuple):
    """Somebody was told something, or is to be told it: a reminder or a notice, and what became of it.

    ``result`` is ``None`` while no message holds it.
    """

    name: str
    about: Reminder | Notice
    result: Message | None


#: More than anybody was ever told of one thing.
_ALL = 1_000_000


def told(
    connection: Connection, indicator: int, agency: int | None = None, last: int | None = None
) -> list[Told]:
    """What was told of an indicator; with its agency also of the agency's extensions, which have none.

    With ``last`` only the newest of each kind: so many reminders and so many notices.
    """
    given = {"indicator": indicator, "agency": agency or 0, "last": last or _ALL}
    return _told(connection, _REMINDED_OF, _NOTIFIED_OF, given)


def told_to(connection: Connection, person: int) -> list[Told]:
    """What a person was told."""
    return _told(connection, _REMINDED, _NOTIFIED, {"person": person, "last": _ALL})


def _told(connection: Connection, reminded: Lookup, notified: Lookup, given: dict[str, Any]) -> list[Told]:
    """In the order of the messages; what waits for one comes last."""
    found = []
    for row, name, result in _with_results(connection, reminded, given):
        found.append(Told(name, reminder_of(row), result))
    for row, name, result in _with_results(connection, notified, given):
        found.append(Told(name, Notice._make(row), result))
    return sorted(found, key=lambda one: (one.result is None, one.result.id if one.result else 0))


def _with_results(
    connection: Connection, query: Lookup, given: dict[str, Any]
) -> Iterator[tuple[tuple[Any, ...], str, Message | None]]:
    """Each row of the query, oldest first, with the name of its person and the message that holds it."""
    for row in reversed(query.all(connection, given)):
        width = len(row) - 1 - len(_MESSAGE)
        own, name, result = tuple(row[:width]), row[width], row[width + 1 :]
        yield own, name, None if result[0] is None else Message._make(result)


def _results_of(query: Select[Any], table: Table, condition: ColumnElement[bool]) -> Lookup:
    """The rows that fulfil the condition, newest first."""
    return Lookup(
        query.add_columns(_p.name, *_MESSAGE)
        .join_from(table, people, _p.id == table.c.person_id)
        .join(outbox, _o.id == table.c.message_id, isouter=True)
        .where(condition)
        .order_by(table.c.id.desc())
        .limit(bindparam("last"))
    )


_REMINDED_OF = _results_of(
    REMINDERS,
    reminders,
    or_(
        _r.indicator_id == bindparam("indicator"),
        and_(_r.indicator_id == literal_column("0"), _r.agency_id == bindparam("agency")),
    ),
)
_NOTIFIED_OF = _results_of(NOTICES, notices, _n.indicator_id == bindparam("indicator"))
_REMINDED = _results_of(REMINDERS, reminders, _r.person_id == bindparam("person"))
_NOTIFIED = _results_of(NOTICES, notices, _n.person_id == bindparam("person"))
