"""Hand-written SQL on the bare sqlite3 driver: the reference for SQLite."""

import sqlite3
import threading

from benchmarks import schema
from benchmarks.work import RECORDED_AT, Fact, Refused, chained, check_guards, decide, event_of, fact_of

READ_INDICATOR = (
    "SELECT state, starts_on, ends_on, version, journal_length, journal_head FROM indicators WHERE id = ?"
)
READ_MILESTONES = "SELECT state FROM milestones WHERE indicator_id = ? ORDER BY position"
READ_OCCURRENCES = "SELECT position, document FROM occurrences WHERE indicator_id = ?"
ADD_OCCURRENCE = (
    "INSERT INTO occurrences (indicator_id, position, occurred_on, recorded_at, document) "
    "VALUES (?, ?, ?, ?, ?)"
)
SET_MILESTONE = "UPDATE milestones SET state = ?, achieved_on = ? WHERE indicator_id = ? AND position = ?"
ADD_EVENT = "INSERT INTO journal (indicator_id, sequence, previous, hash, event) VALUES (?, ?, ?, ?, ?)"
SET_INDICATOR = (
    "UPDATE indicators SET claimed_level = ?, claimed_fraction = ?, version = version + 1, "
    "journal_length = ?, journal_head = ? WHERE id = ? AND version = ?"
)


class HandwrittenSqlite:
    """One connection per thread, one transaction per advance."""

    def fill(self, url: str, indicators: int) -> None:
        schema.fill_sqlite(url, indicators)

    def open(self, url: str, indicators: int) -> None:
        self._path = url
        self._indicators = indicators
        self._local = threading.local()

    def advance(self, i: int) -> None:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            record(connection, fact_of(i, self._indicators))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def outcome(self) -> list[tuple[int, str | None]]:
        return schema.outcome_sqlite(self._path)

    def close(self) -> None:
        self._connection().close()

    def _connection(self) -> sqlite3.Connection:
        try:
            connection: sqlite3.Connection = self._local.connection
        except AttributeError:
            connection = self._local.connection = schema.connect_sqlite(self._path)
        return connection


def record(connection: sqlite3.Connection, fact: Fact) -> None:
    """Read, check, decide and write one fact inside the open transaction."""
    execute = connection.execute
    key = (fact.indicator,)
    state, starts_on, ends_on, version, length, head = execute(READ_INDICATOR, key).fetchone()
    milestones = [row[0] for row in execute(READ_MILESTONES, key)]
    recorded = execute(READ_OCCURRENCES, key).fetchall()
    check_guards(state, starts_on, ends_on, milestones[fact.position], recorded, fact)
    made = decide(milestones, recorded, fact)

    execute(ADD_OCCURRENCE, (fact.indicator, fact.position, fact.occurred_on, RECORDED_AT, fact.document))
    achieved_on = fact.occurred_on if made.state == "achieved" else None
    execute(SET_MILESTONE, (made.state, achieved_on, fact.indicator, fact.position))
    event = event_of(fact, made.state, made.level, length + 1)
    hash_ = chained(head, event)
    execute(ADD_EVENT, (fact.indicator, length + 1, head, hash_, event))
    changed = execute(SET_INDICATOR, (made.level, made.fraction, length + 1, hash_, fact.indicator, version))
    if changed.rowcount != 1:
        raise Refused("somebody else changed the indicator meanwhile")
