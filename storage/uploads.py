"""Files that people have sent and no evidence points to yet: kept for a day, resumed where they broke off.

What is not whole lies in the evidence folder, in ``.uploads/``, one file for each: how much there is of it
is how long that file is, so that nothing is promised that a crash took away. What is whole lies with the
evidence.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import Row, delete, func, insert, select, update

from engine.actions import Outcome, attach_evidence
from engine.errors import Refusal, refuse
from engine.permissions import Person
from storage import evidence
from storage import tables as t
from storage.clamd import Scanner
from storage.evidence import INCOMING, EvidenceStore, Kept, Source, kept_at
from storage.file_names import clean_name, named_as
from storage.store import Store
from storage.transaction import Tx

#: How long a file waits to be attached.
KEPT_FOR = timedelta(days=1)
#: How many files of one person may wait.
OPEN_FILES = 100
_CHUNK = 1 << 18
_AT_ONCE = 500
_ALWAYS = datetime.max.replace(tzinfo=UTC)
_u = t.uploads.c


class Upload(NamedTuple):
    """A file of a person; ``sha256`` and ``media_type`` are ``None`` while it is unfinished."""

    id: str
    name: str
    size: int
    received: int
    sha256: str | None
    media_type: str | None


class Uploads:
    """What people send. Nobody knows of another's: its id is like one that there is not."""

    def __init__(self, store: Store, files: EvidenceStore, scanner: Scanner | None = None) -> None:
        self._store = store
        self._files = files
        self._scanner = scanner
        self._folder = files.folder / ".uploads"

    # -- sending ----------------------------------------------------------------------------------------

    def take(self, person: int, source: Source, name: str, now: datetime) -> Upload:
        """Keep a whole file at once, as a plain form sends it."""
        kept = self._files.keep(source, name, self._scanner)
        called = named_as(clean_name(name), kept.media_type)
        try:
            new = self._added(person, called, kept.size, now, kept)
        except Refusal:
            self._let_go([kept.sha256])
            raise
        return self._still_there(new)

    def begin(self, person: int, name: str, size: int, now: datetime) -> Upload:
        """Expect a file of that size, to be sent piece by piece."""
        called = clean_name(name)
        if size <= 0:
            raise refuse("evidence.empty", name=called)
        if size > self._files.limits.max_bytes:
            raise refuse("evidence.too_large", name=called, limit=self._files.limits.max_bytes)
        return self._added(person, called, size, now)

    def _added(self, person: int, name: str, size: int, now: datetime, kept: Kept | None = None) -> Upload:
        limit = self._files.limits.open_bytes
        new = Upload(
            secrets.token_urlsafe(16),
            name,
            size,
            size if kept else 0,
            kept.sha256 if kept else None,
            kept.media_type if kept else None,
        )
        with self._store.begin() as tx:
            # One after the other, or two at once would both still be within the limit.
            tx.connection.execute(select(t.people.c.id).where(t.people.c.id == person).with_for_update())
            count, total = tx.connection.execute(
                select(func.count(), func.coalesce(func.sum(_u.size), 0)).where(_u.person_id == person)
            ).one()
            if count >= OPEN_FILES or total + size > limit:
                raise refuse("upload.too_much", name=name, limit=limit, files=OPEN_FILES)
            values = {key: value for key, value in new._asdict().items() if key != "received"}
            tx.connection.execute(insert(t.uploads).values(**values, person_id=person, created_at=now))
        return new

    def add(self, person: int, id: str, offset: int, chunk: Source, now: datetime) -> Upload:  # noqa: A002, ARG002 - so the pages call it
        """Append what comes next; what had come when a connection breaks is kept.

        Raises :class:`~engine.errors.Refusal`: ``upload.offset`` with the right ``offset``,
        ``upload.unknown``, ``upload.longer``; and when it is whole one of ``evidence.*``, which ends it,
        unless it only could not be scanned: then it waits, and an empty chunk at its end tries again.
        """
        with self._held(person, id) as (upload, partial):
            if offset != upload.received:
                raise refuse("upload.offset", name=upload.name, offset=upload.received)
            if partial is None:
                return upload
            received = _append(upload, partial, chunk)
            if received < upload.size:
                return upload._replace(received=received)
            return self._finish(upload)

    def _finish(self, upload: Upload) -> Upload:
        try:
            kept = self._files.adopt(self._partial(upload.id), upload.name, self._scanner)
        except Refusal as refused:
            if refused.conditions[0].kind != "evidence.unscanned":
                self._forget([upload.id])
            raise
        except FileNotFoundError:  # dropped meanwhile
            raise refuse("upload.unknown") from None
        name = named_as(upload.name, kept.media_type)
        known = {"name": name, "sha256": kept.sha256, "media_type": kept.media_type}
        with self._store.begin() as tx:
            change = update(t.uploads).where(_u.id == upload.id).values(**known)
            found = tx.connection.execute(change).rowcount
        # Not before: whoever waits for it finds the file whole then, and never a new beginning.
        self._partial(upload.id).unlink(missing_ok=True)
        if not found:
            self._let_go([kept.sha256])
            raise refuse("upload.unknown")
        whole = Upload(upload.id, name, upload.size, upload.size, kept.sha256, kept.media_type)
        return self._still_there(whole)

    def _still_there(self, upload: Upload) -> Upload:
        """Whoever lets go of the same content knew of nobody else who had it, until we wrote it down."""
        if upload.sha256 is None or not self._files.holds(upload.sha256):
            self._forget([upload.id])
            raise refuse("upload.unknown")
        return upload

    @contextmanager
    def _held(self, person: int, id: str) -> Iterator[tuple[Upload, BinaryIO | None]]:  # noqa: A002 - as above
        """The upload, and its partial file held against everybody else; none where it is whole already."""
        while True:
            upload = self.find(person, id)
            if upload.sha256 is not None:
                yield upload, None
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._partial(upload.id)
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as partial:
                fcntl.flock(partial, fcntl.LOCK_EX)
                # Whoever held it before us may have finished it: it lies with the evidence then.
                if not _is_at(partial, path):
                    continue
                received = partial.seek(0, os.SEEK_END)
                # Or before we opened it: what we hold is a new file of nothing then, and no beginning.
                if received == 0 and not self._is_expected(upload.id):
                    path.unlink()
                    continue
                yield upload._replace(received=received), partial
                return

    def _is_expected(self, id: str) -> bool:  # noqa: A002 - as above
        with self._store.read() as tx:
            query = select(_u.id).where(_u.id == id, _u.sha256.is_(None))
            return tx.connection.execute(query).first() is not None

    def _partial(self, id: str) -> Path:  # noqa: A002 - as above
        return self._folder / id

    # -- what was sent ----------------------------------------------------------------------------------

    def find(self, person: int, id: str) -> Upload:  # noqa: A002 - as above
        """One of the person's files, whole or not; ``upload.unknown`` where there is none of that id."""
        with self._store.read() as tx:
            row = tx.connection.execute(
                select(t.uploads).where(_u.id == id, _u.person_id == person)
            ).one_or_none()
        if row is None:
            raise refuse("upload.unknown")
        return self._upload(row)

    def of(self, person: int, ids: Sequence[str]) -> list[Upload]:
        """Those of this person's files that are whole, in the order asked, each once."""
        with self._store.read() as tx:
            rows = tx.connection.execute(
                select(t.uploads).where(
                    _u.person_id == person, _u.id.in_(list(ids)[:OPEN_FILES]), _u.sha256.is_not(None)
                )
            )
            found = {row.id: self._upload(row) for row in rows}
        return [found[one] for one in dict.fromkeys(ids) if one in found]

    def drop(self, person: int, id: str) -> None:  # noqa: A002 - as above
        """Forget a file of the person; one that there is not is forgotten already."""
        with self._store.begin() as tx:
            gone = tx.connection.execute(
                delete(t.uploads).where(_u.id == id, _u.person_id == person).returning(_u.sha256)
            )
            hashes = list(gone.scalars())
        if hashes:
            self._partial(id).unlink(missing_ok=True)
            self._let_go([one for one in hashes if one is not None])

    def attach(
        self,
        tx: Tx,
        code: str,
        year: int,
        milestone: str,
        upload: Upload,
        *,
        request: str | None,
        occurrence: int | None,
        by: Person,
        now: datetime,
        expected_version: int | None = None,
        expires_on: date | None = None,
        replaces: int | None = None,
        after_seal: bool = False,
    ) -> Outcome:
        """Make evidence of a whole file in the caller's transaction; it is no upload any more."""
        mine = (_u.id == upload.id, _u.person_id == by.id, _u.sha256.is_not(None))
        row = tx.connection.execute(select(t.uploads).where(*mine)).one_or_none()
        # Gone by our own hand: of two who attach or sweep it, one finds it gone.
        gone = tx.connection.execute(delete(t.uploads).where(*mine)).rowcount
        if row is None or not gone:
            raise refuse("upload.unknown")
        if not self._files.holds(row.sha256):
            raise refuse("evidence.vanished", sha256=row.sha256)
        evidence.register(tx, Kept(row.sha256, row.size, row.media_type), now)
        return attach_evidence(
            tx,
            code,
            year,
            milestone,
            request=request,
            occurrence=occurrence,
            sha256=row.sha256,
            file_name=row.name,
            expires_on=expires_on,
            replaces=replaces,
            after_seal=after_seal,
            by=by,
            now=now,
            expected_version=expected_version,
        )

    def _upload(self, row: Row[Any]) -> Upload:
        received = row.size
        if row.sha256 is None:
            partial = self._partial(row.id)
            received = partial.stat().st_size if partial.exists() else 0
        return Upload(row.id, row.name, row.size, received, row.sha256, row.media_type)

    # -- tidying up -------------------------------------------------------------------------------------

    def _forget(self, ids: Sequence[str]) -> None:
        with self._store.begin() as tx:
            tx.connection.execute(delete(t.uploads).where(_u.id.in_(ids)))
        for one in ids:
            self._partial(one).unlink(missing_ok=True)

    def sweep(self, now: datetime) -> int:
        """Remove what nobody attached within a day, halves of files, and files that nothing points to."""
        before = now - KEPT_FOR
        with self._store.begin() as tx:
            old = tx.connection.execute(
                delete(t.uploads).where(_u.created_at < before).returning(_u.id)
            ).scalars()
            ids = list(old)
        for one in ids:
            self._partial(one).unlink(missing_ok=True)
        return len(ids) + self._sweep_halves(before) + self._sweep_files(before)

    def _sweep_halves(self, before: datetime) -> int:
        """What a crash left on its way in, and pieces of which the database knows nothing."""
        folder = self._files.folder
        pieces = {path.name: path for path in self._folder.glob("*")}
        with self._store.read() as tx:
            known = set(tx.connection.execute(select(_u.id)).scalars())
        orphans = [path for name, path in pieces.items() if name not in known]
        old = [path for path in [*orphans, *folder.glob(f"{INCOMING}*")] if kept_at(path) < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _sweep_files(self, before: datetime) -> int:
        return self._let_go([sha256 for sha256, since in self._files.lying() if since < before], before)

    def _let_go(self, hashes: Sequence[str], before: datetime = _ALWAYS) -> int:
        """Remove those of the files to which nothing points, unless they were kept again meanwhile."""
        swept = 0
        for first in range(0, len(hashes), _AT_ONCE):
            some = hashes[first : first + _AT_ONCE]
            with self._store.read() as tx:
                f = t.files.c.sha256
                named = set(tx.connection.execute(select(f).where(f.in_(some))).scalars())
                for held in (_u.sha256, t.jobs.c.sha256):
                    named |= set(tx.connection.execute(select(held).where(held.in_(some))).scalars())
            swept += sum(self._files.discard(one, before) for one in some if one not in named)
        return swept


def _append(upload: Upload, partial: BinaryIO, chunk: Source) -> int:
    """Write the chunk at the end, durable when this returns or when its source breaks; returns the length."""
    received = upload.received
    try:
        while piece := chunk.read(_CHUNK):
            received += len(piece)
            if received > upload.size:
                partial.truncate(upload.received)
                raise refuse("upload.longer", name=upload.name, size=upload.size)
            partial.write(piece)
    finally:
        partial.flush()
        os.fsync(partial.fileno())
    return received


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Whether that is still the file of that name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
