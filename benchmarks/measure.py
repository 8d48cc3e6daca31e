"""Fair timing: rounds interleaved, medians of the ratios within a round, and a check of what was done."""

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Protocol

from benchmarks.peers import Outcome
from benchmarks.work import expected_outcome


class Subject(Protocol):
    """Something whose advances per second can be asked for again and again."""

    def rate(self, count: int) -> float:
        """Do the next `count` advances; return how many there were per second."""

    def check(self) -> str | None:
        """Raise AssertionError unless the database holds exactly what the advances so far must leave.

        The digest of the rows that they wrote, None for a subject with tables of its own.
        """

    def close(self) -> None:
        """Stop, and let go of the database."""


def rates(subjects: Mapping[str, Subject], rounds: int, count: int) -> dict[str, list[float]]:
    """Advances per second of every subject in every round; then check and close them all."""
    found: dict[str, list[float]] = {name: [] for name in subjects}
    for _round in range(rounds):
        for name, subject in subjects.items():
            found[name].append(subject.rate(count))
    digests = {name: _check(name, subject) for name, subject in subjects.items()}
    assert len(set(digests.values()) - {None}) <= 1, f"not the same rows were written: {digests}"
    for subject in subjects.values():
        subject.close()
    return found


def assert_left(outcome: Outcome, advances: int, indicators: int) -> str | None:
    """Raise AssertionError unless levels and journals are what the advances must leave; the rows' digest."""
    expected = expected_outcome(advances, indicators)
    assert [level for level, _ in outcome.levels] == [level for level, _ in expected], "levels are wrong"
    assert outcome.levels == expected, "journals are wrong"
    return outcome.rows


def ratio(numerator: list[float], denominator: list[float]) -> float:
    """The median of the ratios within each round, so that a slow second of the machine hits both sides."""
    return median(a / b for a, b in zip(numerator, denominator, strict=True))


def cost(action: Callable[[], object]) -> float:
    """Seconds that one call takes, with the garbage collector out of the way."""
    gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        action()
        return time.perf_counter() - began
    finally:
        gc.enable()


def costs(actions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds that every action takes in every round, after one call each to warm up."""
    for action in actions.values():
        action()
    found: dict[str, list[float]] = {name: [] for name in actions}
    for _round in range(rounds):
        for name, action in actions.items():
            found[name].append(cost(action))
    return found


def _check(name: str, subject: Subject) -> str | None:
    try:
        return subject.check()
    except AssertionError as error:
        raise AssertionError(f"{name}: {error}") from None
