"""What the paragraphs of a page are, where the headings between them are lost."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from engine.pages.text import even

_COUNTS = re.compile(
    r"นับ|คำนวณ|คำนวน|สูตร|หาร|คูณ|[x×*]\s*100|จำนวน.{1,200}/|เปรียบเทียบ|ค่าเฉลี่ย|ผลรวม|เกณฑ์|ระดับที่\s*1|ร้อยละ"
)
_PROVES = re.compile("รายงาน|เอกสาร|หลักฐาน|คำสั่ง|ภาพถ่าย|หนังสือ|แบบ|โครงการ|บันทึก|แผน|สรุป|ทะเบียน")
_QUARTERS = 4
#: The method, and evidence that is listed line by line.
_MOST_BEHIND = 12


class Parted(NamedTuple):
    """The paragraphs sorted: reports in the order of the quarters, and the three texts behind them."""

    reports: tuple[str, ...]
    definition: str | None
    method: str | None
    evidence: str | None


def parted(lines: Sequence[str]) -> Parted:
    """Reports first, then definition, method, evidence: as they stand on the page, as far as they are."""
    paragraphs = _paragraphs(lines)
    first = _definition(paragraphs)
    reports = paragraphs[:first]
    if len(reports) > _QUARTERS:  # nobody knows where one ends: the last takes what is left over
        reports = [*reports[: _QUARTERS - 1], "\n".join(reports[_QUARTERS - 1 :])]
    return Parted(tuple(reports), *_texts(paragraphs[first:]))


def without_texts(report: str) -> Parted:
    """The last report without the three texts behind it, which it took in where their headings are lost."""
    lines = report.split("\n")
    first = _texts_in(lines) or len(lines)
    return Parted(("\n".join(lines[:first]).strip(),), *_texts([line for line in lines[first:] if line]))


def _texts(paragraphs: Sequence[str]) -> tuple[str | None, str | None, str | None]:
    texts = _terms_together(paragraphs)
    definition, method = (*texts[:2], None, None)[:2]
    return definition, method, "\n".join(texts[2:]) or None


def _paragraphs(lines: Sequence[str]) -> list[str]:
    """Each line, or each block between empty lines where lines alone would be too many."""
    single = [line for line in lines if line]
    blocks = ["\n".join(run) for has_text, run in groupby(lines, bool) if has_text]
    if len(single) > _QUARTERS + 3 and _QUARTERS <= len(blocks) <= _QUARTERS + 3:
        return blocks
    return single


def _definition(paragraphs: Sequence[str]) -> int:
    """The place of the definition among them, which is where the reports end."""
    count = len(paragraphs)
    if count == _QUARTERS + 3:
        return _QUARTERS
    return _texts_in(paragraphs) or min(count, _QUARTERS)


def _terms_together(texts: Sequence[str]) -> list[str]:
    """The definition of several terms is one text."""
    terms = 1
    while terms < len(texts) - 2 and "หมายถึง" in texts[terms]:
        terms += 1
    return ["\n".join(texts[:terms]), *texts[terms:]] if texts else []


def _texts_in(paragraphs: Sequence[str]) -> int | None:
    """Where the definition is by what it says, together with what stands behind it."""
    count = len(paragraphs)
    for place in range(count - 1, 0, -1):
        says = even(paragraphs[place])[:200]
        if "หมายถึง" in says and count - place - 1 <= _MOST_BEHIND:
            return _first_term(paragraphs, place)
        if place == count - 3:
            method, evidence = (even(one) for one in paragraphs[place + 1 :])
            if _COUNTS.search(method) and _PROVES.search(evidence):
                return place
    return None


def _first_term(paragraphs: Sequence[str], last: int) -> int:
    """The definition of several terms begins at the first of them."""
    first = last
    while first > _QUARTERS and "หมายถึง" in even(paragraphs[first - 1])[:200]:
        first -= 1
    return first
