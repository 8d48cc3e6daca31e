"""A narrative cut into statements, each of one thing: at list marks, new lines and new verbs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from engine.prose.claims import claim
from engine.prose.dates import Found, Piece
from engine.prose.standing import ProposalStanding


class Statement(NamedTuple):
    """From where to where it stands, its dates, and the day of the meeting before it that it belongs to."""

    start: int
    end: int
    dates: tuple[Found, ...]
    shared: Found | None = None

    def parted(self, even: str, end: int, start: int) -> tuple["Statement", "Statement"]:
        """What stands before ``end``, and what stands from ``start`` on."""
        before = tuple(one for one in self.dates if one.start < end)
        behind = tuple(one for one in self.dates if one.start >= start)
        return (
            Statement(*_trimmed(even, self.start, end), before, self.shared),
            Statement(*_trimmed(even, start, self.end), behind),
        )


#: What a narrative may begin with: what was done comes behind it.
_HEADING = re.compile(
    r"\s*+(?:สรุป|รายงาน)?(?:ผลการ(?:ดำเนินงาน|ดำเนินการ|ปฏิบัติงาน|ปฏิบัติราชการ)|ความก้าวหน้า|ความคืบหน้า)"
    r"(?:ตามตัวชี้วัด)? *+(?:ประจำ|ใน)? *+(?:ไตรมาส(?:ที่)? *+[1-4])?"
    r" *+(?:ปี(?:งบประมาณ)? *+(?:พ\.ศ\. *+)?[0-9]{4})? *+(?::|\n|(?=- |1[.)](?![0-9])))"
)
_LINES = re.compile(r"\n+")
_DASHES = re.compile(r"(?:(?<![^\s])|(?<=[)\]]))(?:[-•●▪■□◦·*►➢✓✔❖]+)(?=\s*+[^\s-])")
_NUMBERS = re.compile(
    r"(?:(?<![^\s])|(?<=[ก-๎)]))(?P<open>\(?)(?P<number>[0-9]{1,2}(?:\.[0-9]{1,2}){0,2})"
    r"(?P<close>\.{1,2}|\)| (?=[ก-๎]))"
    r"(?=\s*+[^\s0-9.)/,%-])"
)
_NUMBERED = re.compile(r"(?:ที่|จำนวน|ร้อยละ|ข้อ|ระดับ|ไตรมาส|คะแนน|วันที่|เวลา)\s*+$")

_VERB = (
    r"จัด(?:ทำ|ประชุม|การประชุม|อบรม|กิจกรรม|ส่ง|ตั้ง|งาน|โครงการ|เก็บ|เวที|พิมพ์)|ดำเนินการ|แต่งตั้ง|ออกคำสั่ง|มีคำสั่ง|มีหนังสือ"
    r"|ออกหนังสือ|ทำหนังสือ|ประชุม|ร่วมประชุม|เข้าร่วม|รายงาน(?!การประชุม)|ส่ง|เสนอ|นำเสนอ|ประกาศ|เผยแพร่|ประชาสัมพันธ์|สำรวจ|ตรวจ|ลงพื้นที่"
    r"|อบรม|ขออนุมัติ|อนุมัติ|เห็นชอบ|ให้ความเห็นชอบ|มีมติ|คัดเลือก|สรุป|ติดตาม|บันทึก|รวบรวม|ยกร่าง|รับฟัง|เชิญ|แจ้ง|มอบหมาย|เปิด(?!เผย)"
    r"|พัฒนา|ปรับปรุง|ทบทวน|ศึกษา|วิเคราะห์|ประสาน|ชี้แจง|ฝึก"
)
_VERBS = re.compile(_VERB)
_LINK = r"\)? *+(?:[,;] *+)?(?P<link>และ|พร้อมทั้ง|รวมทั้ง|ต่อมา|จากนั้น|หลังจากนั้น|แล้ว)? *+"
_AND_VERB = re.compile(rf"(?:และ|พร้อมทั้ง|รวมทั้ง) *+(?:ได้|มีการ)?(?P<verb>{_VERB})")
#: A new verb right behind a date, or behind who acts.
_ACTOR = r"(?:(?:ผู้อำนวยการเขต|ผอ\. ?เขต|สำนักงานเขต[ก-๎]{0,20}?) *+)?"
_GOES_ON = re.compile(
    rf"{_LINK}{_ACTOR}(?:ได้|มีการ|ได้มีการ|ที่ประชุม|(?P<plan>จะ|อยู่ระหว่าง|(?:มี)?กำหนด(?:การ)?))* *+(?:{_VERB})"
)
_PLANNED = "จะ|อยู่(?:ใน)?ระหว่าง|มีกำหนด|(?:กำหนด|เตรียม)(?:การ)?(?:จัด|ประชุม|รับฟัง|ส่ง|เสนอ)|คาดว่า|มีแผน"
#: A plan that follows what was done on a day, or what is said to be done, or is of now.
_PLAN = re.compile(
    rf"(?P<dated>(?:และ|ส่วน|ทั้งนี้|สำหรับ)(?= *+(?:[ก-๎]{{0,20}} *+)?(?:{_PLANNED})))"
    rf"|(?<=แล้ว) ++(?:โดย)?(?:{_PLANNED})|(?:ขณะนี้|ปัจจุบัน)(?= ?(?:อยู่|กำลัง|รอ|ยัง))"
)
#: What was done all the same behind what was not: เลื่อนการประชุม และได้ประชุมเมื่อวันที่ 18.
_ALL_THE_SAME = re.compile(
    rf"(?:และ|แต่|ต่อมา|ภายหลัง|จากนั้น) *+(?:สำนักงานเขต[ก-๎]{{0,20}}? *+)?(?:ก็)?ได้(?:มีการ|ดำเนินการ)? *+(?:{_VERB})"
    rf"|(?:ขณะนี้|ปัจจุบัน) *+(?:ได้)?(?:{_VERB}|จัด)[ก-๎]{{0,20}}?แล้ว"
)
#: What was not done yet behind what was done on a day.
_NOT_YET = re.compile(
    r"แต่ *+(?:ที่ประชุม|คณะกรรมการฯ?)? *+ยัง(?:มิได้|ไม่ได้|ไม่มี|ไม่)(?:มี)?(?:การ)? *+(?:จัด|ส่ง)?"
    r"(?P<verb>มติ|คัดเลือก|เลือก|สรุป|รายงาน|ประชุม)"
)
#: No day is written longer.
_LONGEST_DAY = 60
#: So much of what stands before is looked at.
_LOOKS_BACK = 300
#: Behind a day of a log, 28/10/2563 ศึกษารายละเอียด, stands what was done on it.
_LOG = re.compile(r"[ :)-]*+(?!และ|ถึง|แล้ว)[ก-๎a-z]")
_LINK_BEFORE = re.compile(r"(?:และ|ต่อมา|จากนั้น|หลังจากนั้น|พร้อมทั้ง|,|;)? *+$")
#: A resolution is a thing of its own, taken on the day of its meeting; unless it was only meant to be taken.
_RESOLVED = re.compile(
    r"(?:(?:โดย|และ|ซึ่ง) *+)?(?<!ให้)(?<!เพื่อ)(?<!เสนอ)(?<!เข้า)(?<!ขอ)(?<!จะ)(?<!ตาม)(?<!ต่อ)"
    r"(?:ที่ประชุม *+(?:ได้ *+)?(?:มีมติ|เห็นชอบ|คัดเลือก|ได้ข้อสรุป)|(?<!ประชุม)(?<!ไม่)(?<!ไม่ได้)มีมติ(?!ที่)|มติที่ประชุม"
    r"|ได้(?:ประเด็น|ข้อสรุป|คัดเลือก))"
)
_MEETS = re.compile(r"ประชุม")
_DOCUMENT_LEADS = ("ลว", "ลง")
_QUARTER = re.compile(r"ไตรมาส(?:ที่)? *+[1-4] *+\(? *+(?:ระหว่าง|ตั้งแต่)? *+$")
_DAYS = (Piece.DAY, Piece.RANGE, Piece.MONTH, Piece.MONTHS)


def statements(even: str, dates: Sequence[Found]) -> Iterator[Statement]:
    """The statements of a text in its even form, in their order."""
    days = [one for one in dates if one.piece in _DAYS]
    events = [one for one in days if not _names_quarter(even, one)]
    for start, end in _whole(even, _listed(even, days), events):
        inside = [one for one in events if start <= one.start < end]
        shared: Found | None = None
        cuts = sorted({start, *_cuts(even, start, end, inside), end})
        for begin, stop in pairwise(cuts):
            first, last = _trimmed(even, begin, stop)
            own = tuple(one for one in inside if first <= one.start < last)
            if not _WORD.search(even, first, last) or (not own and _LEADS_ON.search(even, first, last)):
                continue
            resolved = _RESOLVED.match(even, first, last) is not None
            yield Statement(first, last, own, shared if resolved else None)
            shared = own[-1] if own else shared


def _names_quarter(even: str, one: Found) -> bool:
    """Whether months only say which quarter is meant: ไตรมาสที่ 1 (ต.ค. - ธ.ค. 63)."""
    return one.day is None and _QUARTER.search(even, max(0, one.start - 24), one.start) is not None


def another_verb(even: str, start: int, end: int) -> str:
    """The verb that "and" brings before a day, so that the day may be that of this verb alone."""
    found = _AND_VERB.search(even, start, end)
    return found["verb"] if found else ""


# --- list marks -----------------------------------------------------------------------------------------


def _listed(even: str, dates: Sequence[Found]) -> Iterator[tuple[int, int]]:
    """The items of a list, without their marks; the whole text where it is none."""
    marks = sorted(_marks(even, dates))
    begin = 0
    for start, end in marks:
        if begin < start:
            yield begin, start
        begin = max(begin, end)
    yield begin, len(even)


def _whole(even: str, items: Iterable[tuple[int, int]], dates: Sequence[Found]) -> Iterator[tuple[int, int]]:
    """The items, what only goes on with the one before put to it: its days, or what it consists of."""
    whole: tuple[int, int] | None = None
    consists = False
    for start, end in items:
        own = [one for one in dates if start <= one.start < end]
        spelt_out = consists and not own and not _VERBS.search(even, start, end)
        if whole is not None and (spelt_out or (own and _only_days(even, start, end, own))):
            whole = whole[0], end
            continue
        if whole is not None:
            yield whole
        whole, consists = (start, end), _CONSISTS.search(even, max(start, end - 20), end) is not None
    if whole is not None:
        yield whole


def _only_days(even: str, start: int, end: int, own: Sequence[Found]) -> bool:
    parts = []
    for one in own:
        parts.append(even[start : one.start])
        start = one.end
    return not _MEETING_NUMBER.sub("", "".join([*parts, even[start:end]])).strip(" \n,.:;()-")


_CONSISTS = re.compile(r"(?:ได้แก่|คือ|ประกอบด้วย)[ :\n]*+$")
_MEETING_NUMBER = re.compile(r"ครั้งที่ *+[0-9]{1,3}(?:/[0-9]{2,4})?|และ")


def _marks(even: str, dates: Sequence[Found]) -> Iterator[tuple[int, int]]:
    taken = [(one.start, one.end) for one in dates]
    if heading := _HEADING.match(even):
        yield heading.span()
    for mark in (*_LINES.finditer(even), *_DASHES.finditer(even)):
        if _inside(mark.start(), taken) or _between_numbers(even, mark) or _behind_day(even, mark, dates):
            continue
        yield mark.span()
    last = "0"
    for mark in _NUMBERS.finditer(even):
        if _inside(mark.start(), taken) or _NUMBERED.search(even, max(0, mark.start() - 10), mark.start()):
            continue
        heads_line = not even[even.rfind("\n", 0, mark.start()) + 1 : mark.start()].strip(" -•")
        bare = mark["close"] == " "
        if heads_line if bare else heads_line or _follows(last, mark["number"]):
            last = mark["number"]
            yield mark.span()


def _inside(place: int, taken: Iterable[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in taken)


def _behind_day(even: str, mark: re.Match[str], dates: Iterable[Found]) -> bool:
    """Whether a dash stands behind the day with which a line begins: 28 ม.ค. 64 - ประชุม."""
    line = even.rfind("\n", 0, mark.start()) + 1
    if mark[0] != "-" or mark.start() - line > _LONGEST_DAY:
        return False
    return any(
        not (even[line : one.start] + even[one.end : mark.start()]).strip()
        for one in dates
        if line <= one.start < one.end <= mark.start()
    )


def _between_numbers(even: str, mark: re.Match[str]) -> bool:
    """Whether a dash stands between two numbers, 08.30 - 16.30, and begins nothing."""
    before, after = even[: mark.start()].rstrip(" ")[-1:], even[mark.end() :].lstrip(" ")[:1]
    return mark[0] == "-" and before.isdigit() and after.isdigit()


def _follows(last: str, number: str) -> bool:
    """Whether a number goes on with a list in the middle of a line: 1, 2 or 1.1, 1.2."""
    parts, before = [int(one) for one in number.split(".")], [int(one) for one in last.split(".")]
    if parts[-1] == 1 and (len(parts) == 1 or parts[:-1] == before[: len(parts) - 1]):
        return True
    return (
        len(before) >= len(parts)
        and parts[:-1] == before[: len(parts) - 1]
        and (parts[-1] == before[len(parts) - 1] + 1)
    )


# --- several things in one item -------------------------------------------------------------------------


def _cuts(even: str, start: int, end: int, dates: Sequence[Found]) -> Iterator[int]:
    """Where a new thing begins inside an item: only where it is certain."""
    yield from _cuts_at_dates(even, start, end, dates)
    for plan in _PLAN.finditer(even, start, end):
        dated = not plan["dated"] or any(one.end <= plan.start() for one in dates)
        if dated and _VERBS.search(even, start, plan.start()):
            yield plan.start()
    for done in _ALL_THE_SAME.finditer(even, start, end):
        before = even[max(start, done.start() - _LOOKS_BACK) : done.start()]
        if claim(before).standing is not ProposalStanding.DONE:
            yield done.start()
    for left in _NOT_YET.finditer(even, start, end):
        before = even[max(start, left.start() - _LOOKS_BACK) : left.start()]
        if dates and dates[0].end <= left.start() and left["verb"] not in before:
            yield left.start()
    for resolved in _RESOLVED.finditer(even, start, end):
        if _MEETS.search(even, start, resolved.start()):
            yield resolved.start()


def _cuts_at_dates(even: str, start: int, end: int, dates: Sequence[Found]) -> Iterator[int]:
    if not dates:
        return
    if not even[start : dates[0].start].strip(_EDGES) and not dates[0].lead:
        yield from (one.start for one in dates[1:] if _LOG.match(even, one.end, end) and not one.lead)
        return
    first_verb = _VERBS.search(even, start, end)
    dates_lead = first_verb is not None and dates[0].end <= first_verb.start()
    begun = start
    for date in dates:
        goes_on = _GOES_ON.match(even, date.end, end)
        if goes_on is None or not _VERBS.search(even, begun, date.start):
            continue
        if dates_lead:
            link = _LINK_BEFORE.search(even, max(begun, date.start - 20), date.start)
            begun = link.start() if link else date.start
        elif date.lead.startswith(_DOCUMENT_LEADS) and not _leaves_document(
            even, begun, date, dates, goes_on
        ):
            continue
        else:
            begun = goes_on.start("link") if goes_on["link"] else date.end
        yield begun


def _leaves_document(
    even: str, begun: int, date: Found, dates: Sequence[Found], goes_on: re.Match[str]
) -> bool:
    """Whether behind the day of a document something else is told than what the document is about."""
    if goes_on["link"] or goes_on["plan"]:
        return True
    told = {one[0] for one in _VERBS.finditer(even, begun, date.start)} - _ISSUES
    return bool(told) and date is not dates[-1] and not _SPEAKS.search(even, begun, date.start)


#: Verbs that only issue a document, and words of one that speaks of what is to come.
_ISSUES = frozenset(("ออกคำสั่ง", "มีคำสั่ง", "จัดทำ", "ดำเนินการ", "อนุมัติ", "เห็นชอบ"))
_SPEAKS = re.compile("หนังสือ|เชิญ|ประกาศ|แจ้ง")
_EDGES = " \n,;-"
#: What only leads to what follows.
_LEADS_ON = re.compile(r"(?:ดังนี้|ดังต่อไปนี้|ประกอบด้วย|ต่อไปนี้)[ :]*$")
#: Less says nothing.
_WORD = re.compile("[ก-ฮa-z][ก-๎a-z]")
_LINKED = re.compile(r"[ \n,;-]*+(?:(?:และ|พร้อมทั้ง|รวมทั้ง|ต่อมา|จากนั้น|หลังจากนั้น|โดย(?=ที่ประชุม))[ \n]*+(?=[ก-๎]))?")


def _trimmed(even: str, start: int, end: int) -> tuple[int, int]:
    """The piece without blanks, marks and linking words around it."""
    linked = _LINKED.match(even, start, end)
    start = linked.end() if linked else start
    while start < end and even[end - 1] in _EDGES:
        end -= 1
    return start, end
