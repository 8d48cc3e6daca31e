"""clamd is asked by its own protocol, and what it cannot say is never taken for a yes."""

import io
import logging

import pytest

from engine.errors import Refusal
from storage.clamd import Clamd, ScannerAway, scan
from storage.evidence import EvidenceFolder, Limits
from tests.storage.clamd_server import MALICE, ClamdServer
from tests.web.hostile_files import pdf

LIMITS = Limits(10_000_000, frozenset({"application/pdf"}))


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_content_is_sent_whole_and_answered(tmp_path, kind):
    content = pdf(b"%" + b"x" * 500_000)
    with ClamdServer(tmp_path / "clamd.ctl" if kind == "unix" else None) as server:
        clamd = Clamd(server.address)
        clean = clamd.find(io.BytesIO(content))
        found = clamd.find(io.BytesIO(content + MALICE))

    assert (clean, found) == (None, "Test.Word")
    assert server.seen == [content, content + MALICE]


def test_file_is_kept_only_when_it_is_clean(tmp_path, caplog):
    files = EvidenceFolder(tmp_path / "evidence", LIMITS)
    with ClamdServer() as server:
        clamd = Clamd(server.address)
        kept = files.keep(io.BytesIO(pdf()), "a.pdf", clamd)
        with pytest.raises(Refusal) as refused:
            files.keep(io.BytesIO(pdf(MALICE)), "b.pdf", clamd)

    (unmet,) = refused.value.conditions
    assert (unmet.kind, unmet.params) == ("evidence.malicious", {"name": "b.pdf", "found": "Test.Word"})
    assert [sha256 for sha256, _ in files.lying()] == [kept.sha256]
    assert "Test.Word" in caplog.text


@pytest.mark.parametrize(
    "manners",
    [
        {"most": 1000},
        {"say": b"stream: whatever ERROR\0"},
        {"say": b"\0"},
        {"say": b"x" * 100_000},
        {"say": b"UNKNOWN COMMAND\0"},
        {"wait": 1.0},
        {"hang_up": True},
    ],
    ids=str,
)
def test_answer_that_is_none_is_as_if_nobody_was_there(manners):
    with ClamdServer(**manners) as server, pytest.raises(ScannerAway):
        Clamd(server.address, seconds=0.3).find(io.BytesIO(bytes(5_000_000)))


@pytest.mark.parametrize(
    "address", ["tcp:127.0.0.1:1", "unix:/nowhere/clamd.ctl", "tcp:nowhere.invalid:3310"]
)
def test_nobody_there_is_a_sentence_to_who_sends_and_is_logged(caplog, address):
    with pytest.raises(Refusal) as refused:
        scan(Clamd(address), io.BytesIO(b"x"), "a.pdf")

    assert [one.kind for one in refused.value.conditions] == ["evidence.unscanned"]
    assert "the scanner is away" in caplog.text


def test_scanner_that_is_not_required_may_be_away_and_the_log_says_so(caplog):
    caplog.set_level(logging.WARNING)

    scan(Clamd("tcp:127.0.0.1:1", required=False), io.BytesIO(b"x"), "a.pdf")

    assert "taken unseen" in caplog.text


def test_what_is_found_is_refused_although_the_scanner_is_not_required():
    with ClamdServer() as server, pytest.raises(Refusal) as refused:
        scan(Clamd(server.address, required=False), io.BytesIO(MALICE), "a.pdf")

    assert [one.kind for one in refused.value.conditions] == ["evidence.malicious"]
