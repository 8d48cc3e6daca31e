"""A backup goes back whole into either database, or not at all."""

import gzip
import hashlib
import io
import json
import random
import tarfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from engine.actions import NewOccurrence, create_indicator, record_occurrence
from engine.errors import Refusal
from storage import backup, checks, password_links, registry, schema, search_checks, sessions, told
from storage.evidence import EvidenceFolder, Limits
from storage.password_links import LinkKind
from storage.store import connect
from tests.cast import (
    ADMINISTRATOR,
    COORDINATOR,
    FOUNDED,
    GUIDELINES,
    OPERATOR,
    WORKFLOW,
    YEAR,
    at,
    new_indicator,
    new_store,
    open_store,
)
from tests.storage.story import STORY, everything, take, tell

#: Every row of the story's year, written by the first release.
FIRST = Path(__file__).parents[1] / "data" / "story_0001.json"
PDF = b"%PDF-1.7\n" + random.Random(5).randbytes(50_000)
LIMITS = Limits(100_000, frozenset({"application/pdf"}))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A backup of the story's year with its evidence file, the rows in it, and the folder they lie in."""
    folder = tmp_path_factory.mktemp("saved")
    store = new_store(f"sqlite:///{folder / 'radap.db'}")
    evidence = EvidenceFolder(folder / "evidence", LIMITS)
    fill(store, evidence)
    rows = backup.back_up(store, evidence, folder / "radap.backup").rows
    with store.read() as tx:
        kept = everything(tx.connection)
    store.close()
    assert rows == sum(map(len, kept.values()))
    return folder / "radap.backup", kept


def fill(store, evidence) -> None:
    """The story, with a real file where it has a made-up one."""
    tell(store)
    digest = evidence.keep(io.BytesIO(PDF), "รายงาน.pdf")
    with store.engine.connect() as connection, connection.begin():
        if store.is_sqlite:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        connection.execute(
            text("INSERT INTO files SELECT :sha256, :size, media_type, stored_at FROM files"),
            {"sha256": digest.sha256, "size": digest.size},
        )
        connection.execute(
            text("UPDATE evidence SET sha256 = :new WHERE sha256 IS NOT NULL"), {"new": digest.sha256}
        )
        connection.execute(text("DELETE FROM files WHERE sha256 <> :new"), {"new": digest.sha256})


def rows_of(url: str):
    store = open_store(url)
    with store.read() as tx:
        found = everything(tx.connection)
        faults = [one for one in checks.levels(tx) if one] + [one for _, one in checks.journal(tx) if one]
        faults += [one for one in search_checks.search(tx.connection) if one]
        proofs = [one for quarter in checks.sealed_quarters(tx) for one in checks.seal(tx, quarter)]
    # A file of this test stands for that of the story, of which the journal tells.
    seals = [one for one in proofs if one.fault != "evidence"]
    store.close()
    assert (faults, seals) == ([], [])
    return found


def restore(url: str, folder, source) -> int:
    engine = connect(url)
    try:
        return backup.restore(engine, EvidenceFolder(folder / "restored", LIMITS), source)
    finally:
        engine.dispose()


def tables(url: str) -> list[str]:
    engine = connect(url)
    found = inspect(engine).get_table_names()
    engine.dispose()
    return found


def kind_of(refused):
    (condition,) = refused.value.conditions
    return condition.kind


def test_backup_of_sqlite_goes_back_into_either(saved, database_url, tmp_path):
    file, kept = saved

    rows = restore(database_url, tmp_path, file)

    assert rows == sum(map(len, kept.values()))
    assert rows_of(database_url) == kept


def test_backup_of_postgresql_goes_back_into_sqlite(postgres, tmp_path):
    url = postgres.create()
    store = new_store(url)
    evidence = EvidenceFolder(tmp_path / "evidence", LIMITS)
    fill(store, evidence)
    backup.back_up(store, evidence, tmp_path / "file")
    store.close()

    restore(f"sqlite:///{tmp_path / 'back.db'}", tmp_path, tmp_path / "file")

    assert rows_of(f"sqlite:///{tmp_path / 'back.db'}") == rows_of(url)
    postgres.drop(url)


def test_evidence_comes_back(saved, tmp_path):
    file, kept = saved

    restore(f"sqlite:///{tmp_path / 'back.db'}", tmp_path, file)

    restored = EvidenceFolder(tmp_path / "restored", LIMITS)
    (sha256,) = [row[0] for row in kept["files"]]
    assert restored.path(sha256).read_bytes() == PDF


def test_ids_go_on_after_a_restore(saved, database_url, tmp_path):
    file, kept = saved
    restore(database_url, tmp_path, file)
    store = open_store(database_url)

    with store.begin() as tx:
        new = new_indicator("5049-7777", workflow=WORKFLOW)
        made = create_indicator(tx, new, by=ADMINISTRATOR, now=at(date(2021, 9, 30)))
        agency = registry.add_agency(tx, WORKFLOW.title, "office", by=OPERATOR.id, now=FOUNDED)
        person = registry.add_person(tx, "new@example.org", "ใหม่", "th", [], by=OPERATOR.id, now=FOUNDED)
        node = registry.add_plan_node(tx, "9", "แผน", None)
    with store.begin() as tx:
        now = at(date(2021, 9, 30))
        fact = NewOccurrence(GUIDELINES, date(2021, 9, 1))
        record_occurrence(tx, "5049-7777", YEAR, fact, by=COORDINATOR, now=now)
    store.close()

    assert made.id == len(kept["indicators"]) + 1
    assert agency == len(kept["agencies"]) + 1
    assert person == len(kept["people"]) + 1
    assert node == len(kept["plan_nodes"]) + 1


def test_progress_names_every_part(saved, tmp_path):
    file, kept = saved
    told: list[str] = []

    engine = connect(f"sqlite:///{tmp_path / 'back.db'}")
    backup.restore(engine, EvidenceFolder(tmp_path / "restored", LIMITS), file, told.append)
    engine.dispose()

    passing = {"uploads", "sessions", "password_links", "jobs", "tokens", "replays"}
    assert sorted(told) == sorted([*(kept.keys() - passing), kept["files"][0][0]])


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8, 0.98, 1.0])
def test_flipped_byte_is_found_and_nothing_is_restored(saved, database_url, tmp_path, share):
    content = bytearray(saved[0].read_bytes())
    content[int((len(content) - 1) * share)] ^= 0x10
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content)

    with pytest.raises(Refusal) as refused:
        restore(database_url, tmp_path, damaged)

    assert kind_of(refused) == "restore.damaged"
    assert tables(database_url) == []
    assert not (tmp_path / "restored").exists()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_file_cut_off_is_found_and_nothing_is_restored(saved, tmp_path, share):
    url, content = f"sqlite:///{tmp_path / 'back.db'}", saved[0].read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(Refusal) as refused:
        restore(url, tmp_path, cut)

    assert kind_of(refused) == "restore.damaged"
    assert tables(url) == []


def test_file_that_is_no_backup_is_refused(tmp_path):
    (tmp_path / "words").write_text("สวัสดี")

    with pytest.raises(Refusal) as refused:
        restore(f"sqlite:///{tmp_path / 'back.db'}", tmp_path, tmp_path / "words")

    assert kind_of(refused) == "restore.damaged"


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(Refusal) as refused:
        restore(f"sqlite:///{tmp_path / 'back.db'}", tmp_path, tmp_path / "nothing")

    assert kind_of(refused) == "file.missing"


def rewritten(source, target, change) -> None:
    """A whole archive whose parts ``change`` has gone over; it returns ``None`` to leave one out."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old.getmembers():
            content = old.extractfile(member)
            assert content is not None
            changed = change(member.name, content.read())
            if changed is not None:
                member.size = len(changed)
                new.addfile(member, io.BytesIO(changed))


def altered_manifest(**more):
    def change(name: str, content: bytes) -> bytes:
        return json.dumps({**json.loads(content), **more}).encode() if name == "manifest.json" else content

    return change


CHANGED = {
    "a table altered": (
        lambda name, content: content + b"{}\n" if name == "tables/people.jsonl" else content,
        "restore.damaged",
    ),
    "a table left out": (
        lambda name, content: None if name == "tables/waivers.jsonl" else content,
        "restore.damaged",
    ),
    "a file altered": (
        lambda name, content: content[:-1] if name.startswith("evidence/") else content,
        "restore.damaged",
    ),
    "a file left out": (
        lambda name, content: None if name.startswith("evidence/") else content,
        "restore.damaged",
    ),
    "the manifest left out": (
        lambda name, content: None if name == "manifest.json" else content,
        "restore.damaged",
    ),
    "a format of tomorrow": (altered_manifest(format=2), "restore.format"),
    "a schema of tomorrow": (altered_manifest(revision="9999"), "schema.newer"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_backup_that_is_not_as_it_was_written_is_refused(saved, tmp_path, what):
    change, kind = CHANGED[what]
    url = f"sqlite:///{tmp_path / 'back.db'}"
    rewritten(saved[0], tmp_path / "changed", change)

    with pytest.raises(Refusal) as refused:
        restore(url, tmp_path, tmp_path / "changed")

    assert (kind_of(refused), tables(url)) == (kind, [])


def test_row_that_points_nowhere_takes_the_whole_restore_back(saved, database_url, tmp_path):
    """The archive is whole, but its rows are not: what was read before them must not stay."""
    empty = hashlib.sha256(b"").hexdigest()

    def change(name: str, content: bytes) -> bytes:
        if name == "tables/workflow_versions.jsonl":
            return b""
        if name == "manifest.json":
            manifest = json.loads(content)
            manifest["parts"]["tables/workflow_versions.jsonl"]["sha256"] = empty
            return json.dumps(manifest).encode()
        return content

    rewritten(saved[0], tmp_path / "changed", change)

    with pytest.raises(Exception, match=r"nowhere|foreign key"):
        restore(database_url, tmp_path, tmp_path / "changed")

    assert tables(database_url) == []


def test_target_that_is_not_empty_is_left_alone(saved, database_url, tmp_path):
    store = new_store(database_url)
    take(store, STORY[0])
    with store.read() as tx:
        before = everything(tx.connection)

    with pytest.raises(Refusal) as refused:
        restore(database_url, tmp_path, saved[0])

    with store.read() as tx:
        assert everything(tx.connection) == before
    store.close()
    assert kind_of(refused) == "restore.not_empty"


def test_target_with_tables_of_somebody_else_is_left_alone(saved, database_url, tmp_path):
    engine = connect(database_url)
    with engine.connect() as connection, connection.begin():
        connection.execute(text("CREATE TABLE people (name TEXT)"))
    engine.dispose()

    with pytest.raises(Refusal) as refused:
        restore(database_url, tmp_path, saved[0])

    assert (kind_of(refused), tables(database_url)) == ("restore.not_empty", ["people"])


@pytest.mark.parametrize("change", ["vanished", "altered"])
def test_evidence_that_is_not_as_registered_is_left_out_and_named(year, tmp_path, change):
    evidence = EvidenceFolder(tmp_path / "evidence", LIMITS)
    with year.read() as tx:
        sha256 = tx.indicator("5049-2017", YEAR).evidence[0].sha256 or ""
    if change == "altered":
        path = evidence.path(sha256)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"other")

    written = backup.back_up(year, evidence, tmp_path / "file")

    assert sha256 in written.lacking
    with tarfile.open(tmp_path / "file") as archive:
        assert f"evidence/{sha256}" not in archive.getnames()


def test_backup_never_overwrites(saved, year, tmp_path):
    (tmp_path / "file").write_text("mine")

    with pytest.raises(Refusal) as refused:
        backup.back_up(year, EvidenceFolder(tmp_path / "evidence", LIMITS), tmp_path / "file")

    assert (kind_of(refused), (tmp_path / "file").read_text()) == ("backup.exists", "mine")


def test_backup_is_of_one_moment(database_url, tmp_path):
    store = new_store(database_url)
    for step in STORY[:9]:
        take(store, step)
    evidence = EvidenceFolder(tmp_path / "evidence", LIMITS)
    later = iter(STORY[9:20])

    def write_on(_part: str) -> None:
        step = next(later, None)
        if step is not None:
            take(store, step)

    with store.read() as tx:
        before = everything(tx.connection)
    backup.back_up(store, evidence, tmp_path / "file", write_on)
    store.close()

    restore(f"sqlite:///{tmp_path / 'back.db'}", tmp_path, tmp_path / "file")

    assert rows_of(f"sqlite:///{tmp_path / 'back.db'}") == before


def test_backup_is_a_plain_archive_of_lines(saved):
    with gzip.open(saved[0]) as content, tarfile.open(fileobj=content) as archive:
        people = archive.extractfile("tables/people.jsonl")
        assert people is not None
        first = json.loads(people.readline())

    assert first == {
        "id": 1,
        "email": "operator@localhost",
        "name": "operator",
        "language": "th",
        "added_at": "2020-09-30T20:00:00.000000+00:00",
        "hour": None,
        "switched_off": "",
        "line_id": None,
        "unreachable_at": None,
        "unreachable_why": "",
        "calendar_hash": None,
    }


def test_mail_comes_back_word_for_word(saved, database_url, tmp_path):
    """Its bytes are no text, and lines of a backup are."""
    restore(database_url, tmp_path, saved[0])

    store = open_store(database_url)
    with store.read() as tx:
        assert told.content_of(tx.connection, 1) == b"\x00\xffmail"
    store.close()


def test_what_opens_the_door_for_a_while_does_not_come_back(tmp_path):
    """A session that was ended after the backup must not live again."""
    store = new_store(f"sqlite:///{tmp_path / 'radap.db'}")
    tell(store)
    with store.begin() as tx:
        token = sessions.begin(tx, COORDINATOR.id, sessions.Client("", ""), FOUNDED)
        password_links.keep(
            tx, LinkKind.SETUP, COORDINATOR.id, "d" * 64, FOUNDED + timedelta(days=7), FOUNDED
        )
    backup.back_up(store, EvidenceFolder(tmp_path / "evidence", LIMITS), tmp_path / "radap.backup")
    store.close()
    restore(f"sqlite:///{tmp_path / 'back.db'}", tmp_path / "restored", tmp_path / "radap.backup")

    back = open_store(f"sqlite:///{tmp_path / 'back.db'}")
    with back.read() as tx:
        assert sessions.find(tx.connection, token, FOUNDED) is None
        assert not password_links.is_live(tx.connection, COORDINATOR.id, "d" * 64, FOUNDED)
    back.close()


@pytest.fixture
def backup_of_first_release(tmp_path):
    """What the first release would have written of the story's year."""
    parts: dict[str, bytes] = {}
    hashes = {}
    for table, rows in json.loads(FIRST.read_text(encoding="utf-8")).items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        name = f"tables/{table}.jsonl"
        parts[name] = lines
        hashes[name] = {"sha256": hashlib.sha256(lines).hexdigest(), "rows": len(rows)}
    manifest = {"format": 1, "revision": "0001", "parts": hashes, "evidence": []}
    parts["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(tmp_path / "first", "w:gz") as archive:
        for name, content in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return tmp_path / "first"


def test_backup_of_the_first_release_goes_back_and_ids_go_on(backup_of_first_release, database_url, tmp_path):
    rows = restore(database_url, tmp_path, backup_of_first_release)

    kept = rows_of(database_url)
    store = open_store(database_url)
    with store.begin() as tx:
        added = registry.add_agency(tx, WORKFLOW.title, "office", by=OPERATOR.id, now=FOUNDED)
    store.close()
    # The upgrade makes a verdict of the one evaluation, and a row for each text that search finds.
    made = [kept[table] for table in ("verdicts", "search_texts")]
    assert all(made)
    assert rows == sum(map(len, kept.values())) - sum(map(len, made))
    assert added == len(kept["agencies"]) + 1


def test_restored_schema_is_current(saved, tmp_path):
    url = f"sqlite:///{tmp_path / 'back.db'}"
    restore(url, tmp_path, saved[0])

    engine = connect(url)
    schema.require_current(engine)
    assert schema.revision(engine) == schema.newest()
    engine.dispose()
