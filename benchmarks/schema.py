"""Radap's own tables, shared by every peer that writes SQL, and the running indicators that fill them."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from benchmarks import work
from benchmarks.peers import Outcome
from engine.workflow import Workflow
from storage import schema
from storage.store import connect
from workflows.catalogue import load

WORKFLOW = Path(__file__).parent.parent / "workflows" / "civil_society_network.toml"

DURABLE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=30000",
)
"""How every SQLite connection of a measured peer is set: nothing committed is ever lost."""

OF_AN_ADVANCE = ("indicators", "milestones", "occurrences", "journal")
"""The tables that an advance writes."""


def workflow() -> Workflow:
    """The definition that the indicators run on."""
    return load(WORKFLOW)


def create(url: str) -> None:
    """Create every table as an installation of Radap does."""
    engine = connect(url)
    schema.upgrade(engine)
    engine.dispose()


def sqlite_url(path: str) -> str:
    """The file as Radap is told of it."""
    return f"sqlite:///{path}"


def postgres_url(url: str) -> str:
    """The database as Radap is told of it."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def connect_sqlite(path: str) -> sqlite3.Connection:
    """A durable connection in autocommit mode: transactions begin where the code says BEGIN."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    for pragma in DURABLE:
        connection.execute(pragma)
    return connection


Table = tuple[str, str, Iterable[tuple[object, ...]]]


def founded(agencies: int) -> Iterator[Table]:
    """The rows that a city needs before its indicators: agencies, a coordinator of each, the workflow."""
    created = work.instant_text(work.CREATED_AT)
    definition = workflow()
    names = range(1, agencies + 1)
    yield "city", "id, journal_seq, journal_head, link_secret", [(1, 0, work.GENESIS, "0" * 64)]
    yield (
        "agencies",
        "id, name_th, name_en, kind",
        ((id_, f"เขต {id_}", f"District {id_}", "district") for id_ in names),
    )
    yield (
        "people",
        "id, email, name, language, added_at",
        [(1, "operator@localhost", "operator", "th", created)],
    )
    yield (
        "people",
        "id, email, name, language, added_at",
        (
            (work.coordinator_of(id_), f"{id_}@example.org", f"ผู้ประสานงานเขต {id_}", "th", created)
            for id_ in names
        ),
    )
    yield (
        "workflow_versions",
        "id, key, version, hash, source, registered_at",
        [(1, definition.key, definition.version, definition.source_hash, definition.source, created)],
    )


def running(indicators: int) -> Iterator[Table]:
    """Indicators of the year 2021, created and not begun."""
    created = work.instant_text(work.CREATED_AT)
    ids = range(1, indicators + 1)
    yield from founded(work.agency_of(indicators))
    yield "indicators", INDICATOR_COLUMNS, (
        (
            id_, work.code_of(id_), work.FISCAL_YEAR, work.agency_of(id_), 1, None, "5", "1", "active",
            "not_started", 1, 1, work.first_entry(id_).hash, 0, 0.0, 0, 0.0, work.CREATED_ON.isoformat(),
            None, work.DUE_ON[0].isoformat(), 0, None, None, None, 0, None, None, None, 1,
        )
        for id_ in ids
    )  # fmt: skip # one row, one line
    yield (
        "indicator_details",
        "indicator_id, title_th, title_en, unit",
        ((id_, "การจัดตั้งเครือข่ายประชาสังคมเขต", "District civil-society network", "ระดับ") for id_ in ids),
    )
    yield (
        "milestones",
        "indicator_id, key, state, due_on, since, blocked_by, reason",
        (
            (id_, key, "open", due_on.isoformat(), created, "", "")
            for id_ in ids
            for key, due_on in sorted(zip(work.MILESTONES, work.DUE_ON, strict=True))
        ),
    )
    yield "journal", JOURNAL_COLUMNS, (work.first_entry(id_) for id_ in ids)


INDICATOR_COLUMNS = (
    "id, code, fiscal_year, agency_id, workflow_version_id, owner_id, target, weight, life, ladder, version, "
    "journal_seq, journal_head, claimed_level, claimed_fraction, verified_level, verified_fraction, as_of, "
    "changes_on, next_due_on, claimed_q1, claimed_q2, claimed_q3, claimed_q4, "
    "verified_q1, verified_q2, verified_q3, verified_q4, told_seq"
)
JOURNAL_COLUMNS = "stream, seq, what, at, by, data, previous_hash, hash"


def fill_sqlite(path: str, indicators: int) -> None:
    """Create the tables in a new file and fill them."""
    create(sqlite_url(path))
    connection = connect_sqlite(path)
    connection.execute("BEGIN")
    insert_sqlite(connection, running(indicators))
    connection.execute("COMMIT")
    connection.close()


def insert_sqlite(connection: sqlite3.Connection, tables: Iterable[Table]) -> None:
    """Insert the rows of each table."""
    for table, columns, rows in tables:
        marks = ", ".join("?" * (columns.count(",") + 1))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def fill_postgres(url: str, indicators: int) -> None:
    """Create the tables and fill them with running indicators."""
    create(postgres_url(url))
    with psycopg.connect(url) as connection:
        for table, columns, rows in running(indicators):
            _copy(connection, f"{table} ({columns})", rows)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _copy(connection: psycopg.Connection, target: str, rows: Iterable[tuple[object, ...]]) -> None:
    with connection.cursor().copy(f"COPY {target} FROM STDIN") as copy:  # type: ignore[call-overload]  # our own names
        for row in rows:
            copy.write_row(row)


# --- what an advance left, read back as a stranger would -------------------------------------------------

OUTCOME = "SELECT claimed_level, journal_head FROM indicators ORDER BY id"
WRITTEN = [f"SELECT * FROM {table} ORDER BY 1, 2" for table in OF_AN_ADVANCE]


def outcome_sqlite(path: str) -> Outcome:
    """Level and journal head of each indicator, and the digest of all that advances write."""
    connection = sqlite3.connect(path)
    try:
        levels = connection.execute(OUTCOME).fetchall()
        return Outcome(levels, _digest(connection.execute(query) for query in WRITTEN))
    finally:
        connection.close()


def outcome_postgres(url: str) -> Outcome:
    """Level and journal head of each indicator, and the digest of all that advances write."""
    with psycopg.connect(url) as connection:
        levels = connection.execute(OUTCOME).fetchall()
        return Outcome(levels, _digest(connection.execute(query) for query in WRITTEN))  # type: ignore[call-overload]  # our own names


def _digest(tables: Iterable[Iterable[object]]) -> str:
    digest = hashlib.sha256()
    for table in tables:
        for row in table:
            digest.update(repr(tuple(row)).encode())  # type: ignore[arg-type]  # a row of either driver
    return digest.hexdigest()
