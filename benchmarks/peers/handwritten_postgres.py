"""Hand-written SQL on psycopg 3 with prepared statements: the reference for PostgreSQL, in two forms."""

import json
import threading
from typing import Any

import psycopg

from benchmarks import schema
from benchmarks.peers import Outcome
from benchmarks.peers import handwritten_sqlite as by_hand
from benchmarks.work import (
    FISCAL_YEAR,
    YEAR,
    YEAR_AS_TEXT,
    Decision,
    Fact,
    Indicator,
    Milestone,
    Occurrence,
    Read,
    Refused,
    Waiver,
    decide,
    fact_of,
)

# The very statements of the SQLite reference, in psycopg's spelling; the indicator's row is locked.
READ_INDICATOR = by_hand.READ_INDICATOR.replace("?", "%s") + "FOR UPDATE OF i"
READ_MILESTONES = by_hand.READ_MILESTONES.replace("?", "%s")
READ_OCCURRENCES = by_hand.READ_OCCURRENCES.replace("?", "%s")
READ_DECISIONS = by_hand.READ_DECISIONS.replace("?", "%s")
READ_WAIVERS = by_hand.READ_WAIVERS.replace("?", "%s")
READ_EVIDENCE = by_hand.READ_EVIDENCE.replace("?", "%s")
READ_REPORTS = by_hand.READ_REPORTS.replace("?", "%s")
SET_INDICATOR = by_hand.SET_INDICATOR.replace("?", "%s")
PUT_MILESTONE = by_hand.PUT_MILESTONE.replace("?", "%s")
PUT_OCCURRENCE = by_hand.PUT_OCCURRENCE.replace("?", "%s")
ADD_EVENT = by_hand.ADD_EVENT.replace("?", "%s")

# Children come as one JSON array of rows each, days and instants in it as text.
READ_ALL = """
SELECT i.id, i.code, i.fiscal_year, i.agency_id, i.workflow_version_id, i.owner_id, i.target, i.weight,
    i.life, i.ladder, i.version, i.journal_seq, i.journal_head, i.claimed_level, i.claimed_fraction,
    i.verified_level, i.verified_fraction, i.as_of::text, i.changes_on::text, i.next_due_on::text,
    i.claimed_q1, i.claimed_q2, i.claimed_q3, i.claimed_q4,
    i.verified_q1, i.verified_q2, i.verified_q3, i.verified_q4, d.title_th, d.title_en, d.unit,
    (SELECT coalesce(max(s.quarter), 0) FROM seals s WHERE s.fiscal_year = i.fiscal_year),
    (SELECT json_agg(c ORDER BY c.key) FROM milestones c WHERE c.indicator_id = i.id),
    (SELECT json_agg(c ORDER BY c.number) FROM occurrences c WHERE c.indicator_id = i.id),
    (SELECT json_agg(c ORDER BY c.number) FROM decisions c WHERE c.indicator_id = i.id),
    (SELECT json_agg(c ORDER BY c.number) FROM waivers c WHERE c.indicator_id = i.id),
    (SELECT json_agg(c ORDER BY c.number) FROM evidence c WHERE c.indicator_id = i.id),
    (SELECT json_agg(c ORDER BY c.quarter) FROM reports c WHERE c.indicator_id = i.id)
FROM indicators i JOIN indicator_details d ON d.indicator_id = i.id
WHERE i.code = %s AND i.fiscal_year = %s
"""
# Everything hangs on the version check: if somebody was faster, no row is written and none comes back.
WRITE_ALL = f"""
WITH indicator AS ({SET_INDICATOR} RETURNING id
), milestone AS (
    INSERT INTO milestones
    SELECT made.* FROM indicator CROSS JOIN json_populate_recordset(NULL::milestones, %s) AS made
    ON CONFLICT (indicator_id, key) DO UPDATE SET state = excluded.state, due_on = excluded.due_on,
        since = excluded.since, blocked_by = excluded.blocked_by, postponed_to = excluded.postponed_to,
        reason = excluded.reason
), occurrence AS (
    INSERT INTO occurrences
    SELECT made.* FROM indicator CROSS JOIN json_populate_record(NULL::occurrences, %s) AS made
)
INSERT INTO journal
SELECT made.* FROM indicator CROSS JOIN json_populate_record(NULL::journal, %s) AS made
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
        self._record(self._connection(), i)

    def _record(self, connection: psycopg.Connection, i: int) -> None:
        raise NotImplementedError

    def outcome(self) -> Outcome:
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


class PsycopgByStatement(_HandwrittenPostgres):
    """As most would write it."""

    def _record(self, connection: psycopg.Connection, i: int) -> None:
        record_statement_by_statement(connection, fact_of(i, self._indicators))


class PsycopgTwoStatements(_HandwrittenPostgres):
    """As somebody would write it who counts the trips."""

    def _record(self, connection: psycopg.Connection, i: int) -> None:
        record_in_two_statements(connection, fact_of(i, self._indicators, as_text=True))


def record_statement_by_statement(connection: psycopg.Connection, fact: Fact) -> None:
    """BEGIN, seven reads, four writes, COMMIT: thirteen trips to the server."""
    execute = connection.cursor().execute
    with connection.transaction():
        indicator = Indicator(*_one(execute(READ_INDICATOR, (fact.code, FISCAL_YEAR))))
        key = (indicator.id,)
        milestones = [Milestone(*row) for row in execute(READ_MILESTONES, key)]
        occurrences = [Occurrence(*row) for row in execute(READ_OCCURRENCES, key)]
        decisions = [Decision(*row) for row in execute(READ_DECISIONS, key)]
        waivers = [Waiver(*row) for row in execute(READ_WAIVERS, key)]
        execute(READ_EVIDENCE, key).fetchall()
        execute(READ_REPORTS, key).fetchall()
        writes = decide(Read(indicator, milestones, occurrences, decisions, waivers), fact, YEAR)

        if execute(SET_INDICATOR, by_hand.moved(indicator, writes)).rowcount != 1:
            raise Refused("somebody else changed the indicator meanwhile")
        for milestone in writes.milestones:
            execute(PUT_MILESTONE, milestone)
        execute(PUT_OCCURRENCE, writes.occurrence)
        execute(ADD_EVENT, writes.entry)


def record_in_two_statements(connection: psycopg.Connection, fact: Fact) -> None:
    """One statement reads, one writes and commits by itself: as few trips to the server as can be."""
    row = _one(connection.execute(READ_ALL, (fact.code, FISCAL_YEAR)))
    indicator = Indicator(*row[:-6])
    milestones, occurrences, decisions, waivers = (
        [kind(*each.values()) for each in found or ()]
        for kind, found in zip((Milestone, Occurrence, Decision, Waiver), row[-6:-2], strict=True)
    )
    writes = decide(Read(indicator, milestones, occurrences, decisions, waivers), fact, YEAR_AS_TEXT)
    parameters = (
        *by_hand.moved(indicator, writes),
        json.dumps([each._asdict() for each in writes.milestones]),
        json.dumps(writes.occurrence._asdict()),
        json.dumps(writes.entry._asdict()),
    )
    if connection.execute(WRITE_ALL, parameters).rowcount != 1:
        raise Refused("somebody else changed the indicator meanwhile")


def _one(cursor: psycopg.Cursor[Any]) -> tuple[Any, ...]:
    row = cursor.fetchone()
    assert row is not None
    return tuple(row)
