"""Sends a file in pieces and is killed at line after line of what takes it in; then goes on from there.

Run as a process of its own, because it forks: ``python -m tests.faults.uploader URL FOLDER``. The database at
URL holds the founded city. One line of JSON is written: how many deaths there were, and what is wrong.
"""

import io
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from engine.errors import Refusal
from storage import evidence, uploads
from storage.evidence import EvidenceFolder, Limits
from storage.uploads import Upload, Uploads
from tests.cast import COORDINATOR, FOUNDED, open_store
from tests.web.hostile_files import pdf

P, NOW = COORDINATOR.id, FOUNDED
CONTENT = pdf(b"%" + b"0123456789" * 500)
PIECE = 2000
STEP = 2
_WATCHED = {uploads.__file__, evidence.__file__}


class Mortal:
    """Dies at a line of the watched modules."""

    def __init__(self, line: int) -> None:
        self.left = line

    def __call__(self, frame: FrameType, what: str, _given: object) -> Any:
        if frame.f_code.co_filename not in _WATCHED:
            return None
        if what == "line":
            self.left -= 1
            if self.left == 0:
                os._exit(9)
        return self


def main() -> None:
    url, folder = sys.argv[1:]
    store = open_store(url)
    files = EvidenceFolder(Path(folder), Limits(1_000_000, frozenset({"application/pdf"})))
    desk = Uploads(store, files)
    deaths, wrong, line, survived = 0, [], 1, False
    while not survived:
        line += STEP
        upload = desk.begin(P, "a.pdf", len(CONTENT), NOW)
        store.close()
        survived = _killed(desk, upload, line) == 0
        deaths += not survived
        fault = _resumed(desk, files, upload)
        if fault:
            wrong.append([line, fault])
        desk.drop(P, upload.id)
        left = [str(one.name) for one in Path(folder).rglob("*") if one.is_file()]
        if [one for one in left if not one.startswith(evidence.INCOMING)]:
            wrong.append([line, f"left behind: {left}"])
    sys.stdout.write(json.dumps({"deaths": deaths, "wrong": wrong}) + "\n")


def _killed(desk: Uploads, upload: Upload, line: int) -> int:
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            sys.settrace(Mortal(line))
            _send(desk, upload)
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _send(desk: Uploads, upload: Upload) -> Upload:
    while upload.sha256 is None:
        piece = CONTENT[upload.received : upload.received + PIECE]
        upload = desk.add(P, upload.id, upload.received, io.BytesIO(piece), NOW)
    return upload


def _resumed(desk: Uploads, files: EvidenceFolder, upload: Upload) -> str:
    """What is wrong after going on; nothing where the file is whole and what was sent."""
    found = desk.find(P, upload.id)
    if found.sha256 is None and found.received % PIECE and found.received != len(CONTENT):
        return f"{found.received} bytes"
    try:
        whole = _send(desk, found)
    except Refusal as refusal:
        return refusal.conditions[0].kind
    with files.open(whole.sha256 or "") as content:
        return "" if content.read() == CONTENT else "not what was sent"


if __name__ == "__main__":
    main()
