"""How writing transactions take turns: in order on SQLite, with one commit for all that wait together.

SQLite lets one writer in at a time and wakes the others by luck: under a long job they starve for
seconds. So within a process writers queue in order. The first of a batch opens a transaction, whoever is
next joins it under a savepoint of its own, and the last commits for all: nobody returns before the commit,
and a failing one takes back only what is its own.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy.engine import Connection, Engine

#: How many transactions one commit may carry: a bound on how long the first of them waits.
BATCH = 32


class NotCommitted(Exception):
    """The commit that carried this transaction failed, so nothing of it was kept; the cause says why."""


class Writer(Protocol):
    """Gives a connection inside a writing transaction; it is durable when the block has ended."""

    def transaction(self) -> Any: ...

    def close(self) -> None: ...


class _Batch:
    """The transactions that share one commit; whose turn is over waits at its gate for it."""

    __slots__ = ("done", "error", "gates")

    def __init__(self) -> None:
        self.gates: list[threading.Lock] = []
        self.done = False
        self.error: BaseException | None = None


class QueuedWriter:
    """The one writer of a process on SQLite.

    Connection and batch belong to the thread whose turn it is; the lock guards only the queue. A gate is a
    closed lock of each transaction: it is opened for its turn, and once more when its work is durable.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._driver: Any = None
        self._batch: _Batch | None = None
        self._owner: int | None = None
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._busy = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Wait for the turn, do the work, and return when a commit has made it durable."""
        if self._owner == threading.get_ident():
            raise RuntimeError("a transaction is already open in this thread: pass it on, do not nest")
        gate = self._take_turn()
        try:
            connection, batch = self._join(gate)
            driver, first = self._driver, batch.gates[0] is gate
            if not first:
                driver.execute("SAVEPOINT work")
            try:
                yield connection
                if not first:
                    driver.execute("RELEASE work")
            except BaseException as error:
                self._take_back(driver, error, alone=first)
                raise
        finally:
            self._end_turn()
        if not batch.done:
            gate.acquire()  # opened by whoever commits
        if batch.error is not None:
            raise NotCommitted from batch.error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = self._driver = None

    def _take_turn(self) -> threading.Lock:
        gate = threading.Lock()
        gate.acquire()
        with self._lock:
            waits = self._busy
            if waits:
                self._waiting.append(gate)
            self._busy = True
        if waits:
            try:
                gate.acquire()  # opened by whoever ends the turn before ours
            except BaseException:
                self._leave(gate)
                raise
        self._owner = threading.get_ident()
        return gate

    def _leave(self, gate: threading.Lock) -> None:
        """Stop waiting (Ctrl-C); a turn that was given to us meanwhile goes to the next."""
        with self._lock:
            given = gate not in self._waiting
            if not given:
                self._waiting.remove(gate)
        if given:
            self._end_turn()

    def _join(self, gate: threading.Lock) -> tuple[Connection, _Batch]:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._driver = self._connection.connection.driver_connection
        if self._batch is None:
            try:
                self._driver.execute("BEGIN IMMEDIATE")
            except BaseException:
                self._drop_connection()
                raise
            self._batch = _Batch()
        self._batch.gates.append(gate)
        return self._connection, self._batch

    def _take_back(self, driver: Any, cause: BaseException, *, alone: bool) -> None:
        """Undo this member alone; where that cannot be done, the whole batch has failed."""
        try:
            if not driver.in_transaction:  # a full disk makes SQLite undo everything by itself
                self._fail(cause)
            elif alone:
                driver.execute("ROLLBACK")
                self._settle(cause)
            else:
                driver.execute("ROLLBACK TO work")
                driver.execute("RELEASE work")
        except sqlite3.Error as error:
            self._fail(error)

    def _end_turn(self) -> None:
        """Let the next one in, after a commit if nobody waits or the batch is full."""
        while True:
            batch = self._batch
            if batch is not None and (not self._waiting or len(batch.gates) >= BATCH):
                self._commit()
            with self._lock:
                # Whoever we left the commit to may have left the queue: then go round once more.
                if self._waiting or self._batch is None:
                    self._owner = None
                    if self._waiting:
                        self._waiting.popleft().release()
                    else:
                        self._busy = False
                    return

    def _commit(self) -> None:
        try:
            self._driver.execute("COMMIT")
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, sqlite3.Error):
                raise
        else:
            self._settle(None)

    def _fail(self, error: BaseException) -> None:
        """Nothing of the batch is kept."""
        self._drop_connection()
        self._settle(error)

    def _drop_connection(self) -> None:
        """Close the connection, which undoes what is open on it; the next writer begins on a fresh one."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _settle(self, error: BaseException | None) -> None:
        """Tell the members of the batch how it ended."""
        batch, self._batch = self._batch, None
        assert batch is not None
        batch.error = error
        batch.done = True  # from here on nobody begins to wait at a gate
        for gate in batch.gates:
            gate.release()


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
