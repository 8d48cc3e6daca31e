"""Databases that are ready when a test begins: a founded city, and a year in which everything happened."""

from collections.abc import Iterator

import pytest

from storage.store import Store
from tests.cast import found_city, new_store, open_store
from tests.conftest import Copies
from tests.storage.story import tell


def fill_city(url: str) -> None:
    store = new_store(url)
    found_city(store)
    store.close()


def fill_year(url: str) -> None:
    store = new_store(url)
    tell(store)
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def city(request: pytest.FixtureRequest, copy_of: Copies) -> Iterator[Store]:
    """A founded city with one indicator on which nothing is recorded yet; once on each kind of database."""
    store = open_store(copy_of(request.param, fill_city))
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def year(request: pytest.FixtureRequest, copy_of: Copies) -> Iterator[Store]:
    """The whole story of the year; once on each kind of database."""
    store = open_store(copy_of(request.param, fill_year))
    yield store
    store.close()
