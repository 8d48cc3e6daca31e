"""Kills a process at each statement of a step of the story, and looks at what is left in the database.

Run as a process of its own, because it forks: ``python -m tests.faults.killer URL``. The database at URL
has the schema and no rows. Each line read is how many steps of the story to live through, and then to be
killed in the next; each line written is what was found there, as JSON.
"""

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

from storage import checks
from storage.store import Store
from tests.cast import open_store
from tests.storage.story import STORY, Step, everything, take

Rows = dict[str, list[tuple[Any, ...]]]


class Killer:
    """A database in which the story goes on, step by step, each step through all its deaths."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lived = 0
        self.file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None
        self.saved = None if self.file is None else self.file.with_suffix(".saved")

    def live_to(self, steps: int) -> None:
        """Take the steps up to that one, unharmed."""
        store = open_store(self.url)
        for step in STORY[self.lived : steps]:
            take(store, step)
        store.close()
        self.lived = steps

    def kill_at_each_statement(self) -> dict[str, Any]:
        """Die at the first statement of the next step, then at the second, and so on until it is done."""
        step = STORY[self.lived]
        before = self._rows()
        kept = []  # what a process had reached when all of its step was found kept
        torn = []  # ... when something of it was
        self._save()
        statement = 0
        survived = False
        while not survived:
            statement += 1
            self._bring_back()
            survived = self._dies_at(statement, step) == 0
            found = self._rows()
            if found != before:
                kept.append(statement)
                after = found
        self.lived += 1
        torn = [] if len(kept) == 1 else kept
        return {
            "step": step.name,
            "statements": statement - 1,
            "torn": torn,
            "changed": bool(kept) and after != before,
            "faults": self._faults(),
        }

    def _dies_at(self, statement: int, step: Step) -> int:
        """The exit code of a process that does the step and is killed before that statement."""
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                store = open_store(self.url)
                (_count_sqlite if self.file else _count_postgres)(store, _fatal(statement))
                take(store, step)
                os._exit(0)
            os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code not in (0, 9):
            raise RuntimeError(f"{step.name} failed by itself before statement {statement}")
        return code

    def _rows(self) -> Rows:
        store = open_store(self.url)
        with store.read() as tx:
            found = everything(tx.connection)
        store.close()
        return found

    def _faults(self) -> list[str]:
        """What the doctor finds."""
        store = open_store(self.url)
        with store.read() as tx:
            found = [
                *(repr(one) for one in checks.levels(tx) if one),
                *(repr(one) for _, one in checks.journal(tx) if one),
                *(repr(one) for quarter in checks.sealed_quarters(tx) for one in checks.seal(tx, quarter)),
            ]
        store.close()
        return found

    def _save(self) -> None:
        """Copy the database of files; the other takes a killed writer's work back and needs no copy."""
        if self.file and self.saved:
            shutil.copy(self.file, self.saved)

    def _bring_back(self) -> None:
        if self.file and self.saved:
            for leftover in ("-wal", "-shm"):
                self.file.with_name(self.file.name + leftover).unlink(missing_ok=True)
            shutil.copy(self.saved, self.file)


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
    for owner, name in (
        (psycopg.Cursor, "execute"),
        (psycopg.Cursor, "executemany"),
        (psycopg.Connection, "commit"),
    ):
        setattr(owner, name, _counted(getattr(owner, name), before))


def _counted(method: Callable[..., Any], before: Callable[..., None]) -> Callable[..., Any]:
    def counted(*args: Any, **more: Any) -> Any:
        before()
        return method(*args, **more)

    return counted


def main() -> None:
    killer = Killer(sys.argv[1])
    for line in sys.stdin:
        killer.live_to(int(line))
        sys.stdout.write(json.dumps(killer.kill_at_each_statement()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
