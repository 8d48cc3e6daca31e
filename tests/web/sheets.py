"""Spreadsheets for tests, made by another program than the one that reads them."""

from collections.abc import Sequence
from io import BytesIO
from threading import Event
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from engine.jobs import Product, Scope, Wanted
from engine.permissions import Person
from engine.quarter import FiscalYear
from engine.workflow import Text
from storage import jobs
from storage.store import Store
from tests.cast import OPERATOR, YEAR
from tests.notifications.mailroom import WORDINGS
from tests.web.town import NOW, Town
from web.reports.worker import Maker
from web.spreadsheets.columns import SheetKind
from web.spreadsheets.names import Names
from web.spreadsheets.taking import Asked, Given, Taken, take
from web.spreadsheets.telling import finding_words

THAI = WORDINGS["th"]
NAMES = Names(WORDINGS.values())
_THIS_YEAR = FiscalYear(YEAR)
#: The headings of a sheet of targets and of one of results, as few as will do.
TARGETS, RESULTS = ("รหัสตัวชี้วัด", "ค่าเป้าหมาย"), ("รหัสตัวชี้วัด", "ไตรมาส", "ผลที่รายงาน", "รายงานผลการดำเนินงาน")


def sheet_in(book: openpyxl.Workbook, name: str, *rows: Sequence[Any]) -> Worksheet:
    """A sheet of the book with these rows."""
    made: Worksheet = book.create_sheet(name)
    for row in rows:
        made.append(list(row))
    return made


def empty_book() -> openpyxl.Workbook:
    """A book without a sheet."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    return book


def saved(book: openpyxl.Workbook) -> bytes:
    """The file."""
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def file_of(name: str, *rows: Sequence[Any]) -> bytes:
    """A file of one sheet."""
    book = empty_book()
    sheet_in(book, name, *rows)
    return saved(book)


def given(
    store: Store,
    content: bytes,
    name: str = "book.xlsx",
    *,
    kind: SheetKind | None = None,
    by: Person = OPERATOR,
    try_only: bool = False,
    year: FiscalYear | None = _THIS_YEAR,
) -> Taken:
    """What becomes of a file that somebody gives."""
    file = Given(BytesIO(content), name, kind, year)
    return take(store, file, NAMES, by=by, now=NOW, try_only=try_only)


def told(taken: Taken) -> list[str]:
    """What is wrong, in Thai."""
    return [finding_words(one, THAI) for one in taken.findings.wrong]


def noted(taken: Taken) -> list[str]:
    """What is told beside it."""
    return [finding_words(one, THAI) for one in taken.findings.notes]


def tried(town: Town, content: bytes, name: str, by: Person) -> int:
    """The job of a file that somebody gave on the page, once a worker has tried it."""
    asked = Asked(town.site.evidence.keep_as(BytesIO(content)), name)
    wanted = Wanted(Product.TRIAL, Scope.CITY, str(asked), YEAR)
    with town.store.begin() as tx:
        number = jobs.ask(tx.connection, wanted, Text(name, name), by.id, town.clock())
    assert Maker(town.site).run_one(Event())
    return number
