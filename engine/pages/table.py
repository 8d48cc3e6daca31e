"""The table of the quarters on an indicator's page: its rows, whichever way copying has laid them out."""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from engine.pages.figures import NUMBER, PAIR, exact, or_none
from engine.pages.text import even
from engine.pages.values import ReadQuarter

_QUARTER = re.compile(r"(?:ไตรมาส\s*(?:ที่)?|q)?\s*([1-4])\s*[.:)]?")
_ALL_QUARTERS = re.compile(r"[\s(]*1\s*-\s*4[\s)]*")
_HEADED = re.compile(r"[\s*|]*(?:ไตรมาส\s*(?:ที่)?|q)\s*([1-4])(?!\d)[\s*:.)|–-]*")
_PAIR_NAME = re.compile(r"\(?[\s*]*2\.1\s*/\s*2\.2[\s*]*\)?[\s:=]*")
_ONE_NAME = re.compile(r"\(?\b2\.[12]\)?\s*[:=]\s*|\(2\.[12]\)")
_WORDS = re.compile(
    r"ผล(?:งาน|การดำเนินงาน)?(?:ที่ทำได้)?|(?:ผล)?(?:การ)?ประเมิน(?:ตัวชี้วัด)?|คะแนน|ร้อยละ|ระดับ|คุณภาพ|ความทันเวลา|ครั้ง|%"
)
_ONLY_VALUES = re.compile(r"[\d.,\s/|:;()*=–-]*")
_TOKEN = re.compile(rf"(?:{NUMBER}|-)\s*/\s*(?:{NUMBER}|-)|{NUMBER}|(?<!\S)[-–](?!\S)")
_VALUE = re.compile(rf"(?:{NUMBER}|-)\s*/\s*(?:{NUMBER}|-)|{NUMBER}|[-–]?")


def row_of(line: str) -> ReadQuarter | None:
    """The quarter that a line in one spelling tells as a row of its own, if it is one."""
    headed = _HEADED.match(line)
    if headed:
        rest = line[headed.end() :]
        plain = _WORDS.sub(" ", _ONE_NAME.sub(" ", _PAIR_NAME.sub(" ", rest)))
        if any(one.isdigit() for one in plain) and _ONLY_VALUES.fullmatch(plain):
            return _row(int(headed[1]), _cells(plain))
        return None
    if _ALL_QUARTERS.fullmatch(line):
        return None
    cells = _cells(line)
    first = _QUARTER.fullmatch(cells[0]) if len(cells) > 1 else None
    if first and all(_VALUE.fullmatch(cell) for cell in cells[1:]):
        return _row(int(first[1]), cells[1:])
    return None


def table_of(lines: Iterable[str]) -> dict[int, ReadQuarter]:
    """The rows found in the lines before the reports, by quarter; the first that tells a quarter stands."""
    found: dict[int, ReadQuarter] = {}
    plain = [even(line) for line in lines]
    for row in (*_rows(plain), *_columns(plain), *_stacked(plain)):
        found.setdefault(row.number, row)
    return found


def _rows(lines: Iterable[str]) -> Iterator[ReadQuarter]:
    for line in lines:
        row = row_of(line)
        if row is not None:
            yield row


def _cells(line: str) -> list[str]:
    """The cells of a line: between bars, where there are any, else the numbers one after the other."""
    if "|" in line:
        cells = [cell.strip(" *()") for cell in line.strip().split("|")]
        return cells[bool(not cells[0]) : len(cells) - (len(cells) > 1 and not cells[-1])]
    head = re.match(r"\s*([1-4])\s+(?=\S)", line)
    tokens = [found[0].strip() for found in _TOKEN.finditer(line)]
    rest = _TOKEN.sub(" ", line)
    return tokens if head is not None or not rest.strip(" .:;()*=/-") else [line]


def _row(number: int, cells: Sequence[str]) -> ReadQuarter:
    """A row from its cells: result, score, and the pair, which may be one cell or two."""
    quality = timeliness = None
    values = list(cells)
    for place, cell in enumerate(values):
        pair = PAIR.fullmatch(cell.strip())
        if pair:
            quality, timeliness = _part(pair[1]), _part(pair[2])
            values[place:] = []
            break
    numbers = [or_none(cell) for cell in values]
    if quality is None and timeliness is None and len(numbers) >= 4:
        quality, timeliness = numbers[2], numbers[3]
    result, score = (*numbers, None, None)[:2]
    return ReadQuarter(number, result, score, quality, timeliness)


def _part(text: str) -> Decimal | None:
    return None if text == "-" else exact(text)


def _columns(lines: Iterable[str]) -> Iterator[ReadQuarter]:
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
    return "score" if re.search("คะแนน|ประเมิน", cells[0]) else "result"


def _stacked(lines: Iterable[str]) -> Iterator[ReadQuarter]:
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
        if PAIR.fullmatch(cell):
            yield _row(expected, row[1:])
            expected, row = expected + 1, []
