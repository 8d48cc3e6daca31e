"""The table of the quarters on an indicator's page: its rows, whichever way copying has laid them out."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from engine.pages.figures import NUMBER, PAIR, exact, or_none
from engine.pages.text import even
from engine.pages.values import ReadQuarter

#: The months of a quarter, or another word, in brackets behind it.
_MONTHS = r"(?:\s*\(\s*[ก-ฮเ-ไ][^()|]{0,60}\)?)?"
_QUARTER = re.compile(rf"(?:ไตรมาส\s*(?:ที่)?|q)?\s*([1-4])\s*[.:)]?{_MONTHS}")
_ALL_QUARTERS = re.compile(r"[\s(]*1\s*-\s*4[\s)]*")
_HEADED = re.compile(rf"[\s*|]*(?:ไตรมาส\s*(?:ที่)?|q)[\s|]*([1-4])(?!\d){_MONTHS}[\s*:.)]*\|?")
_PAIR_NAME = re.compile(r"\(?[\s*]*2\.1\s*/\s*2\.2[\s*]*\)?[\s:=]*")
_ONE_NAME = re.compile(r"\(?\b2\.[12]\)?\s*[:=]\s*|\(2\.[12]\)")
_WORDS = re.compile(
    r"ผล(?:งาน|การดำเนินงาน)?(?:ที่ทำได้)?|(?:ผล)?(?:การ)?ประเมิน(?:ตัวชี้วัด)?|คะแนน|ร้อยละ|ระดับ|คุณภาพ|ความทันเวลา|ครั้ง|%"
)
_ONLY_VALUES = re.compile(r"[\d.,\s/|:;()*=–-]*")
_TOKEN = re.compile(rf"(?:{NUMBER}|-)\s*/\s*(?:{NUMBER}|-)|{NUMBER}|(?<!\S)[-–](?!\S)")
_VALUE = re.compile(rf"(?:{NUMBER}|-)\s*/\s*(?:{NUMBER}|-)|{NUMBER}|[-–]?")


#: What a column is called, in the order in which it is tried; a column of another name is not taken in.
_COLUMNS = tuple(
    (what, re.compile(name))
    for what, name in (
        ("pair", r".*2\.1\s*/\s*2\.2"),
        ("quality", r"(?:.*\b2\.1\b|คุณภาพ)"),
        ("timeliness", r"(?:.*\b2\.2\b|.*ทันเวลา)"),
        ("score", r"(?:ผล|ค่า)?\s*(?:การ)?\s*(?:คะแนน|ประเมิน)"),
        ("result", r"ผล(?!ต่าง)"),
    )
)
#: Bars, or the number of a quarter before any other; asked first, for most lines are long reports.
_MAY_BE_ROW = re.compile(r"[^\w|]*[1-4]|[^|]*\|")
_QUARTERS_HEAD = re.compile(r"ไตรมาส\s*(?:ที่)?[\s(]*(?:1\s*-\s*4)?")
#: A word in a cell for a number is short; what is longer is a sentence between bars.
_LONGEST_CELL = 30


class Table(NamedTuple):
    """The rows by quarter, what stood in the cells of their results, and what could not be taken in.

    ``unread`` are cells that are no number by their quarter, and under 0 the names of columns that have no
    place here; ``twice`` are quarters of which a second row says something else.
    """

    rows: dict[int, ReadQuarter]
    results: dict[int, str]
    unread: tuple[tuple[int, str], ...] = ()
    twice: tuple[int, ...] = ()


class _Row(NamedTuple):
    """A row with the text of its result and the cells that are no number."""

    quarter: ReadQuarter
    result: str = ""
    unread: tuple[str, ...] = ()


def row_of(line: str) -> ReadQuarter | None:
    """The quarter that a line in one spelling tells as a row of its own, if it is one."""
    row = _row_of(line)
    return row.quarter if row else None


def _row_of(line: str) -> _Row | None:
    headed = _HEADED.match(line)
    if headed:
        plain = _without_names(line[headed.end() :])
        cells = _between_bars(plain) if "|" in plain else _dashed(_cells(plain))
        is_row = any(one.isdigit() for one in plain) and _ONLY_VALUES.fullmatch(plain)
        return _row(int(headed[1]), cells) if is_row or _has_pair(cells) else None
    if not _MAY_BE_ROW.match(line) or _ALL_QUARTERS.fullmatch(line):
        return None
    cells = _cells(line)
    first = _QUARTER.fullmatch(cells[0]) if len(cells) > 1 else None
    if first and (all(_VALUE.fullmatch(cell) for cell in cells[1:]) or _has_pair(cells[1:])):
        return _row(int(first[1]), cells[1:])
    return None


def _without_names(text: str) -> str:
    return _WORDS.sub(" ", _ONE_NAME.sub(" ", _PAIR_NAME.sub(" ", text)))


def _between_bars(text: str) -> list[str]:
    """The cells behind that of the quarter, of which the first may be empty."""
    cells = [cell.strip(" *()") for cell in text.split("|")]
    return cells[: len(cells) - (len(cells) > 1 and not cells[-1])]


def _dashed(cells: list[str]) -> list[str]:
    """The cells without the dash that stands between the quarter and all three values."""
    return cells[1:] if len(cells) > _MOST_BEFORE and cells[0] in ("-", "–") else cells


#: Result, score and the pair: with a dash before them it is no cell.
_MOST_BEFORE = 3


def _has_pair(cells: Sequence[str]) -> bool:
    """Whether cells are those of a row by their pair, although one of them holds a word."""
    return any(PAIR.fullmatch(cell) for cell in cells[1:]) and all(
        len(cell) <= _LONGEST_CELL for cell in cells
    )


def table_of(lines: Iterable[str]) -> Table:
    """The rows found in the lines before the reports, by quarter; the first that tells a quarter stands."""
    found: dict[int, _Row] = {}
    unread: list[tuple[int, str]] = []
    plain = [even(line) for line in lines]
    named, names = _named(plain)
    in_rows = named or list(_rows(plain))
    for row in (*in_rows, *_columns(plain), *_stacked(plain)):
        kept = found.setdefault(row.quarter.number, row)
        if kept is row:
            unread += [(row.quarter.number, cell) for cell in row.unread]
    unread += [(0, name) for name in names]
    twice = {row.quarter.number for row in in_rows if found[row.quarter.number].quarter != row.quarter}
    return Table(
        {number: row.quarter for number, row in found.items()},
        {number: row.result for number, row in found.items()},
        tuple(unread),
        tuple(sorted(twice)),
    )


def _rows(lines: Iterable[str]) -> Iterator[_Row]:
    for line in lines:
        row = _row_of(line)
        if row is not None:
            yield row


# --- a table whose columns have names --------------------------------------------------------------------


def _named(lines: Iterable[str]) -> tuple[list[_Row], list[str]]:
    """The rows below a line that names the columns, and the names that have no place here."""
    heads: list[str | None] = []
    names: list[str] = []
    found: list[_Row] = []
    for line in lines:
        cells = _between_bars(line.strip().removeprefix("|"))
        if len(cells) > 2 and _QUARTERS_HEAD.fullmatch(cells[0]):
            heads = [_column(cell) for cell in cells[1:]]
            names = [cell for cell, what in zip(cells[1:], heads, strict=True) if what is None and cell]
            continue
        if "result" not in heads:
            continue
        if _QUARTERS_HEAD.fullmatch(cells[0]):
            cells = cells[1:]
        quarter = _QUARTER.fullmatch(cells[0]) if cells else None
        if quarter and 1 < len(cells) <= len(heads) + 1:
            found.append(_by_name(int(quarter[1]), dict(zip(heads, cells[1:], strict=False))))
    return found, names if found else []


def _column(name: str) -> str | None:
    return next((what for what, pattern in _COLUMNS if pattern.match(name)), None)


def _by_name(number: int, cells: Mapping[str | None, str]) -> _Row:
    pair = PAIR.fullmatch(cells.get("pair", ""))
    parts = (pair[1], pair[2]) if pair else (cells.get("quality", ""), cells.get("timeliness", ""))
    result, score = cells.get("result", ""), cells.get("score", "")
    unread = [one for one in (result, score, *parts) if _is_no_number(one)]
    if not pair and _is_no_number(cells.get("pair", "")):
        unread.append(cells["pair"])
    quality, timeliness = (or_none(one) for one in parts)
    quarter = ReadQuarter(number, or_none(result), or_none(score), quality, timeliness)
    return _Row(quarter, result, tuple(unread))


def _is_no_number(cell: str) -> bool:
    return or_none(cell) is None and any(one.isalnum() for one in cell)


# --- a table without ------------------------------------------------------------------------------------


def _cells(line: str) -> list[str]:
    """The cells of a line: between bars, where there are any, else the numbers one after the other."""
    if "|" in line:
        cells = _between_bars(line.strip())
        return cells if cells[0] else cells[1:]
    head = re.match(r"\s*([1-4])\s+(?=\S)", line)
    tokens = [found[0].strip() for found in _TOKEN.finditer(line)]
    rest = _TOKEN.sub(" ", line)
    return tokens if head is not None or not rest.strip(" .:;()*=/-") else [line]


def _row(number: int, cells: Sequence[str]) -> _Row:
    """A row from its cells: result, score, and the pair, which may be one cell or two.

    A result may be written as a pair too (4.452/5): of several the last is the pair.
    """
    quality = timeliness = None
    values = [cell.strip() for cell in cells]
    pairs = [(place, pair) for place, cell in enumerate(values) if (pair := PAIR.fullmatch(cell))]
    if pairs and (pairs[-1][0] > 0 or len(values) < _MOST_BEFORE):
        place, pair = pairs[-1]
        quality, timeliness = _part(pair[1]), _part(pair[2])
        values[place:] = []
    numbers = [or_none(cell) for cell in values]
    if quality is None and timeliness is None and len(numbers) >= 4:
        quality, timeliness = numbers[2], numbers[3]
    result, score = (*numbers, None, None)[:2]
    unread = tuple(cell for cell in values if _is_no_number(cell))
    return _Row(ReadQuarter(number, result, score, quality, timeliness), (*values, "")[0], unread)


def _part(text: str) -> Decimal | None:
    return None if text == "-" else exact(text)


def _columns(lines: Iterable[str]) -> Iterator[_Row]:
    """A table that stands on its side: the quarters are its columns."""
    quarters: list[int] = []
    told: dict[str, list[str]] = {}
    for line in lines:
        cells = [cell.strip(" *()") for cell in line.strip().strip("|").split("|")]
        heads = [int(found[1]) for cell in cells if "ไตรมาส" in cell and (found := _QUARTER.fullmatch(cell))]
        if len(heads) > 1:
            quarters = heads
        elif quarters and len(cells) == len(quarters) + 1:
            told.setdefault(_what(cells), cells[1:])
    for place, number in enumerate(quarters):
        cells = [told[name][place] if name in told else "" for name in ("result", "score")]
        pair = told["pair"][place] if "pair" in told else ""
        if told:
            yield _row(number, [*cells, pair] if pair else cells)


def _what(cells: Sequence[str]) -> str:
    if any(PAIR.fullmatch(cell) for cell in cells[1:]):
        return "pair"
    if re.match(r"(?:ค่า)?\s*(?:เป้าหมาย|แผน)", cells[0]):
        return "target"
    return "score" if re.search("คะแนน|ประเมิน", cells[0]) else "result"


def _stacked(lines: Iterable[str]) -> Iterator[_Row]:
    """A table whose cells lie one under the other: a row begins with its quarter and ends with its pair."""
    cells = [line.strip(" *()|") for line in lines if line]
    expected = 1
    row: list[str] = []
    for cell in cells:
        if not row:
            if cell == str(expected) or ((found := _QUARTER.fullmatch(cell)) and found[1] == str(expected)):
                row = [cell]
            continue
        if not _VALUE.fullmatch(cell):
            row = []
            continue
        row.append(cell)
        if _ends_row(cell, len(row) - 2):
            yield _row(expected, row[1:])
            expected, row = expected + 1, []


#: The second part of the pair 2.1 / 2.2 is one of three; a result out of 5 is no pair.
_TIMELINESS = re.compile(r"/\s*(?:0|50|100|-)$")


def is_stacked(lines: Sequence[str]) -> bool:
    """Whether a row goes on in these lines, a cell in each, so that the line before is its quarter."""
    for place, cell in enumerate([line.strip(" *()|") for line in lines if line][:_MOST_BEFORE]):
        if not _VALUE.fullmatch(cell):
            return False
        if _ends_row(cell, place):
            return True
    return False


def _ends_row(cell: str, values: int) -> bool:
    """Whether a cell is the pair with which a row ends, behind so many values."""
    return PAIR.fullmatch(cell) is not None and (values > 0 or _TIMELINESS.search(cell) is not None)
