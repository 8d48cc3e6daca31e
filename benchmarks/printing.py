"""Reports of a city of 50 agencies with 20 indicators each, and the memory that a long spreadsheet takes."""

import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pages import AGENCIES, INDICATORS, YEAR, Heard, city
from benchmarks.results import Row, at_most
from benchmarks.size import FULL, Size
from engine.jobs import Product, Scope, Wanted
from engine.permissions import Grant, Person, Role
from web.reports import wanted as wishes
from web.reports.data import Telling
from web.reports.sheets import Book
from web.site import Site

BENCH = "Reports"
SECONDS, FLAT = at_most(10), at_most(2)
FEW, MANY = 10_000, 100_000
_EVALUATOR = Person(1, "ผู้ประเมิน", (Grant(Role.EVALUATOR),))
_WORDS = "จัดประชุมคณะกรรมการเครือข่ายประชาสังคมเขต ครั้งที่ 2/64"


def run(size: Size) -> list[Row]:
    """Make each product of the whole city, and two spreadsheets of which one is ten times as long."""
    with TemporaryDirectory() as folder:
        site, _ = city(folder, Heard())
        rows = [_made(site, Path(folder), product) for product in (Product.PDF, Product.SHEETS)]
        site.store.close()
        few, many = (
            _held(Path(folder), rows, site) for rows in ((FEW, MANY) if size == FULL else (100, 1000))
        )
    what = f"spreadsheet: memory at the most for {MANY:,} rows / for {FEW:,} rows"
    return [*rows, Row(BENCH, what, many / few, "", FLAT)]


def _made(site: Site, folder: Path, product: Product) -> Row:
    wanted = Wanted(product, Scope.CITY, "", YEAR.year)
    begun = time.perf_counter()
    telling = Telling.of(site, product, "th")
    wishes.make(site, telling, wanted, _EVALUATOR, folder / product, lambda _done, _total: None)
    seconds = time.perf_counter() - begun
    what = f"{product} of {AGENCIES} agencies with {INDICATORS} indicators each"
    return Row(BENCH, what, seconds, "s", SECONDS)


def _held(folder: Path, rows: int, site: Site) -> float:
    """Bytes at the most while a spreadsheet of so many rows is written and closed."""
    tracemalloc.start()
    book = Book(folder / f"{rows}.xlsx", site.wordings["th"].zone)
    sheet = book.sheet("ระดับ", ["รหัส", "ตัวชี้วัด", "ระดับ", "เป้าหมาย"], [14, 60, 10, 10])
    for number in range(rows):
        sheet.add([f"5049-{number}", f"{_WORDS} {number}", number % 6, 5.5])
    book.close()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return float(most)
