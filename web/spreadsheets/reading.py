"""A file that somebody gave, read into lines: what each says by column, and all that is wrong with it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

from engine.errors import Refusal, Unmet, refuse
from engine.nearest import nearest
from storage.inspection import examine
from web.spreadsheets import comma, workbook
from web.spreadsheets.cells import Raw, Value, fold, is_clearing, is_empty, value_of
from web.spreadsheets.columns import COLUMNS, Column, SheetKind
from web.spreadsheets.names import Names
from web.spreadsheets.workbook import Row, letters

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: So much a file may be, so many rows are read, and so much of what is wrong is told; the rest is counted.
MOST_BYTES, MOST_ROWS, MOST_TOLD = 50 * 1024 * 1024, 200_000, 5_000
#: Within so many rows the headings are looked for, and so many of them must be ours.
_HEADS_WITHIN, _FEWEST_HEADS = 30, 2
_RANGE = re.compile(r"[A-Z]+([0-9]+)(?::[A-Z]+([0-9]+))?")
#: How often it is told how far it is.
_STEP = 500


class Place(NamedTuple):
    """Where in a file: no row for the sheet as a whole, no column for the row; no sheet for the file."""

    sheet: str = ""
    row: int = 0
    column: int = 0
    head: str = ""

    @property
    def letters(self) -> str:
        return letters(self.column)


class Finding(NamedTuple):
    """Something that is wrong, or that whoever gave the file should know, and where."""

    place: Place
    condition: Unmet


@dataclass(slots=True)
class Findings:
    """What is ``wrong``, its first told and all of it counted; ``notes`` stand in the way of nothing."""

    wrong: list[Finding] = field(default_factory=list)
    count: int = 0
    notes: list[Finding] = field(default_factory=list)

    def add(self, place: Place, *conditions: Unmet) -> None:
        self.count += len(conditions)
        left = MOST_TOLD - len(self.wrong)
        self.wrong += [Finding(place, one) for one in conditions[: max(0, left)]]

    def note(self, place: Place, kind: str, **params: object) -> None:
        if len(self.notes) < MOST_TOLD:
            self.notes.append(Finding(place, Unmet(kind, params)))


@dataclass(frozen=True, slots=True)
class Heads:
    """The headings of a sheet: which column stands where."""

    sheet: str
    kind: SheetKind
    columns: Mapping[int, Column]
    words: Mapping[int, str]

    def place(self, row: int, key: str = "") -> Place:
        """Where a row is, or what stands in it under that column."""
        for at, column in self.columns.items():
            if column.key == key and not column.shown:
                return Place(self.sheet, row, at, self.words[at])
        return Place(self.sheet, row)


class Line(NamedTuple):
    """A row: what it says by column. What is empty is not said; what is to be cleared is ``None``."""

    heads: Heads
    row: int
    values: Mapping[str, Value | None]

    @property
    def kind(self) -> SheetKind:
        return self.heads.kind

    def place(self, key: str = "") -> Place:
        return self.heads.place(self.row, key)


Step = Callable[[int], None]


def check_file(content: BinaryIO, name: str) -> bool:
    """Whether it is a workbook; ``False`` for CSV. Anything else, and what is dangerous, is refused.

    Raises :class:`~engine.errors.Refusal` with ``sheet.too_large`` or one of ``evidence.*``.
    """
    size = content.seek(0, 2)
    if size > MOST_BYTES:
        raise refuse("sheet.too_large", name=name, most=MOST_BYTES)
    if PurePosixPath(name).suffix.lower() == ".csv":
        content.seek(0)
        if content.read(4) != b"PK\x03\x04":
            content.seek(0)
            return False
    examine(content, name, {XLSX})
    content.seek(0)
    return True


def read(
    content: BinaryIO, name: str, names: Names, findings: Findings, only: SheetKind | None, step: Step
) -> Iterator[Line]:
    """The lines of a file, sheet by sheet as it holds them."""
    counted = _Counter(name, step)
    if check_file(content, name):
        book = workbook.Book(content, name)
        for sheet, kind in _chosen(book, names, findings, only):
            reader = _Sheet(sheet.name, kind, names, findings)
            yield from reader.lines(counted.rows(book.rows(sheet)))
            reader.mind_merged(book.merged)
    elif only is None:
        raise refuse("sheet.csv_kind", kinds=[names.sheet(kind) for kind in SheetKind])
    else:
        yield from _Sheet(name, only, names, findings).lines(counted.rows(comma.rows(content, name)))


def _chosen(
    book: workbook.Book, names: Names, findings: Findings, only: SheetKind | None
) -> list[tuple[workbook.Sheet, SheetKind]]:
    """The sheets that are read, with what each holds; what is not read is told."""
    seen = [one for one in book.sheets if not one.is_hidden and not names.is_about(one.name)]
    for one in book.sheets:
        if one.is_hidden and not names.is_about(one.name):
            findings.note(Place(one.name), "sheet.hidden")
    known = [
        (one, kind) for one in seen if (kind := names.kind(one.name)) in ({only} if only else set(SheetKind))
    ]
    if not known and only and seen:
        known = [(seen[0], only)]
    for one in seen:
        if all(one is not sheet for sheet, _ in known) and names.kind(one.name) is None:
            near = nearest(fold(one.name), names.sheets)
            if near and not only:
                offered = [names.sheet(names.sheets[word]) for word in near]
                findings.add(Place(one.name), Unmet("sheet.name_unknown", {"nearest": _once(offered)}))
            else:
                findings.note(Place(one.name), "sheet.not_read")
    if not known and not findings.count:
        every = [names.sheet(kind) for kind in SheetKind]
        findings.add(Place(), Unmet("sheet.none_known", {"sheets": every}))
    order = list(SheetKind)
    return sorted(known, key=lambda one: order.index(one[1]))


class _Counter:
    """Counts rows over all sheets: tells how many there were, and ends what has no end."""

    def __init__(self, name: str, step: Step) -> None:
        self._name, self._step, self._count = name, step, 0

    def rows(self, rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
        for row in rows:
            self._count += 1
            if self._count > MOST_ROWS:
                raise refuse("sheet.too_many_rows", name=self._name, most=MOST_ROWS)
            if self._count % _STEP == 0:
                self._step(self._count)
            yield row


class _Sheet:
    """One sheet being read."""

    def __init__(self, sheet: str, kind: SheetKind, names: Names, findings: Findings) -> None:
        self._sheet, self._kind, self._names, self._findings = sheet, kind, names, findings
        self._begins = 0

    def lines(self, rows: Iterator[tuple[int, Row]]) -> Iterator[Line]:
        heads = self._heads(rows)
        if heads is None:
            needed = [self._names.head(one) for one in COLUMNS[self._kind] if one.needed]
            self._findings.add(Place(self._sheet), Unmet("sheet.no_heads", {"heads": needed}))
            return
        is_first = True
        for number, row in rows:
            if is_first and self._is_keys(row, heads):
                continue
            is_first = False
            if any(not is_empty(raw) for at, raw in row.items() if at in heads.columns):
                yield self._line(heads, number, row)

    def _heads(self, rows: Iterator[tuple[int, Row]]) -> Heads | None:
        """The first row of which enough is known; what stands above it belongs to nobody."""
        known = self._names.heads[self._kind]
        for seen, (number, row) in enumerate(rows, start=1):
            words = {at: raw for at, raw in row.items() if isinstance(raw, str) and fold(raw)}
            found = {at: known[fold(raw)] for at, raw in words.items() if fold(raw) in known}
            if len({one.key for one in found.values()}) >= _FEWEST_HEADS:
                self._begins = number
                return self._checked(number, words, found)
            if seen >= _HEADS_WITHIN:
                break
        return None

    def _checked(self, number: int, words: Mapping[int, str], found: Mapping[int, Column]) -> Heads:
        """The headings, and what is wrong with them: one unknown, one twice, one missing."""
        columns: dict[int, Column] = {}
        for at, word in words.items():
            place = Place(self._sheet, number, at, word)
            if at not in found:
                self._unknown(place, word)
            elif any(one.key == found[at].key for one in columns.values()):
                self._findings.add(place, Unmet("sheet.head_twice", {"head": word}))
            else:
                columns[at] = found[at]
        there = {one.key for one in columns.values()}
        for column in COLUMNS[self._kind]:
            if column.needed and column.key not in there:
                head = self._names.head(column)
                self._findings.add(Place(self._sheet, number), Unmet("sheet.head_missing", {"head": head}))
        return Heads(self._sheet, self._kind, columns, words)

    def _unknown(self, place: Place, word: str) -> None:
        known = self._names.heads[self._kind]
        near = _once(self._names.head(known[one]) for one in nearest(fold(word), known))
        if near:
            self._findings.add(place, Unmet("sheet.head_unknown", {"given": word, "nearest": near}))
        else:
            self._findings.note(place, "sheet.head_not_read", given=word)

    def _is_keys(self, row: Row, heads: Heads) -> bool:
        """Whether the row repeats the headings as keys, as the templates have it."""
        found = [
            fold(str(raw)) == fold(heads.columns[at].key) for at, raw in row.items() if at in heads.columns
        ]
        return bool(found) and all(found)

    def _line(self, heads: Heads, number: int, row: Row) -> Line:
        values: dict[str, Value | None] = {}
        for at, column in heads.columns.items():
            if column.shown:
                continue
            raw = self._raw(row, at)
            if is_clearing(raw):
                self._clear(column, Place(self._sheet, number, at, heads.words[at]), values)
                continue
            try:
                value = value_of(column, raw, self._names.choices(column))
            except Refusal as refused:
                self._findings.add(Place(self._sheet, number, at, heads.words[at]), *refused.conditions)
                continue
            if value is not None:
                values[column.key] = value
            elif column.needed:
                place = Place(self._sheet, number, at, heads.words[at])
                self._findings.add(place, Unmet("cell.needed", {"head": heads.words[at]}))
        return Line(heads, number, values)

    def _clear(self, column: Column, place: Place, values: dict[str, Value | None]) -> None:
        if column.clears:
            values[column.key] = None
        else:
            self._findings.add(place, Unmet("cell.cannot_clear", {"head": place.head}))

    def _raw(self, row: Row, at: int) -> Raw:
        return row.get(at)

    def mind_merged(self, merged: Iterable[str]) -> None:
        """Of merged cells only the first has a value, and nobody knows for which rows it is meant."""
        for span in merged:
            found = _RANGE.fullmatch(span)
            last = int(found[2] or found[1]) if found else 0
            if self._begins and last > self._begins:
                self._findings.add(
                    Place(self._sheet, max(int(found[1]), self._begins) if found else 0),
                    Unmet("sheet.merged", {"range": span}),
                )


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))
