"""The store: one transaction for every action, and quiet snapshots for reading."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import create_engine, event, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

from engine.ports import Policy
from engine.workflow import Workflow
from storage import tables as t
from storage.reader import KeptReader, PooledReader, Reader
from storage.rows import statements_for
from storage.transaction import Tx
from storage.writer import PooledWriter, QueuedWriter, Writer

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-16000",
)


def connect(url: str, *, busy_seconds: float = 10.0, connections: int = 10) -> Engine:
    """An engine for the database at ``url``, set up as the house needs it."""
    if not url.startswith("sqlite"):
        # Parameters by their place: the driver need not look each name up in every statement.
        engine = create_engine(url, pool_size=connections, max_overflow=0, paramstyle="format")
        event.listen(engine, "connect", partial(_prepare_postgres, busy_seconds))
        return engine
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=connections,
        connect_args={"timeout": busy_seconds, "check_same_thread": False, "cached_statements": 256},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_postgres(busy_seconds: float, connection: Any, _record: Any) -> None:
    """Nobody waits for another's lock for ever."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {max(1, round(busy_seconds * 1000))}")  # 0 is no limit
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL so that readers never wait; FULL so that a commit survives a power cut; BEGIN is ours.

    A cache of 16 MB holds the pages that a tick or a page needs of a large city; the usual 2 MB do not.
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class Store:
    """The database, handed the policy and the way to turn a kept definition into a workflow."""

    def __init__(self, engine: Engine, policy: Policy, parse: Callable[[str], Workflow]) -> None:
        self.engine = engine
        self.policy = policy
        self.statements = statements_for(engine.dialect)
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._parse = parse
        self._workflows: dict[int, Workflow] = {}
        self._writer: Writer = QueuedWriter(engine) if self.is_sqlite else PooledWriter(engine)
        self._reader: Reader = KeptReader(engine) if self.is_sqlite else PooledReader(engine)

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A writing transaction: durable when the block ends, undone when it raises."""
        with self._writer.transaction() as connection:
            tx = Tx(self, connection, writing=True)
            yield tx
            tx.end()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A snapshot: everything read in the block is of one moment; saving through it is an error."""
        with self._reader.snapshot() as connection:
            yield Tx(self, connection, writing=False)

    def close(self) -> None:
        self._writer.close()
        self._reader.close()
        self.engine.dispose()

    def workflow(self, version_id: int, connection: Connection) -> Workflow:
        """The definition kept under that id; parsed once, for a kept version never changes."""
        found = self._workflows.get(version_id)
        if found is None:
            kept = t.workflow_versions.c
            source = connection.execute(select(kept.source).where(kept.id == version_id)).scalar_one()
            found = self._workflows[version_id] = self._parse(source)
        return found

    def rules_now(self, connection: Connection) -> tuple[dict[tuple[str, int], str], frozenset[int]]:
        """The hash of every kept definition as it is read now, by key and version.

        Besides the ids of those that cannot be read any more: their text was altered.
        """
        kept = t.workflow_versions.c
        rows = connection.execute(select(kept.id, kept.key, kept.version, kept.source)).all()
        found: dict[tuple[str, int], str] = {}
        unreadable = set()
        for row in rows:
            try:
                found[row.key, row.version] = self._parse(row.source).source_hash
            except Exception:  # noqa: BLE001 - whatever is wrong with the text, it is not what was kept
                unreadable.add(row.id)
        return found, frozenset(unreadable)
