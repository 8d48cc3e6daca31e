"""The city read by hand: plain SQL, and one pass over the facts in plain Python."""

import sqlite3
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

from benchmarks.peers import handwritten_sqlite as by_hand
from benchmarks.work import (
    FISCAL_YEAR,
    MILESTONES,
    YEAR_AS_TEXT,
    Decision,
    Indicator,
    Milestone,
    Occurrence,
    Read,
    Waiver,
    levels_of,
)


class City(Protocol):
    """What the city bench asks of whoever reads the million indicators."""

    def open(self, path: str) -> None:
        """Get ready to read."""

    def plain_scan(self) -> object:
        """Read one column of every indicator's row, with nothing clever."""

    def level_counts(self) -> dict[int, int]:
        """How many indicators stand at each claimed level."""

    def roll_up(self) -> Fraction:
        """The weighted mean of the claimed levels: at each agency, and then of the agencies."""

    def agency_quarter(self, agency: int, quarter: int) -> int:
        """Read an agency's indicators with their levels at one quarter's end; return how many."""

    def close(self) -> None:
        """Stop reading."""

    def recompute(self, path: str) -> int:
        """Compute every level from the facts; return how many indicators are stored with another."""


PLAIN_SCAN = "SELECT sum(version) FROM indicators NOT INDEXED"
LEVEL_COUNTS = (
    f"SELECT claimed_level, count(*) FROM indicators WHERE fiscal_year = {FISCAL_YEAR} GROUP BY claimed_level"
)
ROLL_UP = f"""
SELECT agency_id, weight, claimed_level, count(*) FROM indicators
WHERE fiscal_year = {FISCAL_YEAR} AND life NOT IN ('draft', 'cancelled')
GROUP BY agency_id, weight, claimed_level
"""
AGENCY_QUARTER = f"""
SELECT code, coalesce(claimed_q4, claimed_q3, claimed_q2, claimed_q1, 0), next_due_on,
    coalesce(verified_q4, verified_q3, verified_q2, verified_q1, 0)
FROM indicators WHERE fiscal_year = {FISCAL_YEAR} AND agency_id = ? ORDER BY code
"""


class HandwrittenCity:
    """Each question with one statement."""

    def open(self, path: str) -> None:
        self._connection = sqlite3.connect(path)

    def plain_scan(self) -> object:
        return self._connection.execute(PLAIN_SCAN).fetchone()

    def level_counts(self) -> dict[int, int]:
        return dict(self._connection.execute(LEVEL_COUNTS))

    def roll_up(self) -> Fraction:
        sums: dict[int, tuple[Fraction, Fraction]] = {}
        for agency, weight, level, count in self._connection.execute(ROLL_UP):
            above, below = sums.get(agency, (Fraction(), Fraction()))
            heavy = Fraction(weight) * count
            sums[agency] = above + heavy * level, below + heavy
        return sum((above / below for above, below in sums.values()), Fraction()) / len(sums)

    def agency_quarter(self, agency: int, quarter: int) -> int:
        later = ", ".join(f"claimed_q{number}" for number in range(4, quarter, -1))
        query = AGENCY_QUARTER.replace(f"{later}, " if later else "", "")
        return len(self._connection.execute(query, (agency,)).fetchall())

    def close(self) -> None:
        self._connection.close()

    def recompute(self, path: str) -> int:
        connection = sqlite3.connect(path)
        wrong = sum(not _is_right(read) for read in _every(connection))
        connection.close()
        return wrong


def _is_right(read: Read) -> bool:
    indicator = read.indicator
    found = levels_of(read, indicator.as_of, YEAR_AS_TEXT)
    ladder = MILESTONES[found.claimed_level - 1] if found.claimed_level else "not_started"
    kept = (*indicator[13:28],)
    return kept == found and indicator.ladder == ladder


def _every(connection: sqlite3.Connection) -> Iterator[Read]:
    """Every indicator with its facts: one cursor on each table, all in the order of the indicators."""
    heads = by_hand.READ_INDICATOR.partition("WHERE i.code")[0] + " ORDER BY i.id"
    milestones = _Rows(connection, by_hand.READ_MILESTONES, Milestone)
    occurrences = _Rows(connection, by_hand.READ_OCCURRENCES, Occurrence)
    decisions = _Rows(connection, by_hand.READ_DECISIONS, Decision)
    waivers = _Rows(connection, by_hand.READ_WAIVERS, Waiver)
    for row in connection.execute(heads):
        indicator = Indicator(*row)
        yield Read(
            indicator, *(each.of(indicator.id) for each in (milestones, occurrences, decisions, waivers))
        )


class _Rows:
    """The rows of one table, handed out owner by owner."""

    def __init__(self, connection: sqlite3.Connection, query: str, kind: Callable[..., Any]) -> None:
        ordered = query.replace("WHERE indicator_id = ? ORDER BY", "ORDER BY indicator_id,")
        self._kind = kind
        self._owners: Iterator[tuple[int, Iterator[Any]]] = groupby(
            connection.execute(ordered), itemgetter(0)
        )
        self._next = next(self._owners, None)

    def of(self, owner: int) -> list[Any]:
        """The rows of this owner; owners are asked for in rising order."""
        if self._next is None or self._next[0] != owner:
            return []
        rows = [self._kind(*row) for row in self._next[1]]
        self._next = next(self._owners, None)
        return rows
