"""The labels of an indicator's page as one table: what they are called there, in every spelling seen."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from engine.pages.text import even


class Label(StrEnum):
    """What a line of the page begins."""

    CODE = "code"
    TITLE = "title"
    AGENCY = "agency"
    YEAR = "year"
    TARGET = "target"
    ACHIEVED = "achieved"
    KIND = "kind"
    RESULT_KIND = "result_kind"
    FURNITURE = "furniture"  # what is there on every page and says nothing of this one
    EVALUATED = "evaluated"
    TABLE = "table"
    REPORT = "report"
    SUMMARY = "summary"
    DEFINITION = "definition"
    METHOD = "method"
    EVIDENCE = "evidence"
    PLAN = "plan"


class Found(NamedTuple):
    """A label at the head of a line: its parts by name, and where in the line the rest begins."""

    label: Label
    parts: dict[str, str]
    rest: int


# Marks that stand around labels: stars of emphasis, list marks, colons, bars, brackets.
_LEAD = r"[\s*:|#>•·\-–_(\[]*(?:\d{1,2}\s*[.)]\s*)?[*\s]*"
_END = r"(?P<end>[\s*]*(?:[:：=|\-–][\s*|:]*)?)"
# A heading stands alone on its line or before a colon: words of a sentence are no heading.
_HEADS = r"[\s*]*(?:[:：=|][\s*|:]*|[)\]]*\s*$)"
# The months of a quarter may stand behind it: (ต.ค. - ธ.ค. 63).
_MONTHS = r"(?:\s*\(\s*[ก-ฮเ-ไ][^()|]{0,30}(?:-|–|ถึง)\s*[ก-ฮเ-ไ][^()|]{0,30}\))?"
_Q = r"(?:ไตรมาส\s*(?:ที่)?|q)\s*(?P<quarter>[1-4])(?![\d./])" + _MONTHS
_COLON = r"[\s*]*[:：=|][\s*|:]*"

#: In the order in which they are tried. Blanks between the parts of a word may be missing or many.
_TABLE: tuple[tuple[Label, str], ...] = (
    (Label.FURNITURE, r"(?:รายละเอียดตัวชี้วัด(?:ฯ)?\s*(?::?\s*พิมพ์ข้อมูล)?|พิมพ์ข้อมูล|back(?:\s*home)?|home|0)\s*$"),
    (Label.EVALUATED, r"สยป\s*\.?.{0,40}?ประเมิน(?:ตัวชี้วัด)?[\s*:]*(?:" + _Q + r")?" + _END),
    (Label.TARGET, r"(?:ค่า\s*เป้าหมาย(?:\s*ตัวชี้วัด)?|เป้าหมาย(?=[^:：=\d]{0,40}[:：=]))"),
    (Label.ACHIEVED, r"(?:ผลงาน|ผลการดำเนินงาน|ผล)\s*(?:ที่)?\s*ทำได้"),
    (Label.KIND, r"ประเภท\s*(?:ของ)?\s*ตัวชี้วัด" + _COLON),
    (Label.RESULT_KIND, r"ตัวชี้วัดระดับ\s*(?=ผลผลิต|ผลลัพธ์|\(?output|\(?outcome)"),
    (Label.CODE, r"รหัส\s*(?:ตัวชี้วัด)?" + _COLON),
    (Label.AGENCY, r"(?:ชื่อ)?(?:หน่วยงาน|ส่วนราชการ)(?:ที่รับผิดชอบ|ผู้รับผิดชอบ)?" + _COLON),
    (Label.YEAR, r"(?:ประจำ)?ปีงบประมาณ\s*(?:พ\.?\s*ศ\.?)?[\s:：]*(?P<year>\d{4})\s*$"),
    (Label.TITLE, r"(?:ชื่อ)?ตัวชี้วัด" + _COLON),
    (Label.TABLE, r"(?:ผลงานเทียบกับเป้าหมาย|ผลงานรายไตรมาส|ตารางผลงาน|ผลการประเมินรายไตรมาส).*$"),
    (
        Label.SUMMARY,
        r"(?:รายงานผล|สรุปผล|ผลการดำเนินงาน|ผลงาน)\s*(?:ฯ|การดำเนินงาน|การปฏิบัติงาน|งาน)?\s*(?:(?:สรุป|รวม|ตลอด|ทั้ง|ประจำ|ราย|สิ้น)\s*){0,3}ปี(?:งบประมาณ)?\s*(?:พ\.?\s*ศ\.?)?\s*(?:\d{4})?"
        + _HEADS,
    ),
    (Label.SUMMARY, r"สรุป(?:ผล)?\s*(?:ทั้งปี|รวม|ภาพรวม)?" + _HEADS),
    (
        Label.REPORT,
        r"(?:รายงาน)?\s*(?:ผล|ความก้าวหน้า)\s*(?:ฯ|การ\s*ดำเนิน(?:งาน|การ)|การปฏิบัติงาน|งาน)?\s*(?:ใน|ราย|ของ|ประจำ)?\s*"
        + _Q
        + r"(?:\s*ปี(?:งบประมาณ)?\s*(?:พ\.?\s*ศ\.?)?\s*\d{4})?"
        + _END,
    ),
    (Label.REPORT, _Q + r"(?:\s*ปี(?:งบประมาณ)?\s*(?:พ\.?\s*ศ\.?)?\s*\d{4})?" + _END),
    (
        Label.DEFINITION,
        r"(?:คำ)?(?:นิยาม|อธิบายตัวชี้วัด)\s*(?:/\s*คำอธิบาย|(?:หรือ|/|และ)?\s*(?:ความหมาย|คำจำกัดความ))?\s*(?:ของ)?\s*(?:ตัวชี้วัด)?"
        + _HEADS,
    ),
    (
        Label.METHOD,
        r"(?:วิธี(?:การ)?\s*(?:คิด)?\s*(?:คำนวณ|คำนวน|วัด(?:ผล)?)|สูตร(?:การ|ที่ใช้)?\s*คำนวณ|สูตร|เทคนิค/?วิธี\S*)\s*(?:/\s*\S{1,30})?\s*(?:ของ)?\s*(?:ตัวชี้วัด|คะแนน)?"
        + _HEADS,
    ),
    (
        Label.EVIDENCE,
        r"(?:(?:รายการ|ราย\s*ละเอียด)?\s*(?:เอกสาร)?\s*(?:/|ประกอบ|และ)?\s*(?:การ)?\s*หลักฐาน|เอกสารประกอบ|แหล่งข้อมูล)\s*(?:อ้างอิง|ประกอบ(?:การ\S{1,30})?|ที่ใช้\S{0,30}|ที่ต้อง\S{0,30}|การ\S{1,30}|เชิงประจักษ์|ตัวชี้วัด|/\s*\S{1,40})*"
        + _HEADS,
    ),
    (
        Label.PLAN,
        r"(?:(?:ความ)?(?:สนับสนุน|เชื่อมโยง|สอดคล้อง)\s*(?:กับ)?\s*)?(?:แผน(?:พัฒนา|ปฏิบัติ)?|ยุทธศาสตร์)(?:ราชการ)?\s*(?:กรุงเทพมหานคร|กทม\.?)?\s*(?:ฯ)?\s*(?:ระยะ[^:]{0,60})?"
        + _HEADS,
    ),
)


def _compiled(table: Iterable[tuple[Label, str]]) -> tuple[tuple[Label, re.Pattern[str]], ...]:
    return tuple((label, re.compile(_LEAD + pattern)) for label, pattern in table)


_PATTERNS = _compiled(_TABLE)
#: A line without any of these letters begins nothing; asked first, for most lines are long reports.
_WORDS = re.compile(
    "ตัวชี้วัด|เป้าหมาย|ทำได้|สยป|ไตรมาส|นิยาม|คำอธิบาย|วิธี|สูตร|หลักฐาน|เอกสาร|แหล่งข้อมูล|ปี|แผน|ยุทธศาสตร์|สรุป|รหัส|หน่วยงาน|ส่วนราชการ|พิมพ์|ผลงาน|back|home|^0$|เทคนิค|อธิบาย|q"
)
#: A label and what it is about stand at the head of a line.
_HEAD = 160


def label_of(line: str) -> Found | None:
    """The label at the head of a line, which is in one spelling (:func:`engine.pages.text.even`)."""
    head = line[:_HEAD]
    if not _WORDS.search(head):
        return None
    for label, pattern in _PATTERNS:
        if match := pattern.match(head):
            return Found(label, {k: v for k, v in match.groupdict().items() if v is not None}, match.end())
    return None


class Line(NamedTuple):
    """A line as it stands there, in one spelling, and the label at its head."""

    text: str
    plain: str
    found: Found | None

    @property
    def label(self) -> Label | None:
        return self.found.label if self.found else None

    @property
    def rest(self) -> str:
        """What stands behind the label, as it is written there."""
        return _behind(self.text, self.found.rest) if self.found else self.text


def _behind(text: str, length: int) -> str:
    """What stands behind so many letters of the text in one spelling, as it is written."""
    end = length
    while end < len(text) and len(even(text[:end])) < length:
        end += 1
    return text[end:].strip(" *|")
