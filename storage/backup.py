"""Backup and restore in one file: every table as JSON lines, every evidence file, and a manifest with hashes.

The file is the same whichever database wrote it and goes back into either. A backup is one snapshot;
a restore is all or nothing and only into an empty database.
"""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Table, inspect, select, text
from sqlalchemy.engine import Connection, Engine

from engine.errors import refuse
from storage import schema
from storage.evidence import EvidenceStore, registered
from storage.store import Store
from storage.tables import metadata
from storage.types import instant_text

_MANIFEST = "manifest.json"
_FORMAT = 1
_PORTION = 1000
_CHUNK = 1 << 20
#: The one key of a mapping that stands for bytes.
_BYTES = "base64"

#: What is still on its way, and what opens the door for a while: what was ended must not come back.
_PASSING = ("uploads", "sessions", "password_links", "jobs", "tokens", "replays")
#: What a backup holds: everything else.
TABLES = [table for table in metadata.sorted_tables if table.name not in _PASSING]
#: Told the name of each part when it is done.
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Written:
    """What a backup holds, and the evidence files that it lacks because they vanished or were altered."""

    rows: int
    lacking: tuple[str, ...]


def back_up(store: Store, evidence: EvidenceStore, target: Path, done: Progress = lambda _: None) -> Written:
    """Write everything to ``target``; the file appears only when whole.

    An evidence file that is no longer what was kept does not stop it: it is left out, and named.
    """
    if target.exists():
        raise refuse("backup.exists", file=str(target))
    if not target.parent.is_dir():
        raise refuse("folder.missing", folder=str(target.parent))
    revision = schema.revision(store.engine)
    manifest: dict[str, Any] = {"format": _FORMAT, "revision": revision, "parts": {}, "evidence": []}
    rows, lacking = 0, []
    partial = target.with_name(f".{target.name}.partial")
    try:
        with tarfile.open(partial, "w:gz", compresslevel=6) as archive, store.read() as tx:
            for table in TABLES:
                part = f"tables/{table.name}.jsonl"
                with tempfile.TemporaryFile() as lines:
                    count = _write_lines(tx.connection, table, lines)
                    manifest["parts"][part] = {"sha256": _add(archive, part, lines), "rows": count}
                    rows += count
                done(table.name)
            for kept in registered(tx.connection):
                if evidence.intact(kept.sha256):
                    with evidence.open(kept.sha256) as content:
                        _add(archive, f"evidence/{kept.sha256}", content)
                    manifest["evidence"].append(kept.sha256)
                else:
                    lacking.append(kept.sha256)
                done(kept.sha256)
            _add(archive, _MANIFEST, io.BytesIO(json.dumps(manifest, indent=1).encode()))
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return Written(rows, tuple(lacking))


def restore(engine: Engine, evidence: EvidenceStore, source: Path, done: Progress = lambda _: None) -> int:
    """Fill the empty database at ``engine`` from a backup and return how many rows came back.

    The schema is created at the backup's revision, filled, and then upgraded to this release's.
    """
    if inspect(engine).get_table_names():
        raise refuse("restore.not_empty", url=engine.url.render_as_string(hide_password=True))
    try:
        _read_through(source)
        with tarfile.open(source, "r:gz") as archive:
            return _restore(engine, evidence, archive, done)
    except FileNotFoundError:
        raise refuse("file.missing", file=str(source)) from None
    except _UNREADABLE as error:
        raise refuse("restore.damaged", file=str(source), detail=str(error)) from error


#: What reading a damaged archive raises.
_UNREADABLE = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    UnicodeDecodeError,
    json.JSONDecodeError,
)


def _read_through(source: Path) -> None:
    """Read the file to its end, where the sum of all its bytes stands: a flipped one raises."""
    with gzip.open(source) as content:
        while content.read(_CHUNK):
            pass


def _restore(engine: Engine, evidence: EvidenceStore, archive: tarfile.TarFile, done: Progress) -> int:
    manifest = json.loads(_part(archive, _MANIFEST).read())
    if manifest.get("format") != _FORMAT:
        raise refuse("restore.format", found=manifest.get("format"), known=_FORMAT)
    schema.refuse_newer(manifest["revision"])
    files = {f"evidence/{sha256}": sha256 for sha256 in manifest["evidence"]}
    tables = {part: facts["sha256"] for part, facts in manifest["parts"].items()}
    for part, sha256 in {**tables, **files}.items():
        if hashlib.file_digest(_part(archive, part), "sha256").hexdigest() != sha256:  # type: ignore[arg-type]  # a readable stream
            raise refuse("restore.damaged", file=str(archive.name), detail=part)
    for part, sha256 in files.items():
        evidence.keep_as(_part(archive, part))
        done(sha256)
    rows = 0
    with schema.rebuilding(engine) as connection:
        schema.upgrade_within(connection, manifest["revision"])
        for part in tables:
            name = Path(part).stem
            rows += _read_lines(connection, name, _part(archive, part))
            done(name)
        schema.upgrade_within(connection)
        schema.follow_sequences(connection)
    return rows


def _write_lines(connection: Connection, table: Table, target: IO[bytes]) -> int:
    count = 0
    query = select(table).order_by(*table.primary_key.columns)
    for row in connection.execute(query, execution_options={"yield_per": _PORTION}).mappings():
        values = {name: _plain(value) for name, value in row.items()}
        target.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")
        count += 1
    target.seek(0)
    return count


def _plain(value: Any) -> Any:
    """A value as JSON has it; days, instants and exact numbers become their text, bytes a mapping of one."""
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _read_lines(connection: Connection, name: str, source: IO[bytes]) -> int:
    """Insert the rows as text: the database itself turns them into the types its columns have."""
    count = 0
    for portion in _portions(source):
        columns = list(portion[0])
        places = ", ".join(f":{column}" for column in columns)
        named = ", ".join(f'"{column}"' for column in columns)
        statement = text(f'INSERT INTO "{name}" ({named}) VALUES ({places})')  # noqa: S608 - names come from our own tables
        connection.execute(statement, portion)
        count += len(portion)
    return count


def _portions(source: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    portion: list[dict[str, Any]] = []
    for line in source:
        portion.append({name: _given(value) for name, value in json.loads(line).items()})
        if len(portion) == _PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


def _given(value: Any) -> Any:
    """A value of JSON as a statement is given it: only bytes are turned back here."""
    return base64.b64decode(value[_BYTES]) if isinstance(value, dict) else value


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes]) -> str:
    """Add a part and return its SHA-256."""
    digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]  # a readable stream
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    member = tarfile.TarInfo(name)
    member.size = size
    archive.addfile(member, content)
    return digest


def _part(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        found = archive.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise refuse("restore.damaged", file=str(archive.name), detail=name)
    return found
