"""Numbers that stand in a statement: of documents, of meetings, of things that were counted."""

import re
from decimal import Decimal
from typing import NamedTuple

from engine.prose.date_found import year_of

#: Kinds of documents before whose number stands "ที่".
_DOCUMENT = r"คำสั่ง|ประกาศ|หนังสือ|บันทึก|ระเบียบ|ข้อบังคับ|สัญญา|ข้อตกลง|รายงาน|โครงการ|แผน"
_ORDER = re.compile(
    rf"(?:(?:{_DOCUMENT})[^0-9\n]{{0,80}}?(?<!ครั้ง)(?<!วัน)ที่|เลขที่|ฉบับที่) *+"
    r"(?P<number>[0-9]{1,6}(?: ?/ ?[0-9]{2,4}))(?![0-9/])"
)
#: The letters of an office, its number, and that of the letter: กท 6909/1116, นร 1013.4/ว 12.
_LETTER = re.compile(
    r"(?:(?<![ก-๎])|(?<=ที่))"
    r"(?P<number>[ก-ฮ]{2,3} ?[0-9]{3,5}(?:\.[0-9]{1,3}){0,3} ?/ ?(?:ว ?)?[0-9]{1,6})(?![0-9/])"
)
_MEETING = re.compile(r"ครั้งที่ *+(?P<number>[0-9]{1,3}(?: ?/ ?(?:[0-9]{4}|[0-9]{2})(?![0-9/]))?)")
_COUNT = re.compile(
    r"จำนวน(?:ทั้งสิ้น|ทั้งหมด|รวม)? *+(?P<number>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?P<part>\.[0-9]+)? *+"
    r"(?P<unit>[ก-๎]{1,24}?)(?=[^ก-๎]|$|และ|คือ|ได้แก่|ดังนี้|โดย|ที่|เพื่อ|มี)"
)


class Number(NamedTuple):
    """A number with its place, written the one way in which two of them can be compared."""

    start: int
    end: int
    written: str

    @property
    def year(self) -> int | None:
        """The CE year in which an order was numbered, 571/2559; letters and their numbers have none."""
        last = self.written.rpartition("/")[2]
        return year_of(last) if self.written[0].isdigit() and last.isdigit() and len(last) in (2, 4) else None


class Counted(NamedTuple):
    """How many of what."""

    amount: Decimal
    unit: str


def documents(even: str, start: int, end: int) -> list[Number]:
    """The numbers of orders and letters between two places."""
    found = [
        Number(one.start("number"), one.end("number"), _squeezed(one["number"]))
        for pattern in (_ORDER, _LETTER)
        for one in pattern.finditer(even, start, end)
    ]
    return sorted(found)


def meetings(even: str, start: int, end: int) -> list[Number]:
    """The numbers of meetings, ``2/64`` or ``2``."""
    return [
        Number(one.start(), one.end(), one["number"].replace(" ", ""))
        for one in _MEETING.finditer(even, start, end)
    ]


def counted(even: str, start: int, end: int) -> Counted | None:
    """What is counted first: จำนวน 7 ประเด็น."""
    one = _COUNT.search(even, start, end)
    if one is None:
        return None
    return Counted(Decimal(one["number"].replace(",", "") + (one["part"] or "")), one["unit"])


def _squeezed(number: str) -> str:
    """Blanks only between the letters of an office and its number."""
    plain = re.sub(r" ?/ ?", "/", number)
    return re.sub(r"^([ก-ฮ]+) ?(?=[0-9])", r"\1 ", plain)
