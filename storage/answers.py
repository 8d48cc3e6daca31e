"""What the links of mails open and do: one reminder as it stands now, and each answer kept once."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from engine.errors import refuse
from engine.reminders import (
    ReminderPolicy,
    Topic,
    check_acknowledgement,
    check_snooze,
    may_be_switched_off,
)
from engine.reminders.ports import Due
from storage import duty, quiets
from storage import tables as t
from storage.contents import still_due
from storage.deadlines import read_deadlines
from storage.outbox_tables import reminders, used_links
from storage.reminding import REMINDERS, reminder_of
from storage.store import Store
from storage.transaction import Tx


class Reader(NamedTuple):
    """Whom a link speaks for."""

    name: str
    language: str


class Use(NamedTuple):
    """One use of a link: its SHA-256, whom it speaks for, what it does, and when."""

    digest: str
    person: int
    action: str
    now: datetime


class StoredAnswers:
    """Answers to reminders, on a store.

    What cannot be done is refused and nothing is written: ``link.used`` for a second use, ``link.gone`` for a
    reminder or a person that is not there, ``link.done`` for a reminder that is no longer owed, and what
    :mod:`engine.reminders.answers` refuses.
    """

    def __init__(self, store: Store, policy: ReminderPolicy) -> None:
        self._store = store
        self._policy = policy

    def secret(self) -> str:
        """What the links of this city are signed with."""
        with self._store.read() as tx:
            return quiets.link_secret(tx.connection)

    def reader(self, person: int) -> Reader:
        """Whom a link speaks for."""
        p = t.people.c
        with self._store.read() as tx:
            row = tx.connection.execute(select(p.name, p.language).where(p.id == person)).one_or_none()
        if row is None:
            raise refuse("link.gone")
        return Reader(*row)

    def check_unused(self, digest: str) -> None:
        """Refuse a link that was used."""
        with self._store.read() as tx:
            used_at = _used_at(tx.connection, digest)
        if used_at is not None:
            raise refuse("link.used", at=used_at)

    def due(self, person: int, reminder: int) -> Due:
        """The reminder of that person as it stands now."""
        with self._store.read() as tx:
            return self._due(tx, person, reminder)

    def acknowledge(self, use: Use, reminder: int) -> Due:
        """Keep that the person has seen it and is on it."""
        with self._once(use) as tx:
            due = self._due(tx, use.person, reminder)
            check_acknowledgement(self._store.policy.calendar, due.subject.due_on, self._day(use))
            quiets.acknowledge(tx.connection, use.person, due.subject, use.now)
        return due

    def snooze(self, use: Use, reminder: int, until: date | None) -> Due:
        """Keep that the person wants to be told again on that day, and not before."""
        with self._once(use) as tx:
            due = self._due(tx, use.person, reminder)
            policy = self._policy.topics[due.subject.topic]
            calendar = self._store.policy.calendar
            check_snooze(policy, calendar, due.subject.due_on, until, self._day(use))
            assert until is not None  # which is refused above
            quiets.snooze(tx.connection, use.person, due.subject, until, use.now)
        return due

    def switch_off(self, use: Use, names: Collection[str]) -> list[Topic]:
        """Switch off, for the person, those of the topics that may be; they themselves are who did it."""
        topics = may_be_switched_off(self._policy, names)
        with self._once(use) as tx:
            for topic in topics:
                duty.switch_topic(tx, use.person, topic, on=False, by=use.person, now=use.now)
        return topics

    @contextmanager
    def _once(self, use: Use) -> Iterator[Tx]:
        """A transaction that uses up the link, unless it raises."""
        with self._store.begin() as tx:
            if not quiets.use_link(tx.connection, use.digest, use.person, use.action, use.now):
                raise refuse("link.used", at=_used_at(tx.connection, use.digest))
            yield tx

    def _due(self, tx: Tx, person: int, reminder: int) -> Due:
        r = reminders.c
        row = tx.connection.execute(REMINDERS.where(r.id == reminder, r.person_id == person)).one_or_none()
        if row is None:
            raise refuse("link.gone")
        deadlines = read_deadlines(tx.connection, self._store.policy, self._policy.review_days)
        due, _ = still_due(tx.connection, self._store.workflow, deadlines, [reminder_of(row)])
        if not due:
            raise refuse("link.done")
        return due[0]

    def _day(self, use: Use) -> date:
        return self._store.policy.day_of(use.now)


def _used_at(connection: Connection, digest: str) -> datetime | None:
    used = used_links.c
    at: datetime | None = connection.execute(
        select(used.used_at).where(used.digest == digest)
    ).scalar_one_or_none()
    return at
