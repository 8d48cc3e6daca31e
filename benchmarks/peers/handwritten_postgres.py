"""Hand-written SQL on psycopg 3 with prepared statements: the reference for PostgreSQL, in two forms."""

import threading

import psycopg

from benchmarks import schema
from benchmarks.peers import handwritten_sqlite as by_hand
from benchmarks.work import (
    RECORDED_AT,
    Decision,
    Fact,
    Refused,
    chained,
    check_guards,
    decide,
    event_of,
    fact_of,
)

# The very statements of the SQLite reference, in psycopg's spelling.
READ_INDICATOR = by_hand.READ_INDICATOR.replace("?", "%s")
READ_MILESTONES = by_hand.READ_MILESTONES.replace("?", "%s")
READ_OCCURRENCES = by_hand.READ_OCCURRENCES.replace("?", "%s")
ADD_OCCURRENCE = by_hand.ADD_OCCURRENCE.replace("?", "%s")
SET_MILESTONE = by_hand.SET_MILESTONE.replace("?", "%s")
ADD_EVENT = by_hand.ADD_EVENT.replace("?", "%s")
SET_INDICATOR = by_hand.SET_INDICATOR.replace("?", "%s")

READ_ALL = """
SELECT state, starts_on, ends_on, version, journal_length, journal_head,
    (SELECT array_agg(m.state ORDER BY m.position) FROM milestones m WHERE m.indicator_id = i.id),
    (SELECT array_agg(o.position) FROM occurrences o WHERE o.indicator_id = i.id),
    (SELECT array_agg(o.document) FROM occurrences o WHERE o.indicator_id = i.id)
FROM indicators i WHERE id = %s
"""
# Everything hangs on the version check: if somebody was faster, no row is written and none comes back.
WRITE_ALL = """
WITH indicator AS (
    UPDATE indicators SET claimed_level = %(level)s, claimed_fraction = %(fraction)s, version = version + 1,
        journal_length = %(sequence)s, journal_head = %(hash)s
    WHERE id = %(indicator)s AND version = %(version)s RETURNING id
), occurrence AS (
    INSERT INTO occurrences (indicator_id, position, occurred_on, recorded_at, document)
    SELECT id, %(position)s, %(occurred_on)s, %(recorded_at)s, %(document)s FROM indicator
), milestone AS (
    UPDATE milestones SET state = %(state)s, achieved_on = %(achieved_on)s
    FROM indicator WHERE indicator_id = indicator.id AND position = %(position)s
)
INSERT INTO journal (indicator_id, sequence, previous, hash, event)
SELECT id, %(sequence)s, %(previous)s, %(hash)s, %(event)s FROM indicator
"""


class _HandwrittenPostgres:
    """One connection per thread, one transaction per advance."""

    def fill(self, url: str, indicators: int) -> None:
        schema.fill_postgres(url, indicators)

    def open(self, url: str, indicators: int) -> None:
        self._url = url
        self._indicators = indicators
        self._local = threading.local()
        self._connections: list[psycopg.Connection] = []

    def advance(self, i: int) -> None:
        self._record(self._connection(), fact_of(i, self._indicators))

    def _record(self, connection: psycopg.Connection, fact: Fact) -> None:
        raise NotImplementedError

    def outcome(self) -> list[tuple[int, str | None]]:
        return schema.outcome_postgres(self._url)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def _connection(self) -> psycopg.Connection:
        try:
            connection: psycopg.Connection = self._local.connection
        except AttributeError:
            connection = self._local.connection = psycopg.connect(
                self._url, autocommit=True, prepare_threshold=0
            )
            self._connections.append(connection)
        return connection


def record_statement_by_statement(connection: psycopg.Connection, fact: Fact) -> None:
    """BEGIN, three reads, four writes, COMMIT: nine trips to the server."""
    cursor = connection.cursor()
    execute = cursor.execute
    key = (fact.indicator,)
    with connection.transaction():
        execute(READ_INDICATOR, key)
        state, starts_on, ends_on, version, length, head = cursor.fetchone()  # type: ignore[misc]
        milestones = [row[0] for row in execute(READ_MILESTONES, key)]
        recorded = execute(READ_OCCURRENCES, key).fetchall()
        check_guards(state, starts_on, ends_on, milestones[fact.position], recorded, fact)
        made = decide(milestones, recorded, fact)

        execute(ADD_OCCURRENCE, (fact.indicator, fact.position, fact.occurred_on, RECORDED_AT, fact.document))
        execute(SET_MILESTONE, (made.state, _achieved_on(made, fact), fact.indicator, fact.position))
        event = event_of(fact, made.state, made.level, length + 1)
        hash_ = chained(head, event)
        execute(ADD_EVENT, (fact.indicator, length + 1, head, hash_, event))
        execute(SET_INDICATOR, (made.level, made.fraction, length + 1, hash_, fact.indicator, version))
        if cursor.rowcount != 1:
            raise Refused("somebody else changed the indicator meanwhile")


def record_in_two_statements(connection: psycopg.Connection, fact: Fact) -> None:
    """One statement reads, one writes and commits by itself: as few trips to the server as can be."""
    row = connection.execute(READ_ALL, (fact.indicator,)).fetchone()
    state, starts_on, ends_on, version, length, head, milestones, positions, documents = row  # type: ignore[misc]
    recorded = list(zip(positions or (), documents or (), strict=True))
    check_guards(state, starts_on, ends_on, milestones[fact.position], recorded, fact)
    made = decide(milestones, recorded, fact)

    event = event_of(fact, made.state, made.level, length + 1)
    values = {
        "indicator": fact.indicator,
        "position": fact.position,
        "occurred_on": fact.occurred_on,
        "recorded_at": RECORDED_AT,
        "document": fact.document,
        "state": made.state,
        "achieved_on": _achieved_on(made, fact),
        "level": made.level,
        "fraction": made.fraction,
        "version": version,
        "sequence": length + 1,
        "previous": head,
        "hash": chained(head, event),
        "event": event,
    }
    if connection.execute(WRITE_ALL, values).rowcount != 1:
        raise Refused("somebody else changed the indicator meanwhile")


def _achieved_on(made: Decision, fact: Fact) -> str | None:
    return fact.occurred_on if made.state == "achieved" else None


class PsycopgByStatement(_HandwrittenPostgres):
    """As most would write it."""

    def _record(self, connection: psycopg.Connection, fact: Fact) -> None:
        record_statement_by_statement(connection, fact)


class PsycopgTwoStatements(_HandwrittenPostgres):
    """As somebody would write it who counts the trips."""

    def _record(self, connection: psycopg.Connection, fact: Fact) -> None:
        record_in_two_statements(connection, fact)
