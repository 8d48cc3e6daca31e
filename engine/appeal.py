"""An appeal: an agency disputes a verdict on its report, and somebody else decides."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from engine.errors import Unmet
from engine.indicator import QuarterReport, ReportState
from engine.verdict import Verdict, VerdictKind, standing


class AppealState(StrEnum):
    PENDING = "pending"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


@dataclass(slots=True)
class Appeal:
    """An appeal, numbered within its indicator from 1, against the ``verdict`` of that number.

    Mutable because the state machine writes ``state`` on it.
    """

    number: int
    quarter: int
    verdict: int
    reason: str
    made_at: datetime
    made_by: int
    state: str = AppealState.PENDING.value
    decided_at: datetime | None = None
    decided_by: int | None = None
    answer: str = ""


#: In which state a report is of which a verdict may be disputed. A return can be until it is being mended.
_DISPUTED_IN = {VerdictKind.ACCEPTED: ReportState.ACCEPTED, VerdictKind.RETURNED: ReportState.RETURNED}


def disputed(report: QuarterReport, verdicts: Sequence[Verdict]) -> Verdict | None:
    """Of the verdicts on the report the one that may be disputed: scores, or the return of what was accepted.

    A return before that is no verdict on the work: it is answered, and mended. What was decided on an appeal
    is final.
    """
    last = standing(verdicts)
    if last is None or _DISPUTED_IN.get(last.kind) != report.state:
        return None
    taken = last.kind is VerdictKind.ACCEPTED or accepted_before(verdicts, last) is not None
    return last if taken else None


def accepted_before(verdicts: Sequence[Verdict], returned: Verdict) -> Verdict | None:
    """The scores that a return took away; ``None`` where it took none."""
    before = standing([one for one in verdicts if one.number < returned.number])
    scored = (VerdictKind.ACCEPTED, VerdictKind.APPEAL)
    return before if before is not None and before.kind in scored else None


def not_appealable(
    report: QuarterReport,
    verdicts: Sequence[Verdict],
    appeals: Sequence[Appeal],
    until: Callable[[Verdict], date],
    today: date,
) -> Iterator[Unmet]:
    """Why nobody can appeal about the report today; ``until`` tells the last day for a verdict."""
    verdict = disputed(report, verdicts)
    if verdict is None:
        last = standing(verdicts)
        final = last is not None and last.kind is VerdictKind.APPEAL
        yield Unmet("appeal.final" if final else "appeal.nothing")
        return
    for one in appeals:
        if one.verdict == verdict.number:
            yield Unmet("appeal.made_already", {"number": one.number, "state": AppealState(one.state)})
    if today > until(verdict):
        yield Unmet("appeal.too_late", {"until": until(verdict)})
