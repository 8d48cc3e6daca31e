"""What whoever reminds is handed: the ledger of what is owed, on a store."""

import json
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from engine.events import Happened
from engine.outbox import NewMessage
from engine.reminders import Contact, Owed, Subject, Topic
from engine.reminders.notices import Happening
from engine.reminders.ports import Follows, Survey, Window
from storage import duty, endpoints, gathering, outbox, owed, quiets, reminding, telling
from storage import tables as t
from storage.deadlines import Deadlines, read_deadlines
from storage.store import Store
from storage.telling import Untold

#: Events of the city after which others are told, or at other times: the next sweep looks at everything anew.
_ALL_ANEW = frozenset(
    {
        Happened.PERSON_ADDED,
        Happened.PERSON_REACHABLE,
        Happened.PERSON_UNREACHABLE,
        Happened.SUBSTITUTION_GIVEN,
        Happened.SUBSTITUTION_WITHDRAWN,
        Happened.SETTING_CHANGED,
    }
)

_VERSIONS = select(t.workflow_versions.c.id)

#: How many people one statement asks for.
_PORTION = 500


class StoredLedger:
    """Implements :class:`engine.reminders.ports.Ledger` on a store."""

    def __init__(self, store: Store, review_days: int, *, by_line: bool = False) -> None:
        self._store = store
        self._review_days = review_days
        self._by_line = by_line

    def swept_on(self) -> date | None:
        with self._store.read() as tx:
            return telling.swept_on(tx.connection)

    def survey(self, due_from: date) -> Survey:
        with self._store.read() as tx:
            return self._survey(tx.connection, due_from)

    def _survey(self, connection: Connection, due_from: date) -> Survey:
        return Survey(
            duty.roster(connection, by_line=self._by_line),
            quiets.answers(connection, due_from),
            self._narrowing(connection),
            endpoints.wishes(connection),
        )

    def _narrowing(self, connection: Connection) -> dict[int, tuple[int, ...]]:
        """The days before that definitions want, by the version; parsed once and kept by the store."""
        versions = list(connection.execute(_VERSIONS).scalars())
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
            woken = quiets.woken(tx.connection, after, through)
            return (
                list(owed.found_again(tx.connection, self._deadlines(tx.connection), woken)) if woken else []
            )

    def owe(self, owed: Iterable[Owed]) -> int:
        with self._store.begin() as tx:
            return reminding.add_owed(tx.connection, owed)

    def end_sweep(self, on: date, owed: Iterable[Owed]) -> int:
        with self._store.begin() as tx:
            # The city's row first, as whoever deals with news does: no two wait for each other in a circle.
            telling.move_swept_on(tx.connection, on)
            return reminding.add_owed(tx.connection, owed)

    def catch_up(
        self,
        n: int,
        due_from: date,
        decide: Callable[[list[Happening], list[Subject], Survey], Follows],
        now: datetime,
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
            follows = decide(happened, subjects, self._survey(connection, due_from))
            reminding.add_notices(connection, follows.notices)
            reminding.add_owed(connection, follows.owed)
            outbox.enqueue(connection, follows.messages, now)
            if any(one.what in _ALL_ANEW for one in happened):
                connection.execute(update(t.city).values(swept_on=None))
            telling.mark_told(connection, given)
        return len(given)

    def _happened(self, connection: Connection, streams: Collection[Untold]) -> Iterator[Happening]:
        agencies = {one.stream: one.agency for one in streams}
        for entry in telling.events_of(connection, streams):
            data = json.loads(entry.data)
            agency = agencies[entry.stream] or data.get("agency") or 0
            yield Happening(agency, entry.stream, entry.seq, entry.what, entry.by, data, entry.at)

    def waiting(self, today: date) -> list[Contact]:
        with self._store.read() as tx:
            return self._contacts(tx.connection, gathering.waiting_people(tx.connection, today))

    def notified(self) -> list[Contact]:
        with self._store.read() as tx:
            return self._contacts(tx.connection, gathering.notified_people(tx.connection))

    def gather(self, digests: Iterable[NewMessage], today: date, now: datetime) -> int:
        with self._store.begin() as tx:
            return gathering.gather(tx.connection, digests, today, now)

    def gather_notices(self, messages: Iterable[NewMessage], now: datetime) -> int:
        with self._store.begin() as tx:
            return gathering.gather_notices(tx.connection, messages, now)

    def _contacts(self, connection: Connection, people: list[int]) -> list[Contact]:
        return [
            contact
            for first in range(0, len(people), _PORTION)
            for contact in duty.contacts(connection, people[first : first + _PORTION], by_line=self._by_line)
        ]

    def _deadlines(self, connection: Connection) -> Deadlines:
        return read_deadlines(connection, self._store.policy, self._review_days)
