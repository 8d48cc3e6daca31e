"""A process killed before any statement of anything people do leaves the whole change, or nothing of it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine import actions
from storage import registry
from tests.cast import new_store
from tests.conftest import Postgres
from tests.storage.story import STORY

PARTS = 8
#: What is killed on PostgreSQL as well: a fact, a decision, a change of many rows at once.
ON_POSTGRES = ("record_occurrence", "verify_milestone", "grant_extension", "seal_quarter", "create_indicator")


def killed(url: str, places: list[int]) -> list[dict[str, Any]]:
    """What was found after all the deaths in each of those steps of the story."""
    new_store(url).close()
    found = subprocess.run(
        [sys.executable, "-m", "tests.faults.killer", url],
        input="\n".join(map(str, places)),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert found.stderr == ""
    return [json.loads(line) for line in found.stdout.splitlines()]


def whole(place: int, statements: int) -> dict[str, Any]:
    """What must be found: nothing after any death, everything after the life."""
    return {
        "step": STORY[place].name,
        "statements": statements,
        "torn": [],
        "changed": True,
        "faults": [],
    }


@pytest.mark.parametrize("part", range(PARTS))
def test_every_step_killed_at_every_statement_is_whole_or_absent(part, tmp_path):
    places = list(range(len(STORY)))[len(STORY) * part // PARTS : len(STORY) * (part + 1) // PARTS]

    found = killed(f"sqlite:///{tmp_path / 'radap.db'}", places)

    assert found == [whole(place, one["statements"]) for place, one in zip(places, found, strict=True)]
    # BEGIN, SAVEPOINT, a write, RELEASE, COMMIT: less was not counted, and nobody was killed.
    assert min(one["statements"] for one in found) >= 5


def test_steps_killed_on_postgresql_are_whole_or_absent(postgres: Postgres):
    places = [
        place
        for place, step in enumerate(STORY)
        if step.name in ON_POSTGRES and step.name not in [one.name for one in STORY[:place]]
    ]
    url = postgres.create()

    found = killed(url, places)

    postgres.drop(url)
    assert found == [whole(place, one["statements"]) for place, one in zip(places, found, strict=True)]
    assert min(one["statements"] for one in found) >= 5


def test_story_holds_every_action():
    names = {step.name for step in STORY}
    written = {name for name in vars(registry) if name.startswith(("add_", "register_", "describe"))}

    done = {name for name in actions.__all__ if name[0].islower()} | written

    # People are added by `write_city` already; everything else is a step under its own name.
    assert done - names == set()
