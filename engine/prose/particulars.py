"""The days and the documents of a statement: which are its own, and which it only names."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from engine.prose.claims import Claim, Span, is_deadline
from engine.prose.dates import Found, Piece
from engine.prose.fitting import Fit
from engine.prose.marks import Number, documents, meetings
from engine.prose.narrative import Narrative
from engine.prose.standing import ProposalStanding
from engine.prose.statements import Statement

#: Phrases that begin so tell of a document: the day of the document is the day of the fact.
_BY_DOCUMENT = ("แต่งตั้ง", "คำสั่ง", "มอบหมาย", "อนุมัติ", "เห็นชอบ", "ประกาศ", "หนังสือ", "ส่ง", "เสนอ", "รายงาน")
#: Between the number of a document and its day there are blanks, at most.
_RIGHT_BEFORE = 3
#: How the day of a document is led to; so many letters behind it, another day is one that it speaks of.
_DATED, _FARTHER = ("ลว", "ลง"), 10
#: Words of a document that something replaces or that was there before.
_OLD = re.compile("เดิม|แทน|ยกเลิก|นั้น|อ้าง|สืบเนื่อง")


class Particulars(NamedTuple):
    """The dates of a statement by what they are, the clauses that refer to something, its own numbers."""

    days: list[Found]
    outside: list[Found]  # of other years
    deadlines: list[Found]
    references: list[Span]
    meetings: list[Number]
    documents: list[Number]


def particulars(read: Narrative, statement: Statement, fit: Fit | None, claimed: Claim) -> Particulars:
    """Whatever a statement names beside what it tells."""
    clauses = read.references(statement)
    named = [one for one in statement.dates if not within(one.start, clauses)]
    if any(one.day and one.lead.startswith("เมื่อ") for one in named):  # months beside it are what it is about
        named = [one for one in named if one.piece not in (Piece.MONTH, Piece.MONTHS)]
    if fit is not None and fit.phrase.written.startswith(_BY_DOCUMENT):
        named = [
            one for one, before in zip(named, [None, *named], strict=False) if not _spoken_of(one, before)
        ]
    deadlines = [one for one in named if is_deadline(read.text, one)]
    dates = [one for one in named if one not in deadlines]
    if not dates and fit is not None and claimed.standing is ProposalStanding.DONE:
        own = [clause for clause in clauses if _is_its_own(read, fit, clause)]
        dates = [one for one in statement.dates if within(one.start, own)]
        clauses = [clause for clause in clauses if clause not in own]
    if not dates and statement.shared is not None:
        dates = [statement.shared]
    outside = [one for one in dates if not read.in_year(one)]
    days = [one for one in dates if read.in_year(one)]
    place = (read.text, statement.start, statement.end)
    numbers = [one for one in documents(*place) if not within(one.start, clauses)]
    if days:  # else the statement is of the other year, and so is its document
        others = {document_of(one, numbers) for one in outside}
        numbers = [one for one in numbers if one not in others]
    named_meetings = [one for one in meetings(*place) if not within(one.start, clauses)]
    return Particulars(days, outside, deadlines, clauses, named_meetings, numbers)


def _spoken_of(one: Found, before: Found | None) -> bool:
    """Whether a document of a day speaks of another day: หนังสือ ลงวันที่ 3 เชิญประชุมในวันที่ 15."""
    if before is None or not before.lead.startswith(_DATED) or one.start - before.end < _FARTHER:
        return False
    return one.lead.startswith(("ในวันที่", "วันที่"))


def document_of(date: Found, numbers: Sequence[Number]) -> Number | None:
    """The document right before its day: คำสั่งที่ 300/2562 ลว. 1 ส.ค. 2562."""
    return next((one for one in numbers if 0 <= date.start - one.end <= _RIGHT_BEFORE), None)


def _is_its_own(read: Narrative, fit: Fit, clause: Span) -> bool:
    """Whether a clause names the very document by which it was done: appointed by order 12/2564."""
    made = fit.phrase.written.startswith(_BY_DOCUMENT)
    return made and not _OLD.search(read.text, clause.start, clause.end)


def number_of(numbers: Sequence[Number], index: int | None, days: Sequence[Found]) -> Number | None:
    """The number that belongs to the day at ``index``: the nearest before it, or behind the last day.

    Where there is one day or none, the first number is meant.
    """
    if index is None or len(days) < 2:
        return numbers[0] if numbers else None
    begin = days[index - 1].end if index else 0
    before = [one for one in numbers if begin <= one.start < days[index].start]
    if before:
        return before[-1]
    last = index + 1 == len(days)
    return next((one for one in numbers if last and one.start >= days[index].end), None)


def within(place: int, spans: Sequence[Span]) -> bool:
    return any(span.start <= place < span.end for span in spans)
