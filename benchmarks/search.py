"""Search in 20,000 narratives on SQLite, beside a plain scan of the same texts."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import schema
from benchmarks.measure import costs, ratio
from benchmarks.radap_adapter import NAME as RADAP
from benchmarks.radap_adapter import store_on
from benchmarks.results import Row, at_most
from benchmarks.size import Size
from engine.permissions import Grant, Person, Role
from engine.searching import words_of
from storage import search_index
from storage.search import Hit, find
from storage.store import Store

BENCH = "Search in {:,} narratives"
LIMIT = at_most(50)
_PAGE = 21
_QUARTERS = (1, 2, 3, 4)
#: One narrative in so many has the rare word.
_RARE = 997
_EVALUATOR = Person(1, "ผู้ประเมิน", (Grant(Role.EVALUATOR),))
#: What is asked for, and by whom; each stands somewhere, if nothing else is said.
ASKED: dict[str, tuple[str, Person]] = {
    "a word of every text": ("ประชุม", _EVALUATOR),
    "a word of every text, by one district": (
        "ประชุม",
        Person(2, "ผู้ประสานงาน", (Grant(Role.COORDINATOR, 1),)),
    ),
    "a rare word": ("ผักตบชวา", _EVALUATOR),
    "two words": ("ผักตบชวา คณะกรรมการ", _EVALUATOR),
    "a document number": ("กท 6909/409", _EVALUATOR),
    "two letters": ("ยา", _EVALUATOR),
    "two letters that stand nowhere": ("ฬฬ", _EVALUATOR),
    "three hundred letters that stand nowhere": (("ขยะมูลฝอยและน้ำเสียในพื้นที่" * 11)[:300], _EVALUATOR),
}
_SENTENCES = (
    "จัดประชุมคณะกรรมการประชาสังคมเขต เพื่อพิจารณาแนวทางการดำเนินงานร่วมกับภาคเอกชน",
    "มีหนังสือเชิญเครือข่ายภาคประชาชน สถานศึกษา และผู้ประกอบการในพื้นที่เข้าร่วมเป็นกรรมการ",
    "สำรวจที่ดินรกร้างว่างเปล่าที่มีการลักลอบทิ้งขยะและเกิดเหตุเพลิงไหม้ซ้ำ",
    "รายงานผลการดำเนินงานต่อผู้อำนวยการเขตและสำนักยุทธศาสตร์และประเมินผล",
    "อยู่ระหว่างรวบรวมข้อมูลจากฝ่ายที่เกี่ยวข้อง และจะนำเสนอที่ประชุมครั้งต่อไป",
    "ลอกท่อระบายน้ำ เก็บขยะในคลอง และปรับปรุงภูมิทัศน์ริมทางเดิน",
    "อบรมอาสาสมัครสาธารณสุขเรื่องการใช้ยาและการดูแลผู้สูงอายุ",
    "ผลการสำรวจความพึงพอใจของประชาชนอยู่ในระดับดีมาก",
)


def run(size: Size) -> list[Row]:
    """Ask for each again and again, in turns with a scan that stops at the same number of texts."""
    bench = BENCH.format(size.narratives)
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "radap.db")
        _build(path, size.narratives)
        store = store_on(schema.sqlite_url(path))
        plain = sqlite3.connect(path)
        rows = [row for name in ASKED for row in _rows(bench, name, store, plain, size)]
        plain.close()
        store.close()
    return rows


def _rows(bench: str, name: str, store: Store, plain: sqlite3.Connection, size: Size) -> Iterator[Row]:
    asked, person = ASKED[name]
    words = words_of(asked)
    ours, theirs = _finder(store, person, words), _scanner(plain, person, words)
    assert (len(ours()) == 0) == ("nowhere" in name), f"{name}: {len(ours())} texts were found"
    took = costs({"ours": ours, "scan": theirs}, size.rounds * 3)
    yield Row(bench, f"{name}: {RADAP}", median(took["ours"]) * 1000, "ms", LIMIT)
    yield Row(bench, f"{name}: {RADAP} / plain scan", ratio(took["scan"], took["ours"]), "times")


def _finder(store: Store, person: Person, words: tuple[str, ...]) -> Callable[[], list[Hit]]:
    def ask() -> list[Hit]:
        with store.read() as tx:
            return find(tx.connection, store.workflow, person, words, most=_PAGE)

    return ask


def _scanner(plain: sqlite3.Connection, person: Person, words: tuple[str, ...]) -> Callable[[], list[Any]]:
    """The statement that one would write without an index; digits and spellings it takes as they are."""
    own = " OR ".join(f"i.agency_id = {grant.agency}" for grant in person.grants if grant.agency) or "1"
    query = (
        "SELECT i.code, r.quarter, r.narrative FROM reports r JOIN indicators i ON i.id = r.indicator_id "
        f"WHERE ({own}) AND {' AND '.join('instr(lower(r.narrative), ?)' for _ in words)} "
        f"ORDER BY r.indicator_id DESC, r.quarter DESC LIMIT {_PAGE}"
    )
    return lambda: plain.execute(query, words).fetchall()


def _build(path: str, narratives: int) -> None:
    """Indicators that have a narrative for each quarter, and the index made of them as by a migration."""
    schema.fill_sqlite(path, narratives // len(_QUARTERS))
    store = store_on(schema.sqlite_url(path))
    with store.begin() as tx:
        tx.connection.exec_driver_sql(
            "INSERT INTO reports (indicator_id, quarter, state, narrative, return_reason) "
            "VALUES (?, ?, 'submitted', ?, '')",
            list(_narratives(narratives)),
        )
        search_index.make(tx.connection)
    store.close()


def _narratives(count: int) -> Iterator[tuple[int, int, str]]:
    """About 800 letters each, all with the common word, few with the rare one."""
    random = Random(7)
    for number in range(count):
        parts = [_SENTENCES[0], *random.choices(_SENTENCES, k=9)]
        parts[random.randrange(1, 9)] = f"ตามหนังสือที่ กท {6000 + number % 3000}/{number % 500}"
        if number % _RARE == 0:
            parts[5] = "กำจัดผักตบชวาในคลองสายหลัก"
        indicator, quarter = divmod(number, len(_QUARTERS))
        yield indicator + 1, _QUARTERS[quarter], " ".join(parts)
