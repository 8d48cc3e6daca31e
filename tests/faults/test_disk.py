"""Full disks, and databases that may only be read: said aloud, nothing half, and better afterwards."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from engine import actions
from engine.actions import NewOccurrence
from engine.indicator import Indicator
from storage import backup, checks
from storage.evidence import EvidenceFolder, Limits
from storage.store import Store
from storage.writer import NotCommitted
from tests.cast import CODE, COORDINATOR, GUIDELINES, YEAR, at, found_city, new_store, open_store

DAY = date(2020, 12, 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = new_store(f"sqlite:///{tmp_path / 'radap.db'}")
    found_city(made)
    yield made
    made.close()


def record(store: Store, note: str = "") -> None:
    with store.begin() as tx:
        new = NewOccurrence(GUIDELINES, DAY, note=note)
        actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=at(DAY))


def load(store: Store) -> Indicator:
    with store.read() as tx:
        assert [one for _, one in checks.journal(tx) if one] == []
        assert [one for one in checks.levels(tx) if one] == []
        return tx.indicator(CODE, YEAR)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_disk_full_in_the_middle_of_an_action_keeps_nothing_and_heals(store):
    with store.begin() as tx:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    before = load(store)

    with pytest.raises(Exception, match="full"):
        record(store, "ก" * 1_000_000)

    assert load(store) == before
    record(store, "ก" * 1_000_000)  # the limit went with the connection that met it
    assert len(load(store).occurrences) == 1


def test_disk_full_at_the_commit_keeps_nothing_and_heals(store, tmp_path):
    before = load(store)
    log = tmp_path / "radap.db-wal"

    with files_no_larger_than(log.stat().st_size), pytest.raises(NotCommitted) as failed:
        record(store, "ก" * 100_000)

    assert "disk" in str(failed.value.__cause__)
    assert load(store) == before
    record(store)
    assert len(load(store).occurrences) == 1


def test_disk_full_at_each_size_of_the_log_is_whole_or_absent(store, tmp_path):
    log = tmp_path / "radap.db-wal"
    failures = 0
    for more in range(0, 60_000, 1_500):
        seen = load(store)
        try:
            with files_no_larger_than(log.stat().st_size + more):
                record(store, "ก" * 5_000)
        except NotCommitted:
            failures += 1
            assert load(store) == seen
        else:
            assert load(store).version == seen.version + 1

    assert 0 < failures < 40


def test_database_that_may_only_be_read_is_read_and_refuses_writes(store, tmp_path):
    record(store)
    expected = load(store)
    store.close()
    reader = open_store(f"sqlite:///file:{tmp_path / 'radap.db'}?mode=ro&uri=true")

    with pytest.raises(Exception, match="readonly"):
        record(reader)

    assert load(reader) == expected
    reader.close()
    again = open_store(f"sqlite:///{tmp_path / 'radap.db'}")
    record(again)
    assert load(again).version == expected.version + 1
    again.close()


def test_backup_to_a_full_disk_leaves_no_file(store, tmp_path):
    evidence = EvidenceFolder(tmp_path / "evidence", Limits(1000, frozenset()))
    (tmp_path / "backups").mkdir()

    with files_no_larger_than(1000), pytest.raises(OSError, match="File too large"):
        backup.back_up(store, evidence, tmp_path / "backups" / "file")

    assert list((tmp_path / "backups").iterdir()) == []
    assert backup.back_up(store, evidence, tmp_path / "backups" / "file").rows > 0
