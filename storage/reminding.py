"""What somebody is to be told: reminders and notices, written down once each."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from engine.permissions import Role
from engine.reminders import Owed, Subject, Topic
from engine.reminders.notices import Notice as NewNotice
from storage.among import among
from storage.bulk import add_once
from storage.outbox_tables import notices, reminders

_r, _n = reminders.c, notices.c

# --- reminders -------------------------------------------------------------------------------------------

_OWED = (
    "topic",
    "agency_id",
    "indicator_id",
    "key",
    "due_on",
    "step",
    "rule",
    "person_id",
    "role",
    "instead_of",
    "owed_on",
)


def add_owed(connection: Connection, owed: Iterable[Owed]) -> int:
    """Write down what is owed, each once; returns how much of it is new."""
    rows = [
        (str(topic), agency, indicator, key, due_on, step, rule, person, str(role), instead_of, owed_on)
        for (topic, agency, indicator, key, due_on, *_), step, person, role, owed_on, instead_of, rule in owed
    ]
    return add_once(connection, reminders, _OWED, rows)


class Reminder(NamedTuple):
    """A reminder as it was written down."""

    id: int
    subject: Subject
    step: int
    rule: str
    person: int
    role: Role
    instead_of: int | None
    owed_on: date
    message: int | None
    withdrawn_at: datetime | None


REMINDERS = select(
    _r.id,
    _r.topic,
    _r.agency_id,
    _r.indicator_id,
    _r.key,
    _r.due_on,
    _r.step,
    _r.rule,
    _r.person_id,
    _r.role,
    _r.instead_of,
    _r.owed_on,
    _r.message_id,
    _r.withdrawn_at,
)


def reminder_of(row: Any) -> Reminder:
    """A row of :data:`REMINDERS`; its subject has no workflow."""
    id_, topic, agency, indicator, key, due_on, step, rule, person, role, *rest = row
    return Reminder(
        id_, Subject(Topic(topic), agency, indicator, key, due_on), step, rule, person, Role(role), *rest
    )


_REMINDERS_IN = REMINDERS.where(among(_r.message_id, "messages"), _r.withdrawn_at.is_(None)).order_by(
    _r.due_on, _r.indicator_id, _r.key, _r.id
)


def reminders_in(connection: Connection, messages: Collection[int]) -> dict[int, list[Reminder]]:
    """What each of the messages is to tell, by due day, without what was withdrawn."""
    found: dict[int, list[Reminder]] = {message: [] for message in messages}
    for row in connection.execute(_REMINDERS_IN, {"messages": messages}).all():
        found[row.message_id].append(reminder_of(row))
    return found


def withdraw(connection: Connection, given: Collection[int], now: datetime) -> None:
    """The reminders of these ids need not be told any more."""
    connection.execute(
        update(reminders).where(_r.id.in_(given), _r.withdrawn_at.is_(None)).values(withdrawn_at=now)
    )


# --- notices ---------------------------------------------------------------------------------------------


class Notice(NamedTuple):
    """A notice as it was written down: somebody is to be told of an event of the indicator's journal."""

    id: int
    person: int
    indicator: int
    seq: int
    what: str
    message: int | None


NOTICES = select(_n.id, _n.person_id, _n.indicator_id, _n.seq, _n.what, _n.message_id)


def add_notices(connection: Connection, given: Iterable[NewNotice]) -> int:
    """Write down who is to be told of what happened, each once; returns how much of it is new."""
    rows = [(one.person, one.indicator, one.seq, str(one.what)) for one in given]
    return add_once(connection, notices, ("person_id", "indicator_id", "seq", "what"), rows)


_NOTICES_IN = NOTICES.where(among(_n.message_id, "messages")).order_by(_n.indicator_id, _n.seq)


def notices_in(connection: Connection, messages: Collection[int]) -> dict[int, list[Notice]]:
    """What each of the messages is to tell of, in the order in which it happened."""
    found: dict[int, list[Notice]] = {message: [] for message in messages}
    for row in connection.execute(_NOTICES_IN, {"messages": messages}).all():
        found[row.message_id].append(Notice(*row))
    return found
