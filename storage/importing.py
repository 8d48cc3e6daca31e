"""A full export taken into an empty database: first looked through to its end, then all of it or nothing."""

import hashlib
import json
import re
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Column, insert, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from engine.errors import Refusal, Unmet, refuse
from storage import checks, schema, search_index
from storage.evidence import EvidenceStore
from storage.export_files import Source, reading
from storage.export_format import FORMAT, PARTS, Part
from storage.export_lines import Lines, Unfit
from storage.exporting import MANIFEST, Exported, evidence_name
from storage.store import Store
from storage.transaction import Tx

#: No line is longer, in bytes: whoever sends one without an end fills no memory.
_LONGEST = 1 << 24
_PORTION, _CHUNK = 1000, 1 << 20
#: So many faults are told; who has more has another trouble.
_MOST_FAULTS = 50
_HASH = re.compile(r"[0-9a-f]{64}")
#: What reading a damaged ZIP raises.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
#: Told the number of rows and files that are done, and how many there are.
Progress = Callable[[int, int], None]


def import_all(
    store: Store, evidence: EvidenceStore, path: Path, done: Progress = lambda _done, _total: None
) -> Exported:
    """Take everything in; refused with a condition for each fault, and then nothing was taken.

    The journal, its hashes and the seals are proved before anything is kept. Nobody can sign in until they
    were given a new link: what opens doors was never exported.
    """
    if inspect(store.engine).get_table_names():
        raise refuse("import.not_empty", url=store.engine.url.render_as_string(hide_password=True))
    with reading(path) as source:
        manifest = _manifest(source)
        _look_through(source, manifest)
        count = _Count(
            done, sum(one["lines"] for one in manifest["files"].values()) + len(manifest["evidence"])
        )
        for sha256 in manifest["evidence"]:
            with source.open(evidence_name(sha256)) as content:
                evidence.keep_as(content)
            count.step()
        with schema.rebuilding(store.engine) as connection:
            schema.upgrade_within(connection)
            for part in PARTS:
                _take_in(connection, part, source, count)
            search_index.make(connection)
            schema.follow_sequences(connection)
            _prove(Tx(store, connection, writing=False))
    return Exported(count.rows, len(manifest["evidence"]), manifest["lacking"])


class _Count:
    """How far it is."""

    def __init__(self, done: Progress, total: int) -> None:
        self._tell, self._total = done, total
        self._at = self.rows = 0

    def step(self, rows: int = 0) -> None:
        self.rows += rows
        self._at += rows or 1
        self._tell(self._at, self._total)


# --- looked through ------------------------------------------------------------------------------------


def _manifest(source: Source) -> dict[str, Any]:
    try:
        with source.open(MANIFEST) as file:
            manifest = json.loads(file.read(_LONGEST))
    except FileNotFoundError:
        raise refuse("import.no_manifest", file=MANIFEST) from None
    except (ValueError, RecursionError, *_UNREADABLE):
        raise refuse("import.damaged", file=MANIFEST) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise refuse("import.format", found=str(found)[:60], known=FORMAT)
    if not _is_manifest(manifest):
        raise refuse("import.damaged", file=MANIFEST)
    return manifest


def _is_manifest(manifest: Mapping[str, Any]) -> bool:
    files, hashes = manifest.get("files"), (manifest.get("evidence"), manifest.get("lacking"))
    return (
        isinstance(files, dict)
        and all(
            isinstance(said, dict) and isinstance(said.get("sha256"), str) and type(said.get("lines")) is int
            for said in files.values()
        )
        and all(
            isinstance(some, list) and all(isinstance(one, str) and _HASH.fullmatch(one) for one in some)
            for some in hashes
        )
    )


def _look_through(source: Source, manifest: Mapping[str, Any]) -> None:
    """Read every byte once: hashes, counts, and each line. Nothing is written yet."""
    known = _Known(frozenset(manifest["evidence"]) | frozenset(manifest["lacking"]))
    faults = list(_files_amiss(source, manifest))
    there = source.names()
    for part in PARTS:
        if part.file in there and part.file in manifest["files"]:
            faults += _of_part(source, part, manifest["files"][part.file], known)
    for sha256 in manifest["evidence"]:
        name = evidence_name(sha256)
        if name in there and _digest(source, name) != sha256:
            faults.append(Unmet("import.checksum", {"file": name}))
    if faults:
        raise Refusal(faults[:_MOST_FAULTS])


def _files_amiss(source: Source, manifest: Mapping[str, Any]) -> Iterator[Unmet]:
    """Files that the manifest names and that are not there, and the other way round."""
    parts = {part.file for part in PARTS}
    for name in sorted(parts - manifest["files"].keys()):
        yield Unmet("import.not_in_manifest", {"file": name})
    wanted = parts | {MANIFEST} | {evidence_name(one) for one in manifest["evidence"]}
    there = source.names()
    for name in sorted(wanted - there):
        yield Unmet("import.file_missing", {"file": name})
    for name in sorted((there | manifest["files"].keys()) - wanted):
        yield Unmet("import.file_unexpected", {"file": name[:200]})


def _digest(source: Source, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with source.open(name) as content:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
    except _UNREADABLE:
        return ""
    return digest.hexdigest()


def _of_part(source: Source, part: Part, said: Mapping[str, Any], known: "_Known") -> list[Unmet]:
    """What is wrong with one file and its lines."""
    faults: list[Unmet] = []
    lines, digest, number = Lines(part), hashlib.sha256(), 0
    last: tuple[Any, ...] | None = None
    try:
        for number, line in enumerate(_lines(source, part.file), start=1):
            digest.update(line)
            try:
                row = lines.row(line)
                key = tuple(row[name] for name in part.key)
                if last is not None and key <= last:
                    raise Unfit("import.order")
                last = key
                known.check(part, row)
            except Unfit as unfit:
                faults.append(_at(part, number, unfit.unmet))
    except Unfit as unfit:
        return [*faults, _at(part, number + 1, unfit.unmet)][-_MOST_FAULTS:]
    except _UNREADABLE:
        return [*faults, Unmet("import.damaged", {"file": part.file})][-_MOST_FAULTS:]
    if digest.hexdigest() != said["sha256"]:
        faults.insert(0, Unmet("import.checksum", {"file": part.file}))
    if number != said["lines"]:
        faults.insert(0, Unmet("import.count", {"file": part.file, "found": number, "said": said["lines"]}))
    return faults[:_MOST_FAULTS]


def _at(part: Part, line: int, unmet: Unmet) -> Unmet:
    return Unmet(unmet.kind, {"file": part.file, "line": line, **unmet.params})


def _lines(source: Source, name: str) -> Iterator[bytes]:
    """The lines with their ends; one without an end was cut."""
    with source.open(name) as file:
        while line := file.readline(_LONGEST):
            if not line.endswith(b"\n"):
                raise Unfit("import.cut")
            yield line


class _Known:
    """What lines may point to: a bit for each number that was read, for a city has a million indicators."""

    def __init__(self, files: frozenset[str]) -> None:
        self._files = files
        self._numbers: dict[str, bytearray] = {}

    def check(self, part: Part, row: Mapping[str, Any]) -> None:
        """Everything that the row points to was read before; then it may be pointed to."""
        for column in part.columns:
            for key in column.foreign_keys:
                value = row[column.name]
                if value is not None and not self._has(key.column, value):
                    name = part.names[column.name]
                    raise Unfit("import.points_nowhere", key=name, given=value)
        if part.key == ("id",):
            self._add(part.table.name, row["id"])
        if part.name == "files" and row["sha256"] not in self._files:
            raise Unfit("import.no_evidence", given=row["sha256"][:64])

    def _has(self, column: Column[Any], value: Any) -> bool:
        if isinstance(value, str):
            return value in self._files
        bits = self._numbers.get(column.table.name, bytearray())
        return 0 <= value >> 3 < len(bits) and bool(bits[value >> 3] & 1 << (value & 7))

    def _add(self, table: str, number: int) -> None:
        if not 0 < number < 1 << 31:
            raise Unfit("import.value", key="id", given=number)
        bits = self._numbers.setdefault(table, bytearray())
        bits.extend(bytes(max(0, (number >> 3) + 1 - len(bits))))
        bits[number >> 3] |= 1 << (number & 7)


# --- taken in ------------------------------------------------------------------------------------------


def _take_in(connection: Connection, part: Part, source: Source, count: _Count) -> None:
    lines, portion, first = Lines(part), [], 1
    for line in _lines(source, part.file):
        portion.append({**lines.row(line), **_made(part)})
        if len(portion) == _PORTION:
            _insert(connection, part, portion, first)
            first += len(portion)
            count.step(len(portion))
            portion = []
    if portion:
        _insert(connection, part, portion, first)
        count.step(len(portion))


def _made(part: Part) -> dict[str, Any]:
    """What is made anew because it was kept back."""
    return {"link_secret": secrets.token_hex(32)} if part.name == "city" else {}


def _insert(connection: Connection, part: Part, rows: list[dict[str, Any]], first: int) -> None:
    """Insert the rows; where the database refuses them, one by one, to name the line."""
    try:
        with connection.begin_nested():
            _insert_all(connection, part, rows)
    except DBAPIError as error:
        for number, row in enumerate(rows, start=first):
            try:
                with connection.begin_nested():
                    _insert_all(connection, part, [row])
            except DBAPIError:
                raise refuse("import.refused", file=part.file, line=number) from error
        raise


def _insert_all(connection: Connection, part: Part, rows: list[dict[str, Any]]) -> None:
    connection.execute(insert(part.table), [_of(part.table.c, row) for row in rows])
    if part.joined is not None:
        own = next(iter(part.joined.primary_key.columns)).name
        connection.execute(insert(part.joined), [{own: row["id"], **_of(part.joined.c, row)} for row in rows])


def _of(columns: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in columns}


def _prove(tx: Tx) -> None:
    """The journal and the seals hold as they came in; who altered one of them altered the sums as well."""
    faults = [
        Unmet("import.journal", {"code": code or None, "number": broken.seq})
        for code, broken in checks.journal(tx)
        if broken is not None
    ]
    for quarter in checks.sealed_quarters(tx):
        proved = checks.seal(tx, quarter)
        faults += [Unmet("import.seal", {"quarter": quarter, "code": one.code or None}) for one in proved]
    if faults:
        raise Refusal(faults[:_MOST_FAULTS])
