"""How snapshots are read: on SQLite on connections of their own, which are kept and can only read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy.engine import Connection, Engine

#: How many connections wait for the next snapshot; each holds as many pages as its cache does.
_KEPT = 5


class Reader(Protocol):
    """Gives a connection on which everything that is read is of one moment, and nothing can be written."""

    def snapshot(self) -> Any: ...

    def close(self) -> None: ...


class KeptReader:
    """Snapshots on SQLite.

    To forbid a connection to write makes SQLite forget every statement that is prepared on it. So that is
    done once, and whoever reads next finds all of them ready.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: list[Connection] = []

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection inside a transaction, which is taken back at the end."""
        try:
            connection = self._idle.pop()  # not asked for first: another thread may take the last one
        except IndexError:
            connection = self._new()
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute("BEGIN")
            yield connection
        finally:
            self._give_back(connection, driver)

    def close(self) -> None:
        while self._idle:
            _drop(self._idle.pop())

    def _new(self) -> Connection:
        connection = self._engine.connect()
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA query_only=ON")
        return connection

    def _give_back(self, connection: Connection, driver: Any) -> None:
        try:
            connection.rollback()  # the toolkit has one where it has run anything
            driver.rollback()
        except BaseException:
            _drop(connection)
            raise
        if len(self._idle) < _KEPT:
            self._idle.append(connection)
        else:
            _drop(connection)


class PooledReader:
    """Snapshots on PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    def close(self) -> None:
        """Nothing to give back: connections are the pool's."""


def _drop(connection: Connection) -> None:
    """Close it for good: the pool is not to give anybody a connection that can only read."""
    connection.invalidate()
    connection.close()
