"""A process killed before any statement of anything people do leaves the whole change, or nothing of it."""

import inspect
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

#: The first step of each name; `write_city` does at once what others do one by one.
PLACES = [
    place
    for place, step in enumerate(STORY)
    if step.name not in [one.name for one in STORY[:place]] and step.name != "write_city"
]
PARTS = 3
#: What reminding writes; the other choices of a person are kept as `give_substitution` is.
OF_PAGES = {"keep_draft", "sign_in", "add_endpoint", "change_setting"}
#: What changes nothing; and what does one of the others again and again in one transaction.
NOT_OWN = {"changed_fields", "accept_proposals"}
OF_REMINDERS = {"add_notices", "add_owed", "gather", "give_substitution", "move_swept_on", "send", "snooze"}
#: What is killed on PostgreSQL in the short form: a fact, a decision, changes of many rows at once.
ON_POSTGRES = ("create_indicator", "record_occurrence", "verify_milestone", "seal_quarter", "grant_extension")


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
    assert found.stderr == "", found.stderr
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
    places = PLACES[len(PLACES) * part // PARTS : len(PLACES) * (part + 1) // PARTS]

    found = killed(f"sqlite:///{tmp_path / 'radap.db'}", places)

    assert found == [whole(place, one["statements"]) for place, one in zip(places, found, strict=True)]
    # BEGIN, a write, COMMIT: less was not counted, and nobody was killed.
    assert min(one["statements"] for one in found) >= 3


def test_steps_killed_on_postgresql_are_whole_or_absent(postgres: Postgres, long):
    """Some of them; in the long form, ``make kills``, every one."""
    places = [place for place in PLACES if long or STORY[place].name in ON_POSTGRES]
    url = postgres.create()

    found = killed(url, places)

    postgres.drop(url)
    assert found == [whole(place, one["statements"]) for place, one in zip(places, found, strict=True)]
    # A write and COMMIT.
    assert min(one["statements"] for one in found) >= 2


def test_story_holds_everything_that_writes():
    killed_steps = {STORY[place].name for place in PLACES}
    of_people = {name for name in actions.__all__ if name[0].islower() and not name.startswith("check_")}
    of_people -= NOT_OWN
    of_the_city = {
        name
        for name, function in vars(registry).items()
        if inspect.isfunction(function) and "tx" in inspect.signature(function).parameters
    }

    assert killed_steps == of_people | of_the_city | OF_REMINDERS | OF_PAGES | {"register_file"}
