"""CSV: written so that no text becomes a formula, and read back the same."""

import csv
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO, TextIOWrapper
from typing import BinaryIO

from engine.errors import refuse
from web.spreadsheets.workbook import MOST_COLUMNS, Row

#: Tells Excel that what follows is UTF-8.
MARK = "\ufeff"
#: What a spreadsheet takes for the beginning of a formula, and the apostrophe that says it is a text.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_HARMLESS = re.compile(r"'+[=+\-@\t\r\n]")
_SEPARATORS = ",;\t"
#: What Thai Windows saves in, where nobody asked for anything else.
_OF_WINDOWS = "cp874"
_HEAD = 1 << 16
#: Within quotes a separator is none.
_QUOTED = re.compile(r"\"[^\"]*(?:\"|$)")


def line(values: Iterable[str | int | float | Decimal | None]) -> str:
    """A line (RFC 4180)."""
    written = StringIO()
    csv.writer(written).writerow([harmless(one) if isinstance(one, str) else one for one in values])
    return written.getvalue()


def harmless(text: str) -> str:
    """A text that could be a formula has an apostrophe before it; so has one that begins with one already."""
    return f"'{text}" if _FORMULA.match(text) else text


def meant(text: str) -> str:
    """The text without the apostrophe that :func:`harmless` put before it."""
    return text[1:] if _HARMLESS.match(text) else text


def rows(content: BinaryIO, name: str) -> Iterator[tuple[int, Row]]:
    """Every line in which something stands, with its number; refused where it is no table of texts."""
    text = TextIOWrapper(content, _encoding(content, name), newline="")
    try:
        head = _QUOTED.sub("", text.readline(_HEAD))
        text.seek(0)
        separator = max(_SEPARATORS, key=head.count)
        reader = csv.reader(text, delimiter=separator, strict=True)
        for number, cells in enumerate(reader, start=1):
            row: Row = {
                place: meant(cell) for place, cell in enumerate(cells[:MOST_COLUMNS], start=1) if cell
            }
            if row:
                yield number, row
    except (csv.Error, UnicodeDecodeError, UnicodeError):
        raise refuse("sheet.no_table", name=name) from None
    finally:
        text.detach()


def _encoding(content: BinaryIO, name: str) -> str:
    """UTF-8 if it is that to its end, UTF-16 where its mark says so, else what Thai Windows saves in."""
    head = content.read(2)
    content.seek(0)
    if head in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    for encoding in ("utf-8-sig", _OF_WINDOWS):
        if _is(content, encoding):
            return encoding
    raise refuse("sheet.no_table", name=name)


def _is(content: BinaryIO, encoding: str) -> bool:
    text = TextIOWrapper(content, encoding)
    try:
        while text.read(_HEAD):
            pass
    except UnicodeDecodeError:
        return False
    finally:
        text.detach()
        content.seek(0)
    return True
