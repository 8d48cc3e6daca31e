"""Uploads: sent whole or piece by piece, seen by their sender only, gone when attached or after a day."""

import io
import os
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine import actions
from engine.errors import Refusal
from storage import tables as t
from storage.clamd import ScannerAway
from storage.evidence import EvidenceFolder, Limits
from storage.uploads import KEPT_FOR, OPEN_FILES, Upload, Uploads
from tests.cast import CODE, COORDINATOR, REPORT, SAI_MAI_COORDINATOR, YEAR, at
from tests.web.hostile_files import FILES, NAMES, PDF, pdf

MB = 1 << 20
DAY = date(2020, 12, 1)
NOW = at(DAY)
P, Q = COORDINATOR.id, SAI_MAI_COORDINATOR.id
TYPES = frozenset(
    one for one in (build().answer for name, build in FILES.items() if "bomb" not in name) if "/" in one
)
LIMITS = Limits(2 * MB, TYPES, open_bytes=5 * MB)
LONG = pdf(b"%" + b"x" * 300_000)


class Away:
    """A scanner that nobody reaches, until it is there."""

    away = True

    def find(self, content: Any) -> str | None:
        if self.away:
            raise ScannerAway("connection refused")
        return "Eicar-Test" if b"virus" in content.read() else None


@pytest.fixture
def files(tmp_path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "evidence", LIMITS)


@pytest.fixture
def uploads(city, files) -> Uploads:
    return Uploads(city, files)


def refused(act) -> Any:
    with pytest.raises(Refusal) as refusal:
        act()
    (condition,) = refusal.value.conditions
    return condition


def kind(act) -> str:
    return str(refused(act).kind)


def sent(uploads: Uploads, content: bytes = LONG, name: str = "a.pdf", piece: int = 100_000) -> Upload:
    """Sent in pieces of that size."""
    upload = uploads.begin(P, name, len(content), NOW)
    for first in range(0, len(content), piece):
        upload = uploads.add(P, upload.id, first, io.BytesIO(content[first : first + piece]), NOW)
    return upload


def lying(files: EvidenceFolder) -> list[str]:
    return [sha256 for sha256, _ in files.lying()]


def rows(city) -> int:
    with city.read() as tx:
        return len(tx.connection.execute(select(t.uploads.c.id)).all())


# --- whole ------------------------------------------------------------------------------------------------


def test_whole_file_is_taken_at_once(uploads, files):
    upload = uploads.take(P, io.BytesIO(PDF), "../รายงาน", NOW)

    assert (upload.name, upload.size, upload.received) == ("รายงาน.pdf", len(PDF), len(PDF))
    assert upload.media_type == "application/pdf"
    assert uploads.of(P, [upload.id]) == [upload]
    assert lying(files) == [upload.sha256]


@pytest.mark.parametrize("case", NAMES)
def test_name_is_made_harmless(uploads, case):
    given, called = NAMES[case]

    whole = uploads.take(P, io.BytesIO(PDF), given, NOW)
    in_pieces = sent(uploads, PDF, given)

    assert (whole.name, in_pieces.name) == (called, called)


@pytest.mark.parametrize("case", FILES)
def test_file_gets_the_answer_it_deserves(uploads, files, case):
    hostile = FILES[case]()
    try:
        answer = uploads.take(P, io.BytesIO(hostile.content), hostile.name, NOW).media_type
    except Refusal as refusal:
        answer = refusal.conditions[0].kind
        assert [one for one in files.folder.rglob("*") if one.is_file()] == []

    assert answer == hostile.answer


def test_file_over_the_limit_is_refused_before_it_is_whole(uploads, files):
    assert kind(lambda: uploads.take(P, io.BytesIO(bytes(2 * MB + 1)), "a.pdf", NOW)) == "evidence.too_large"
    assert kind(lambda: uploads.begin(P, "a.pdf", 2 * MB + 1, NOW)) == "evidence.too_large"
    assert kind(lambda: uploads.begin(P, "a.pdf", 0, NOW)) == "evidence.empty"
    assert lying(files) == []


# --- piece by piece ---------------------------------------------------------------------------------------


def test_file_sent_in_pieces_is_the_same_as_a_whole_one(uploads, files):
    in_pieces = sent(uploads)
    whole = uploads.take(P, io.BytesIO(LONG), "a.pdf", NOW)

    assert in_pieces[1:] == whole[1:]
    assert lying(files) == [whole.sha256]
    assert list((files.folder / ".uploads").iterdir()) == []


def test_unfinished_file_is_told_how_far_it_is(uploads):
    upload = uploads.begin(P, "a.pdf", 1000, NOW)
    some = uploads.add(P, upload.id, 0, io.BytesIO(LONG[:400]), NOW)

    assert (upload.received, some.received, some.sha256) == (0, 400, None)
    assert uploads.find(P, upload.id) == some
    assert uploads.of(P, [upload.id]) == []


@pytest.mark.parametrize("offset", [0, 399, 401, 10**9])
def test_wrong_offset_is_answered_with_the_right_one(uploads, offset):
    upload = uploads.begin(P, "a.pdf", 1000, NOW)
    uploads.add(P, upload.id, 0, io.BytesIO(LONG[:400]), NOW)

    unmet = refused(lambda: uploads.add(P, upload.id, offset, io.BytesIO(b"x"), NOW))

    assert (unmet.kind, unmet.params["offset"]) == ("upload.offset", 400)
    assert uploads.find(P, upload.id).received == 400


def test_more_than_was_announced_is_refused_and_not_kept(uploads):
    upload = uploads.begin(P, "a.pdf", 1000, NOW)
    uploads.add(P, upload.id, 0, io.BytesIO(LONG[:400]), NOW)

    assert kind(lambda: uploads.add(P, upload.id, 400, io.BytesIO(bytes(601)), NOW)) == "upload.longer"
    assert uploads.find(P, upload.id).received == 400


def test_what_came_before_the_connection_broke_is_kept(uploads):
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(100) or self._break()

        def _break(self) -> bytes:
            raise ConnectionResetError

    upload = uploads.begin(P, "a.pdf", len(LONG), NOW)
    with pytest.raises(ConnectionResetError):
        uploads.add(P, upload.id, 0, Broken(LONG[:300]), NOW)

    assert uploads.find(P, upload.id).received == 300


def test_last_piece_sent_twice_finds_the_file_whole(uploads):
    upload = sent(uploads)

    again = uploads.add(P, upload.id, len(LONG), io.BytesIO(b""), NOW)

    assert again == upload
    assert kind(lambda: uploads.add(P, upload.id, 0, io.BytesIO(LONG), NOW)) == "upload.offset"


def test_two_who_send_the_same_piece_at_once_write_it_once(uploads):
    upload = uploads.begin(P, "a.pdf", len(LONG), NOW)
    start, answers = threading.Barrier(4), []

    def send() -> None:
        start.wait()
        try:
            answers.append(uploads.add(P, upload.id, 0, io.BytesIO(LONG), NOW).size)
        except Refusal as refusal:
            answers.append(refusal.conditions[0].kind)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(answers, key=str) == [len(LONG), *["upload.offset"] * 3]
    assert uploads.of(P, [upload.id])[0].size == len(LONG)


def test_piece_that_comes_while_the_file_is_finished_is_no_new_beginning(uploads, files, monkeypatch):
    """Somebody else finishes it after we looked for it, and before we hold its file."""
    upload = uploads.begin(P, "a.pdf", len(LONG), NOW)
    find = uploads.find

    def find_too_early(person: int, id: str) -> Upload:  # noqa: A002 - as it is called
        found: Upload = find(person, id)
        monkeypatch.undo()
        uploads.add(P, upload.id, 0, io.BytesIO(LONG), NOW)
        return found

    monkeypatch.setattr(uploads, "find", find_too_early)

    assert kind(lambda: uploads.add(P, upload.id, 0, io.BytesIO(LONG), NOW)) == "upload.offset"
    assert list((files.folder / ".uploads").iterdir()) == []


def test_hostile_file_in_pieces_leaves_nothing(uploads, files, city):
    hostile = FILES["macros in a docx"]()

    assert kind(lambda: sent(uploads, hostile.content, hostile.name)) == "evidence.macros"
    assert [one for one in files.folder.rglob("*") if one.is_file()] == []
    assert rows(city) == 0


# --- whose ------------------------------------------------------------------------------------------------


def test_nobody_sees_or_touches_the_file_of_another(uploads):
    whole = uploads.take(P, io.BytesIO(PDF), "a.pdf", NOW)
    begun = uploads.begin(P, "b.pdf", 1000, NOW)

    assert uploads.of(Q, [whole.id, begun.id]) == []
    assert kind(lambda: uploads.find(Q, begun.id)) == "upload.unknown"
    assert kind(lambda: uploads.add(Q, begun.id, 0, io.BytesIO(b"x"), NOW)) == "upload.unknown"
    uploads.drop(Q, whole.id)
    assert uploads.of(P, [whole.id]) == [whole]


def test_ids_cannot_be_guessed_and_lead_nowhere_else(uploads):
    ids = {uploads.begin(P, "a.pdf", 10, NOW).id for _ in range(20)}

    assert len(ids) == 20
    assert {len(one) for one in ids} == {22}
    for strange in ("../x", "", "x" * 1000, "a/b", ".."):
        assert (
            kind(lambda strange=strange: uploads.add(P, strange, 0, io.BytesIO(b"x"), NOW))
            == "upload.unknown"
        )


def test_those_asked_for_come_in_their_order_each_once(uploads):
    a, b = (uploads.take(P, io.BytesIO(PDF), name, NOW) for name in ("a.pdf", "b.pdf"))

    assert uploads.of(P, [b.id, "unknown", a.id, b.id]) == [b, a]


def test_person_may_have_so_many_open_bytes_and_no_more(uploads, files):
    for number in range(2):
        uploads.begin(P, f"{number}.pdf", 2 * MB, NOW)
    uploads.begin(P, "fits.pdf", MB - len(PDF), NOW)

    assert kind(lambda: uploads.begin(P, "more.pdf", len(PDF) + 1, NOW)) == "upload.too_much"
    assert kind(lambda: uploads.take(P, io.BytesIO(LONG), "more.pdf", NOW)) == "upload.too_much"
    assert lying(files) == []
    assert uploads.take(P, io.BytesIO(PDF), "just.pdf", NOW).sha256
    assert uploads.begin(Q, "another's.pdf", 2 * MB, NOW)


def test_person_may_have_so_many_open_files(uploads):
    for _ in range(OPEN_FILES):
        uploads.begin(P, "a.pdf", 1, NOW)

    assert kind(lambda: uploads.begin(P, "a.pdf", 1, NOW)) == "upload.too_much"


def test_dropped_file_is_gone_unless_it_serves_elsewhere(uploads, files, city):
    first, second = (uploads.take(P, io.BytesIO(PDF), "a.pdf", NOW) for _ in range(2))
    begun = uploads.begin(P, "b.pdf", 100, NOW)
    uploads.add(P, begun.id, 0, io.BytesIO(b"x"), NOW)

    uploads.drop(P, first.id)
    uploads.drop(P, begun.id)
    left = lying(files)
    uploads.drop(P, second.id)
    uploads.drop(P, second.id)

    assert (left, lying(files), rows(city)) == ([second.sha256], [], 0)
    assert list((files.folder / ".uploads").iterdir()) == []


# --- attached ---------------------------------------------------------------------------------------------


def attach(uploads: Uploads, city, upload: Upload, **more: Any) -> Any:
    given = {"request": None, "occurrence": None, "by": COORDINATOR, "now": NOW, **more}
    with city.begin() as tx:
        return uploads.attach(tx, CODE, YEAR, REPORT, upload, **given)


def test_attached_file_is_evidence_and_no_upload(uploads, city):
    upload = uploads.take(P, io.BytesIO(PDF), "รายงาน.pdf", NOW)

    attach(uploads, city, upload, expires_on=date(2021, 1, 31))

    with city.read() as tx:
        (one,) = tx.indicator(CODE, YEAR).evidence
    assert (one.sha256, one.file_name, one.expires_on) == (upload.sha256, "รายงาน.pdf", date(2021, 1, 31))
    assert uploads.of(P, [upload.id]) == []
    assert kind(lambda: attach(uploads, city, upload)) == "upload.unknown"


def test_new_version_replaces_the_older_one(uploads, city):
    for name in ("a.pdf", "b.pdf"):
        upload = uploads.take(P, io.BytesIO(pdf(name.encode())), name, NOW)
        attach(uploads, city, upload, replaces=1 if name == "b.pdf" else None)

    with city.read() as tx:
        older, newer = tx.indicator(CODE, YEAR).evidence
    assert (older.replaces, newer.replaces, newer.request) == (None, 1, "report")


def test_refused_attaching_keeps_the_upload(uploads, city):
    upload = uploads.take(P, io.BytesIO(PDF), "a.pdf", NOW)

    assert kind(lambda: attach(uploads, city, upload, request="reprot")) == "evidence.request_unknown"
    assert uploads.of(P, [upload.id]) == [upload]


def test_file_of_another_and_an_unfinished_one_are_not_attached(uploads, city):
    of_another = uploads.take(Q, io.BytesIO(PDF), "a.pdf", NOW)
    unfinished = uploads.begin(P, "b.pdf", 10, NOW)

    assert kind(lambda: attach(uploads, city, of_another)) == "upload.unknown"
    assert kind(lambda: attach(uploads, city, unfinished)) == "upload.unknown"


def test_file_that_vanished_is_not_attached(uploads, city, files):
    upload = uploads.take(P, io.BytesIO(PDF), "a.pdf", NOW)
    files.path(upload.sha256).unlink()

    assert kind(lambda: attach(uploads, city, upload)) == "evidence.vanished"


# --- the scanner ------------------------------------------------------------------------------------------


def test_malicious_file_is_refused_logged_and_kept_nowhere(city, files, caplog):
    scanner = Away()
    scanner.away = False
    uploads = Uploads(city, files, scanner)

    unmet = refused(lambda: uploads.take(P, io.BytesIO(pdf(b"virus")), "a.pdf", NOW))
    in_pieces = kind(lambda: sent(uploads, pdf(b"virus")))

    assert (unmet.kind, unmet.params["found"], in_pieces) == (
        "evidence.malicious",
        "Eicar-Test",
        "evidence.malicious",
    )
    assert "Eicar-Test" in caplog.text
    assert [one for one in files.folder.rglob("*") if one.is_file()] == []
    assert rows(city) == 0


def test_file_waits_for_a_scanner_that_is_away(city, files):
    scanner = Away()
    uploads = Uploads(city, files, scanner)
    upload = uploads.begin(P, "a.pdf", len(PDF), NOW)

    first = kind(lambda: uploads.add(P, upload.id, 0, io.BytesIO(PDF), NOW))
    waiting = uploads.find(P, upload.id)
    at_once = kind(lambda: uploads.take(P, io.BytesIO(PDF), "a.pdf", NOW))
    scanner.away = False
    whole = uploads.add(P, upload.id, len(PDF), io.BytesIO(b""), NOW)

    assert (first, at_once) == ("evidence.unscanned", "evidence.unscanned")
    assert (waiting.received, waiting.sha256, uploads.of(P, [upload.id])) == (len(PDF), None, [whole])


# --- tidied up --------------------------------------------------------------------------------------------


@pytest.fixture
def later() -> datetime:
    """Files get their age from the machine's clock, so that they are swept on one of its later days."""
    return datetime.now(UTC) + KEPT_FOR + timedelta(hours=1)


def age(path: Path) -> None:
    os.utime(path, (0, 0))


def test_what_nobody_attached_within_a_day_is_swept(uploads, files, city, later):
    whole = uploads.take(P, io.BytesIO(PDF), "a.pdf", NOW)
    half = uploads.begin(P, "b.pdf", 100, NOW)
    uploads.add(P, half.id, 0, io.BytesIO(b"x"), NOW)

    assert uploads.sweep(NOW + KEPT_FOR) == 0
    assert uploads.of(P, [whole.id]) == [whole]
    assert uploads.sweep(later) == 3  # two uploads, and the content of one

    assert (rows(city), lying(files)) == (0, [])
    assert [one for one in files.folder.rglob("*") if one.is_file()] == []


def test_evidence_and_what_was_sent_just_now_are_not_swept(uploads, files, city, later):
    attached = uploads.take(P, io.BytesIO(PDF), "a.pdf", NOW)
    attach(uploads, city, attached)
    fresh = uploads.take(P, io.BytesIO(LONG), "b.pdf", later)
    for sha256 in lying(files):
        age(files.path(sha256))

    assert uploads.sweep(later) == 0
    assert sorted(lying(files)) == sorted([attached.sha256, fresh.sha256])


def test_withdrawn_evidence_keeps_its_file(uploads, files, city, later):
    attach(uploads, city, uploads.take(P, io.BytesIO(PDF), "a.pdf", NOW))
    with city.begin() as tx:
        actions.withdraw_evidence(tx, CODE, YEAR, 1, reason="ผิดไฟล์", by=COORDINATOR, now=NOW)

    assert uploads.sweep(later) == 0
    assert len(lying(files)) == 1


def test_what_a_crash_left_is_swept(uploads, files, later):
    nobodys = files.keep(io.BytesIO(PDF), "a.pdf")
    (files.folder / ".incoming-x").write_bytes(b"half")
    (files.folder / ".uploads").mkdir()
    (files.folder / ".uploads" / "unknown").write_bytes(b"half")

    assert uploads.sweep(NOW) == 0
    assert lying(files) == [nobodys.sha256]
    assert uploads.sweep(later) == 3
    assert [one for one in files.folder.rglob("*") if one.is_file()] == []


def test_file_that_is_kept_again_while_it_is_swept_stays(files):
    kept = files.keep(io.BytesIO(PDF), "a.pdf")
    before = datetime.now(UTC) - timedelta(days=1)

    assert files.discard(kept.sha256, before) is False
    age(files.path(kept.sha256))
    files.keep(io.BytesIO(PDF), "again.pdf")
    assert files.discard(kept.sha256, before) is False
    age(files.path(kept.sha256))
    assert files.discard(kept.sha256, before) is True
    assert files.discard(kept.sha256, before) is False
