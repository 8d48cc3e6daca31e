"""Spreadsheets of 50,000 rows taken in on SQLite: quarter results and new indicators, with their progress."""

import multiprocessing
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.progress import Progress

from benchmarks import schema, work
from benchmarks.memory import peak_megabytes
from benchmarks.radap_adapter import POLICY, store_on
from benchmarks.results import Row, at_most
from benchmarks.size import FULL, Size
from cli import bootstrap
from engine.permissions import Grant, Person, Role
from engine.quarter import FiscalYear
from engine.records import How
from web.spreadsheets.columns import SheetKind
from web.spreadsheets.names import Names
from web.spreadsheets.taking import Given, take
from web.spreadsheets.template import write_book

BENCH = "Spreadsheets of {:,} rows"
SECONDS, MEGABYTES = at_most(60), at_most(512)
_ROWS = 50_000
_QUARTERS = (1, 2, 3, 4)
_OPERATOR = Person(1, "operator", (Grant(Role.OPERATOR),))
_NOW = datetime(2021, 9, 1, 2, tzinfo=UTC)
_YEAR = FiscalYear(work.FISCAL_YEAR)
_WORDS = "จัดประชุมคณะกรรมการเครือข่ายประชาสังคมเขต เพื่อพิจารณาแนวทางการดำเนินงาน ครั้งที่"


def run(size: Size) -> list[Row]:
    """Each kind in a process of its own, which tells how long it took and how much memory at the most."""
    count = _ROWS if size == FULL else 400
    return [row for kind in (SheetKind.RESULTS, SheetKind.INDICATORS) for row in _rows(kind, count)]


def _rows(kind: SheetKind, count: int) -> Iterator[Row]:
    bench = BENCH.format(count)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        first, again, megabytes = pool.submit(_measured, kind, count).result()
    yield Row(bench, f"{kind}: read, compared and written", first, "s", SECONDS)
    yield Row(bench, f"{kind}: the same file again, of which nothing is written", again, "s", SECONDS)
    yield Row(bench, f"{kind}: memory at the most", megabytes, "MB", MEGABYTES)


def _measured(kind: SheetKind, count: int) -> tuple[float, float, float]:
    with TemporaryDirectory() as folder:
        path, book = Path(folder) / "radap.db", Path(folder) / "book.xlsx"
        schema.fill_sqlite(str(path), count // len(_QUARTERS))
        write_book(
            book,
            bootstrap.wording("th", POLICY.zone),
            POLICY.zone,
            [kind],
            {},
            lambda _kind: _said(kind, count),
        )
        first, again = _taken(path, book, count), _taken(path, book, 0)
    return first, again, peak_megabytes()


def _said(kind: SheetKind, count: int) -> Iterable[Mapping[str, Any]]:
    for number in range(count):
        known = {"year": work.FISCAL_YEAR, "code": work.code_of(number // len(_QUARTERS) + 1)}
        if kind is SheetKind.RESULTS:
            told = {"quarter": number % 4 + 1, "result": number % 5 + 0.5, "narrative": f"{_WORDS} {number}"}
            yield {**known, **told}
        else:
            named = {"agency": "เขต 1", "workflow": schema.workflow().key, "title": f"ตัวชี้วัดที่ {number}"}
            yield {**known, "code": f"9{number:06}-1", **named, "unit": "ระดับ", "target": 5}


def _taken(path: Path, book: Path, added: int) -> float:
    """How long it takes, a bar beside it; so many are added and nothing is wrong."""
    store = store_on(schema.sqlite_url(str(path)))
    names = Names(bootstrap.wording(one, POLICY.zone) for one in bootstrap.LANGUAGES)
    with Progress(transient=True) as bar, book.open("rb") as content:
        task = bar.add_task("", total=None)
        begun = time.perf_counter()
        taken = take(
            store,
            Given(content, book.name, None, _YEAR),
            names,
            by=_OPERATOR,
            now=_NOW,
            try_only=False,
            progress=lambda done, total: bar.update(task, completed=done, total=total or None),
        )
        seconds = time.perf_counter() - begun
    store.close()
    assert (taken.findings.wrong, taken.count(How.ADDED)) == ([], added)
    return seconds
