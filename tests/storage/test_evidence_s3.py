"""Evidence in a bucket keeps the promises that it keeps in a folder; a backup carries it between them."""

import io
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import obstore
import pytest

from engine.actions import attach_evidence
from engine.errors import Refusal
from storage import backup, checks, evidence
from storage.evidence import EvidenceFolder, EvidenceStore, Limits
from storage.evidence_s3 import EvidenceBucket
from storage.store import connect
from storage.uploads import KEPT_FOR, Uploads
from tests.cast import CODE, COORDINATOR, REPORT, YEAR, at, open_store
from tests.storage.bucket import Buckets, serving
from tests.web.hostile_files import FILES, PDF, pdf

MB = 1 << 20
NOW = at(date(2020, 12, 1))
LIMITS = Limits(20 * MB, frozenset({"application/pdf"}))
LATER = timedelta(days=1)


@pytest.fixture(scope="module")
def buckets() -> Iterator[Buckets]:
    with serving() as found:
        yield found


@pytest.fixture(params=["folder", "s3", "s3 without prefix"])
def files(request, tmp_path, buckets) -> EvidenceStore:
    """Each kind of store; what is said of one holds for all."""
    if request.param == "folder":
        return EvidenceFolder(tmp_path / "evidence", LIMITS)
    bucket = buckets.create("" if "without" in request.param else "radap/evidence")
    return EvidenceBucket(tmp_path / "evidence", LIMITS, bucket)


@pytest.fixture
def bucket(tmp_path, buckets) -> EvidenceBucket:
    return EvidenceBucket(tmp_path / "evidence", LIMITS, buckets.create())


def kind(act: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refused:
        act()
    return refused.value.conditions[0].kind


def left(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file() and one.name.startswith(".")]


def test_kept_file_is_named_by_its_content_and_read_back_in_parts(files):
    content = pdf(b"%" + bytes(range(32, 127)) * 50_000)
    kept = files.keep(io.BytesIO(content), "a.pdf")

    with files.open(kept.sha256) as found:
        whole = found.read()
        found.seek(3_000_000)
        part = found.read(100)
        assert (found.tell(), found.seek(0, io.SEEK_END)) == (3_000_100, len(content))
    assert (whole, part) == (content, content[3_000_000:3_000_100])
    assert (files.holds(kept.sha256), files.intact(kept.sha256)) == (True, True)
    assert [sha256 for sha256, _ in files.lying()] == [kept.sha256]
    assert left(files.folder) == []


def test_same_content_twice_is_kept_once(files):
    first, second = (files.keep(io.BytesIO(PDF), name) for name in ("a.pdf", "b.pdf"))

    assert first == second
    assert len(list(files.lying())) == 1


def test_large_file_goes_in_parts(files):
    content = pdf(b"%" + b"x" * 18 * MB)

    kept = files.keep(io.BytesIO(content), "a.pdf")

    assert (kept.size, files.intact(kept.sha256)) == (len(content), True)


@pytest.mark.parametrize("case", ["macros in a docx", "empty file", "svg as png", "pdf and archive"])
def test_what_is_refused_is_kept_nowhere(files, case):
    hostile = FILES[case]()

    with pytest.raises(Refusal):
        files.keep(io.BytesIO(hostile.content), hostile.name)

    assert (list(files.lying()), left(files.folder)) == ([], [])


def test_what_is_not_there_is_named(files):
    missing = "a" * 64

    assert kind(lambda: files.open(missing)) == "evidence.vanished"
    assert (files.holds(missing), files.intact(missing)) == (False, False)
    assert files.discard(missing, datetime.now(UTC)) is False


def test_file_that_nobody_wants_is_discarded_unless_it_came_again(files):
    kept = files.keep(io.BytesIO(PDF), "a.pdf")
    now = datetime.now(UTC)

    assert files.discard(kept.sha256, now - LATER) is False
    assert files.discard(kept.sha256, now + LATER) is True
    assert files.holds(kept.sha256) is False


def test_upload_in_pieces_is_attached_and_swept(city, files):
    uploads = Uploads(city, files)
    content = pdf(b"%" + b"x" * 3 * MB)
    upload = uploads.begin(COORDINATOR.id, "a.pdf", len(content), NOW)
    for first in range(0, len(content), MB):
        upload = uploads.add(COORDINATOR.id, upload.id, first, io.BytesIO(content[first : first + MB]), NOW)
    nobodys = uploads.take(COORDINATOR.id, io.BytesIO(PDF), "b.pdf", NOW)
    with city.begin() as tx:
        uploads.attach(tx, CODE, YEAR, REPORT, upload, request=None, occurrence=None, by=COORDINATOR, now=NOW)

    assert uploads.sweep(datetime.now(UTC) + KEPT_FOR + timedelta(hours=1)) == 2
    assert [sha256 for sha256, _ in files.lying()] == [upload.sha256]
    assert nobodys.sha256 != upload.sha256


def test_altered_object_is_found(bucket, city):
    kept = bucket.keep(io.BytesIO(PDF), "a.pdf")
    gone = bucket.keep(io.BytesIO(pdf(b"1")), "b.pdf")
    with city.begin() as tx:
        for one in (kept, gone):
            evidence.register(tx, one, NOW)
    obstore.put(bucket._store, f"{kept.sha256[:2]}/{kept.sha256}", PDF + b"!")
    bucket.discard(gone.sha256, datetime.now(UTC) + LATER)

    with city.read() as tx:
        found = {one.code: one.kind for one in checks.files(tx, bucket) if one}

    assert found == {kept.sha256: "evidence.altered", gone.sha256: "evidence.vanished"}


def test_backup_carries_files_from_a_bucket_into_a_folder_and_back(city, bucket, buckets, tmp_path):
    kept = bucket.keep(io.BytesIO(PDF), "a.pdf")
    with city.begin() as tx:
        evidence.register(tx, kept, NOW)
        attach_evidence(
            tx, CODE, YEAR, REPORT, sha256=kept.sha256, file_name="a.pdf", by=COORDINATOR, now=NOW
        )
    folder = EvidenceFolder(tmp_path / "restored", LIMITS)
    other = EvidenceBucket(tmp_path / "other", LIMITS, buckets.create())

    written = backup.back_up(city, bucket, tmp_path / "one")
    restored(tmp_path / "a.db", folder, tmp_path / "one")
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    backup.back_up(store, folder, tmp_path / "two")
    store.close()
    restored(tmp_path / "b.db", other, tmp_path / "two")

    assert written.lacking == ()
    assert folder.path(kept.sha256).read_bytes() == PDF
    assert other.intact(kept.sha256)


def restored(database: Path, files: EvidenceStore, source: Path) -> None:
    engine = connect(f"sqlite:///{database}")
    backup.restore(engine, files, source)
    engine.dispose()


@pytest.mark.parametrize("reached", ["nobody", "no such bucket"])
def test_store_that_cannot_be_used_is_a_sentence(tmp_path, buckets, reached):
    bucket = buckets.create()
    if reached == "nobody":
        with socket.create_server(("127.0.0.1", 0)) as free:
            bucket = replace(bucket, endpoint=f"http://127.0.0.1:{free.getsockname()[1]}")
        what = {"keep", "open", "holds", "lying"}
    else:
        bucket, what = replace(bucket, name="nobodys"), {"keep"}
    files = EvidenceBucket(tmp_path / "evidence", LIMITS, bucket)
    acts: dict[str, Callable[[], object]] = {
        "keep": lambda: files.keep(io.BytesIO(PDF), "a.pdf"),
        "open": lambda: files.open("a" * 64),
        "holds": lambda: files.holds("a" * 64),
        "lying": lambda: list(files.lying()),
    }

    assert {kind(acts[name]) for name in what} == {"evidence.store_away"}
    assert left(files.folder) == []
