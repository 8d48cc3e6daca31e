"""What is odd about the words of a page: its title and method, its plan, and what was reported."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from engine.pages.figures import NUMBER, exact
from engine.pages.kinds import Finding, Found
from engine.pages.numbers_found import Scale, is_odd, scale_of
from engine.pages.text import even
from engine.pages.values import Form, ReadPage, ReadQuarter
from engine.prose.dates import Piece
from engine.prose.narrative import read_narrative
from engine.quarter import BE_OFFSET, FiscalYear, Quarter

_THAI_DIGITS = re.compile("[๐-๙]")
_MIXED = re.compile("[๐-๙][,.]?[0-9]|[0-9][,.]?[๐-๙]")
#: Two เ for แ, a sara am with one half too many, marks that hang on nothing or on each other.
_SLIPS = re.compile(
    "เเ|ำา|ำำ|\u0e4d\u0e32|\u0e3a|(?<![ก-ฮ\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]|สำเร้จ|เเละ"
)
_YEAR = re.compile(r"(?:ปี(?:งบประมาณ)?|พ\.\s?ศ\.)\s*(?:พ\.\s?ศ\.)?\s*(25\d\d)")
_BEGINS = re.compile(r"[\s\d.()๐-๙*:\-–]*(?:มิติที่\s*\d[\s(\d.)]*)?(ร้อยละ|ระดับ|จำนวน)")
_TWO = re.compile(r"(?:^|\s)1\s*[.)].{3,}?\s2\s*[.)]|(?:ร้อยละ|ระดับ|จำนวน).{3,}?/\s*(?:ร้อยละ|ระดับ|จำนวน)")
_LESS = re.compile(r"อัตรา(?:การ)?\s*(?:ป่วย|ตาย|เสียชีวิต|เกิด|สูญเสีย)")
_COUNTS = re.compile(r"^\W*(?:\d[.)]\s*)?นับ\s*จำนวน|^\W*จำนวน")
_MIN_SAID = 10


def findings(page: ReadPage, fiscal_year: int | None) -> list[Finding]:
    return [
        *_of_title(page, fiscal_year),
        *_of_method(page),
        *_of_plan(page),
        *_of_spelling(page),
        *_of_narratives(page, fiscal_year),
    ]


# --- title, method, plan ---------------------------------------------------------------------------------


def _of_title(page: ReadPage, fiscal_year: int | None) -> Iterator[Finding]:
    title = even(page.title or "")
    begins = _BEGINS.match(title)
    if begins and page.unit and not is_odd(page.unit) and _differ(begins[1], page.unit):
        yield Finding(Found.TITLE_OTHER_UNIT, "unit", 0, {"title": begins[1], "unit": page.unit})
    if _TWO.search(title):
        yield Finding(Found.TWO_IN_ONE, "title")
    if title.startswith(("-", "–", "•")):
        yield Finding(Found.TITLE_MARKS, "title")
    if _LESS.search(title):
        yield Finding(Found.LESS_IS_BETTER, "title")
    years = {int(one) - BE_OFFSET for one in _YEAR.findall(title)}
    if years and fiscal_year is not None and fiscal_year not in years and "เทียบกับ" not in title:
        params = {"year": max(years), "fiscal_year": fiscal_year}
        yield Finding(Found.TITLE_OTHER_YEAR, "title", 0, params)


def _differ(begins: str, unit: str) -> bool:
    """Whether a title that begins so speaks of another unit; what is counted is called anything.

    Levels are given as scores, and parts of a hundred too; but a score that is called a level is one.
    """
    said, scale = scale_of(begins), scale_of(unit)
    return said in (Scale.LEVEL, Scale.PERCENT) and scale not in (said, Scale.SCORE)


def _of_method(page: ReadPage) -> Iterator[Finding]:
    if page.method and scale_of(page.unit) is Scale.LEVEL and _COUNTS.search(even(page.method)):
        yield Finding(Found.METHOD_COUNTS, "method", 0, {"unit": page.unit})


def _of_plan(page: ReadPage) -> Iterator[Finding]:
    for line in page.plan:
        if line.is_cut:
            yield Finding(Found.PLAN_CUT, "plan", 0, {"code": line.code, "text": line.title[-30:]})


# --- spelling --------------------------------------------------------------------------------------------


def _of_spelling(page: ReadPage) -> Iterator[Finding]:
    """One finding of a kind for the whole page, at the first place: they are many and harmless."""
    texts = [("title", 0, page.title), *(("narrative", one.number, one.narrative) for one in page.quarters)]
    texts += [(name, 0, getattr(page, name)) for name in ("definition", "method", "evidence_asked")]
    texts += [("plan", 0, line.title) for line in page.plan]
    for kind, pattern in (
        (Found.MIXED_DIGITS, _MIXED),
        (Found.THAI_DIGITS, _THAI_DIGITS),
        (Found.SLIPS, _SLIPS),
    ):
        for field, quarter, text in texts:
            found = pattern.search(text or "")
            if found and text:
                around = text[max(0, found.start() - 8) : found.end() + 8]
                yield Finding(kind, field, quarter, {"text": around})
                break


# --- narratives ------------------------------------------------------------------------------------------


def _of_narratives(page: ReadPage, fiscal_year: int | None) -> Iterator[Finding]:
    said: dict[str, int] = {}
    last = max((one.number for one in page.quarters if not one.says_nothing), default=0)
    days: list[date] = []
    for one in page.quarters:
        if one.says_nothing:
            yield from _of_silence(page, one)
            continue
        text = one.narrative or ""
        key = "".join(text.split())
        if key in said:
            yield Finding(Found.SAID_BEFORE, "narrative", one.number, {"before": said[key]})
        elif len(key) >= _MIN_SAID:
            said[key] = one.number
        yield from _of_number(page, one, is_last=one.number == last)
        told = _days(one, text, fiscal_year) if fiscal_year is not None else []
        days += told
        yield from _of_days(one, [day for day in told if Quarter.containing(day).fiscal_year == fiscal_year])
        yield from _of_words(page, one, even(text))
    yield from _of_year(days, fiscal_year)


def _of_silence(page: ReadPage, one: ReadQuarter) -> Iterator[Finding]:
    if one.narrative:
        yield Finding(Found.DASH_AS_REPORT, "narrative", one.number, {"text": one.narrative.strip()})
    elif page.form is Form.WHOLE and (one.result or one.quality or one.timeliness):
        params = {"result": one.result, "score": one.score}
        yield Finding(Found.NARRATIVE_MISSING, "narrative", one.number, params)


#: A month or a year is as often the time of a plan as that of what was done.
_DAYS = (Piece.DAY, Piece.RANGE)


def _days(one: ReadQuarter, text: str, fiscal_year: int) -> list[date]:
    read = read_narrative(text.strip(), FiscalYear(fiscal_year).quarters[one.number - 1])
    return [day.first for day in read.dates if day.piece in _DAYS and not day.doubts]


def _of_year(days: Sequence[date], fiscal_year: int | None) -> Iterator[Finding]:
    """Where every day of the reports is of one other year, the year that was given may be wrong."""
    years = {Quarter.containing(day).fiscal_year for day in days}
    if len(days) > 1 and len(years) == 1 and fiscal_year not in years:
        yield Finding(Found.DAYS_OF_OTHER_YEAR, "fiscal_year", 0, {"year": FiscalYear(years.pop())})


def _of_days(one: ReadQuarter, days: Sequence[date]) -> Iterator[Finding]:
    outside = [day for day in days if Quarter.containing(day).number != one.number]
    if outside:
        own = Quarter.containing(outside[0])
        params = {"day": outside[0], "own": own, "count": len(outside)}
        yield Finding(Found.DAY_OUTSIDE_QUARTER, "narrative", one.number, params)
    if len({Quarter.containing(day).number for day in days}) > 2:
        yield Finding(Found.SEVERAL_QUARTERS, "narrative", one.number)


_HEADING = re.compile(r"[\s*\-–•]*(?:รายงาน|ผล\S{0,20}\s*)?ไตรมาส\s*(?:ที่)?\s*([1-4])(?!\d)")
_BE_FIRST = re.compile(r"(?<![\d/])\d{1,2}/\d{1,2}/25\d\d(?!\d)")
_CE_ANY = re.compile(r"(?<![\d/])\d{1,2}/\d{1,2}/20\d\d(?!\d)")
_CANCELLED = re.compile(r"ยกเลิก\s*(?:การดำเนิน\S*)?\s*(?:โครงการ|กิจกรรม|ตัวชี้วัด|การจัด)|ขอยกเลิก|เห็นชอบให้ยกเลิก")


def _of_words(page: ReadPage, one: ReadQuarter, plain: str) -> Iterator[Finding]:
    if _HEADING.match(plain):
        yield Finding(Found.HEADING_INSIDE, "narrative", one.number)
    every = " ".join(even(each.narrative or "") for each in page.quarters if each.number <= one.number)
    if _CE_ANY.search(plain) and _BE_FIRST.search(every):
        yield Finding(Found.DATES_MIXED, "narrative", one.number, {"text": _CE_ANY.findall(plain)[0]})
    if _CANCELLED.search(plain):
        yield Finding(Found.CANCELLED, "narrative", one.number)


_NUMBER = rf"({NUMBER})"
_SAID_PERCENT = re.compile(
    rf"(?:คิดเป็น|เท่ากับ|เบิกจ่าย\S{{0,40}}|สำเร็จ|แล้วเสร็จ|ผลงาน)\s*(?:ได้|แล้ว)?\s*ร้อยละ\s*(?:ของ\S{{0,30}})?\s*{_NUMBER}"
    rf"|(?:คิดเป็น|เท่ากับ)\s*{_NUMBER}\s*%"
)
_SAID_LEVEL = re.compile(rf"(?:อยู่(?:ใน)?|ได้|ผลงาน|สำเร็จ|เป็น)\s*ระดับ\s*(?:ที่)?\s*{_NUMBER}")
_SAID_SCORE = re.compile(rf"(?:ได้|ค่า|เท่ากับ)?\s*คะแนน(?:เฉลี่ย|ที่ได้|รวม|เท่ากับ|\s)*{_NUMBER}")
_PART_OF = re.compile(
    rf"{_NUMBER}\s*(?:[ก-๙]{{1,12}}\s*)?(?:จาก|ใน)(?:ทั้งหมด|จำนวน|ทั้งสิ้น|\s)*{_NUMBER}\s*(?:บาท|เรื่อง|ราย|แห่ง|ครั้ง|คน|โครงการ)"
)
_NOTHING_DONE = re.compile(r"ยังไม่(?:ได้|มีการ|สามารถ)?\s*ดำเนินการ|ไม่มีการดำเนินการ|ไม่ได้ดำเนินการ")
_NEAR = Decimal(1)
_SAYINGS = {Scale.PERCENT: _SAID_PERCENT, Scale.LEVEL: _SAID_LEVEL, Scale.SCORE: _SAID_SCORE}


def _of_number(page: ReadPage, one: ReadQuarter, *, is_last: bool) -> Iterator[Finding]:
    """Where the words of a quarter tell another number than its row."""
    result = one.result if one.result is not None else page.achieved if is_last else None
    if result is None:
        return
    plain, scale = even(one.narrative or ""), scale_of(page.unit)
    told = _told(plain, scale)
    mean = sum(told, Decimal()) / len(told) if told else None
    if told and not any(
        abs(each - result) < _NEAR for each in (*told, *([mean] if mean is not None else []))
    ):
        params = {"text": told[-1], "value": result}
        yield Finding(Found.CONTRADICTS, "narrative", one.number, params)
    elif page.target and result >= page.target and _NOTHING_DONE.search(plain):
        params = {"text": _NOTHING_DONE.findall(plain)[0], "value": result}
        yield Finding(Found.CONTRADICTS, "narrative", one.number, params)


def _told(plain: str, scale: Scale | None) -> list[Decimal]:
    """The numbers that the words give as the result."""
    pattern = _SAYINGS.get(scale) if scale else None
    found = [exact(next(filter(None, one.groups()))) for one in pattern.finditer(plain)] if pattern else []
    if scale is Scale.PERCENT:
        found += [exact(one[1]) for one in _SAID_SCORE.finditer(plain)]
        for part, whole in _PART_OF.findall(plain):
            if 0 < exact(part) <= exact(whole):
                found.append((exact(part) * 100 / exact(whole)).quantize(Decimal("0.01")))
    return found
