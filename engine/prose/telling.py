"""What the statements of a narrative tell: each with its milestone, its day and its document, and why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from engine.prose import marks
from engine.prose.claims import Claim, Span
from engine.prose.dates import Doubt, Found, Piece
from engine.prose.fitting import Fit, also_told, fits
from engine.prose.narrative import Narrative
from engine.prose.particulars import Particulars, document_of, number_of, particulars, within
from engine.prose.proposal import Proposal
from engine.prose.reasons import Reason, confidence
from engine.prose.standing import ProposalStanding
from engine.prose.statements import Statement, another_verb
from engine.quarter import Quarter
from engine.workflow import Workflow

_AND = re.compile(
    r"(?:และ|พร้อมทั้ง|รวมทั้ง|(?<= )(?=จัดทำ|จัดประชุม|แต่งตั้ง|จัดส่ง|ส่ง)|แล้ว(?=จัด|ส่ง|ประชุม|รายงาน))"
    r" *+(?:ได้|มีการ)?(?=[ก-๎])"
)
#: So near its beginning a phrase is what a piece is about; so much of it is looked at.
_BEGINS, _LOOKED_AT = 8, 300


def told(workflow: Workflow, read: Narrative) -> Iterator[Proposal]:
    """The facts of every statement, and what is set aside in it; nothing where no kind has a phrase."""
    if any(kind.phrases for milestone in workflow.milestones for kind in milestone.kinds):
        for statement in read.statements:
            for piece in _divided(workflow, read, statement):
                yield from _of_statement(workflow, read, piece)


def _divided(workflow: Workflow, read: Narrative, statement: Statement) -> Iterator[Statement]:
    """The statement in pieces where the words before "and" and those behind it tell of other milestones."""
    aside = [*read.purposes(statement), *read.references(statement)]
    rest = statement
    for link in _AND.finditer(read.text, statement.start, statement.end):
        if not 0 < link.start() - rest.start <= _LOOKED_AT or within(link.end(), aside):
            continue
        before, behind = rest.parted(read.text, link.start(), link.end())
        if _tell_apart(workflow, read, before, behind):
            yield before
            rest = behind
    yield rest


def _tell_apart(workflow: Workflow, read: Narrative, before: Statement, behind: Statement) -> bool:
    second = fits(workflow, read.text[behind.start : behind.start + _LOOKED_AT])
    if not second or second[0].start > _BEGINS:
        return False
    first = fits(workflow, read.main(before))
    return bool(first) and first[0].kind.key != second[0].kind.key


def _of_statement(workflow: Workflow, read: Narrative, statement: Statement) -> Iterator[Proposal]:
    main = read.main(statement)
    found, claimed = fits(workflow, main), read.claim(statement, main)
    known = particulars(read, statement, found[0] if found else None, claimed)
    if claimed.standing is ProposalStanding.DONE and (old := _of_old_orders(read, known)):
        claimed = Claim(ProposalStanding.REFERENCE, old)
    yield from _facts(_base(read, statement, found, claimed, known), read, statement, known)
    for fit in also_told(found):
        yield from _facts(_base(read, statement, [fit], claimed, known), read, statement, known)
    for clause in known.references:
        yield from _reference(read, clause, statement)
    if known.days:
        for one in known.outside:
            yield _outside(read, one, statement)


def _of_old_orders(read: Narrative, known: Particulars) -> str:
    """The order by which it was done, where no day but its number says that it is of an earlier year."""
    years = [one.year for one in known.documents]
    dated = known.days or known.outside
    if dated or not years or any(one is None or one >= read.year.first_day.year for one in years):
        return ""
    return known.documents[0].written


def _facts(base: Proposal, read: Narrative, statement: Statement, known: Particulars) -> Iterator[Proposal]:
    for index, day in enumerate(known.days):
        yield _dated(base, read, day, index, known, statement)
    if not known.days:
        yield _of_another_year(base, read, known) if known.outside else _undated(base, read, known)


# --- what a statement is about --------------------------------------------------------------------------


def _base(
    read: Narrative, statement: Statement, found: Sequence[Fit], claimed: Claim, known: Particulars
) -> Proposal:
    """What all proposals of a statement share: everything but the day and the document."""
    fit = found[0] if found else None
    count = marks.counted(read.text, statement.start, statement.end)
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
        why=(
            *_fit_reasons(found),
            *_claim_reasons(claimed),
            *(Reason("prose.count", {"count": one.amount, "unit": one.unit}) for one in [count] if one),
            *(Reason("prose.purpose", {"text": read.shown(one)}) for one in read.purposes(statement)),
            *(Reason("prose.deadline", {"day": one.last}) for one in known.deadlines),
        ),
    )


def _fit_reasons(found: Sequence[Fit]) -> Iterator[Reason]:
    if not found:
        yield Reason("prose.no_phrase")
        return
    fit = found[0]
    params = {"words": list(fit.words), "kind": fit.kind.title, "milestone": fit.milestone.title}
    yield Reason("prose.phrase", params)
    if not fit.kind.counts:
        yield Reason("prose.does_not_count", {"kind": fit.kind.title})
    if not fit.at_head:
        yield Reason("prose.not_at_head")
    rivals = [one for one in found[1:] if (one.start, one.end) == (fit.start, fit.end)]
    if rivals:
        yield Reason("prose.also_fits", {"milestone": rivals[0].milestone.title})


def _claim_reasons(claimed: Claim) -> Iterator[Reason]:
    if claimed.words:
        if claimed.standing is ProposalStanding.REFERENCE:
            yield Reason("prose.reference", {"text": claimed.words})
            return
        kind = "done_word" if claimed.standing is ProposalStanding.DONE else claimed.standing.value
        yield Reason(f"prose.{kind}", {"words": claimed.words})


# --- its day and its document ---------------------------------------------------------------------------


def _undated(base: Proposal, read: Narrative, known: Particulars) -> Proposal:
    more = [Reason("prose.undated", {"quarter": read.quarter})] if base.done else []
    return _finished(base, known, None, more)


def _dated(
    base: Proposal, read: Narrative, one: Found, index: int, known: Particulars, statement: Statement
) -> Proposal:
    day = one.day or (one.last if base.done and read.is_over(one) else None)
    reasons = [*_day_reasons(read, one, day), *_doubts(read, one)]
    if one is statement.shared:
        reasons.append(Reason("prose.date_shared"))
    elif base.milestone is not None and (other := another_verb(read.text, statement.start, one.start)):
        reasons.append(Reason("prose.another_verb", {"words": other}))
    dated = replace(base, occurred_on=day, first=one.first, last=one.last)
    return _finished(dated, known, index, reasons)


def _of_another_year(base: Proposal, read: Narrative, known: Particulars) -> Proposal:
    """A statement whose only days lie in other years tells of no work of this one."""
    one = known.outside[0]
    standing = base.standing
    if standing in (ProposalStanding.DONE, ProposalStanding.UNSUPPORTED):
        standing = ProposalStanding.REFERENCE
    base = replace(base, standing=standing, occurred_on=one.day, first=one.first, last=one.last)
    return _finished(base, known, None, [_outside_reason(read, one)])


def _day_reasons(read: Narrative, one: Found, day: date | None) -> Iterator[Reason]:
    if one.day is None:
        kind = "prose.range_end" if day else "prose.range" if one.piece is Piece.RANGE else "prose.months"
        yield Reason(kind, {"first": one.first, "last": one.last})
    else:
        yield Reason("prose.day", {"day": one.day})
    if one.last < read.quarter.first_day or one.first > read.quarter.last_day:
        yield Reason("prose.other_quarter", {"day": one.last, "quarter": Quarter.containing(one.last)})


def _doubts(read: Narrative, one: Found) -> Iterator[Reason]:
    for doubt in one.doubts:
        if doubt is not Doubt.DAY_OR_MONTH:
            yield Reason(f"prose.{doubt.value}", {"day": one.last})
        elif one.other is not None and (read.in_quarter(one.other) or not read.in_quarter(one.last)):
            yield Reason("prose.day_or_month", {"day": one.last, "other": one.other})


def _finished(base: Proposal, known: Particulars, index: int | None, reasons: Sequence[Reason]) -> Proposal:
    """With the meeting that was held on its day, or else the document of that day."""
    meeting = number_of(known.meetings, index, known.days)
    letter = number_of(known.documents, index, known.days)
    why = [*base.why, *reasons]
    number = letter.written if letter else None
    if letter:
        why.append(Reason("prose.document_number", {"number": letter.written}))
    if meeting:
        why.append(Reason("prose.meeting_number", {"number": meeting.written}))
        number = f"ประชุมครั้งที่ {meeting.written}" if "/" in meeting.written else number
    return replace(base, document_number=number, why=tuple(why), confidence=confidence(why))


# --- what is set aside ----------------------------------------------------------------------------------


def _reference(read: Narrative, clause: Span, statement: Statement) -> Iterator[Proposal]:
    """An earlier document that is named, if it has a day or a number."""
    one = next((one for one in statement.dates if within(one.start, [clause])), None)
    number = next(iter(marks.documents(read.text, clause.start, clause.end)), None)
    if one is None and number is None:
        return
    why = [Reason("prose.reference", {"text": read.shown(clause)})]
    if one is not None and not read.in_year(one):
        why.append(_outside_reason(read, one))
    if number is not None:
        why.append(Reason("prose.document_number", {"number": number.written}))
    yield _aside(read, clause, one, number.written if number else None, why)


def _outside(read: Narrative, one: Found, statement: Statement) -> Proposal:
    """A day of another year beside days of this one, with its document."""
    number = document_of(one, marks.documents(read.text, statement.start, statement.end))
    span = Span(number.start if number else one.start, one.end)
    return _aside(read, span, one, number.written if number else None, [_outside_reason(read, one)])


def _aside(
    read: Narrative, span: Span, one: Found | None, number: str | None, why: Sequence[Reason]
) -> Proposal:
    return Proposal(
        read.quarter.number,
        *read.place(*span),
        ProposalStanding.REFERENCE,
        occurred_on=one.day if one else None,
        first=one.first if one else None,
        last=one.last if one else None,
        document_number=number,
        note=read.shown(span),
        why=tuple(why),
    )


def _outside_reason(read: Narrative, one: Found) -> Reason:
    return Reason("prose.outside_year", {"day": one.last, "year": read.year})
