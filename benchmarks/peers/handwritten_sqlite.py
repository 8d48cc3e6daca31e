"""Hand-written SQL on the bare sqlite3 driver: the reference for SQLite."""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from benchmarks import schema
from benchmarks.peers import Outcome
from benchmarks.work import (
    FISCAL_YEAR,
    YEAR_AS_TEXT,
    Decision,
    Fact,
    Indicator,
    Milestone,
    Occurrence,
    Read,
    Refused,
    Waiver,
    Writes,
    decide,
    fact_of,
)

READ_INDICATOR = """
SELECT i.id, i.code, i.fiscal_year, i.agency_id, i.workflow_version_id, i.owner_id, i.target, i.weight,
    i.life, i.ladder, i.version, i.journal_seq, i.journal_head, i.claimed_level, i.claimed_fraction,
    i.verified_level, i.verified_fraction, i.as_of, i.changes_on, i.next_due_on, i.claimed_q1,
    i.claimed_q2, i.claimed_q3, i.claimed_q4, i.verified_q1, i.verified_q2, i.verified_q3, i.verified_q4,
    d.title_th, d.title_en, d.unit,
    (SELECT coalesce(max(s.quarter), 0) FROM seals s WHERE s.fiscal_year = i.fiscal_year)
FROM indicators i JOIN indicator_details d ON d.indicator_id = i.id
WHERE i.code = ? AND i.fiscal_year = ?
"""
READ_MILESTONES = """
SELECT indicator_id, key, state, due_on, since, blocked_by, postponed_to, reason
FROM milestones WHERE indicator_id = ? ORDER BY key
"""
READ_OCCURRENCES = """
SELECT indicator_id, number, milestone, kind, counts, occurred_on, quarter, counts_on, recorded_at,
    recorded_by, planned, value, document_number, note, approved_at, approved_by, fulfils, voided_at,
    voided_by, void_reason
FROM occurrences WHERE indicator_id = ? ORDER BY number
"""
READ_DECISIONS = """
SELECT indicator_id, number, milestone, ruling, decided_at, decided_by, reason, fix_by
FROM decisions WHERE indicator_id = ? ORDER BY number
"""
READ_WAIVERS = """
SELECT indicator_id, number, milestone, granted_on, expires_on, granted_at, granted_by, reason, withdrawn_at
FROM waivers WHERE indicator_id = ? ORDER BY number
"""
READ_EVIDENCE = """
SELECT indicator_id, number, milestone, request, occurrence, attached_at, attached_by, sha256, link,
    file_name, withdrawn_at, expires_on, replaces
FROM evidence WHERE indicator_id = ? ORDER BY number
"""
READ_REPORTS = """
SELECT indicator_id, quarter, state, narrative, self_reported, written_at, written_by, submitted_at,
    submitted_by, endorsed_at, endorsed_by, return_reason, fix_by, quality, timeliness,
    remark, evaluated_at, evaluated_by
FROM reports WHERE indicator_id = ? ORDER BY quarter
"""
SET_INDICATOR = """
UPDATE indicators SET life = ?, ladder = ?, claimed_level = ?, claimed_fraction = ?, verified_level = ?,
    verified_fraction = ?, as_of = ?, changes_on = ?, next_due_on = ?, claimed_q1 = ?, claimed_q2 = ?,
    claimed_q3 = ?, claimed_q4 = ?, verified_q1 = ?, verified_q2 = ?, verified_q3 = ?, verified_q4 = ?,
    version = ?, journal_seq = ?, journal_head = ?
WHERE id = ? AND version = ?
"""
PUT_MILESTONE = """
INSERT INTO milestones (indicator_id, key, state, due_on, since, blocked_by, postponed_to, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (indicator_id, key) DO UPDATE SET state = excluded.state, due_on = excluded.due_on,
    since = excluded.since, blocked_by = excluded.blocked_by, postponed_to = excluded.postponed_to,
    reason = excluded.reason
"""
PUT_OCCURRENCE = """
INSERT INTO occurrences (indicator_id, number, milestone, kind, counts, occurred_on, quarter, counts_on,
    recorded_at, recorded_by, planned, value, document_number, note, approved_at, approved_by, fulfils,
    voided_at, voided_by, void_reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (indicator_id, number) DO UPDATE SET milestone = excluded.milestone, kind = excluded.kind,
    counts = excluded.counts, occurred_on = excluded.occurred_on, quarter = excluded.quarter,
    counts_on = excluded.counts_on, recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by,
    planned = excluded.planned, value = excluded.value, document_number = excluded.document_number,
    note = excluded.note, approved_at = excluded.approved_at, approved_by = excluded.approved_by,
    fulfils = excluded.fulfils, voided_at = excluded.voided_at, voided_by = excluded.voided_by,
    void_reason = excluded.void_reason
"""
ADD_EVENT = """
INSERT INTO journal (stream, seq, what, at, by, data, previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


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
            record(connection.execute, fact_of(i, self._indicators, as_text=True))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def outcome(self) -> Outcome:
        return schema.outcome_sqlite(self._path)

    def close(self) -> None:
        self._connection().close()

    def _connection(self) -> sqlite3.Connection:
        try:
            connection: sqlite3.Connection = self._local.connection
        except AttributeError:
            connection = self._local.connection = schema.connect_sqlite(self._path)
        return connection


def record(execute: Callable[[str, tuple[Any, ...]], Any], fact: Fact) -> int:
    """Read, check, decide and write one fact inside the open transaction; the new level."""
    read = read_all(execute, fact)
    writes = decide(read, fact, YEAR_AS_TEXT)
    if execute(SET_INDICATOR, moved(read.indicator, writes)).rowcount != 1:
        raise Refused("somebody else changed the indicator meanwhile")
    for milestone in writes.milestones:
        execute(PUT_MILESTONE, milestone)
    execute(PUT_OCCURRENCE, writes.occurrence)
    execute(ADD_EVENT, writes.entry)
    return writes.levels.claimed_level


def read_all(execute: Callable[[str, tuple[Any, ...]], Any], fact: Fact) -> Read:
    """The seven SELECTs."""
    indicator = Indicator(*execute(READ_INDICATOR, (fact.code, FISCAL_YEAR)).fetchone())
    key = (indicator.id,)
    milestones = [Milestone(*row) for row in execute(READ_MILESTONES, key)]
    occurrences = [Occurrence(*row) for row in execute(READ_OCCURRENCES, key)]
    decisions = [Decision(*row) for row in execute(READ_DECISIONS, key)]
    waivers = [Waiver(*row) for row in execute(READ_WAIVERS, key)]
    execute(READ_EVIDENCE, key).fetchall()
    execute(READ_REPORTS, key).fetchall()
    return Read(indicator, milestones, occurrences, decisions, waivers)


def moved(indicator: Indicator, writes: Writes) -> tuple[Any, ...]:
    """The parameters of SET_INDICATOR."""
    entry = writes.entry
    return (
        writes.life, writes.ladder, *writes.levels, indicator.version + 1, entry.seq, entry.hash,
        indicator.id, indicator.version,
    )  # fmt: skip # one row, one line
