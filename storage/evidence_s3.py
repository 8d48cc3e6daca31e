"""Evidence in a bucket of an S3-compatible store: the same promises as the folder's, on another machine.

Imported only where the settings ask for it: its client is the extra ``s3``.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from engine.errors import refuse
from storage.clamd import Scanner
from storage.evidence import Incoming, Kept, Limits, Source, digest_of, judged

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 1 << 20
_PART = 8 * 1024 * 1024
_AT_ONCE = 2
_NAME = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where it is, and who we are there; without keys the machine's own role is asked for them."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


class EvidenceBucket:
    """The store that is a bucket. What is on its way lies in a folder of this machine until it is whole."""

    def __init__(self, folder: Path, limits: Limits, bucket: Bucket) -> None:
        self.folder = folder
        self.limits = limits
        self._name = bucket.name
        given = {
            "endpoint": bucket.endpoint,
            "region": bucket.region,
            "access_key_id": bucket.access_key,
            "secret_access_key": bucket.secret_key,
        }
        self._store = S3Store(
            bucket.name,
            prefix=bucket.prefix or None,
            config={name: value for name, value in given.items() if value},  # type: ignore[arg-type]  # its own names
            client_options={
                "allow_http": bucket.endpoint.startswith("http://"),
                "connect_timeout": "5s",
                "timeout": "60s",
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
        )

    def keep(self, source: Source, name: str, scanner: Scanner | None = None) -> Kept:
        with Incoming(self.folder) as incoming:
            incoming.receive(source, name, self.limits.max_bytes)
            media_type = judged(incoming.path, name, self.limits, scanner)
            self._put(incoming.path, incoming.sha256)
        return Kept(incoming.sha256, incoming.size, media_type)

    def adopt(self, path: Path, name: str, scanner: Scanner | None = None) -> Kept:
        media_type = judged(path, name, self.limits, scanner)
        kept = Kept(digest_of(path), path.stat().st_size, media_type)
        self._put(path, kept.sha256)
        return kept

    def keep_as(self, source: Source) -> str:
        with Incoming(self.folder) as incoming:
            incoming.receive(source, "", None)
            self._put(incoming.path, incoming.sha256)
        return incoming.sha256

    def _put(self, path: Path, sha256: str) -> None:
        with self._reached(even_missing=True):
            obstore.put(self._store, _key(sha256), path, chunk_size=_PART, max_concurrency=_AT_ONCE)

    def open(self, sha256: str) -> BinaryIO:
        try:
            with self._reached():
                return io.BufferedReader(_Content(self._store, _key(sha256)), _CHUNK)
        except FileNotFoundError:
            raise refuse("evidence.vanished", sha256=sha256) from None

    def holds(self, sha256: str) -> bool:
        try:
            with self._reached():
                obstore.head(self._store, _key(sha256))
        except FileNotFoundError:
            return False
        return True

    def intact(self, sha256: str) -> bool:
        digest = hashlib.sha256()
        try:
            with self._reached():
                for piece in obstore.get(self._store, _key(sha256)).stream(min_chunk_size=_CHUNK):
                    digest.update(piece)
        except FileNotFoundError:
            return False
        return digest.hexdigest() == sha256

    def lying(self) -> Iterator[tuple[str, datetime]]:
        with self._reached(even_missing=True):
            for some in obstore.list(self._store):
                for one in some:
                    if found := _NAME.fullmatch(one["path"]):
                        yield found[1], one["last_modified"]

    def discard(self, sha256: str, before: datetime) -> bool:
        # Whoever keeps the same content between question and answer finds it gone, and is told so.
        try:
            with self._reached():
                if obstore.head(self._store, _key(sha256))["last_modified"] >= before:
                    return False
                obstore.delete(self._store, _key(sha256))
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _reached(self, *, even_missing: bool = False) -> Iterator[None]:
        """What the store says when it is not there, or not ours, as a sentence.

        That an object is missing is an answer; where none was asked for, it is the bucket that is missing.
        """
        try:
            yield
        except (BaseError, OSError) as error:
            if isinstance(error, FileNotFoundError) and not even_missing:
                raise
            why = str(error).partition("\n")[0][:200]
            raise refuse("evidence.store_away", bucket=self._name, why=why) from error


class _Content(io.RawIOBase):
    """An object of the store, read and sought in; each read asks for no more than its part."""

    def __init__(self, store: S3Store, key: str) -> None:
        self._reader = obstore.open_reader(store, key, buffer_size=_CHUNK)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._reader.seek(offset, whence)

    def tell(self) -> int:
        return self._reader.tell()

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        into = memoryview(buffer)
        piece = bytes(self._reader.read(len(into)))
        into[: len(piece)] = piece
        return len(piece)


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"
