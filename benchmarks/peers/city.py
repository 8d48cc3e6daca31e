"""A city of up to a million indicators in SQLite, written and read by hand: the city bench's reference."""

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Protocol

from benchmarks import schema
from benchmarks.work import ENDS_ON, FIRST_HEAD, MILESTONES, STARTS_ON, level_of

INDICATORS_OF_AN_AGENCY = 50
WRONG_EVERY = 1_000
"""Every thousandth indicator is stored with a wrong level, for the recompute to find."""


class City(Protocol):
    """What the city bench asks of whoever keeps the million indicators."""

    def build(self, path: str, indicators: int) -> None:
        """Fill a new database: facts that give `true_level`, rows that carry `stored_level`."""

    def open(self, path: str) -> None:
        """Get ready to read."""

    def plain_scan(self) -> object:
        """Read one column of every indicator's row, with nothing clever."""

    def level_counts(self) -> dict[int, int]:
        """How many indicators stand at each claimed level."""

    def agency_quarter(self, agency: int, quarter: int) -> int:
        """Read an agency's indicators with their reports of one quarter; return how many."""

    def close(self) -> None:
        """Stop reading."""

    def recompute(self, path: str) -> int:
        """Compute every level from the facts; return how many stored levels differ."""


def true_level(id_: int) -> int:
    """The level that an indicator's milestones give: any of 0 to 5, spread over the agencies."""
    return id_ * 7919 % 6


def stored_level(id_: int) -> int:
    """The level that the indicator's row carries."""
    return (true_level(id_) + (id_ % WRONG_EVERY == 0)) % 6


QUARTERS = """
CREATE TABLE quarter_reports (
    indicator_id INTEGER NOT NULL REFERENCES indicators (id),
    quarter INTEGER NOT NULL,
    claimed_level INTEGER NOT NULL,
    self_reported DOUBLE PRECISION,
    PRIMARY KEY (indicator_id, quarter)
) WITHOUT ROWID
"""
LEVEL_INDEX = "CREATE INDEX indicators_by_year_and_level ON indicators (fiscal_year, claimed_level)"
# One milestone above a gap is done for every seventh indicator: it must not raise the level.
ADD_MILESTONES = f"""
WITH positions (position) AS (VALUES {", ".join(f"({position})" for position in range(len(MILESTONES)))})
INSERT INTO milestones (indicator_id, position, state)
SELECT id, position, CASE
    WHEN position < id * 7919 % 6 OR (position = id * 7919 % 6 + 1 AND id % 7 = 0) THEN 'achieved'
    WHEN position = id * 7919 % 6 AND id % 2 = 0 THEN 'in_progress'
    ELSE 'open' END
FROM indicators CROSS JOIN positions
"""
ADD_QUARTERS = """
WITH quarters (quarter) AS (VALUES (1), (2), (3), (4))
INSERT INTO quarter_reports
SELECT id, quarter, min(claimed_level, quarter + 1), NULL FROM indicators CROSS JOIN quarters
"""

PLAIN_SCAN = "SELECT sum(version) FROM indicators NOT INDEXED"
LEVEL_COUNTS = (
    "SELECT claimed_level, count(*) FROM indicators WHERE fiscal_year = 2021 GROUP BY claimed_level"
)
AGENCY_QUARTER = """
SELECT i.code, i.state, i.claimed_level, i.verified_level, i.claimed_fraction, i.next_due_on, q.self_reported
FROM indicators i JOIN quarter_reports q ON q.indicator_id = i.id AND q.quarter = ?
WHERE i.fiscal_year = 2021 AND i.agency_id = ? ORDER BY i.code
"""
FACTS = """
SELECT m.indicator_id, m.state, i.claimed_level FROM milestones m JOIN indicators i ON i.id = m.indicator_id
ORDER BY m.indicator_id, m.position
"""


class HandwrittenCity:
    """Plain SQL and one pass over the milestones."""

    def build(self, path: str, indicators: int) -> None:
        connection = sqlite3.connect(path)
        # It is thrown away if the machine stops: nothing of it need be durable.
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF")
        connection.executescript(f"{schema.SQLITE_TABLES}; {QUARTERS}; {LEVEL_INDEX}")
        marks = ", ".join("?" * 16)
        rows = _indicator_rows(indicators)
        connection.executemany(f"INSERT INTO indicators ({schema.INDICATOR_COLUMNS}) VALUES ({marks})", rows)
        connection.execute(ADD_MILESTONES)
        connection.execute(ADD_QUARTERS)
        connection.commit()
        connection.execute("ANALYZE")
        connection.close()

    def open(self, path: str) -> None:
        self._connection = sqlite3.connect(path)

    def plain_scan(self) -> object:
        return self._connection.execute(PLAIN_SCAN).fetchone()

    def level_counts(self) -> dict[int, int]:
        return dict(self._connection.execute(LEVEL_COUNTS))

    def agency_quarter(self, agency: int, quarter: int) -> int:
        return len(self._connection.execute(AGENCY_QUARTER, (quarter, agency)).fetchall())

    def close(self) -> None:
        self._connection.close()

    def recompute(self, path: str) -> int:
        connection = sqlite3.connect(path)
        wrong = 0
        for _id, facts in groupby(connection.execute(FACTS), key=itemgetter(0)):
            _ids, states, stored = zip(*facts, strict=True)
            wrong += level_of(states) != stored[0]
        connection.close()
        return wrong


def _indicator_rows(indicators: int) -> Iterator[tuple[object, ...]]:
    for id_ in range(1, indicators + 1):
        agency, number = divmod(id_ - 1, INDICATORS_OF_AN_AGENCY)
        yield (
            id_, f"50{number:02}-2017", agency + 1, 2021, 1, "active", STARTS_ON, ENDS_ON,
            stored_level(id_), 0.0, max(0, stored_level(id_) - 1), 0.0, "2021-09-30", 1, 0, FIRST_HEAD,
        )  # fmt: skip
