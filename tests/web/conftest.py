"""The small city of the storage's tests, with its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from storage.store import Store
from tests.cast import EVALUATOR, found_city, new_store, open_store
from tests.conftest import Copies
from tests.fifty import found_fifty
from tests.storage.conftest import city, fill_city
from tests.web.coordinators import DAY, enter
from tests.web.town import Town

__all__ = ["city", "fifty", "sqlite_town", "town"]


@pytest.fixture(scope="session")
def loop() -> Iterator[BlockingPortal]:
    """The loop in which all requests are answered."""
    with start_blocking_portal() as portal:
        yield portal


@contextmanager
def town_at(url: str, folder: Path, loop: BlockingPortal) -> Iterator[Town]:
    """Pages on the database at that URL; evidence lies in the folder."""
    store = open_store(url)
    yield Town(store, folder / "evidence", loop=loop)
    store.close()


@pytest.fixture
def town(city: Store, tmp_path: Path, loop: BlockingPortal) -> Town:
    """Pages on a founded city; once on each kind of database."""
    return Town(city, tmp_path / "evidence", loop=loop)


@pytest.fixture
def sqlite_town(copy_of: Copies, tmp_path: Path, loop: BlockingPortal) -> Iterator[Town]:
    """The same on SQLite alone, for what asks every route and has nothing to do with the database."""
    with town_at(copy_of("sqlite", fill_city), tmp_path, loop) as town:
        yield town


def fill_fifty(url: str) -> None:
    store = new_store(url)
    found_city(store)
    found_fifty(store)
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def fifty(
    request: pytest.FixtureRequest, copy_of: Copies, tmp_path: Path, loop: BlockingPortal
) -> Iterator[Town]:
    """Pages on fifty districts, and the evaluator who looks at them in May; once on each kind of database."""
    with town_at(copy_of(request.param, fill_fifty), tmp_path, loop) as town:
        yield enter(town, EVALUATOR, DAY)
