"""Finding the dates in running Thai text: how much of it a second, and beside dateparser on the same text."""

import random
import time
from collections.abc import Callable
from datetime import date, timedelta
from statistics import median

from benchmarks.peers.dates import dates_found
from benchmarks.results import Row, at_least
from benchmarks.size import Size
from engine.prose.dates import find_dates
from engine.thai_dates import Style, format_day, to_thai_digits

BENCH = "Dates"
PER_SECOND, TIMES = at_least(10), at_least(20)
#: A narrative says more than dates: what stands around them, look-alikes among it.
_TOLD = (
    "จัดทำโครงการจัดตั้งเครือข่ายประชาสังคมเขต และประสานภาคส่วนต่าง ๆ ในพื้นที่",
    "จัดทำคำสั่งแต่งตั้งคณะกรรมการพิจารณาจัดตั้งเครือข่ายภาคประชาสังคมเขต ที่ 571/2559",
    "จัดประชุมคณะกรรมการประชาคมเขต ครั้งที่ 2/64 เพื่อพิจารณาตำแหน่งและประเด็นปัญหาที่จะนำมาทำกิจกรรม",
    "รายงานผลการดำเนินการเครือข่ายประชาคมเพื่อการพัฒนาพื้นที่ของสำนักงานเขตเรียบร้อยแล้ว ร้อยละ 62.50",
    "มีหนังสือ ที่ กท 6909/1116 แจ้งผู้แทนชุมชน จำนวน 25 คน ใช้งบประมาณ 1,407.52 บาท",
)
#: The peer reads so many letters a second that more would only make the run longer.
_OF_PEER = 4_000


def run(size: Size) -> list[Row]:
    """Read a long text, and the beginning of it beside the peer, in rounds."""
    text = narrative(size.narratives // 2)
    part = text[:_OF_PEER]
    ours, theirs = [], []
    for _round in range(size.rounds):
        ours.append(_speed(_radap, text))
        theirs.append(_speed(_radap, part * 50) / _speed(dates_found, part))
    return [
        Row(BENCH, "text read, one core", median(ours), "MB/s", PER_SECOND),
        Row(BENCH, "dates found in the same text: Radap / dateparser.search", median(theirs), target=TIMES),
    ]


def narrative(statements: int) -> str:
    """So many statements, four of five with a date in one of the ways in which people write them."""
    dice = random.Random(2564)
    return "\n".join(f"- {dice.choice(_TOLD)} {_when(dice)}" for _ in range(statements))


def _when(dice: random.Random) -> str:
    day = date(2019, 10, 1) + timedelta(dice.randrange(1500))
    short, numbers = format_day(day, "th", Style.SHORT), format_day(day, "th", Style.NUMERIC)
    return dice.choice(
        ("", f"เมื่อวันที่ {format_day(day, 'th')}", f"ลว. {short}", to_thai_digits(short), numbers)
    )


def _speed(read: Callable[[str], int], text: str) -> float:
    """Megabytes of UTF-8 a second of this process's time."""
    begun = time.process_time()
    found = read(text)
    seconds = time.process_time() - begun
    assert found, "a text full of dates has some"
    return len(text.encode()) / 1e6 / seconds


def _radap(text: str) -> int:
    return len(find_dates(text))
