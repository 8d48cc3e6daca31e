"""An agency disputes a verdict on its report, and another evaluator than the one who gave it decides."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engine.actions._work import Outcome, Work
from engine.actions.reports import begin_report
from engine.actions.verdicts import keep_verdict, score_faults
from engine.appeal import Appeal, accepted_before, disputed, not_appealable
from engine.errors import Unmet, refuse
from engine.events import Happened
from engine.guards import quarter_open, reasoned
from engine.indicator import Evaluation, QuarterReport
from engine.machine import appeal_rules, fire
from engine.permissions import Action, Person
from engine.ports import Transaction
from engine.verdict import Verdict, VerdictKind, of_quarter


def make_appeal(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    *,
    reason: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Appeal against the scores of a report, or against its return after it was accepted; once each."""
    work = begin_report(tx, code, fiscal_year, quarter, Action.APPEAL, by, now, expected_version)
    report = work.indicator.reports.get(quarter, QuarterReport(quarter))
    verdicts, made = of_quarter(tx.verdicts(work.indicator), quarter), tx.appeals(work.indicator)
    attempt = work.attempt(report=report, reason=reason)
    work.check_person(
        None,
        *quarter_open(attempt),
        *not_appealable(report, verdicts, made, tx.policy.appeal_until, work.today),
        *reasoned(attempt),
    )
    verdict = disputed(report, verdicts)
    assert verdict is not None  # which is refused above
    appeal = Appeal(len(made) + 1, quarter, verdict.number, reason.strip(), now, by.id)
    tx.keep_appeal(work.indicator, appeal)
    data = {**_told(appeal), "against": str(verdict.kind), "reason": appeal.reason}
    return work.finish(Happened.APPEAL_MADE, data, number=appeal.number)


def decide_appeal(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    number: int,
    *,
    uphold: bool,
    reason: str,
    quality: int | None = None,
    timeliness: int | None = None,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Uphold or dismiss an appeal, with a reason; nobody decides on their own verdict or appeal.

    Upheld against scores it gives other ones, each ``None`` staying as it is; upheld against a return it
    gives back the scores that the return took.
    """
    appeal = _appeal(tx, code, fiscal_year, number)
    work = begin_report(
        tx, code, fiscal_year, appeal.quarter, Action.DECIDE_APPEAL, by, now, expected_version
    )
    verdicts = of_quarter(tx.verdicts(work.indicator), appeal.quarter)
    verdict = next(one for one in verdicts if one.number == appeal.verdict)
    # A return keeps nothing of what was there; scores that are disputed stand until they are changed.
    scores = verdict if verdict.kind is VerdictKind.ACCEPTED else accepted_before(verdicts, verdict)
    assert scores is not None
    changed = scores._replace(
        quality=scores.quality if quality is None else quality,
        timeliness=scores.timeliness if timeliness is None else timeliness,
    )
    attempt = work.attempt(
        report=work.indicator.reports[appeal.quarter],
        reason=reason,
        petitioner=appeal.made_by,
        judge=verdict.given_by,
    )
    faults = _faults(tx, verdict, scores, changed) if uphold else ()
    fire(appeal_rules(), appeal, "uphold" if uphold else "dismiss", attempt, faults)
    appeal.decided_at, appeal.decided_by, appeal.answer = now, by.id, reason.strip()
    data = {**_told(appeal), "reason": appeal.answer}
    if uphold:
        data |= _uphold(work, appeal, verdict, changed)
    tx.keep_appeal(work.indicator, appeal)
    happened = Happened.APPEAL_UPHELD if uphold else Happened.APPEAL_DISMISSED
    return work.finish(happened, data, number=appeal.number)


def _uphold(work: Work, appeal: Appeal, verdict: Verdict, scores: Verdict) -> dict[str, Any]:
    """Let the scores stand, as a verdict of their own."""
    trigger = "rescore" if verdict.kind is VerdictKind.ACCEPTED else "restore"
    report = work.fire_report(appeal.quarter, trigger)
    report.return_reason, report.fix_by = "", None
    report.evaluation = Evaluation(scores.quality, scores.timeliness, appeal.answer, work.now, work.by.id)
    keep_verdict(
        work,
        appeal.quarter,
        VerdictKind.APPEAL,
        quality=scores.quality,
        timeliness=scores.timeliness,
        remark=appeal.answer,
    )
    return {"quality": scores.quality, "timeliness": scores.timeliness}


def _faults(tx: Transaction, verdict: Verdict, scores: Verdict, changed: Verdict) -> Iterator[Unmet]:
    scale = tx.policy.scale
    yield from score_faults("2.1", changed.quality, scale.quality)
    yield from score_faults("2.2", changed.timeliness, scale.timeliness)
    is_same = (changed.quality, changed.timeliness) == (scores.quality, scores.timeliness)
    if verdict.kind is VerdictKind.ACCEPTED and is_same:
        yield Unmet("appeal.changes_nothing", {"quality": scores.quality, "timeliness": scores.timeliness})


def _appeal(tx: Transaction, code: str, fiscal_year: int, number: int) -> Appeal:
    made = tx.appeals(tx.indicator(code, fiscal_year))
    if not 1 <= number <= len(made):
        raise refuse("appeal.unknown", number=number, code=code, known=[one.number for one in made])
    return made[number - 1]


def _told(appeal: Appeal) -> dict[str, Any]:
    return {"appeal": appeal.number, "quarter": appeal.quarter}
