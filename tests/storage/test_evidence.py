"""Evidence files: named by their content, streamed, limited, and missed when they are gone."""

import hashlib
import io
import os
import resource
import subprocess
import sys
import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import actions
from engine.errors import Refusal
from storage import evidence
from storage import tables as t
from storage.evidence import EvidenceFolder, Kept, Limits
from tests.cast import ADMINISTRATOR, CODE, COORDINATOR, FOUNDED, GUIDELINES, REPORT, YEAR, at, new_indicator

MB = 1 << 20
PDF = b"%PDF-1.7\n%" + bytes(range(128, 256)) + b"\nwords"
TYPES = frozenset({"application/pdf", "text/plain", "text/csv", "image/png"})
DAY = date(2020, 12, 1)


@pytest.fixture
def folder(tmp_path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "evidence", Limits(100 * MB, TYPES))


def files(folder: EvidenceFolder) -> list[Path]:
    return sorted(one for one in folder.folder.rglob("*") if one.is_file())


def refusal(keep) -> str:
    with pytest.raises(Refusal) as refused:
        keep()
    (condition,) = refused.value.conditions
    return condition.kind


class Endless:
    """A PDF of a size that is never held in memory."""

    def __init__(self, size: int) -> None:
        self.left, self.begun = size, False

    def read(self, wanted: int) -> bytes:
        given = min(wanted, self.left)
        self.left -= given
        if not self.begun and given:
            self.begun = True
            return PDF + bytes(given - len(PDF))
        return bytes(given)


def test_kept_file_is_named_by_its_content_and_read_back(folder):
    kept = folder.keep(io.BytesIO(PDF), "รายงาน.pdf")

    digest = hashlib.sha256(PDF).hexdigest()
    assert kept == Kept(digest, len(PDF), "application/pdf")
    assert files(folder) == [folder.folder / digest[:2] / digest]
    with folder.open(digest) as content:
        assert content.read() == PDF
    assert folder.intact(digest)


def test_same_content_twice_keeps_one(folder):
    first = folder.keep(io.BytesIO(PDF), "a.pdf")
    second = folder.keep(io.BytesIO(PDF), "b.pdf")

    assert first == second
    assert len(files(folder)) == 1


def test_large_file_is_streamed_in_little_memory(folder):
    tracemalloc.start()
    try:
        kept = folder.keep(Endless(64 * MB), "film.pdf")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept.size == 64 * MB
    assert peak < 8 * MB


def test_empty_file_is_refused(folder):
    assert refusal(lambda: folder.keep(io.BytesIO(b""), "a.pdf")) == "evidence.empty"
    assert files(folder) == []


def test_file_at_the_limit_is_kept_and_one_byte_more_is_refused(tmp_path):
    folder = EvidenceFolder(tmp_path / "evidence", Limits(2 * MB, TYPES))

    kept = folder.keep(Endless(2 * MB), "a.pdf")
    kind = refusal(lambda: folder.keep(Endless(2 * MB + 1), "a.pdf"))

    assert (kept.size, kind) == (2 * MB, "evidence.too_large")
    assert len(files(folder)) == 1


def test_endless_upload_is_stopped_at_the_limit(tmp_path):
    folder = EvidenceFolder(tmp_path / "evidence", Limits(MB, TYPES))
    upload = Endless(1 << 50)

    kind = refusal(lambda: folder.keep(upload, "a.pdf"))

    assert kind == "evidence.too_large"
    assert upload.left > (1 << 50) - 4 * MB


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x7fELF" + bytes(100), "รายงาน.pdf"),
        (b"MZ" + bytes(200), "report.pdf"),
        (b"MZ" + bytes(200), "report.txt"),
        (b"<html><script>alert(1)</script>", "page.html"),
        (b"<html><script>alert(1)</script>", "page.pdf"),
        (b"#!/bin/sh\nrm -rf /", "run.sh"),
        (b"words", "no suffix"),
        (b"PK\x03\x04" + bytes(100), "archive.zip"),
    ],
)
def test_forbidden_type_is_refused_and_nothing_is_kept(folder, content, name):
    assert refusal(lambda: folder.keep(io.BytesIO(content), name)) == "evidence.type_forbidden"
    assert files(folder) == []


@pytest.mark.parametrize(
    "text",
    [
        "รายงานการประชุม\r\nครั้งที่ ๑\tวันที่ ๑๘",
        "\ufeffBOM first",
        "no-break\u00a0space, zero\u200bwidth and joiner\u200d",
        "x",
    ],
)
def test_utf8_text_is_text(folder, text):
    assert folder.keep(io.BytesIO(text.encode()), "a.TXT").media_type == "text/plain"
    assert folder.keep(io.BytesIO(text.encode()), "a.csv").media_type == "text/csv"


@pytest.mark.parametrize("before", range(4))
def test_thai_text_cut_inside_a_character_where_the_head_ends_is_text(folder, before):
    text = "x" * before + "ก" * 5000

    kept = folder.keep(io.BytesIO(text.encode()), "long.txt")

    assert (kept.media_type, kept.size) == ("text/plain", before + 15000)


def test_bytes_that_are_no_text_inside_the_head_are_found(folder):
    content = b"x" * 8000 + b"\xff" + b"x" * 8000

    assert refusal(lambda: folder.keep(io.BytesIO(content), "long.txt")) == "evidence.no_text"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("ภาษาไทย".encode("cp874"), "old.txt"),
        (b"bell\x07", "bell.txt"),
        (b"nul\x00", "nul.csv"),
        ("ก".encode()[:2], "cut.txt"),
        ("ก".encode() * 10 + b"\xff", "last byte.txt"),
        (b"x" * (1 << 18) + "ก".encode()[:1] + b"x", "cut between two pieces.txt"),
    ],
)
def test_text_that_is_not_utf8_is_refused(folder, content, name):
    assert refusal(lambda: folder.keep(io.BytesIO(content), name)) == "evidence.no_text"
    assert files(folder) == []


def test_vanished_file_is_named(folder):
    kept = folder.keep(io.BytesIO(PDF), "a.pdf")
    folder.path(kept.sha256).unlink()

    assert refusal(lambda: folder.open(kept.sha256)) == "evidence.vanished"
    assert folder.intact(kept.sha256) is False


def test_file_altered_on_disk_is_not_intact_and_is_mended_by_keeping_it_again(folder):
    kept = folder.keep(io.BytesIO(PDF), "a.pdf")
    folder.path(kept.sha256).write_bytes(PDF[:-1] + b"!")
    altered = folder.intact(kept.sha256)

    folder.keep(io.BytesIO(PDF), "a.pdf")

    assert (altered, folder.intact(kept.sha256)) == (False, True)


def test_failing_upload_leaves_nothing(folder):
    class Torn:
        reads = 0

        def read(self, wanted: int) -> bytes:
            self.reads += 1
            if self.reads == 3:
                raise ConnectionResetError
            return PDF

    with pytest.raises(ConnectionResetError):
        folder.keep(Torn(), "a.pdf")

    assert files(folder) == []


def test_crash_leaves_no_half_file_under_a_name(tmp_path):
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from storage.evidence import EvidenceFolder, EvidenceStore, Limits\n"
        "class Dying:\n"
        "    reads = 0\n"
        "    def read(self, wanted):\n"
        "        self.reads += 1\n"
        "        if self.reads == 3: os._exit(9)\n"
        "        return b'%PDF-1.7 half'\n"
        "EvidenceFolder(Path(sys.argv[1]), Limits(1000, frozenset())).keep_as(Dying())\n"
    )

    died = subprocess.run(
        [sys.executable, "-c", script, tmp_path], check=False, cwd=Path(__file__).parents[2]
    )

    assert died.returncode == 9
    assert [one.name.startswith(".incoming-") for one in tmp_path.rglob("*") if one.is_file()] == [True]


def test_full_disk_while_writing_leaves_nothing(folder):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (32 * MB, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            folder.keep(Endless(64 * MB), "a.pdf")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert files(folder) == []


def test_registering_twice_keeps_one_row(city):
    kept = Kept("b" * 64, 10, "application/pdf")

    for hour in (9, 10):
        with city.begin() as tx:
            evidence.register(tx, kept, at(DAY, hour))

    with city.read() as tx:
        assert list(evidence.registered(tx.connection)) == [kept]


def test_stored_instant_is_that_of_the_first_time(city):
    kept = Kept("b" * 64, 10, "application/pdf")

    for hour in (9, 10):
        with city.begin() as tx:
            evidence.register(tx, kept, at(DAY, hour))

    with city.read() as tx:
        assert tx.connection.execute(select(t.files.c.stored_at)).scalar_one() == at(DAY, 9)


def test_uses_of_a_file_are_found_in_other_indicators_and_years(city):
    kept = Kept("b" * 64, 10, "application/pdf")
    with city.begin() as tx:
        evidence.register(tx, kept, at(DAY))
        actions.create_indicator(tx, new_indicator("5049-0938"), by=ADMINISTRATOR, now=FOUNDED)
        actions.create_indicator(tx, new_indicator(year=YEAR + 1), by=ADMINISTRATOR, now=FOUNDED)
        for code, year, milestone in (
            (CODE, YEAR + 1, REPORT),
            (CODE, YEAR, REPORT),
            ("5049-0938", YEAR, GUIDELINES),
            ("5049-0938", YEAR, REPORT),
        ):
            actions.attach_evidence(
                tx, code, year, milestone, sha256=kept.sha256, file_name="x.pdf", by=COORDINATOR, now=at(DAY)
            )
        actions.withdraw_evidence(tx, "5049-0938", YEAR, 2, reason="ผิดไฟล์", by=COORDINATOR, now=at(DAY))

    with city.read() as tx:
        uses = evidence.used_by(tx.connection, kept.sha256)
        nowhere = evidence.used_by(tx.connection, "c" * 64)

    assert uses == [
        ("5049-0938", YEAR, GUIDELINES),
        (CODE, YEAR, REPORT),
        (CODE, YEAR + 1, REPORT),
    ]
    assert nowhere == []


def test_kept_file_survives_under_a_umask_that_denies_everything(folder):
    old = os.umask(0o777)
    try:
        kept = folder.keep(io.BytesIO(PDF), "a.pdf")
    finally:
        os.umask(old)

    assert files(folder) == [folder.path(kept.sha256)]
