"""What a statement claims: that something was done, will be, was put off, or only had a purpose."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from engine.prose.dates import Found
from engine.prose.standing import ProposalStanding


class Span(NamedTuple):
    """From one place to another."""

    start: int
    end: int


_VERBS = r"จัด|ดำเนิน|ประชุม|แต่งตั้ง|ส่ง|เสนอ|นำเสนอ|ออก|รายงาน|อบรม|ประกาศ|สรุป|ทำ|รับฟัง|ยกร่าง|คัดเลือก|เปิด"
#: What takes a completion away, and what it makes of it; the first that is found stands.
_NOT_DONE: tuple[tuple[ProposalStanding, re.Pattern[str]], ...] = (
    (
        ProposalStanding.CANCELLED,
        re.compile(rf"(?:ขอ)?ยกเลิก(?!คำสั่ง|ประกาศ|ระเบียบ)|งดเว้น|งด(?:การ)?(?:{_VERBS})|ระงับการ"),
    ),
    (
        ProposalStanding.POSTPONED,
        re.compile(
            r"(?:เปลี่ยน(?:แปลง)?|ย้าย)(?:วัน|กำหนด)|(?<!การ)เลื่อน(?!ขั้น|ระดับ|ตำแหน่ง|เงินเดือน|ชั้น|ไหล)|ชะลอ|พักการดำเนิน|ขยายระยะเวลา|ขยายเวลา"
        ),
    ),
    (
        ProposalStanding.PLANNED,
        re.compile(
            r"(?:ยัง|ก็)?ไม่(?:ได้|มีการ|มีมติ|สามารถ|แล้วเสร็จ|เสร็จ|ทัน|ครบองค์)|องค์ประชุมไม่|ยังไม่|ยังมิได้|มิได้|อยู่(?:ใน)?(?:ระหว่าง|ขั้นตอน)|กำลัง(?!คน|พล|การผลิต|ใจ|กาย|เจ้าหน้าที่|ซื้อ)"
            r"|(?<!ที่)(?<!ซึ่ง)(?<!ว่า)(?<!เพื่อ)(?<!ควร)จะ(?!แจ้ง)(?=[ก-ฮเ-ไ ])"
            rf"|มีกำหนด|(?<!ที่)กำหนด(?:การ)?(?:{_VERBS})|คาดว่า|มีแผน|วางแผน(?:ที่)?จะ|(?<!จัด)(?<!ประชุม)เตรียม(?:การ)?(?:{_VERBS})"
            r"|รอ(?:การ|ผล|คำสั่ง|อนุมัติ|พิจารณา|แนวทาง|หนังสือ|ประกาศ|หลักเกณฑ์|ลงนาม|ความเห็น|เสนอ|นำเสนอ|จัด|ดำเนินการ)"
            # What has to be done, unless the day on which it was done is told with it.
            rf"|(?:จึง|จำเป็น)ต้อง(?:{_VERBS})(?![^\n]{{0,200}}?(?:วันที่|เมื่อ|จึงได้))"
            r"|(?<!พิจารณา)(?<!ตรวจ)ร่าง(?:คำสั่ง|หนังสือ|รายงาน)|(?<!ประชุม)เห็นควร(?=จัด|แต่งตั้ง|ให้)"
            r"|รอ(?:ผู้อำนวยการ|ผู้ว่าราชการ|ปลัด|ผู้บริหาร|สำนัก|สภา)|(?:เสนอ|ขอ|ขออนุมัติ) ?แต่งตั้ง"
            r"|ขออนุมัติ(?:จัด(?!ทำ|ตั้ง)|ประชุม|ฝึก|อบรม)|นัด(?:หมาย)?(?:ประชุม|จัด)|มีความประสงค์"
            r"|(?:(?<!หนังสือ)แจ้ง|ขอ)ให้(?:รายงาน|จัด|ดำเนิน|แต่งตั้ง|ประชุม|คัดเลือก)"
            r"|แผน[^\n0-9]{0,30}?(?:ไตรมาส|ขั้น(?:ตอน)?|ระยะ)(?:ต่อไป|ถัดไป)"
        ),
    ),
)
_DONE = re.compile(r"แล้วเสร็จ|เรียบร้อย|เสร็จสิ้น|ครบถ้วนแล้ว|แล้ว(?= |$|เมื่อ|ใน|โดย|จำนวน|ตาม)")

_PURPOSE = re.compile(r"เพื่อ(?!น)")
_AFTER_PURPOSE = re.compile(
    r"โดยมี|โดยที่|(?<!ให้)(?<!เสนอ)(?<!เข้า)(?<!ต่อ)(?:ในที่ประชุม|ที่ประชุม *+(?:ได้|มีมติ|เห็นชอบ)|(?<!ประชุม)มีมติ)"
    r"|ผลการประชุม|เรียบร้อย|แล้วเสร็จ|เสร็จสิ้น|\n"
)
#: Where a purpose stands first, it ends at whoever acts.
_ACTOR = re.compile(r"(?<!ให้)(?<!ที่)(?<!เพื่อ)ได้|จึง|สำนักงานเขต|ฝ่าย[ก-๎]|คณะกรรมการได้")
_REFERENCE = re.compile(
    r"(?:\( *+)?(?:(?:คณะกรรมการ)?ชุดเดิม *+)?(?:ตาม(?:ที่)?|อ้างถึง|อ้างอิง|อาศัยอำนาจตาม|แทน|(?:ให้)?ยกเลิก)"
    r"(?:ได้มี| )*(?:คำสั่ง|หนังสือ|ประกาศ|บันทึก|มติ|ระเบียบ|ข้อบัญญัติ|พระราชบัญญัติ|นโยบาย)"
)
#: How a letter begins: what is known already, and then what was done upon it.
_BACKGROUND = re.compile(r"ตามที่[^\n]{1,200}?นั้น|สืบเนื่องจาก")
#: What an earlier document was about is told by its title.
_TITLE = re.compile(r" *+เรื่อง *+[^\s]{1,120}")
#: No reference is longer, and none goes on in the next item of a list.
_LONGEST_REFERENCE = 200
_NEXT_ITEM = re.compile(r"\n| - ")
_DOCUMENT_NUMBER = re.compile(r"[0-9]{1,6} ?/ ?(?:ว ?)?[0-9]{1,6}")
#: A day belongs to a document right behind its number, or led to by the word for the day of a document.
_DATED = ("ลว", "ลง")


def purposes(even: str, start: int, end: int, dates: tuple[Found, ...]) -> Iterator[Span]:
    """The clauses that tell what something was for: an intention is not a completion."""
    place = start
    while found := _PURPOSE.search(even, place, end):
        first = not even[start : found.start()].strip(" -\n")
        ends = [one.start for one in dates if one.start > found.start()]
        stop = (_ACTOR if first else _AFTER_PURPOSE).search(even, found.end(), end)
        place = min([stop.start() if stop else end, *ends])
        yield Span(found.start(), place)


def references(even: str, start: int, end: int, dates: tuple[Found, ...], begins: date) -> Iterator[Span]:
    """The clauses that name an earlier document: (ชุดเดิมตามคำสั่ง ที่ 571/2559 ลว. 30 ธ.ค. 2559).

    The title of one from before the fiscal year, which ``begins``, tells of nothing that was done in it.
    """
    place = start
    if background := _BACKGROUND.match(even, start, end):
        place = background.end() if background[0].endswith("นั้น") or not dates else dates[0].end
        yield Span(start, place)
    while found := _REFERENCE.search(even, place, end):
        limit = min(end, found.end() + _LONGEST_REFERENCE)
        item = _NEXT_ITEM.search(even, found.end(), limit)
        place = _end_of_reference(even, found, item.start() if item else limit, dates)
        old = any(one.last < begins for one in dates if found.end() <= one.start < place)
        if (title := _TITLE.match(even, place, end)) and (old or "เดิม" in found[0]):
            place = title.end()
        yield Span(found.start(), place)


def _end_of_reference(even: str, found: re.Match[str], limit: int, dates: tuple[Found, ...]) -> int:
    """Behind its bracket, its day or its number; where it has none it is but its first words."""
    if found[0].startswith("(") and (bracket := even.find(")", found.end(), limit)) >= 0:
        return bracket + 1
    number = _DOCUMENT_NUMBER.search(even, found.end(), limit)
    day = next((one for one in dates if found.end() <= one.start < limit), None)
    if number is not None and day is not None and day.start < number.start():
        number = None
    behind = number.end() if number else found.end()
    if day is not None and (day.lead.startswith(_DATED) or 0 <= day.start - behind <= 3):
        return day.end
    return behind


#: What stands under such a heading is still to come, until another one.
_PLANS = re.compile(
    r"(?:\A|\n) *+(?:[0-9][.)])? *+(?:แผน(?:การ)?|การ)(?:ดำเนินงาน|ดำเนินการ|ปฏิบัติงาน|งาน)"
    r"(?P<next>[^\n:]{0,40})(?::|\n)"
)
_RESULTS = re.compile(r"\n *+(?:[0-9][.)])? *+(?:ผลการ|ผลงาน|สรุปผล|ความก้าวหน้า|ความคืบหน้า|ปัญหา)")


def plans(even: str) -> Iterator[Span]:
    """The parts of a narrative whose heading says that they tell of what is planned."""
    place = 0
    if not any(word in even for word in ("แผน", "ต่อไป", "ถัดไป")):
        return
    while found := _PLANS.search(even, place):
        place = found.end()
        if "แผน" in found[0] or "ต่อไป" in found["next"] or "ถัดไป" in found["next"]:
            results = _RESULTS.search(even, place - 1)
            place = results.start() if results else len(even)
            yield Span(found.start(), place)


_DEADLINE = re.compile(r"(?:ภายใน|ก่อน|ไม่เกิน|กำหนด(?:ส่ง|แล้วเสร็จ)|ครบกำหนด|(?<!ตาม)(?<!ใน)กำหนด) *+$")


def is_deadline(even: str, one: Found) -> bool:
    """Whether something is to be done by then, and it is not the day on which it was done."""
    before = _DEADLINE.search(even, max(0, one.start - 15), one.start)
    return before is not None and not one.lead.startswith("เมื่อ")


class Claim(NamedTuple):
    """What is claimed, and the words that say so."""

    standing: ProposalStanding
    words: str


def claim(text: str) -> Claim:
    """What the text claims, purposes and references taken out of it before."""
    for standing, pattern in _NOT_DONE:
        if found := pattern.search(text):
            return Claim(standing, found[0].strip())
    found = _DONE.search(text)
    return Claim(ProposalStanding.DONE, found[0] if found else "")
