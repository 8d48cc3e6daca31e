"""The full export: everything that may leave the house, as lines, with the evidence under its hashes.

A backup (:mod:`storage.backup`) is for the house itself, with its secrets and as its tables are; an export is
for whoever is not the house: in the words of the domain, without a secret, readable without us.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Select, String, select
from sqlalchemy.engine import Connection

from storage.evidence import EvidenceStore, registered
from storage.export_files import Target, writing
from storage.export_format import FORMAT, PARTS, Part
from storage.export_lines import Lines
from storage.store import Store

MANIFEST = "manifest.json"
#: Rows that are held at once, and bytes of a file.
_PORTION, _CHUNK = 1000, 1 << 20
#: Told with each row and file that is done.
Progress = Callable[[], None]


@dataclass
class Exported:
    """What an export holds, and the evidence files that it lacks because they vanished or were altered."""

    rows: int = 0
    files: int = 0
    lacking: list[str] = field(default_factory=list)


def export_all(store: Store, evidence: EvidenceStore, path: Path, done: Progress = lambda: None) -> Exported:
    """Write it as a folder, or as a ``.zip``; it appears only when whole, and is of one moment."""
    exported = Exported()
    manifest: dict[str, Any] = {"format": FORMAT, "files": {}, "evidence": [], "lacking": []}
    with writing(path) as target, store.read() as tx:
        for part in PARTS:
            said = _write_part(tx.connection, part, target, done)
            manifest["files"][part.file] = said
            exported.rows += said["lines"]
        for kept in registered(tx.connection):
            if evidence.intact(kept.sha256):
                with evidence.open(kept.sha256) as content, target.file(evidence_name(kept.sha256)) as file:
                    _copy(content, file)
                manifest["evidence"].append(kept.sha256)
                exported.files += 1
            else:
                manifest["lacking"].append(kept.sha256)
                exported.lacking.append(kept.sha256)
            done()
        with target.file(MANIFEST) as file:
            file.write(json.dumps(manifest, indent=1).encode() + b"\n")
    return exported


def evidence_name(sha256: str) -> str:
    """Where in an export the file of that hash lies."""
    return f"evidence/{sha256[:2]}/{sha256}"


def _write_part(connection: Connection, part: Part, target: Target, done: Progress) -> dict[str, Any]:
    digest, count, lines = hashlib.sha256(), 0, Lines(part)
    with target.file(part.file) as file:
        for row in connection.execute(rows_of(part, connection), execution_options={"yield_per": _PORTION}):
            line = lines.text(tuple(row))
            digest.update(line)
            file.write(line)
            count += 1
            done()
    return {"sha256": digest.hexdigest(), "lines": count}


def rows_of(part: Part, connection: Connection) -> Select[Any]:
    """The rows in the order of their keys; texts in that of their letters, wherever the database stands."""
    query: Any = select(*part.columns)  # as many columns as the part has
    if part.joined is not None:
        query = query.join_from(part.table, part.joined)
    if part.only is not None:
        query = query.where(part.only)
    is_sqlite = connection.dialect.name == "sqlite"
    ordered: Select[Any] = query.order_by(
        *(
            column if is_sqlite or not isinstance(column.type, String) else column.collate("C")
            for column in part.table.primary_key.columns
        )
    )
    return ordered


def _copy(content: IO[bytes], file: IO[bytes]) -> None:
    while chunk := content.read(_CHUNK):
        file.write(chunk)
