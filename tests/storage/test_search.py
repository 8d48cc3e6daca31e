"""Search: every text is found by what stands in it, by who may see it, and whatever became of it."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text, update

from engine import actions
from engine.actions import NewOccurrence, create_indicator
from engine.errors import Refusal
from engine.permissions import Person
from engine.searching import words_of
from storage import search_checks, search_index, telling
from storage import tables as t
from storage.search import Hit, find
from storage.search_index import Kind
from storage.store import Store, connect
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    MEETINGS,
    SAI_MAI,
    SAI_MAI_COORDINATOR,
    YEAR,
    at,
    found_city,
    new_indicator,
    new_store,
)

DAY = date(2021, 5, 18)
NOW = at(DAY)
OTHER = "5042-2017"


def hits(
    store: Store, asked: str, person: Person = COORDINATOR, most: int = 50, before: int | None = None
) -> list[Hit]:
    with store.read() as tx:
        return find(tx.connection, store.workflow, person, words_of(asked), most=most, before=before)


def kinds(store: Store, asked: str, person: Person = COORDINATOR) -> list[tuple[Kind, int]]:
    return [(hit.kind, hit.number) for hit in hits(store, asked, person)]


def record(store: Store, *facts: NewOccurrence) -> None:
    with store.begin() as tx:
        for new in facts:
            actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=NOW)


def meeting(document_number: str | None = None, note: str = "") -> NewOccurrence:
    return NewOccurrence(MEETINGS, DAY, document_number=document_number, note=note)


def write(store: Store, narrative: str, quarter: int = 3) -> None:
    with store.begin() as tx:
        actions.write_report(tx, CODE, YEAR, quarter, narrative=narrative, by=COORDINATOR, now=NOW)


def take_in(store: Store) -> None:
    """What a worker does once the news was told."""
    with store.begin() as tx:
        telling.mark_told(tx.connection, telling.untold(tx.connection))


def faults(store: Store) -> list[tuple[str, str]]:
    with store.read() as tx:
        return [(one.kind, one.detail) for one in search_checks.search(tx.connection) if one]


@pytest.fixture
def told(city: Store) -> Store:
    """Something of every kind is written at Thung Khru."""
    record(city, meeting("กท ๖๙๐๙/1116", "นัดประชุมเรื่องไฟไหม้"))
    write(city, "ลอกคลองและเก็บขยะในที่ดินรกร้าง 100% ของ_พื้นที่")
    with city.begin() as tx:
        link = "https://example.org/minutes"
        actions.attach_evidence(tx, CODE, YEAR, MEETINGS, link=link, by=COORDINATOR, now=NOW)
    return city


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (CODE, (Kind.INDICATOR, 0)),
        ("สร้างเครือข่าย", (Kind.INDICATOR, 0)),
        ("building THE", (Kind.INDICATOR, 0)),
        ("ขยะ", (Kind.REPORT, 3)),
        ("ขยะ ลอกคลอง", (Kind.REPORT, 3)),
        ("6909/๑๑๑๖", (Kind.FACT, 1)),
        ("กท 6909", (Kind.FACT, 1)),
        ("ไฟ", (Kind.FACT, 1)),
        ("ไฟ กท", (Kind.FACT, 1)),
        ("ไฟไหม้ 1", (Kind.FACT, 1)),
        ("minutes", (Kind.EVIDENCE, 1)),
        ("100%", (Kind.REPORT, 3)),
        ("0%", (Kind.REPORT, 3)),
        ("ม้", (Kind.FACT, 1)),
        ("ut", (Kind.EVIDENCE, 1)),
        ("ของ_พื้น", (Kind.REPORT, 3)),
    ],
)
def test_text_is_found_by_its_words(told, asked, where):
    assert kinds(told, asked) == [where]


@pytest.mark.parametrize(
    "asked",
    [
        "ขยะ ไฟไหม้",
        "ขย่ะ",
        "ลอก%คลอง",
        "ลอก_คลอง",
        "%%",
        "__",
        "\\\\",
        '"ขยะ"',
        "'; --",
        "ขยะ*",
        "NEAR(ขยะ)",
        "ขยะ" * 99,
    ],
)
def test_what_stands_in_no_text_is_not_found(told, asked):
    assert kinds(told, asked) == []


def test_text_is_told_as_it_was_written(told):
    (hit,) = hits(told, "6909/1116")
    assert (hit.said, hit.milestone, hit.code) == ("กท ๖๙๐๙/1116 · นัดประชุมเรื่องไฟไหม้", MEETINGS, CODE)
    assert (hit.fiscal_year.year, hit.agency.en, hit.holds) == (YEAR, "Thung Khru District", True)


def test_report_that_is_written_anew_is_found_by_its_new_words_only(told):
    write(told, "ปลูกต้นไม้ริมคลอง")
    assert (kinds(told, "ขยะ"), kinds(told, "ปลูกต้นไม้")) == ([], [(Kind.REPORT, 3)])
    for narrative in ("ปลูกต้นไม้" * 30, "ปลูกต้นไม้" * 31, "ปลูก", "ปลูกต้นไม้" * 32, ""):
        write(told, narrative)
        assert (len(kinds(told, "ปลูกต้นไม้")), faults(told)) == (int("ต้นไม้" in narrative), [])


def test_voided_fact_is_found_and_told_to_be_void(told):
    with told.begin() as tx:
        actions.void_occurrence(tx, CODE, YEAR, 1, reason="ผิด", by=COORDINATOR, now=NOW)
    assert [hit.holds for hit in hits(told, "ไฟไหม้")] == [False]


def test_nobody_finds_what_they_may_not_see(told):
    for asked in ("ขยะ", "ไฟ", CODE, "6909"):
        assert kinds(told, asked, SAI_MAI_COORDINATOR) == []
        assert kinds(told, asked, Person(9, "nobody")) == []
        assert kinds(told, asked, EVALUATOR) == kinds(told, asked, COORDINATOR) != []


def test_fact_is_found_alike_while_it_waits_for_the_index_and_after(told):
    kept = text("SELECT count(*) FROM search_texts WHERE kind = 0")
    for waits in (True, False):
        with told.read() as tx:
            assert tx.connection.execute(kept).scalar_one() == (0 if waits else 1)
        assert (kinds(told, "ไฟไหม้"), kinds(told, "๖๙๐๙", EVALUATOR)) == ([(Kind.FACT, 1)],) * 2
        assert kinds(told, "ไฟไหม้", SAI_MAI_COORDINATOR) == []
        assert faults(told) == []
        take_in(told)

    record(told, meeting(note="ไฟไหม้อีกครั้ง"))
    assert kinds(told, "ไฟไหม้") == [(Kind.FACT, 2), (Kind.FACT, 1)]


def test_failed_change_leaves_nothing_to_find(told):
    again = meeting("กท 1/2564"), meeting("กท 1/2564", "ไม่เคยเกิดขึ้น")
    with pytest.raises(Refusal):
        record(told, meeting(note="ไม่เคยเกิดขึ้น"), *again)
    assert kinds(told, "ไม่เคยเกิดขึ้น") == []


def test_pages_have_every_text_once_the_newest_year_first(told):
    """Some are found by the index and some where they lie."""
    with told.begin() as tx:
        for code, year in (("5049-0001", 2022), ("5049-0002", 2020)):
            create_indicator(tx, new_indicator(code, year=year), by=ADMINISTRATOR, now=FOUNDED)
        new_there = new_indicator(OTHER, agency=SAI_MAI)
        create_indicator(tx, new_there, by=ADMINISTRATOR, now=FOUNDED)
    record(told, *(meeting(f"ลำดับ {number}") for number in range(200)))
    take_in(told)
    record(told, *(meeting(f"ลำดับ {number}") for number in range(200, 300)))
    found = hits(told, "ลำดับ", most=70)
    while page := hits(told, "ลำดับ", most=70, before=found[-1].place):
        found += page

    assert [hit.number for hit in found] == list(range(301, 1, -1))
    assert [hit.code for hit in hits(told, "สร้างเครือข่าย", EVALUATOR)] == [
        "5049-0001",
        OTHER,
        CODE,
        "5049-0002",
    ]
    assert faults(told) == []


# --- what the doctor sees --------------------------------------------------------------------------------


def test_index_that_is_right_has_no_fault(year):
    assert faults(year) == []
    assert kinds(year, CODE, EVALUATOR) != []


def spoil(store: Store, *statements: str) -> None:
    with store.begin() as tx:
        for one in statements:
            tx.connection.execute(text(one))


def test_text_behind_the_back_of_the_index_is_named(told):
    with told.begin() as tx:
        tx.connection.execute(update(t.reports).values(narrative="ข้อความที่ไม่มีใครเขียน"))
    assert faults(told) == [("search.differs", "report 3")]
    take_in(told)
    spoil(told, "DELETE FROM search_texts WHERE kind = 0")
    assert faults(told) == [("search.differs", "fact 1"), ("search.differs", "report 3")]

    with told.begin() as tx:
        search_index.make(tx.connection)
    assert faults(told) == []
    assert kinds(told, "ไม่มีใครเขียน") == [(Kind.REPORT, 3)]


def test_text_of_no_indicator_of_that_year_is_a_fault(told):
    spoil(told, "INSERT INTO search_texts VALUES (7, 1, 0, 7, 'ผี')")
    assert faults(told) == [("search.broken", "")]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO search (search) VALUES ('delete-all')",
        "INSERT INTO search (search, rowid, text) SELECT 'delete', place, text FROM search_texts LIMIT 1",
        "INSERT INTO search (rowid, text) VALUES (1, 'ไม่มีที่ใด')",
    ],
)
def test_letters_that_the_index_has_otherwise_are_a_fault(tmp_path, statement):
    store = new_store(f"sqlite:///{tmp_path / 'radap.db'}")
    found_city(store)
    record(store, *(meeting(note=f"ประชุม {number}") for number in range(30)))
    take_in(store)
    assert faults(store) == []

    spoil(store, statement)

    assert faults(store) == [("search.broken", "")]
    with store.begin() as tx:
        search_index.make(tx.connection)
    assert faults(store) == []
    store.close()


# --- the indexed path of PostgreSQL ----------------------------------------------------------------------

_BIN = max(map(str, Path("/usr/lib/postgresql").glob("*/bin")), default="")
_HAS_TRIGRAMS = any(Path("/usr/share/postgresql").glob("*/extension/pg_trgm.control"))


@pytest.fixture(scope="module")
def distribution() -> Iterator[str]:
    """The URL of a database of the distribution's PostgreSQL, which brings pg_trgm."""
    if not (_BIN and _HAS_TRIGRAMS):
        pytest.skip("no PostgreSQL of the distribution with pg_trgm on this machine")
    as_postgres: list[str] = []
    home = Path(f"/tmp/radap-trigrams-{os.getpid()}")
    home.mkdir(mode=0o700)
    if os.getuid() == 0:  # it refuses to run as root
        shutil.chown(home, "postgres")
        as_postgres = ["runuser", "-u", "postgres", "--"]
    data = str(home / "data")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program: str, *words: str) -> None:
        subprocess.run([*as_postgres, f"{_BIN}/{program}", *words], check=True, capture_output=True, cwd=home)

    try:
        run("initdb", "-D", data, "-U", "radap", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-F -k {home} -p {port} -c listen_addresses=''"
        run("pg_ctl", "-D", data, "-w", "-s", "-l", str(home / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://radap@/postgres?host={home}&port={port}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home)


def test_postgresql_finds_by_its_index_where_it_has_trigrams(distribution):
    store = new_store(distribution)
    found_city(store)
    record(store, *(meeting(f"กท 6909/{number}", "100% ของ_พื้นที่") for number in range(3)))
    write(store, "ลอกคลองและเก็บขยะ")

    assert kinds(store, "ลอกคลอง ขยะ") == [(Kind.REPORT, 3)]
    assert kinds(store, "6909/๒") == [(Kind.FACT, 3)]
    assert [kinds(store, asked) for asked in ("ลอก%คลอง", "ของ_พื้น", "%%", "\\%")][::2] == [[], []]
    assert len(kinds(store, "ของ_พื้น")) == len(kinds(store, "0%")) == 3
    assert kinds(store, "ขยะ", SAI_MAI_COORDINATOR) == []
    assert faults(store) == []
    with store.read() as tx:
        tx.connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = tx.connection.execute(
            text("EXPLAIN SELECT place FROM search_texts WHERE text LIKE '%ลอกคลอง%'")
        ).scalars()
        assert any("ix_search_texts_text" in line for line in plan)
    store.close()


def test_database_that_may_not_have_trigrams_is_looked_through(distribution):
    """Whoever owns nothing may not make an extension: the schema is made all the same."""
    server = connect(distribution).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("CREATE ROLE poor LOGIN"))
        connection.execute(text("CREATE DATABASE poor"))
    server.dispose()
    root = connect(distribution.replace("/postgres?", "/poor?"))
    with root.begin() as connection:
        connection.execute(text("CREATE SCHEMA AUTHORIZATION poor"))
    root.dispose()
    store = new_store(distribution.replace("radap@/postgres?", "poor@/poor?"))
    found_city(store)
    write(store, "ลอกคลองและเก็บขยะ")

    assert kinds(store, "ลอกคลอง ขยะ") == [(Kind.REPORT, 3)]
    assert faults(store) == []
    with store.read() as tx:
        indexes = tx.connection.execute(text("SELECT indexname FROM pg_indexes WHERE schemaname = 'poor'"))
        assert "ix_search_texts_text" not in set(indexes.scalars())
    store.close()
