"""What whoever reminds and delivers is handed: the ledger of what is owed, and the queue of messages."""

import json
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from engine.events import Happened
from engine.outbox import Claimed, Expired, NewMessage, Step
from engine.reminders import Contact, Owed, Roster, Subject, Topic
from engine.reminders.notices import Happening
from engine.reminders.ports import Begun, Contents, Ended, Follows, Survey, Window
from storage import duty, outbox, owed, quiets, reminding, telling
from storage import tables as t
from storage.contents import contents_of
from storage.deadlines import Deadlines, read_deadlines
from storage.store import Store
from storage.telling import Untold
from storage.transaction import Tx

#: Events of the city after which others are told than before: the next sweep looks at everything anew.
_ROSTER_CHANGED = frozenset(
    {
        Happened.PERSON_ADDED,
        Happened.PERSON_REACHABLE,
        Happened.PERSON_UNREACHABLE,
        Happened.SUBSTITUTION_GIVEN,
        Happened.SUBSTITUTION_WITHDRAWN,
    }
)


class StoredLedger:
    """Implements :class:`engine.reminders.ports.Ledger` on a store."""

    def __init__(self, store: Store, review_days: int) -> None:
        self._store = store
        self._review_days = review_days

    def swept_on(self) -> date | None:
        with self._store.read() as tx:
            return telling.swept_on(tx.connection)

    def survey(self, due_from: date) -> Survey:
        with self._store.read() as tx:
            return self._survey(tx.connection, due_from)

    def _survey(self, connection: Connection, due_from: date) -> Survey:
        return Survey(
            duty.roster(connection), quiets.answers(connection, due_from), self._narrowing(connection)
        )

    def _narrowing(self, connection: Connection) -> dict[int, tuple[int, ...]]:
        """The days before that definitions want, by the version; parsed once and kept by the store."""
        versions = list(connection.execute(select(t.workflow_versions.c.id)).scalars())
        wanted = {one: self._store.workflow(one, connection).remind_before for one in versions}
        return {version: before for version, before in wanted.items() if before is not None}

    def due(self, windows: Iterable[Window]) -> Iterator[list[Subject]]:
        given = list(windows)
        with self._store.read() as tx:
            deadlines = self._deadlines(tx.connection)
            occupied = owed.occupied(tx.connection, deadlines, given)
        left: deque[tuple[Window, owed.Place | None]] = deque((window, None) for window in occupied)
        while left:
            found: list[Subject] = []
            # Closed before anybody writes: a snapshot that is held keeps SQLite's log from being emptied.
            with self._store.read() as tx:
                while left and len(found) < owed.PORTION:
                    window, after = left.popleft()
                    more, after = owed.portion(tx.connection, deadlines, window, after)
                    found += more
                    if after is not None:
                        left.appendleft((window, after))
            yield found

    def everything(self) -> Iterator[Subject]:
        """All that is owed, whenever it is due."""
        for portion in self.due(Window(topic, date(1900, 1, 1), date(2900, 1, 1)) for topic in Topic):
            yield from portion

    def woken(self, after: date, through: date) -> list[Subject]:
        with self._store.read() as tx:
            return quiets.woken(tx.connection, after, through)

    def owe(self, owed: Iterable[Owed]) -> int:
        with self._store.begin() as tx:
            return reminding.add_owed(tx.connection, owed)

    def end_sweep(self, on: date, owed: Iterable[Owed]) -> int:
        with self._store.begin() as tx:
            # The city's row first, as whoever deals with news does: no two wait for each other in a circle.
            telling.move_swept_on(tx.connection, on)
            return reminding.add_owed(tx.connection, owed)

    def catch_up(
        self, n: int, due_from: date, decide: Callable[[list[Happening], list[Subject], Survey], Follows]
    ) -> int:
        with self._store.begin() as tx:
            connection = tx.connection
            streams = telling.untold(connection, n)
            city = telling.untold_of_city(connection)
            if not streams and city is None:
                return 0
            given = [*streams, *([city] if city else [])]
            happened = list(self._happened(connection, given))
            deadlines = self._deadlines(connection)
            subjects = owed.owed_of(connection, deadlines, [one.stream for one in streams])
            extended = {one.agency for one in happened if one.what == Happened.EXTENSION_GRANTED}
            subjects += owed.extensions_of(connection, deadlines, extended)
            for agency in extended:
                subjects += owed.owed_of(connection, deadlines, owed.running_of(connection, agency))
            told, due = decide(happened, subjects, self._survey(connection, due_from))
            reminding.add_notices(connection, told)
            reminding.add_owed(connection, due)
            if any(one.what in _ROSTER_CHANGED for one in happened):
                connection.execute(update(t.city).values(swept_on=None))
            telling.mark_told(connection, given)
        return len(given)

    def _happened(self, connection: Connection, streams: Collection[Untold]) -> Iterator[Happening]:
        agencies = {one.stream: one.agency for one in streams}
        for entry in telling.events_of(connection, streams):
            data = json.loads(entry.data)
            agency = agencies[entry.stream] or data.get("agency") or 0
            yield Happening(agency, entry.stream, entry.seq, entry.what, entry.by, data)

    def waiting(self, today: date) -> list[Contact]:
        with self._store.read() as tx:
            return _contacts(tx.connection, reminding.waiting_people(tx.connection, today))

    def notified(self) -> list[Contact]:
        with self._store.read() as tx:
            return _contacts(tx.connection, reminding.notified_people(tx.connection))

    def gather(self, digests: Iterable[NewMessage], today: date, now: datetime) -> int:
        with self._store.begin() as tx:
            return reminding.gather(tx.connection, digests, today, now)

    def gather_notices(self, messages: Iterable[NewMessage], now: datetime) -> int:
        with self._store.begin() as tx:
            return reminding.gather_notices(tx.connection, messages, now)

    def _deadlines(self, connection: Connection) -> Deadlines:
        return read_deadlines(connection, self._store.policy, self._review_days)


def _contacts(connection: Connection, people: Collection[int]) -> list[Contact]:
    if not people:
        return []
    known = duty.roster(connection)
    return [contact for person in people if (contact := known.contact(person)) is not None]


class StoredQueue:
    """Implements :class:`engine.reminders.ports.Queue` on a store.

    ``resend`` is what becomes of a message of which nobody knows whether it arrived; ``lease_seconds`` is how
    long a worker that says nothing holds what it has claimed.
    """

    def __init__(self, store: Store, review_days: int, *, lease_seconds: float, resend: bool) -> None:
        self._store = store
        self._review_days = review_days
        self._lease = lease_seconds
        self._resend = resend

    def expire(self, now: datetime) -> Expired:
        with self._store.begin() as tx:
            return outbox.expire(tx.connection, resend=self._resend, now=now)

    def claim(self, n: int, token: str, now: datetime) -> list[Claimed]:
        with self._store.begin() as tx:
            return outbox.claim(tx.connection, n, lease_seconds=self._lease, token=token, now=now)

    def contents(self, message: Claimed, now: datetime) -> Contents:
        with self._store.read() as tx:
            connection = tx.connection
            known: Roster = duty.roster(connection)
            reader = known.contact(message.person or 0)
            if reader is None:
                return Contents(Contact(0, "", None, "th", None, frozenset()), (), ())
            deadlines = read_deadlines(connection, self._store.policy, self._review_days)
            contents, done = contents_of(connection, self._store.workflow, deadlines, reader, message)
        if done:
            with self._store.begin() as tx:
                reminding.withdraw(tx.connection, done, now)
        return contents

    def settle(self, token: str, now: datetime, ended: Ended | None, begun: Begun | None) -> bool:
        with self._store.begin() as tx:
            if ended is not None:
                self._end(tx, token, now, ended)
            if begun is None:
                return False
            return outbox.sending(
                tx.connection,
                begun.message.id,
                token,
                to_address=begun.to_address,
                subject=begun.subject,
                content=begun.content,
                lease_seconds=self._lease,
                now=now,
            )

    def _end(self, tx: Tx, token: str, now: datetime, ended: Ended) -> None:
        message, later, answer = ended.message.id, ended.not_before or now, ended.answer
        connection = tx.connection
        match ended.step:
            case Step.SENT:
                outbox.sent(connection, message, token, answer=answer, now=now)
            case Step.DEFERRED:
                outbox.deferred(connection, message, token, not_before=later, answer=answer, now=now)
            case Step.UNCERTAIN:
                resend = self._resend and ended.not_before is not None  # else it was tried for long enough
                outbox.uncertain(
                    connection, message, token, answer=answer, resend=resend, not_before=later, now=now
                )
            case Step.WITHDRAWN:
                outbox.withdrawn(connection, message, token, why=answer, now=now)
            case _:
                held = outbox.failed(connection, message, token, answer=answer, now=now)
                if held and ended.unreachable and ended.message.person:
                    duty.mark_unreachable(tx, ended.message.person, answer, by=0, now=now)
