"""The piece of work every peer does: one durable advance of one indicator, and what it must leave."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

MILESTONES = ("guidelines_set", "committee_appointed", "meetings_held", "issue_chosen", "report_submitted")
NEEDED = (1, 1, 2, 1, 1)
"""Occurrences that achieve each milestone."""

# One year of an indicator: the position of the milestone and the day of each occurrence, in order.
STEPS = (
    (0, "2020-11-10"),
    (1, "2020-11-30"),
    (2, "2021-02-18"),
    (2, "2021-05-18"),
    (3, "2021-06-22"),
    (4, "2021-09-15"),
)
LEVEL_AFTER = (0, 1, 2, 2, 3, 4, 5)
"""The level after 0, 1, ... 6 steps, written by hand: what every peer is checked against."""

STARTS_ON, ENDS_ON = "2020-10-01", "2021-09-30"
RECORDED_AT = "2021-09-30T09:00:00+00:00"
FIRST_HEAD = "0" * 64


class Refused(Exception):
    """The fact may not be recorded on this indicator."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One occurrence to record."""

    indicator: int
    position: int
    occurred_on: str
    document: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What recording a fact does to its milestone and its indicator."""

    state: str
    level: int
    fraction: float


def fact_of(i: int, indicators: int) -> Fact:
    """The i-th fact of a city that records step by step: all first steps, then all second steps, ..."""
    step, indicator = divmod(i, indicators)
    position, occurred_on = STEPS[step]
    return Fact(indicator + 1, position, occurred_on, f"DOC-{step + 1}/64")


def level_of(states: Sequence[str]) -> int:
    """The highest milestone that is unbroken from below."""
    for level, state in enumerate(states):
        if state != "achieved":
            return level
    return len(states)


def check_guards(
    state: str, starts_on: str, ends_on: str, milestone: str, recorded: Sequence[tuple[int, str]], fact: Fact
) -> None:
    """Raise Refused unless the indicator runs, the milestone is not done, day and document fit."""
    if state != "active":
        raise Refused(f"indicator {fact.indicator} is {state}")
    if not starts_on <= fact.occurred_on <= ends_on:
        raise Refused(f"{fact.occurred_on} is outside the fiscal year")
    if milestone not in ("open", "in_progress"):
        raise Refused(f"{MILESTONES[fact.position]} is {milestone}")
    if (fact.position, fact.document) in recorded:
        raise Refused(f"{fact.document} is already recorded")


def fraction_of(level: int, counts: Sequence[int]) -> float:
    """How far the indicator is towards its next level."""
    return 1.0 if level == len(MILESTONES) else min(1.0, counts[level] / NEEDED[level])


def count_by_position(recorded: Sequence[tuple[int, str]], fact: Fact) -> list[int]:
    """Occurrences of each milestone once the fact is recorded."""
    counts = [0] * len(MILESTONES)
    for position, _document in recorded:
        counts[position] += 1
    counts[fact.position] += 1
    return counts


def decide(milestones: Sequence[str], recorded: Sequence[tuple[int, str]], fact: Fact) -> Decision:
    """What the fact does, in plain Python without a state machine."""
    counts = count_by_position(recorded, fact)
    state = "achieved" if counts[fact.position] >= NEEDED[fact.position] else "in_progress"
    states = list(milestones)
    states[fact.position] = state
    level = level_of(states)
    return Decision(state, level, fraction_of(level, counts))


def event_of(fact: Fact, state: str, level: int, sequence: int) -> str:
    """The journal event of one advance as canonical JSON."""
    event = {
        "at": RECORDED_AT,
        "document": fact.document,
        "event": "occurrence_recorded",
        "indicator": fact.indicator,
        "level": level,
        "milestone": MILESTONES[fact.position],
        "occurred_on": fact.occurred_on,
        "sequence": sequence,
        "state": state,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def chained(previous: str, event: str) -> str:
    """The hash of an event: SHA-256 over its predecessor's hash and its own text."""
    return hashlib.sha256((previous + event).encode()).hexdigest()


def expected_outcome(advances: int, indicators: int) -> list[tuple[int, str]]:
    """Level and journal head of each indicator after the first advances."""
    whole, rest = divmod(advances, indicators)
    return [_expected(indicator, whole + (indicator < rest), indicators) for indicator in range(indicators)]


def _expected(indicator: int, steps: int, indicators: int) -> tuple[int, str]:
    head = FIRST_HEAD
    for step, (before, after) in enumerate(pairwise(LEVEL_AFTER[: steps + 1])):
        fact = fact_of(step * indicators + indicator, indicators)
        # Only the first of the two meetings leaves the level as it was.
        state = "achieved" if after > before else "in_progress"
        head = chained(head, event_of(fact, state, after, step + 1))
    return LEVEL_AFTER[steps], head
