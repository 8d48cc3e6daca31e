"""The small city of the storage's tests, with its pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.store import Store
from tests.storage.conftest import city, copy_of, originals
from tests.web.town import Town

__all__ = ["city", "copy_of", "originals", "town"]


@pytest.fixture
def town(city: Store, tmp_path: Path) -> Iterator[Town]:
    """Pages on a founded city; once on each kind of database."""
    opened = Town(city, tmp_path / "evidence")
    with opened.client:
        yield opened
