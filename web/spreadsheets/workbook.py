"""Workbooks (XLSX) read from top to bottom, a portion at a time: values, and what is said of them.

Of a package only what holds values is read. A reader that builds a workbook in memory does not tell a
percentage from a number, a formula that was never computed from an empty cell, nor where cells were merged;
one that builds a sheet as a rectangle lets a single cell at its far corner fill any memory. Why it is our
own: decision 0032.
"""

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import BinaryIO, NamedTuple, TypeVar
from xml.parsers import expat

from engine.errors import refuse
from storage.inspection.archives import BROKEN, UNPACKED
from web.spreadsheets.cells import Broken, Percent, Raw

_PIECE = 1 << 16
#: No sheet of ours is wider; what stands further to the right is nobody's column.
MOST_COLUMNS = 64
#: What a cell holds, and an Excel sheet has room for, in letters and rows.
_LONGEST, _LAST_ROW = 32_767, 1_048_576
_MOST_MERGED = 1_000
#: Formats that every program knows by number: days in all countries, and percentages.
_DAYS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59), *range(71, 82)])
_PERCENTS = frozenset({9, 10, 67, 68})
#: What in a format is no letter of it: quoted, escaped, set apart by a blank of its width, in brackets.
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
#: Day 0 of a workbook; a cell knows of no zone.
_EPOCH, _EPOCH_1904 = datetime.fromisoformat("1899-12-30"), datetime.fromisoformat("1904-01-01")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
#: What reading a file that is no workbook raises, whatever was done to it.
_TROUBLES = (
    *BROKEN,
    expat.ExpatError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    OSError,
    RuntimeError,
)

Attributes = dict[str, str]
Row = dict[int, Raw]


class Sheet(NamedTuple):
    """A sheet as the workbook lists it."""

    name: str
    is_hidden: bool
    part: str


class Book:
    """A workbook that was opened; whatever in it cannot be read is one refusal, ``sheet.unreadable``."""

    def __init__(self, content: BinaryIO, name: str) -> None:
        self._name = name
        with _refused(name):
            self._zip = zipfile.ZipFile(content)
            main, relations = self._relations()
            reader = _Contents()
            self._read(main, reader)
            self._epoch = _EPOCH_1904 if reader.is_1904 else _EPOCH
            self.sheets = [
                Sheet(called, state != "visible", relations.get(to, ""))
                for called, state, to in reader.sheets
                if relations.get(to, "") in self._zip.NameToInfo
            ]
            self._formats = self._part(relations, "styles", _Formats()).kinds
            self._strings = self._part(relations, "sharedStrings", _Strings()).texts

    def _relations(self) -> tuple[str, Mapping[str, str]]:
        """The part that lists the sheets, and where its relations lead, by their ids and by their kinds."""
        root = _Relations("")
        self._read("_rels/.rels", root)
        main = root.found.get("officeDocument", "xl/workbook.xml")
        folder, _, file = main.rpartition("/")
        own = _Relations(folder)
        self._read(f"{folder}/_rels/{file}.rels".lstrip("/"), own)
        return main, own.found

    def _part(self, relations: Mapping[str, str], kind: str, reader: "_R") -> "_R":
        part = relations.get(kind, "")
        if part in self._zip.NameToInfo:
            self._read(part, reader)
        return reader

    def _read(self, part: str, reader: "_Reader") -> None:
        for _ in self._portions(part, reader):
            pass

    def _portions(self, part: str, reader: "_Reader") -> Iterator[None]:
        """Read a part, and stop after each portion; what it unpacks to is bounded."""
        parser, left = reader.parser(), UNPACKED
        with self._zip.open(part) as content:
            while piece := content.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise refuse("evidence.bomb", name=self._name)
                parser.Parse(piece, False)
                yield
            parser.Parse(b"", True)
            yield

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, Row]]:
        """Every row in which something stands, with its number; behind them :attr:`merged` is known."""
        reader = _Rows(self._strings, self._formats, self._epoch)
        self.merged = reader.merged
        with _refused(self._name):
            for _ in self._portions(sheet.part, reader):
                done, reader.rows = reader.rows, []
                yield from done


class _refused:  # noqa: N801 - read as a word of the sentence `with _refused(name)`
    """Whatever goes wrong inside is told as one refusal: files are broken in a thousand ways."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, _TROUBLES):
            raise refuse("sheet.unreadable", name=self._name) from None


_R = TypeVar("_R", bound="_Reader")

# --- the parts ---------------------------------------------------------------------------------------------


@lru_cache(1024)
def _local(name: str) -> str:
    """A name without its namespace's short form, which every program chooses for itself."""
    return name.rpartition(":")[2]


class _Reader:
    """Reads a part as it comes; a document type, which can blow a text up, has no place in one."""

    def parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.begin
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = self._no_document_type
        return parser

    def _no_document_type(self, *_: object) -> None:
        raise ValueError("a document type")

    def begin(self, name: str, given: Attributes) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, text: str) -> None: ...


class _Relations(_Reader):
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.found: dict[str, str] = {}

    def begin(self, name: str, given: Attributes) -> None:
        if _local(name) != "Relationship" or given.get("TargetMode") == "External":
            return
        part = posixpath.normpath(posixpath.join("/", self._folder, given.get("Target", ""))).lstrip("/")
        self.found.setdefault(given.get("Type", "").rpartition("/")[2], part)
        self.found[given.get("Id", "")] = part


class _Contents(_Reader):
    """The list of the sheets."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, str]] = []
        self.is_1904 = False

    def begin(self, name: str, given: Attributes) -> None:
        match _local(name):
            case "workbookPr":
                self.is_1904 = given.get("date1904", "0") in ("1", "true")
            case "sheet":
                to = next((value for key, value in given.items() if _local(key) == "id"), "")
                self.sheets.append((given.get("name", ""), given.get("state", "visible"), to))


class _Formats(_Reader):
    """For each style of cells whether it shows days (``d``), percentages (``%``), or anything else."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self._own: dict[int, str] = {}
        self._in_cells = False

    def begin(self, name: str, given: Attributes) -> None:
        match _local(name):
            case "numFmt":
                self._own[int(given["numFmtId"])] = _kind_of(given.get("formatCode", ""))
            case "cellXfs":
                self._in_cells = True
            case "xf" if self._in_cells:
                number = int(given.get("numFmtId", "0"))
                known = "d" if number in _DAYS else "%" if number in _PERCENTS else ""
                self.kinds.append(self._own.get(number, known))

    def end(self, name: str) -> None:
        if _local(name) == "cellXfs":
            self._in_cells = False


def _kind_of(code: str) -> str:
    """What a format of somebody's own shows: letters of a day or a time make it one."""
    bare = _QUOTED.sub("", code).lower().replace("general", "")
    if any(letter in bare for letter in "dmyhsb"):
        return "d"
    return "%" if "%" in bare else ""


class _Strings(_Reader):
    """The texts that cells share; how they are to be read aloud is no part of them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._parts: list[str] = []
        self._in_text = self._is_aloud = False

    def begin(self, name: str, given: Attributes) -> None:  # noqa: ARG002 - one form for all readers
        match _local(name):
            case "si":
                self._parts = []
            case "t":
                self._in_text = not self._is_aloud
            case "rPh":
                self._is_aloud = True

    def text(self, text: str) -> None:
        if self._in_text:
            self._parts.append(text)

    def end(self, name: str) -> None:
        match _local(name):
            case "t":
                self._in_text = False
            case "rPh":
                self._is_aloud = False
            case "si":
                self.texts.append(_unescaped("".join(self._parts)))


def _unescaped(text: str) -> str:
    """What XML has no letter for is written by its number."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text[:_LONGEST]


class _Rows(_Reader):
    """Rows with what stands in them, gathered until somebody takes them away."""

    def __init__(self, strings: list[str], formats: list[str], epoch: datetime) -> None:
        self.rows: list[tuple[int, Row]] = []
        self.merged: list[str] = []
        self._strings, self._formats, self._epoch = strings, formats, epoch
        self._number = self._column = 0
        self._row: Row = {}
        self._kind = self._style = ""
        self._parts: list[str] = []
        self._in_value = self._has_formula = False

    def begin(self, name: str, given: Attributes) -> None:
        match _local(name):
            case "c":
                place = given.get("r", "")
                self._column = _column(place) if place else self._column + 1
                self._kind, self._style = given.get("t", "n"), given.get("s", "0")
                self._parts, self._has_formula = [], False
            case "v" | "t":
                self._in_value = True
            case "f":
                self._has_formula = True
            case "row":
                self._number = int(given.get("r", self._number + 1))
                self._row, self._column = {}, 0
                if not 0 < self._number <= _LAST_ROW:
                    raise ValueError("a row beyond the sheet")
            case "mergeCell" if len(self.merged) < _MOST_MERGED:
                self.merged.append(given.get("ref", ""))

    def text(self, text: str) -> None:
        if self._in_value:
            self._parts.append(text)

    def end(self, name: str) -> None:
        match _local(name):
            case "v" | "t":
                self._in_value = False
            case "c" if self._column <= MOST_COLUMNS:
                value = self._value("".join(self._parts))
                if value is not None and value != "":
                    self._row[self._column] = value
            case "row" if self._row:
                self.rows.append((self._number, self._row))

    def _value(self, text: str) -> Raw:
        if text == "" and self._has_formula:
            return None if self._kind == "str" else Broken.UNSAVED  # a formula may well make an empty text
        if text == "":
            return None
        return _VALUES.get(self._kind, _Rows._as_number)(self, text)

    def _as_number(self, text: str) -> Raw:
        number = float(text)
        place = int(self._style)
        kind = self._formats[place] if place < len(self._formats) else ""
        if kind == "d":
            return self._day(number)
        if kind == "%":
            return Percent(number)
        return int(number) if number.is_integer() and abs(number) < 1e15 else number

    def _day(self, number: float) -> Raw:
        try:
            return self._epoch + timedelta(days=number)
        except (OverflowError, ValueError):
            return Broken.ERROR

    def _as_shared(self, text: str) -> Raw:
        return self._strings[int(text)]

    def _as_text(self, text: str) -> Raw:
        return _unescaped(text)

    def _as_truth(self, text: str) -> Raw:
        return text.strip() in ("1", "true")

    def _as_error(self, text: str) -> Raw:  # noqa: ARG002 - one form for all kinds
        return Broken.ERROR

    def _as_iso(self, text: str) -> Raw:
        try:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            return Broken.ERROR


_VALUES: Mapping[str, Callable[[_Rows, str], Raw]] = {
    "s": _Rows._as_shared,  # noqa: SLF001 - the table of its own methods
    "str": _Rows._as_text,  # noqa: SLF001 - as above
    "inlineStr": _Rows._as_text,  # noqa: SLF001 - as above
    "b": _Rows._as_truth,  # noqa: SLF001 - as above
    "e": _Rows._as_error,  # noqa: SLF001 - as above
    "d": _Rows._as_iso,  # noqa: SLF001 - as above
}


def _column(place: str) -> int:
    """The column of a place: 28 of ``AB12``."""
    number = 0
    for letter in place:
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
        if number > 99_999:
            raise ValueError("a column beyond the sheet")
    if not number:
        raise ValueError("a place without a column")
    return number


def letters(column: int) -> str:
    """How a column is called: ``AB`` of 28."""
    called = ""
    while column:
        column, rest = divmod(column - 1, 26)
        called = chr(65 + rest) + called
    return called
