"""What people answered to reminders, and the links in mails by which they did."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import bindparam, insert, select
from sqlalchemy.engine import Connection

from engine.reminders import Quiet, QuietKey, Subject, Topic
from storage import tables as t
from storage.outbox_tables import quiets, used_links
from storage.statements import insert_once

_q = quiets.c


def acknowledge(connection: Connection, person: int, subject: Subject, now: datetime) -> None:
    """The person has seen it and is on it: they are not told again before the due day."""
    _answer(connection, person, subject, subject.due_on, now, snoozed=False)


def snooze(connection: Connection, person: int, subject: Subject, until: date, now: datetime) -> None:
    """The person wants to be told again on that day, and not before."""
    _answer(connection, person, subject, until, now, snoozed=True)


def _answer(
    connection: Connection, person: int, subject: Subject, until: date, now: datetime, *, snoozed: bool
) -> None:
    connection.execute(
        insert(quiets).values(
            person_id=person,
            topic=str(subject.topic),
            agency_id=subject.agency,
            indicator_id=subject.indicator,
            key=subject.key,
            due_on=subject.due_on,
            until_on=until,
            snoozed=snoozed,
            at=now,
        )
    )


_ANSWERS = (
    select(
        _q.person_id,
        _q.topic,
        _q.agency_id,
        _q.indicator_id,
        _q.key,
        _q.due_on,
        _q.until_on,
        _q.snoozed,
    )
    .where(_q.due_on >= bindparam("due_from"))
    .order_by(_q.id)
)


def answers(
    connection: Connection, due_from: date, people: Collection[int] | None = None
) -> dict[QuietKey, Quiet]:
    """The last answer of each person (of these people) on each subject that is due from that day on.

    An answer matters until the last overdue step of its subject, also when a snooze has ended: what that
    silenced is not told late.
    """
    query = _ANSWERS if people is None else _ANSWERS.where(_q.person_id.in_(people))
    found = connection.execute(query, {"due_from": due_from})
    return {
        (person, Topic(topic), agency, indicator, key, due_on): Quiet(until, snoozed)
        for person, topic, agency, indicator, key, due_on, until, snoozed in found
    }


_WOKEN = (
    select(_q.topic, _q.agency_id, _q.indicator_id, _q.key, _q.due_on)
    .distinct()
    .where(_q.until_on > bindparam("after"), _q.until_on <= bindparam("through"), _q.snoozed)
    .order_by(_q.due_on, _q.indicator_id, _q.key, _q.topic, _q.agency_id)
)


def woken(connection: Connection, after: date, through: date) -> list[Subject]:
    """The subjects of which a snooze ended after one day and by another, each once, without workflow.

    A snooze until a day off ends on the next working day: so ``after`` is to be a working day.
    """
    found = connection.execute(_WOKEN, {"after": after, "through": through})
    return [Subject(Topic(topic), *rest) for topic, *rest in found]


# --- links -----------------------------------------------------------------------------------------------


def link_secret(connection: Connection) -> str:
    """What the links in mails are signed with: 64 hexadecimal digits, the city's own."""
    return str(connection.execute(select(t.city.c.link_secret)).scalar_one())


def use_link(connection: Connection, digest: str, person: int, action: str, now: datetime) -> bool:
    """Whether this is the first use of the link with that SHA-256; from now on it is used."""
    row = {"digest": digest, "used_at": now, "person_id": person, "action": action}
    inserted = connection.execute(
        insert_once(used_links, connection.dialect), row, execution_options={"preserve_rowcount": True}
    )
    return inserted.rowcount == 1
