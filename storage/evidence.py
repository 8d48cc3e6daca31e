"""Evidence files: kept under their SHA-256, streamed, examined, found or named missing."""

import hashlib
import os
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, Self

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.engine import Connection

from engine.errors import refuse
from engine.workflow import Text
from storage import tables as t
from storage.clamd import Scanner, scan
from storage.file_names import clean_name
from storage.inspection import examine
from storage.statements import insert_once
from storage.transaction import Tx

_CHUNK = 1 << 20
MIB = 1024 * 1024
#: What is not whole yet, or nobody's: such a name is no hash.
INCOMING = ".incoming-"
_HASH = re.compile(r"[0-9a-f]{64}")


class Source(Protocol):
    """A stream to be kept: an open file, an upload."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be kept: at most ``max_bytes`` a file, and only these media types.

    ``open_bytes`` is how much a person may have sent that no evidence points to yet.
    """

    max_bytes: int
    media_types: frozenset[str]
    open_bytes: int = 200 * MIB


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as kept: its hash names it."""

    sha256: str
    size: int
    media_type: str


class EvidenceStore(Protocol):
    """Where files lie under their content's hash; writing the same content twice keeps one.

    ``folder`` is on this machine: what is on its way in lies there, and what is made of files for pages.
    """

    @property
    def folder(self) -> Path: ...

    @property
    def limits(self) -> Limits: ...

    def keep(self, source: Source, name: str, scanner: Scanner | None = None) -> Kept:
        """Stream a file in, examine it, and keep it. A crash leaves at most a temporary file.

        Raises :class:`~engine.errors.Refusal` with one of ``evidence.*``; nothing is kept then.
        """

    def adopt(self, path: Path, name: str, scanner: Scanner | None = None) -> Kept:
        """The same with a file that lies in :attr:`folder` whole and durable; it stays there as well."""

    def keep_as(self, source: Source) -> str:
        """Keep a file that was accepted once already (a restore): no limits; returns its SHA-256."""

    def open(self, sha256: str) -> BinaryIO:
        """The content of that hash, which can be sought in; ``evidence.vanished`` when it is not there."""

    def holds(self, sha256: str) -> bool:
        """Whether a file is there, whole or not."""

    def intact(self, sha256: str) -> bool:
        """Whether the file is there and still hashes to its name."""

    def lying(self) -> Iterator[tuple[str, datetime]]:
        """Every file that is there by its hash, and since when."""

    def discard(self, sha256: str, before: datetime) -> bool:
        """Remove a file that nothing points to, unless it was kept again at or after that instant."""


class EvidenceFolder:
    """The store that is a folder."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits

    def keep(self, source: Source, name: str, scanner: Scanner | None = None) -> Kept:
        with Incoming(self.folder) as incoming:
            incoming.receive(source, name, self.limits.max_bytes)
            media_type = judged(incoming.path, name, self.limits, scanner)
            self._place(incoming.path, incoming.sha256)
        return Kept(incoming.sha256, incoming.size, media_type)

    def adopt(self, path: Path, name: str, scanner: Scanner | None = None) -> Kept:
        media_type = judged(path, name, self.limits, scanner)
        kept = Kept(digest_of(path), path.stat().st_size, media_type)
        with Incoming(self.folder) as incoming:
            incoming.share(path)
            self._place(incoming.path, kept.sha256)
        return kept

    def keep_as(self, source: Source) -> str:
        with Incoming(self.folder) as incoming:
            incoming.receive(source, "", None)
            self._place(incoming.path, incoming.sha256)
        return incoming.sha256

    def _place(self, path: Path, sha256: str) -> None:
        place = self.path(sha256)
        place.parent.mkdir(exist_ok=True)
        path.replace(place)
        # Its age counts from now: a file that nobody points to is swept away by it.
        os.utime(place)
        _sync_folder(place.parent)

    def path(self, sha256: str) -> Path:
        """Where the content of that hash lies, or would."""
        return self.folder / sha256[:2] / sha256

    def open(self, sha256: str) -> BinaryIO:
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise refuse("evidence.vanished", sha256=sha256) from None

    def holds(self, sha256: str) -> bool:
        return self.path(sha256).exists()

    def intact(self, sha256: str) -> bool:
        try:
            return digest_of(self.path(sha256)) == sha256
        except FileNotFoundError:
            return False

    def lying(self) -> Iterator[tuple[str, datetime]]:
        for path in sorted(self.folder.glob("[0-9a-f][0-9a-f]/*")):
            if _HASH.fullmatch(path.name):
                yield path.name, kept_at(path)

    def discard(self, sha256: str, before: datetime) -> bool:
        # Moved away first: whoever keeps the same content meanwhile puts it where this one was.
        path, doomed = self.path(sha256), self.folder / f"{INCOMING}doomed-{sha256}"
        try:
            path.rename(doomed)
        except FileNotFoundError:
            return False
        if kept_at(doomed) >= before:
            doomed.replace(path)
            return False
        doomed.unlink()
        return True


class Incoming:
    """A temporary file in the folder: gone with the block, unless it was moved to its place."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=INCOMING)
        os.close(handle)
        self.path = Path(name)
        self.sha256, self.size = "", 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)

    def share(self, path: Path) -> None:
        """Be that file as well, under our name; where a file can have one name only, be a copy of it."""
        self.path.unlink()
        try:
            self.path.hardlink_to(path)
        except FileNotFoundError:
            raise
        except OSError:
            with path.open("rb") as file:
                self.receive(file, "", None)

    def receive(self, source: Source, name: str, most: int | None) -> None:
        """Take the stream in, make it durable, and know its hash and size; no more than ``most`` bytes."""
        digest = hashlib.sha256()
        with self.path.open("wb") as file:
            while chunk := source.read(_CHUNK):
                self.size += len(chunk)
                if most is not None and self.size > most:
                    raise refuse("evidence.too_large", name=name, limit=most)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        self.sha256 = digest.hexdigest()


def judged(path: Path, name: str, limits: Limits, scanner: Scanner | None) -> str:
    """The media type of a file that may be kept; anything else is refused."""
    called = clean_name(name)
    with path.open("rb") as content:
        if os.fstat(content.fileno()).st_size == 0:
            raise refuse("evidence.empty", name=called)
        media_type = examine(content, called, limits.media_types)
        if scanner is not None:
            scan(scanner, content, called)
    return media_type


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def kept_at(path: Path) -> datetime:
    """Since when a file lies where it lies."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


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


class Use(NamedTuple):
    """Where a file serves as evidence; ``owner`` is the agency that sets the guidelines of its workflow."""

    indicator: int
    code: str
    fiscal_year: int
    agency: int
    agency_name: Text
    owner: int | None
    milestone: str
    number: int


_e, _i, _a, _f = t.evidence.c, t.indicators.c, t.agencies.c, t.files.c
# Built once, for building one takes ten times as long as asking it.
_HASHES: BindParameter[Any] = bindparam("hashes", expanding=True)
_USES = (
    select(
        _e.sha256,
        _i.id,
        _i.code,
        _i.fiscal_year,
        _i.agency_id,
        _a.name_th,
        _a.name_en,
        _i.owner_id,
        _e.milestone,
        _e.number,
    )
    .join_from(t.evidence, t.indicators)
    .join(t.agencies, _a.id == _i.agency_id)
    .where(_e.sha256.in_(_HASHES), _e.withdrawn_at.is_(None))
    .order_by(_i.fiscal_year, _i.code, _e.number)
)
_KNOWN = select(_f.sha256, _f.size, _f.media_type).where(_f.sha256.in_(_HASHES))


def uses_of(connection: Connection, hashes: Collection[str]) -> Mapping[str, list[Use]]:
    """Where each of these files serves as evidence that was not withdrawn: one statement for all of them."""
    found: dict[str, list[Use]] = {sha256: [] for sha256 in hashes}
    if not found:
        return found
    rows = connection.execute(_USES, {"hashes": list(found)})
    for sha256, indicator, code, year, agency, name_th, name_en, *rest in rows:
        found[sha256].append(Use(indicator, code, year, agency, Text(name_th, name_en), *rest))
    return found


def used_by(connection: Connection, sha256: str) -> list[tuple[str, int, str]]:
    """Where a file serves as evidence: (indicator code, fiscal year, milestone)."""
    return [(one.code, one.fiscal_year, one.milestone) for one in uses_of(connection, [sha256])[sha256]]


def known_files(connection: Connection, hashes: Collection[str]) -> dict[str, Kept]:
    """What is known of each of these files: one statement for all of them."""
    rows = connection.execute(_KNOWN, {"hashes": list(hashes)})
    return {row.sha256: Kept(row.sha256, row.size, row.media_type) for row in rows}
