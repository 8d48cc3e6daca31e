"""Import of pages of the existing site, as `radap import page` does it: how fast, in what memory."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.memory import held_megabytes
from benchmarks.results import Row, at_least, at_most
from benchmarks.size import Size
from cli.desk import Desk
from cli.page_files import Asked, kept
from engine.pages.taking_in import Given
from engine.quarter import FiscalYear

BENCH = "Import of {:,} pages of the existing site"
_PER_SECOND, _MEGABYTES = at_least(200), at_most(60)
_YEAR = FiscalYear.from_be(2564)
#: So many indicators of an agency have codes of four digits.
_OF_AGENCY = 9000
_PERCENT = """ร้อยละความสำเร็จของการดำเนินงานตามแผน : {code}

ค่าเป้าหมาย ร้อยละ : 100.0000

ผลงานที่ทำได้ ร้อยละ : {last}.0000

ประเภทตัวชี้วัด : ตัวชี้วัดงานประจำ
(ตัวชี้วัดระดับผลผลิต (output))

รายละเอียดตัวชี้วัดฯ : พิมพ์ข้อมูล

*** สยป. ตรวจประเมินตัวชี้วัด : ไตรมาสที่ 4: 100.0000

ผลงานเทียบกับเป้าหมายรายไตรมาส

ไตรมาสที่
(1 - 4)
*ผลงาน*
(ร้อยละ)
*ผลประเมินตัวชี้วัด*
(* 2.1 / 2.2 *)
1
25.00
100.0000
100 / 100
2
{middle}.00
100.0000
100 / 50
3
75.00
95.0000
95 / 100
4
{last}.00
100.0000
100 / 100
"""
_LEVEL = """ระดับความสำเร็จในการจัดตั้งเครือข่ายประชาสังคมเขต : {code}
ค่าเป้าหมาย ระดับ : 5
ผลงานที่ทำได้ ระดับ : 5
ประเภทตัวชี้วัด : ตัวชี้วัดเชิงยุทธศาสตร์
(ตัวชี้วัดระดับผลผลิต (output))
รายละเอียดตัวชี้วัดฯ : พิมพ์ข้อมูล
*** สยป. ตรวจประเมินตัวชี้วัด : ไตรมาสที่ 3: 100.0000
"""
_REPORTS = (
    (
        "- จัดทำโครงการจัดตั้งเครือข่ายประชาสังคมเขต - จัดทำคำสั่งแต่งตั้งคณะกรรมการ เมื่อวันที่{day}พฤศจิกายน2563"
        " - จัดประชุมคณะกรรมการพิจารณาจัดตั้งเครือข่าย เมื่อวันที่ 21 ธ.ค. 2563"
    ),
    (
        "- จัดประชุมคณะกรรมการประชาคมเขต ครั้งที่ 1/64 เมื่อวันที่ {day} มกราคม 2564 เพื่อเตรียมจัดตั้งประชาคมเขต"
        " - จัดทำหนังสือเชิญเครือข่ายภาคส่วนต่าง ๆ ในพื้นที่เขตร่วมเป็นกรรมการ"
    ),
    (
        "- จัดประชุมคณะกรรมการประชาคมเขต ครั้งที่ 2/64 เมื่อวันที่ {day} พ.ค. 2564 เพื่อพิจารณาตำแหน่งและประเด็นปัญหา"
        " - จัดทำคำสั่งแต่งตั้งที่ปรึกษาประชาคมเขต ลงวันที่ 25 พ.ค. 2564 - ลงพื้นที่สำรวจปัญหาขยะร่วมกับชุมชน"
    ),
    (
        "1. มีมติคัดเลือกประเด็นการแก้ไขปัญหาขยะในที่ดินรกร้าง จำนวน 7 ประเด็น"
        " 2. รายงานผลการดำเนินการเครือข่ายเรียบร้อยแล้ว เมื่อวันที่ {day} สิงหาคม 2564"
    ),
)
_TAIL = """
นิยาม
เครือข่ายประชาสังคม หมายถึง เครือข่ายในระดับเขตที่มีผู้แทนจากกลุ่มประชาสังคมซึ่งสนใจการพัฒนาพื้นที่

วิธีการคำนวณ
จำนวนขั้นที่ดำเนินการแล้วเสร็จ

หลักฐาน
1. แนวทางการจัดตั้ง 2. รายงานการประชุม 3. ประเด็นที่ได้จากเครือข่าย

:ด้านที่ ๕ - มหานครประชาธิปไตย |
:๕.๒ - เมืองธรรมาภิบาล |
:๕.๒.๑ ประชาชนมีส่วนร่วมในการเสนอนโยบายและตรวจสอบการทำงานของกรุงเทพมหานคร |
:๕.๒.๑.๑ รับฟังความคิดเห็นของประชาชน |
"""


def run(size: Size) -> list[Row]:
    """Half of the pages measure a percentage, half tell of milestones in prose."""
    bench = BENCH.format(size.imported)
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = list(_written(folder / "pages", size.imported))
        desk = Desk(db=f"sqlite:///{folder / 'radap.db'}", lang="en")
        asked = Asked(Given(fiscal_year=_YEAR, agency="สำนักงานเขตทุ่งครุ"), update=False, accept_all=False)
        warm, rest = files[: size.imported // 10], files[size.imported // 10 :]
        _import(desk, warm, asked)
        held, began = held_megabytes(), time.perf_counter()
        _import(desk, rest, asked)
        seconds = time.perf_counter() - began
        grown = held_megabytes() - held
        desk.close()
    return [
        Row(bench, "pages a second, on one core", len(rest) / seconds, "pages", _PER_SECOND),
        Row(bench, "memory that the last nine tenths needed besides", max(grown, 0.0), "MB", _MEGABYTES),
    ]


def _import(desk: Desk, files: list[Path], asked: Asked) -> None:
    refused = sum(one.is_refused for one in kept(desk, files, asked, None))
    assert refused == 0, f"{refused} pages were refused"


def _written(folder: Path, count: int) -> Iterator[Path]:
    folder.mkdir()
    for number in range(count):
        agency, serial = divmod(number, _OF_AGENCY)
        code = f"{5000 + agency}-{1000 + serial}"
        file = folder / f"{code}.txt"
        file.write_text(_page(code, number), encoding="utf-8")
        yield file


def _page(code: str, number: int) -> str:
    head = (_LEVEL if number % 2 else _PERCENT).format(
        code=code, middle=40 + number % 20, last=80 + number % 21
    )
    reports = (
        f"\nรายงานผลฯ ไตรมาสที่ {quarter}\n\n{text.format(day=1 + number % 28)}\n"
        for quarter, text in enumerate(_REPORTS, start=1)
    )
    return "".join([head, *reports, _TAIL])
