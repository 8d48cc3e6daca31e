"""How writing transactions take turns: in order on SQLite, with one commit for all that wait together.

SQLite lets one writer in at a time and wakes the others by luck: under a long job they starve for
seconds. So within a process writers queue in order. Whoever is next joins the open transaction under a
savepoint of its own, and the last of a batch commits for all: nobody returns before the commit, and a
failing one takes back only its own savepoint.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy.engine import Connection, Engine

#: How many transactions one commit may carry: a bound on how long the first of them waits.
BATCH = 32


class Writer(Protocol):
    """Gives a connection inside a writing transaction; it is durable when the block has ended."""

    def transaction(self) -> Any: ...

    def close(self) -> None: ...


class _Batch:
    """The transactions that share one commit."""

    __slots__ = ("done", "error", "members")

    def __init__(self) -> None:
        self.members = 0
        self.done = False
        self.error: BaseException | None = None


class QueuedWriter:
    """The one writer of a process on SQLite."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._busy = False
        self._owner: int | None = None
        self._batch: _Batch | None = None
        self._committed = threading.Condition()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Wait for the turn, work under a savepoint, and return when a commit has made it durable."""
        if self._owner == threading.get_ident():
            raise RuntimeError("a transaction is already open in this thread: pass it on, do not nest")
        self._take_turn()
        batch = None
        try:
            connection = self._open()
            batch = self._batch
            assert batch is not None
            cursor = _driver(connection)
            cursor.execute("SAVEPOINT work")
            try:
                yield connection
                cursor.execute("RELEASE work")
                batch.members += 1
            except BaseException:
                self._take_back(batch, cursor)
                raise
        finally:
            self._end_turn(batch)
        with self._committed:
            self._committed.wait_for(lambda: batch.done)
        if batch.error is not None:
            raise batch.error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _take_turn(self) -> None:
        with self._lock:
            if not self._busy:
                self._busy = True
                self._owner = threading.get_ident()
                return
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        gate.acquire()  # released by whoever ends the turn before ours
        self._owner = threading.get_ident()

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if self._batch is None:
            _driver(self._connection).execute("BEGIN IMMEDIATE")
            self._batch = _Batch()
        return self._connection

    def _take_back(self, batch: _Batch, cursor: Any) -> None:
        """Undo this member alone; if the database undid everything (disk full), the batch has failed."""
        if cursor.connection.in_transaction:
            cursor.execute("ROLLBACK TO work")
            cursor.execute("RELEASE work")

    def _end_turn(self, batch: _Batch | None) -> None:
        """Commit when nobody waits or the batch is full; then let the next one in."""
        with self._lock:
            if batch is not None and (not self._waiting or batch.members >= BATCH):
                self._commit(batch)
            self._owner = None
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._busy = False

    def _commit(self, batch: _Batch) -> None:
        assert self._connection is not None
        cursor = _driver(self._connection)
        self._batch = None
        try:
            if batch.members and not cursor.connection.in_transaction:
                raise RuntimeError("the database gave up the transaction that others had joined")
            if cursor.connection.in_transaction:
                cursor.execute("COMMIT" if batch.members else "ROLLBACK")
        except BaseException as error:
            batch.error = error
            if cursor.connection.in_transaction:
                cursor.execute("ROLLBACK")
        with self._committed:
            batch.done = True
            self._committed.notify_all()


class PooledWriter:
    """Writers on PostgreSQL: each has its own connection, and rows are locked as they are loaded."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, committed when the block ends without an exception."""
        with self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Nothing to give back: connections are the pool's."""


def _driver(connection: Connection) -> Any:
    """A cursor of the driver under the connection."""
    return connection.connection.cursor()
