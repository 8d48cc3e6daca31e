"""A file taken in: read, held beside what is kept, and written all at once, or only tried."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, NamedTuple

from engine.errors import Unmet, refuse
from engine.faults import Fault
from engine.permissions import Person
from engine.quarter import FiscalYear
from engine.records import Difference, How, Record, compared
from storage import records
from storage.kept_records import Kept
from storage.store import Store
from web.campaigns import Names as Called
from web.campaigns import names_of
from web.spreadsheets.columns import SheetKind
from web.spreadsheets.names import Names
from web.spreadsheets.reading import Finding, Findings, Heads, Line, Place, read
from web.spreadsheets.records import Drawing

#: Under which column a field is said, where it is not called the same.
_SAID_UNDER = {"roles": "role", "indicator": "code", "version": "workflow"}
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Given:
    """A file as somebody gave it; ``kind`` is what it holds where it does not say so itself."""

    content: BinaryIO
    name: str
    kind: SheetKind | None = None
    year: FiscalYear | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the file, or would: with anything wrong nothing was written.

    ``called`` is what agencies and definitions are called, by their keys.
    """

    name: str
    sha256: str
    year: FiscalYear
    differences: list[Difference]
    findings: Findings
    called: Called

    def count(self, how: How) -> int:
        return sum(one.how is how for one in self.differences)


class Asked(NamedTuple):
    """By what a job knows the file that is to be tried or taken in; ``expected`` is what was shown of it.

    The name is that of the file; it is not part of its content, and says how to read it.
    """

    sha256: str
    name: str
    kind: SheetKind | None = None
    expected: str = ""

    @classmethod
    def of(cls, text: str) -> "Asked":
        sha256, name, kind, expected = json.loads(text)
        return cls(sha256, name, SheetKind(kind) if kind else None, expected)

    def __str__(self) -> str:
        return json.dumps([self.sha256, self.name, self.kind, self.expected], ensure_ascii=False)


#: Told how many rows are read, and how many of how many records are written.
Progress = Callable[[int, int], None]


def take(
    store: Store,
    given: Given,
    names: Names,
    *,
    by: Person,
    now: datetime,
    try_only: bool,
    expected: str = "",
    progress: Progress = lambda _done, _total: None,
) -> Taken:
    """Take the file in, all of it or, where anything is wrong, nothing; with ``try_only`` never anything.

    Raises :class:`~engine.errors.Refusal` where it is no file that can be read at all, and
    ``sheet.changed_meanwhile`` where it would do something else now than what is ``expected``.
    """
    findings, called, sha256 = Findings(), Called(), _digest(given.content)
    lines = list(read(given.content, given.name, names, findings, given.kind, lambda at: progress(at, 0)))
    if not lines and not findings.count:
        findings.note(Place(), "sheet.no_rows")
    year = given.year or _year_of(lines) or FiscalYear.containing(store.policy.day_of(now))
    heads = {line.heads.sheet: line.heads for line in lines}

    def wanted(kept: Kept) -> tuple[list[Record], list[Fault]]:
        drawing = Drawing(kept, year, by)
        found = drawing.draw(lines)
        called.update(names_of(found, kept))
        if expected and digest_of(compared(kept.records, found)[0]) != expected:
            raise refuse("sheet.changed_meanwhile", file=given.name)
        return found, [*map(_as_fault, findings.wrong), *drawing.faults]

    written = records.write(
        store,
        year,
        wanted,
        {"source": "spreadsheet", "file": given.name, "sha256": sha256},
        by=by,
        now=now,
        try_only=try_only,
        with_results=not lines or any(line.kind is SheetKind.RESULTS for line in lines),
        done=progress,
    )
    told = _told(written.faults, findings, heads)
    return Taken(given.name, sha256, year, written.differences, told, called)


def _digest(content: BinaryIO) -> str:
    digest = hashlib.sha256()
    content.seek(0)
    while piece := content.read(_PIECE):
        digest.update(piece)
    content.seek(0)
    return digest.hexdigest()


def digest_of(differences: Iterable[Difference]) -> str:
    """By what it is known that a file does now what it was shown to do."""
    digest = hashlib.sha256()
    for one in differences:
        before = None if one.before is None else sorted(one.before.items())
        digest.update(repr((one.kind, one.key, before, sorted(one.after.items()))).encode())
    return digest.hexdigest()


def _year_of(lines: Iterable[Line]) -> FiscalYear | None:
    """The year of the first row that names one."""
    said = next((line.values["year"] for line in lines if "year" in line.values), None)
    return None if said is None else FiscalYear(int(said))


# --- what is wrong, from wherever it was found -------------------------------------------------------------


def _as_fault(one: Finding) -> Fault:
    place = one.place
    return Fault((place.sheet, place.row, place.column, place.head), one.condition.kind, one.condition.params)


def _told(faults: Iterable[Fault], read_before: Findings, heads: Mapping[str, Heads]) -> Findings:
    """All of it in the order of the file; of a row that could not be read nothing more is said."""
    unread = {(one.place.sheet, one.place.row) for one in read_before.wrong}
    found = [
        Finding(_place(one, heads), Unmet(one.kind, one.params))
        for one in faults
        if not (one.kind.startswith("record.") and one.path[:2] in unread)
    ]
    order = {sheet: place for place, sheet in enumerate(heads)}
    found.sort(key=lambda one: (order.get(one.place.sheet, -1), one.place.row, one.place.column))
    told = Findings(notes=read_before.notes, count=read_before.count - len(read_before.wrong))
    for one in found:
        told.add(one.place, one.condition)
    return told


def _place(fault: Fault, heads: Mapping[str, Heads]) -> Place:
    match fault.path:
        case (str() as sheet, int() as row, int() as column, str() as head):
            return Place(sheet, row, column, head)
        case (str() as sheet, int() as row, str() as field) if sheet in heads:
            return heads[sheet].place(row, _SAID_UNDER.get(field, field))
        case (str() as sheet, int() as row, *_):
            return Place(sheet, row)
    return Place()
