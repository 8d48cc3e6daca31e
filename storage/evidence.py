"""Evidence files: kept under their SHA-256, streamed, limited in size and type, found or named missing."""

import codecs
import hashlib
import os
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, Protocol

import filetype
from sqlalchemy import select
from sqlalchemy.engine import Connection

from engine.errors import refuse
from storage import tables as t
from storage.statements import insert_once
from storage.transaction import Tx

_CHUNK = 1 << 20
_HEAD = 8192  # as much as the type guesser looks at


class Source(Protocol):
    """A stream to be kept: an open file, an upload."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be kept: at most ``max_bytes`` a file, and only these media types."""

    max_bytes: int
    media_types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as kept: its hash names it."""

    sha256: str
    size: int
    media_type: str


class EvidenceStore:
    """A folder of files named by their content; writing the same content twice keeps one."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits

    def keep(self, source: Source, name: str) -> Kept:
        """Stream a file into the folder. A crash leaves at most a temporary file, never half a file.

        Raises :class:`~engine.errors.Refusal`: ``evidence.empty``, ``evidence.too_large`` or
        ``evidence.type_forbidden``; nothing is kept then.
        """
        return self._keep(source, name, self.limits)

    def keep_as(self, source: Source) -> str:
        """Keep a file that was accepted once already (a restore): no limits; returns its SHA-256."""
        return self._keep(source, "", None).sha256

    def _keep(self, source: Source, name: str, limits: Limits | None) -> Kept:
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".incoming-", delete=False) as incoming:
            try:
                kept = _receive(source, incoming, name, limits)
                incoming.flush()
                os.fsync(incoming.fileno())
                place = self.path(kept.sha256)
                place.parent.mkdir(exist_ok=True)
                Path(incoming.name).replace(place)
                _sync_folder(place.parent)
            except BaseException:
                Path(incoming.name).unlink(missing_ok=True)
                raise
        return kept

    def path(self, sha256: str) -> Path:
        """Where the content of that hash lies, or would."""
        return self.folder / sha256[:2] / sha256

    def open(self, sha256: str) -> BinaryIO:
        """The content of that hash; ``evidence.vanished`` when the file is no longer there."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise refuse("evidence.vanished", sha256=sha256) from None

    def intact(self, sha256: str) -> bool:
        """Whether the file is there and still hashes to its name."""
        try:
            with self.path(sha256).open("rb") as kept:
                return hashlib.file_digest(kept, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False


def _receive(source: Source, incoming: IO[bytes], name: str, limits: Limits | None) -> Kept:
    digest, size, head = hashlib.sha256(), 0, b""
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if limits is not None and size > limits.max_bytes:
            raise refuse("evidence.too_large", name=name, limit=limits.max_bytes)
        if len(head) < _HEAD:
            head += chunk[: _HEAD - len(head)]
        digest.update(chunk)
        incoming.write(chunk)
    media_type = media_type_of(head, name)
    if limits is not None and size == 0:
        raise refuse("evidence.empty", name=name)
    if limits is not None and media_type not in limits.media_types:
        allowed = sorted(limits.media_types)
        raise refuse("evidence.type_forbidden", name=name, media_type=media_type, allowed=allowed)
    return Kept(digest.hexdigest(), size, media_type)


#: What is told apart by its name only: the content of these has no mark of its own.
_BY_NAME = {".txt": "text/plain", ".csv": "text/csv"}
_ZIPPED_OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
UNKNOWN_TYPE = "application/octet-stream"


def media_type_of(head: bytes, name: str) -> str:
    """The media type by the first bytes of the content; the name helps only where content cannot tell.

    A program renamed to ``.pdf`` is a program. A text must be UTF-8 without control characters.
    """
    guessed = filetype.guess_mime(head)
    suffix = Path(name).suffix.lower()
    if guessed == "application/zip" and suffix in _ZIPPED_OFFICE and b"[Content_Types].xml" in head:
        return _ZIPPED_OFFICE[suffix]
    if guessed is not None:
        return str(guessed)
    return _BY_NAME[suffix] if suffix in _BY_NAME and _is_text(head) else UNKNOWN_TYPE


def _is_text(head: bytes) -> bool:
    try:
        # A full head may end inside a character; nothing else may be amiss.
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < _HEAD)
    except UnicodeDecodeError:
        return False
    return all(unicodedata.category(character) != "Cc" or character in "\n\r\t" for character in text)


def _sync_folder(folder: Path) -> None:
    """Make a rename in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def register(tx: Tx, kept: Kept, now: datetime) -> None:
    """Note a kept file in the database, so that evidence may point to it; safe to repeat."""
    row = {"sha256": kept.sha256, "size": kept.size, "media_type": kept.media_type, "stored_at": now}
    tx.connection.execute(insert_once(t.files, tx.store.engine.dialect), row)


def registered(connection: Connection) -> Iterator[Kept]:
    """Every file that the database knows of, by hash."""
    f = t.files.c
    for row in connection.execute(select(f.sha256, f.size, f.media_type).order_by(f.sha256)):
        yield Kept(row.sha256, row.size, row.media_type)


def used_by(connection: Connection, sha256: str) -> list[tuple[str, int, str]]:
    """Where a file serves as evidence: (indicator code, fiscal year, milestone)."""
    e, i = t.evidence.c, t.indicators.c
    found = connection.execute(
        select(i.code, i.fiscal_year, e.milestone)
        .join_from(t.evidence, t.indicators)
        .where(e.sha256 == sha256, e.withdrawn_at.is_(None))
        .order_by(i.fiscal_year, i.code, e.number)
    )
    return [(row.code, row.fiscal_year, row.milestone) for row in found]
