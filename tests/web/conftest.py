"""The small city of the storage's tests, with its pages."""

from collections.abc import Iterator
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


@pytest.fixture
def town(city: Store, tmp_path: Path, loop: BlockingPortal) -> Town:
    """Pages on a founded city; once on each kind of database."""
    return Town(city, tmp_path / "evidence", loop=loop)


@pytest.fixture
def sqlite_town(copy_of: Copies, tmp_path: Path, loop: BlockingPortal) -> Iterator[Town]:
    """The same on SQLite alone, for what asks every route and has nothing to do with the database."""
    store = open_store(copy_of("sqlite", fill_city))
    yield Town(store, tmp_path / "evidence", loop=loop)
    store.close()


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
    store = open_store(copy_of(request.param, fill_fifty))
    yield enter(Town(store, tmp_path / "evidence", loop=loop), EVALUATOR, DAY)
    store.close()
