"""A city of up to a million indicators in Radap's own tables on SQLite, built fast."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime

from benchmarks import schema, work
from benchmarks.radap_adapter import store_on
from engine.actions import (
    NewIndicator,
    NewOccurrence,
    attach_evidence,
    create_indicator,
    record_occurrence,
    verify_milestone,
)
from engine.permissions import Grant, Person, Role
from engine.quarter import FiscalYear
from storage.store import Store

INDICATORS_OF_AN_AGENCY = 50
WRONG_EVERY = 1_000
"""Every thousandth indicator is stored with a wrong level, for the recompute to find."""
AGENCIES = 70
"""So many agencies a city really has: :func:`merge` leaves no more."""
MODELS = 12
"""So many indicators live through the public actions; all others are copies of these, under ids and codes of
their own (only the chains of their journals are not: no bench reads them)."""

_NOW = datetime(2021, 9, 20, 3, tzinfo=UTC)
_OPERATOR = Person(1, "operator", (Grant(Role.OPERATOR),))
_EVALUATOR = Person(2, "ผู้ประเมิน", (Grant(Role.EVALUATOR),))
# Facts that are kept for the history and count for nothing, so that an indicator has six facts on average.
_ASIDE = (
    (1, "position_order", date(2020, 12, 8)),
    (2, "invitation", date(2021, 1, 20)),
    (3, "agenda_item", date(2021, 6, 1)),
)


def true_level(id_: int) -> int:
    """The level that an indicator's facts give: any of 0 to 5."""
    return (id_ - 1) % MODELS % 6


def stored_level(id_: int) -> int:
    """The level that the indicator's row carries."""
    return (true_level(id_) + (id_ % WRONG_EVERY == 0)) % 6


def build(path: str, indicators: int) -> None:
    """Create the city in a new file."""
    schema.create(schema.sqlite_url(path))
    connection = sqlite3.connect(path, isolation_level=None)
    # It is thrown away if the machine stops: nothing of it need be durable.
    connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-200000")
    connection.execute("BEGIN")
    schema.insert_sqlite(connection, schema.founded(indicators // INDICATORS_OF_AN_AGENCY))
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    _live(schema.sqlite_url(path))
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("BEGIN")
    # A city that has been running for long: nothing of its past waits to be told.
    for table in ("indicators", "city"):
        connection.execute(f"UPDATE {table} SET told_seq = journal_seq")
    _copy(connection, indicators)
    connection.execute(
        f"UPDATE indicators SET claimed_level = (claimed_level + 1) % 6 WHERE id % {WRONG_EVERY} = 0"
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def agency_of(id_: int) -> int:
    """The agency of an indicator in the city that was merged."""
    return id_ % AGENCIES + 1


def merge(path: str) -> None:
    """Leave as few agencies as a city has, each with all the more indicators."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(f"UPDATE indicators SET agency_id = id % {AGENCIES} + 1")
    connection.execute(f"DELETE FROM agencies WHERE id > {AGENCIES}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _live(url: str) -> None:
    """Let the models live through their year."""
    store = store_on(url)
    for id_ in range(1, MODELS + 1):
        _live_one(store, id_)
    store.close()


def _live_one(store: Store, id_: int) -> None:
    code, year = work.code_of(id_), work.FISCAL_YEAR
    definition = schema.workflow()
    new = NewIndicator(code, FiscalYear(year), 1, definition, definition.title, "ระดับ")
    with store.begin() as tx:
        create_indicator(tx, new, by=_OPERATOR, now=work.CREATED_AT)
        for fact in _facts(id_):
            record_occurrence(tx, code, year, fact, by=_OPERATOR, now=_NOW)
        for milestone in work.MILESTONES[: min(true_level(id_), 2)]:
            if milestone == work.MILESTONES[0]:
                link = "https://example.org/guidelines"
                attach_evidence(tx, code, year, milestone, link=link, by=_OPERATOR, now=_NOW)
            verify_milestone(tx, code, year, milestone, by=_EVALUATOR, now=_NOW)


def _facts(id_: int) -> Iterator[NewOccurrence]:
    """The facts of one model: those of its level and some that do not count; every second one has a gap."""
    level = true_level(id_)
    reached = set(range(level)) | ({level + 1} if id_ > 6 else set())
    for number, (position, day) in enumerate(work.STEPS, 1):
        if position in reached:
            yield NewOccurrence(work.MILESTONES[position], day, document_number=f"DOC-{number}/64")
    for position, kind, day in _ASIDE:
        yield NewOccurrence(work.MILESTONES[position], day, kind=kind, document_number=f"{kind}/64")


def _copy(connection: sqlite3.Connection, indicators: int) -> None:
    """Multiply the models until there are so many indicators."""
    connection.execute(
        "CREATE TEMP TABLE numbers AS WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n "
        f"WHERE n < {(indicators - 1) // MODELS}) SELECT n FROM n"
    )
    for table, owner in (
        ("indicators", "id"),
        ("indicator_details", "indicator_id"),
        ("milestones", "indicator_id"),
        ("occurrences", "indicator_id"),
        ("decisions", "indicator_id"),
        ("evidence", "indicator_id"),
        ("journal", "stream"),
    ):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        new = f"(numbers.n * {MODELS} + model.{owner})"
        values = {column: f"model.{column}" for column in columns}
        values[owner] = new
        if table == "indicators":
            values["code"] = f"(5000 + {new}) || '-2017'"
            values["agency_id"] = f"({new} - 1) / {INDICATORS_OF_AN_AGENCY} + 1"
        connection.execute(f"CREATE TEMP TABLE model AS SELECT * FROM main.{table} WHERE {owner} > 0")
        connection.execute(
            f"INSERT INTO main.{table} SELECT {', '.join(values.values())} "
            f"FROM numbers CROSS JOIN model WHERE {new} <= {indicators}"
        )
        connection.execute("DROP TABLE model")
