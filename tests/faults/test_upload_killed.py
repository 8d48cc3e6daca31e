"""A process killed at any line while it takes a file in pieces loses nothing that it had promised to keep."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Postgres
from tests.storage.conftest import fill_city


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_upload_killed_at_every_line_goes_on_where_it_broke_off(kind, request, tmp_path):
    url = f"sqlite:///{tmp_path / 'radap.db'}"
    if kind == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.create()
    fill_city(url)

    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults.uploader", url, tmp_path / "evidence"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert ran.stderr == ""
    found = json.loads(ran.stdout)
    assert found["wrong"] == []
    # Each of three pieces goes through every line that takes it in; less was not killed.
    assert found["deaths"] > 75
