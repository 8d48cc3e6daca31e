"""Databases that are ready when a test begins: a founded city, and a year in which everything happened."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.store import Store
from tests.cast import found_city, new_store, open_store
from tests.storage.story import tell

#: Gives the URL of a copy, of the test's own, of the database of a kind that a function fills once.
Copies = Callable[[str, Callable[[str], None]], str]


@pytest.fixture(scope="session")
def originals() -> dict[tuple[str, str], str]:
    """The URLs of the databases that are filled already, by kind and by who fills them."""
    return {}


@pytest.fixture
def copy_of(
    request: pytest.FixtureRequest,
    originals: dict[tuple[str, str], str],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Copies]:
    on_server: list[str] = []

    def copy(kind: str, fill: Callable[[str], None]) -> str:
        name = fill.__name__
        if (kind, name) not in originals:
            folder = tmp_path_factory.mktemp(name)
            url = f"sqlite:///{folder / 'radap.db'}"
            if kind == "postgresql":
                url = request.getfixturevalue("postgres").create()
            fill(url)
            originals[kind, name] = url
        original = originals[kind, name]
        if kind == "sqlite":
            shutil.copy(original.removeprefix("sqlite:///"), tmp_path / f"{name}.db")
            return f"sqlite:///{tmp_path / name}.db"
        on_server.append(request.getfixturevalue("postgres").create(template=original))
        return on_server[-1]

    yield copy
    for url in on_server:
        request.getfixturevalue("postgres").drop(url)


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
