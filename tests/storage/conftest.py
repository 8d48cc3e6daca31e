"""Databases that are ready when a test begins: a founded city, and a year in which everything happened."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.store import Store
from tests.cast import found_city, new_store, open_store
from tests.conftest import Postgres
from tests.storage.story import tell

#: What each prepared database holds.
_CHAPTERS: dict[str, Callable[[Store], None]] = {"city": found_city, "year": tell}


@pytest.fixture(scope="session")
def prepared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], str]:
    """Gives the URL of a prepared database of a kind, made by the first who asks; it is only to be copied."""
    made: dict[tuple[str, str], str] = {}

    def prepare(kind: str, chapter: str) -> str:
        if (kind, chapter) not in made:
            if kind == "sqlite":
                url = f"sqlite:///{tmp_path_factory.mktemp(chapter) / 'radap.db'}"
            else:
                url = request.getfixturevalue("postgres").create()
            store = new_store(url)
            _CHAPTERS[chapter](store)
            store.close()
            made[kind, chapter] = url
        return made[kind, chapter]

    return prepare


def _copy(request: pytest.FixtureRequest, folder: Path, chapter: str) -> Iterator[Store]:
    original = request.getfixturevalue("prepared")(request.param, chapter)
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'radap.db'}"
        shutil.copy(original.removeprefix("sqlite:///"), folder / "radap.db")
        store = open_store(url)
        yield store
        store.close()
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.create(template=original)
    store = open_store(url)
    yield store
    store.close()
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def city(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A founded city with one indicator on which nothing is recorded yet; once on each kind of database."""
    yield from _copy(request, tmp_path, "city")


@pytest.fixture(params=["sqlite", "postgresql"])
def year(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The whole story of the year; once on each kind of database."""
    yield from _copy(request, tmp_path, "year")
