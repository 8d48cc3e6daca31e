"""Kills a process at each statement of a step of the story, and looks at what is left in the database.

Run as a process of its own, because it forks: ``python -m tests.faults.killer URL``. The database at URL
has the schema and no rows. Each line read is how many steps of the story to live through, and then to be
killed in the next; each line written is what was found there, as JSON.
"""

import gc
import json
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Connection

from storage import checks
from storage.store import Store
from storage.tables import metadata
from tests.cast import open_store
from tests.restored import plain
from tests.storage.story import STORY, Step, take

#: The number that each sequence gave last, and whether it gave any: the city's ids are those of the story.
_DRAWN = """
SELECT sequencename, coalesce(last_value, 1), last_value IS NOT NULL
FROM pg_sequences WHERE schemaname = 'public'
"""

#: Every row of every table, as the driver has it: they are only compared.
_QUERIES = {
    table.name: f"SELECT * FROM {table.name} ORDER BY {', '.join(table.primary_key.columns.keys())}"
    for table in metadata.sorted_tables
}

Rows = dict[str, list[tuple[Any, ...]]]


class Killer:
    """A database in which the story goes on, step by step, each step through all its deaths.

    The store is made once and is never connected while a child is born from here: what it has compiled is
    inherited, so that a death takes a hundredth of a second.
    """

    def __init__(self, url: str) -> None:
        self.store = open_store(url)
        self.lived = 0
        self.url = plain(url)
        self.drawn: list[tuple[Any, ...]] = []
        self.file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None
        self.hook = _count_sqlite if self.file else _count_postgres

    def live_to(self, steps: int) -> None:
        """Take the steps up to that one, unharmed."""
        for step in STORY[self.lived : steps]:
            take(self.store, step)
        self.store.close()
        self.lived = steps
        gc.freeze()  # a child that ends at once need not look through what it inherits

    def kill_at_each_statement(self) -> dict[str, Any]:
        """Die before the first statement of the next step, then the second, and so on until it is done."""
        step = STORY[self.lived]
        before = self._rows()
        self._save()
        statement, survived, torn = 0, False, []
        while not survived:
            statement += 1
            self._bring_back()
            survived = self._dies_before(statement, step) == 0
            if not survived and self._rows() != before:
                torn.append(statement)
        changed = self._rows() != before
        self.lived += 1
        faults = self._faults()
        return {
            "step": step.name,
            "statements": statement - 1,
            "torn": torn,
            "changed": changed,
            "faults": faults,
        }

    def _dies_before(self, statement: int, step: Step) -> int:
        """The exit code of a process that does the step and is killed before that statement."""
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                self.hook(self.store, _fatal(statement))
                take(self.store, step)
                os._exit(0)
            os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code not in (0, 9):
            raise RuntimeError(f"{step.name} failed by itself before statement {statement}")
        return code

    def _rows(self) -> Rows:
        """What a process that is started now finds."""
        with self.store.read() as tx:
            found = {table: _all(tx.connection, query) for table, query in _QUERIES.items()}
        self.store.close()
        return found

    def _faults(self) -> list[str]:
        """What the doctor finds."""
        with self.store.read() as tx:
            found = [
                *(repr(one) for one in checks.levels(tx) if one),
                *(repr(one) for _, one in checks.journal(tx) if one),
                *(repr(one) for quarter in checks.sealed_quarters(tx) for one in checks.seal(tx, quarter)),
            ]
        self.store.close()
        return found

    def _save(self) -> None:
        """Copy a database of one file; a server takes back a killed writer's work, not the ids it drew."""
        if self.file:
            shutil.copy(self.file, self.file.with_suffix(".saved"))
        else:
            with psycopg.connect(self.url, autocommit=True) as connection:
                self.drawn = connection.execute(_DRAWN).fetchall()

    def _bring_back(self) -> None:
        if self.file:
            for leftover in ("-wal", "-shm"):
                self.file.with_name(self.file.name + leftover).unlink(missing_ok=True)
            shutil.copy(self.file.with_suffix(".saved"), self.file)
        else:
            with psycopg.connect(self.url, autocommit=True) as connection, connection.cursor() as cursor:
                cursor.executemany("SELECT setval(%s, %s, %s)", self.drawn)


def _all(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(query)]


def _fatal(statement: int) -> Callable[..., None]:
    """Called before each statement: ends the process at the one with that number."""
    count = 0

    def before(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == statement:
            os._exit(9)

    return before


def _count_sqlite(store: Store, before: Callable[..., None]) -> None:
    event.listen(store.engine, "connect", lambda connection, _: connection.set_trace_callback(before))


def _count_postgres(_store: Store, before: Callable[..., None]) -> None:
    """Count what is sent to the server, and the commit."""
    for name in ("execute", "executemany"):
        setattr(psycopg.Cursor, name, _counted(getattr(psycopg.Cursor, name), before))
    psycopg.Connection.commit = _counted(psycopg.Connection.commit, before, _is_open)  # type: ignore[method-assign]  # it is counted


def _is_open(connection: psycopg.Connection) -> bool:
    """A connection whose transaction is over already sends no commit."""
    return connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE


def _counted(
    method: Callable[..., Any], before: Callable[..., None], sends: Callable[[Any], bool] = lambda _: True
) -> Callable[..., Any]:
    def counted(owner: Any, *args: Any, **more: Any) -> Any:
        if sends(owner):
            before()
        return method(owner, *args, **more)

    return counted


def main() -> None:
    killer = Killer(sys.argv[1])
    for line in sys.stdin:
        killer.live_to(int(line))
        sys.stdout.write(json.dumps(killer.kill_at_each_statement()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
