"""What the statements of a narrative tell: each with its milestone, its day and its document, and why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from engine.prose import marks
from engine.prose.claims import Claim, ProposalStanding, Span, claim, is_deadline, purposes, references
from engine.prose.dates import Doubt, Found, Piece, dates_in
from engine.prose.fitting import Fit, fits
from engine.prose.plain import Plain, plain
from engine.prose.proposal import Proposal
from engine.prose.reasons import Reason, confidence
from engine.prose.statements import Statement, statements
from engine.quarter import FiscalYear, Quarter
from engine.workflow import Workflow

#: A note keeps so much of a statement.
_LONGEST_NOTE = 400
#: Phrases that begin so tell of a document: the day of the document is the day of the fact.
_BY_DOCUMENT = ("แต่งตั้ง", "คำสั่ง", "มอบหมาย", "อนุมัติ", "เห็นชอบ", "ประกาศ", "หนังสือ", "ส่ง", "เสนอ", "รายงาน")


_AND = re.compile(r" *(?:และ|พร้อมทั้ง|รวมทั้ง|แล้ว(?=จัด|ส่ง|ประชุม|รายงาน)) *(?:ได้|มีการ)?(?=[ก-๎])")
#: So near its beginning a phrase is what a piece is about.
_BEGINS = 8
#: Words of a document that something replaces or that was there before.
_OLD = ("เดิม", "แทน", "ยกเลิก")


@dataclass(frozen=True, slots=True)
class Narrative:
    """A narrative as it was typed and in its even form, cut into statements."""

    typed: str
    even: Plain
    year: FiscalYear
    quarter: Quarter
    statements: tuple[Statement, ...]

    @classmethod
    def read(cls, typed: str, year: FiscalYear, quarter: Quarter) -> "Narrative":
        even = plain(typed)
        found = statements(even.text, dates_in(even.text, year))
        return cls(typed, even, year, quarter, tuple(found))

    @property
    def text(self) -> str:
        """The text in its even form, in which all places but those of proposals are."""
        return self.even.text

    def place(self, start: int, end: int) -> tuple[int, int, str]:
        """The places and the text as they were typed."""
        first, last = self.even.origin(start), self.even.origin(end)
        return first, last, self.typed[first:last]

    def shown(self, span: Span | Statement) -> str:
        return " ".join(self.place(span.start, span.end)[2].split())

    def note(self, statement: Statement) -> str:
        text = self.shown(statement)
        return text if len(text) <= _LONGEST_NOTE else f"{text[: _LONGEST_NOTE - 1]}…"

    def main(self, statement: Statement) -> str:
        """What a statement says was done: without what it was for and what it refers to."""
        return self.without(statement, [*self.purposes(statement), *self.references(statement)])

    def purposes(self, statement: Statement) -> list[Span]:
        return list(purposes(self.text, statement.start, statement.end, statement.dates))

    def references(self, statement: Statement) -> list[Span]:
        return list(references(self.text, statement.start, statement.end, statement.dates))

    def without(self, statement: Statement, spans: Sequence[Span]) -> str:
        parts, start = [], statement.start
        for span in sorted(spans):
            parts.append(self.text[start : max(start, span.start)])
            start = max(start, span.end)
        return " ".join([*parts, self.text[start : statement.end]])

    def in_quarter(self, day: date) -> bool:
        return self.quarter.first_day <= day <= self.quarter.last_day

    def in_year(self, found: Found) -> bool:
        return self.year.first_day <= found.last and found.first <= self.year.last_day


class _Days(NamedTuple):
    """The dates of a statement by what they are: its own, of other years, of a deadline; and references."""

    own: list[Found]
    outside: list[Found]
    deadlines: list[Found]
    references: list[Span]


def told(workflow: Workflow, read: Narrative) -> Iterator[Proposal]:
    """The facts of every statement, and what is set aside in it; nothing where no kind has a phrase."""
    if any(kind.phrases for milestone in workflow.milestones for kind in milestone.kinds):
        for statement in read.statements:
            for piece in _divided(workflow, read, statement):
                yield from _of_statement(workflow, read, piece)


def _divided(workflow: Workflow, read: Narrative, statement: Statement) -> Iterator[Statement]:
    """The statement in two where the words before "and" and those behind it tell of different milestones."""
    aside = [*read.purposes(statement), *read.references(statement)]
    for link in _AND.finditer(read.text, statement.start, statement.end):
        if _in_spans(link.start(), aside):
            continue
        before, behind = statement.parted(link.start(), link.end())
        first, second = fits(workflow, read.main(before)), fits(workflow, read.main(behind))
        if first and second and second[0].start <= _BEGINS and first[0].milestone != second[0].milestone:
            yield before
            yield from _divided(workflow, read, behind)
            return
    yield statement


def _of_statement(workflow: Workflow, read: Narrative, statement: Statement) -> Iterator[Proposal]:
    main = read.main(statement)
    found, claimed = fits(workflow, main), claim(main)
    days = _days(read, statement, found, claimed)
    base = _base(read, statement, found, claimed)
    base = replace(base, why=(*base.why, *_set_aside(read, statement, days)))
    if days.own:
        for day in days.own:
            yield _dated(base, read, statement, day, days)
    elif days.outside:
        yield _of_another_year(base, read, statement, days)
    else:
        yield _undated(base, read, statement, days)
    for clause in days.references:
        yield from _reference(read, clause, statement)
    if days.own:
        for one in days.outside:
            yield _outside(read, one)


# --- what a statement is about --------------------------------------------------------------------------


def _base(read: Narrative, statement: Statement, found: Sequence[Fit], claimed: Claim) -> Proposal:
    """What all proposals of a statement share: everything but the day and the document."""
    fit = found[0] if found else None
    count = marks.counted(read.text, statement.start, statement.end)
    why = list(_fit_reasons(found))
    if claimed.words:
        kind = "done_word" if claimed.standing is ProposalStanding.DONE else claimed.standing.value
        why.append(Reason(f"prose.{kind}", {"words": claimed.words}))
    if count:
        why.append(Reason("prose.count", {"count": count.amount, "unit": count.unit}))
    done = claimed.standing is ProposalStanding.DONE
    return Proposal(
        read.quarter.number,
        *read.place(statement.start, statement.end),
        ProposalStanding.UNSUPPORTED if done and fit is None else claimed.standing,
        milestone=fit.milestone.key if fit else None,
        kind=fit.kind.key if fit else None,
        counts=fit.kind.counts if fit else True,
        note=read.note(statement),
        count=count.amount if count else None,
        count_unit=count.unit if count else "",
        why=tuple(why),
    )


def _fit_reasons(found: Sequence[Fit]) -> Iterator[Reason]:
    if not found:
        yield Reason("prose.no_phrase")
        return
    fit = found[0]
    words = [forms[0] for forms in fit.phrase.words]
    yield Reason("prose.phrase", {"words": words, "kind": fit.kind.title, "milestone": fit.milestone.title})
    if not fit.kind.counts:
        yield Reason("prose.does_not_count", {"kind": fit.kind.title})
    if not fit.at_head:
        yield Reason("prose.not_at_head")
    rivals = [one for one in found[1:] if (one.start, one.end) == (fit.start, fit.end)]
    if rivals:
        yield Reason("prose.also_fits", {"milestone": rivals[0].milestone.title})


def _set_aside(read: Narrative, statement: Statement, days: _Days) -> Iterator[Reason]:
    for span in read.purposes(statement):
        yield Reason("prose.purpose", {"text": read.shown(span)})
    for one in days.deadlines:
        yield Reason("prose.deadline", {"day": one.last})


# --- its days -------------------------------------------------------------------------------------------


def _days(read: Narrative, statement: Statement, found: Sequence[Fit], claimed: Claim) -> _Days:
    clauses = read.references(statement)
    dates = [one for one in statement.dates if not _within(one, clauses)]
    deadlines = [one for one in dates if is_deadline(read.text, one)]
    dates = [one for one in dates if one not in deadlines]
    if not dates and found and claimed.standing is ProposalStanding.DONE:
        own = [clause for clause in clauses if _is_its_own(read, found[0], clause)]
        dates = [one for one in statement.dates if _within(one, own)]
        clauses = [clause for clause in clauses if clause not in own]
    if not dates and statement.shared is not None:
        dates = [statement.shared]
    return _Days(
        [one for one in dates if read.in_year(one)],
        [one for one in dates if not read.in_year(one)],
        deadlines,
        clauses,
    )


def _is_its_own(read: Narrative, fit: Fit, clause: Span) -> bool:
    """Whether a clause names the very document by which it was done: appointed by order 12/2564."""
    words = read.text[clause.start : clause.end]
    return fit.phrase.written.startswith(_BY_DOCUMENT) and not any(word in words for word in _OLD)


def _within(one: Found, spans: Sequence[Span]) -> bool:
    return any(span.start <= one.start < span.end for span in spans)


def _undated(base: Proposal, read: Narrative, statement: Statement, days: _Days) -> Proposal:
    more = [Reason("prose.undated", {"quarter": read.quarter})] if base.done else []
    return _finished(base, read, statement, None, days, more)


def _dated(base: Proposal, read: Narrative, statement: Statement, one: Found, days: _Days) -> Proposal:
    day = one.day
    reasons = list(_doubts(read, one))
    if day is not None:
        reasons.insert(0, Reason("prose.day", {"day": day}))
        if not read.in_quarter(day):
            reasons.append(Reason("prose.other_quarter", {"day": day, "quarter": Quarter.containing(day)}))
    else:
        kind = "prose.range" if one.piece is Piece.RANGE else "prose.months"
        reasons.insert(0, Reason(kind, {"first": one.first, "last": one.last}))
    if one is statement.shared:
        reasons.append(Reason("prose.date_shared"))
    base = replace(base, occurred_on=day, first=one.first, last=one.last)
    return _finished(base, read, statement, one, days, reasons)


def _of_another_year(base: Proposal, read: Narrative, statement: Statement, days: _Days) -> Proposal:
    """A statement whose only days lie in other years tells of no work of this one."""
    one = days.outside[0]
    standing = base.standing
    if standing in (ProposalStanding.DONE, ProposalStanding.UNSUPPORTED):
        standing = ProposalStanding.REFERENCE
    base = replace(base, standing=standing, occurred_on=one.day, first=one.first, last=one.last)
    return _finished(base, read, statement, one, days, [_outside_reason(read, one)])


def _doubts(read: Narrative, one: Found) -> Iterator[Reason]:
    for doubt in one.doubts:
        params = {"day": one.last}
        if doubt is Doubt.DAY_OR_MONTH:
            if one.other is None or (read.in_quarter(one.last) and not read.in_quarter(one.other)):
                continue
            params["other"] = one.other
        yield Reason(f"prose.{doubt.value}", params)


# --- its document ---------------------------------------------------------------------------------------


def _finished(
    base: Proposal,
    read: Narrative,
    statement: Statement,
    one: Found | None,
    days: _Days,
    reasons: Sequence[Reason],
) -> Proposal:
    number, seen = _number(read, statement, one, days)
    why = (*base.why, *reasons, *seen)
    return replace(base, document_number=number, why=why, confidence=confidence(why))


def _number(
    read: Narrative, statement: Statement, one: Found | None, days: _Days
) -> tuple[str | None, list[Reason]]:
    """The document of a day, or the meeting held on it: the nearest before it, else the only one there is."""
    meetings = _nearest(statement, one, days, marks.meetings(read.text, statement.start, statement.end))
    letters = _nearest(statement, one, days, marks.documents(read.text, statement.start, statement.end))
    seen = []
    if meetings:
        seen.append(Reason("prose.meeting_number", {"number": meetings.written}))
    if letters:
        seen.append(Reason("prose.document_number", {"number": letters.written}))
    if meetings and "/" in meetings.written:
        return f"ประชุมครั้งที่ {meetings.written}", seen
    return (letters.written if letters else None), seen


def _nearest(
    statement: Statement,
    one: Found | None,
    days: _Days,
    numbers: Sequence[marks.Number],
) -> marks.Number | None:
    own = [number for number in numbers if not _in_spans(number.start, days.references)]
    if one is None or len(days.own) < 2:
        return own[0] if own else None
    index = days.own.index(one)
    begin = days.own[index - 1].end if index else statement.start
    stop = days.own[index + 1].start if index + 1 < len(days.own) else statement.end
    before = [number for number in own if begin <= number.start < one.start]
    # A list of days behind one number: it belongs to the first of them.
    behind = [number for number in own if index + 1 == len(days.own) and one.end <= number.start < stop]
    return before[-1] if before else behind[0] if behind else None


def _in_spans(place: int, spans: Sequence[Span]) -> bool:
    return any(span.start <= place < span.end for span in spans)


# --- what is set aside ----------------------------------------------------------------------------------


def _reference(read: Narrative, clause: Span, statement: Statement) -> Iterator[Proposal]:
    dates = [one for one in statement.dates if _within(one, [clause])]
    numbers = marks.documents(read.text, clause.start, clause.end)
    if not dates and not numbers:
        return
    one = dates[0] if dates else None
    why = [Reason("prose.reference", {"text": read.shown(clause)})]
    if one is not None and not read.in_year(one):
        why.append(_outside_reason(read, one))
    if numbers:
        why.append(Reason("prose.document_number", {"number": numbers[0].written}))
    yield Proposal(
        read.quarter.number,
        *read.place(clause.start, clause.end),
        ProposalStanding.REFERENCE,
        occurred_on=one.day if one else None,
        first=one.first if one else None,
        last=one.last if one else None,
        document_number=numbers[0].written if numbers else None,
        note=read.shown(clause),
        why=tuple(why),
    )


def _outside(read: Narrative, one: Found) -> Proposal:
    span = Span(one.start, one.end)
    return Proposal(
        read.quarter.number,
        *read.place(*span),
        ProposalStanding.REFERENCE,
        occurred_on=one.day,
        first=one.first,
        last=one.last,
        note=read.shown(span),
        why=(_outside_reason(read, one),),
    )


def _outside_reason(read: Narrative, one: Found) -> Reason:
    return Reason("prose.outside_year", {"day": one.last, "year": read.year})
