"""The values that a narrative states of a measured indicator: a certain one, or several to choose from."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from engine.workflow import Measure, MeasureKind

_DIGITS = (
    r"(?>[0-9]{1,3}(?:,[0-9]{3})++(?![0-9])(?:\.[0-9]+)?|[0-9]{1,12}(?:\.[0-9]+)?)"
    r"(?![0-9]|[,.][0-9])"
)
_NUMBER, _MARKED_NUMBER = rf"(?P<number>{_DIGITS})", rf"(?P<marked>{_DIGITS})"
_RESULT = (
    r"(?:คิดเป็น|รวม(?!ถึง|ทั้ง(?!สิ้น|หมด))|เท่ากับ|อยู่ที่|ได้(?:ผล)?|สะสม|แล้ว|ผลงาน|ผลสำเร็จ"
    r"|ผลการดำเนินงาน|ความสำเร็จ|ความก้าวหน้า|คะแนน|เฉลี่ย)"
)
#: Words by which a number is what was meant to be, or of another time, and no result.
_NO_RESULT = re.compile(
    r"(?:เป้า|ไม่น้อยกว่า|อย่างน้อย|ไม่ต่ำกว่า|ไม่เกิน|(?<!ผ่าน)เกณฑ์|ไม่ผ่าน|น้ำหนัก|ปีที่แล้ว|ปีก่อน|เดิม|ภายใน|ทุก|คาดว่า)[^0-9]{0,25}$"
    r"|(?:อีก|เหลือ|กว่า|(?<!ตาม)(?<!ของ)แผน(?:งาน)?|(?:วัน|สัปดาห์|เดือน|ไตรมาส|ปี|คน|แห่ง|ชุมชน)ละ) *+$"
    r"|(?:กว่า|เทียบกับ) *+(?:ปี|ไตรมาส)[^\n]{0,30}$"
    r"|(?:เต็ม|จาก *+(?:ทั้งหมด|ทั้งสิ้น|จำนวน|คะแนน)*+) *+$"  # what it is counted of: 4.38 จาก 5 คะแนน
)
_PERCENT = re.compile(rf"ร้อยละ *+{_NUMBER}|{_MARKED_NUMBER} *+(?:%|เปอร์เซ็นต์)")
_SCORE = re.compile(
    rf"(?:คะแนน|เฉลี่ย)[^0-9\n]{{0,40}}?{_NUMBER}(?: *+/ *+[0-9]{{1,3}}(?![0-9/]))?|{_MARKED_NUMBER} *+คะแนน"
)
_PERCENT_UNIT = re.compile("ร้อยละ|%|เปอร์เซ็น|percent", re.IGNORECASE)
_MARKED = re.compile(rf"{_RESULT}[^0-9\n]{{0,20}}$")


class Stated(NamedTuple):
    """A value with its place; ``as_result`` where a word before it says that it is what was reached."""

    start: int
    end: int
    value: Decimal
    as_result: bool


def figures(even: str, spans: Sequence[tuple[int, int]], measure: Measure, unit: str) -> list[Stated]:
    """The values of the unit in these pieces of text, each once, where it stands last, in their order.

    Where some are said to be the result, those alone.
    """
    found = [one for start, end in spans for one in _values(even, start, end, measure, unit)]
    results = [one for one in found if one.as_result]
    return sorted({one.value: one for one in results or found}.values())


def _values(even: str, start: int, end: int, measure: Measure, unit: str) -> Iterator[Stated]:
    pattern = _pattern(measure.kind, unit)
    if pattern is None:
        return
    for found in pattern.finditer(even, start, end):
        before = even[max(start, found.start() - 40) : found.start()]
        if _NO_RESULT.search(before) or _NO_RESULT.search(even[found.start() : found.start(_group(found))]):
            continue
        digits = found[_group(found)]
        yield Stated(
            found.start(), found.end(), Decimal(digits.replace(",", "")), bool(_MARKED.search(before))
        )


def _group(found: re.Match[str]) -> str:
    return "number" if found["number"] else "marked"


def _pattern(kind: MeasureKind, unit: str) -> re.Pattern[str] | None:
    """What a number of that unit looks like; ``None`` where the unit is none that a text could name."""
    match kind:
        case MeasureKind.PERCENT:
            return _PERCENT if not unit.strip() or _PERCENT_UNIT.search(unit) else None
        case MeasureKind.SCORE:
            return _SCORE
    name = "".join(unit.split()).removeprefix("จำนวน").lower()
    if not name:
        return None
    spelled = " *".join(map(re.escape, name))
    return re.compile(rf"{_NUMBER} *+{spelled}|{_MARKED_NUMBER} *+{spelled}")
