"""What evaluators do with a quarter report: accept it with scores, send it back, read a drawn one again."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

from engine.actions._work import Outcome, Work
from engine.actions.reports import begin_report, proposed_timeliness, quarter_of
from engine.errors import Unmet
from engine.events import Happened
from engine.guards import not_own_verdict, not_own_work, quarter_open
from engine.indicator import Evaluation, QuarterReport
from engine.permissions import Action, Person, Subject, may
from engine.ports import Transaction
from engine.verdict import (
    Verdict,
    VerdictKind,
    is_drawn,
    of_quarter,
    proposed_quality,
    to_be_read_again,
)


def accept_report(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    *,
    quality: int | None = None,
    timeliness_given: int | None = None,
    remark: str = "",
    met: Collection[str] | None = None,
    quality_reason: str = "",
    timeliness_reason: str = "",
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """The evaluator accepts the report with its 2.1 (quality) and 2.2 (timeliness) scores.

    ``met`` are the keys of the checklist that were found met; they propose a 2.1, as the time of submission
    proposes a 2.2. A score that is ``None`` is taken as proposed, and one that differs needs its reason.
    Without ``met`` nothing is proposed, and a ``quality`` of ``None`` leaves 2.1 not evaluated.
    """
    work = begin_report(tx, code, fiscal_year, quarter, Action.ACCEPT_REPORT, by, now, expected_version)
    scale, there = tx.policy.scale, _report(work, quarter)
    earned = _earned(tx, met)
    timely = proposed_timeliness(tx, work.indicator.agency, quarter_of(work, there), there)
    quality = earned if quality is None else quality
    given = timely if timeliness_given is None else timeliness_given
    faults = [
        *_unknown(tx, met),
        *score_faults("2.1", quality, scale.quality, earned, quality_reason),
        *score_faults("2.2", given, scale.timeliness, timely, timeliness_reason),
    ]
    report = work.fire_report(quarter, "accept", faults)
    report.evaluation = Evaluation(quality, given, remark.strip(), now, by.id)
    verdict = keep_verdict(
        work,
        quarter,
        VerdictKind.ACCEPTED,
        quality=quality,
        timeliness=given,
        met=_in_order(tx, met),
        proposed_quality=earned,
        proposed_timeliness=timely,
        quality_reason=_why(quality, earned, quality_reason),
        timeliness_reason=_why(given, timely, timeliness_reason),
        remark=remark.strip(),
        drawn=is_drawn(code, fiscal_year, quarter, tx.policy.review),
    )
    return work.finish(Happened.REPORT_ACCEPTED, _told(verdict))


def return_report(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    *,
    reason: str,
    fix_by: date | None = None,
    met: Collection[str] | None = None,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Send the report back with a reason and a day for the fix (default: the policy's working days).

    ``met`` are the keys of the checklist that were found met, where an evaluator went through it. Theirs is
    a verdict; a section head's return is not.
    """
    work = begin_report(tx, code, fiscal_year, quarter, Action.RETURN_REPORT, by, now, expected_version)
    report = work.fire_report(quarter, "return", _unknown(tx, met), reason=reason, until=fix_by)
    report.return_reason = reason.strip()
    report.fix_by = fix_by or tx.policy.calendar.add_working_days(work.today, tx.policy.fix_days)
    report.endorsed_at, report.endorsed_by, report.evaluation = None, None, None
    data = {"quarter": quarter, "reason": report.return_reason, "fix_by": report.fix_by.isoformat()}
    met = _in_order(tx, met)
    if may(by, Action.ACCEPT_REPORT, Subject(work.indicator.agency, work.indicator.workflow_owner)):
        keep_verdict(work, quarter, VerdictKind.RETURNED, met=met, remark=report.return_reason)
    return work.finish(Happened.REPORT_RETURNED, {**data, **({} if met is None else {"met": list(met)})})


def read_report_again(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    *,
    met: Collection[str],
    quality: int | None = None,
    quality_reason: str = "",
    remark: str = "",
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Another evaluator reads a report of the sample and scores its 2.1; what stands is not changed."""
    work = begin_report(tx, code, fiscal_year, quarter, Action.READ_AGAIN, by, now, expected_version)
    first = to_be_read_again(of_quarter(tx.verdicts(work.indicator), quarter))
    report, earned = _report(work, quarter), _earned(tx, met)
    quality = earned if quality is None else quality
    attempt = work.attempt(report=report, judge=first.given_by if first else None)
    work.check_person(
        None,
        None if first else Unmet("report.not_drawn", {"quarter": quarter_of(work, report)}),
        *not_own_work(attempt),
        *not_own_verdict(attempt),
        *quarter_open(attempt),
        *_unknown(tx, met),
        *score_faults("2.1", quality, tx.policy.scale.quality, earned, quality_reason),
    )
    verdict = keep_verdict(
        work,
        quarter,
        VerdictKind.SECOND,
        quality=quality,
        met=_in_order(tx, met),
        proposed_quality=earned,
        quality_reason=_why(quality, earned, quality_reason),
        remark=remark.strip(),
    )
    return work.finish(Happened.REPORT_READ_AGAIN, _told(verdict))


def keep_verdict(work: Work, quarter: int, kind: VerdictKind, **found: Any) -> Verdict:
    """Write down a verdict, given here and now; the caller saves its event."""
    number = len(work.tx.verdicts(work.indicator)) + 1
    verdict = Verdict(number, quarter, kind, work.now, work.by.id, **found)
    work.tx.keep_verdict(work.indicator, verdict)
    return verdict


_NEEDS_REASON = {"2.1": "quality.needs_reason", "2.2": "timeliness.needs_reason"}


def score_faults(
    score: str, given: int | None, allowed: tuple[int, ...], proposed: int | None = None, reason: str = ""
) -> Iterator[Unmet]:
    """What is wrong with a score: it is off the scale, or differs from the proposed one without a reason."""
    if given is not None and given not in allowed:
        yield Unmet("score.off_scale", {"score": score, "given": given, "allowed": list(allowed)})
    elif proposed is not None and given != proposed and not reason.strip():
        yield Unmet(_NEEDS_REASON[score], {"proposed": proposed, "given": given})


def _why(given: int | None, proposed: int | None, reason: str) -> str:
    """The reason of a score, where there is something that it gives a reason for."""
    return reason.strip() if proposed is not None and given != proposed else ""


def _report(work: Work, quarter: int) -> QuarterReport:
    return work.indicator.reports.get(quarter, QuarterReport(quarter))


def _earned(tx: Transaction, met: Collection[str] | None) -> int | None:
    return None if met is None else proposed_quality(met, tx.policy.review.checklist, tx.policy.scale)


def _unknown(tx: Transaction, met: Collection[str] | None) -> Iterator[Unmet]:
    """What of the answers is no question of the checklist."""
    known = [item.key for item in tx.policy.review.checklist]
    for key in met or ():
        if key not in known:
            yield Unmet("checklist.unknown", {"given": key, "known": known})


def _in_order(tx: Transaction, met: Collection[str] | None) -> tuple[str, ...] | None:
    if met is None:
        return None
    return tuple(item.key for item in tx.policy.review.checklist if item.key in met)


def _told(verdict: Verdict) -> dict[str, Any]:
    """The particulars of scores as their event keeps them; what nobody was asked is left out."""
    data: dict[str, Any] = {"quarter": verdict.quarter, "quality": verdict.quality}
    if verdict.kind is VerdictKind.ACCEPTED:
        data["timeliness"] = verdict.timeliness
    data["remark"] = verdict.remark
    if verdict.met is not None:
        data |= {"met": list(verdict.met), "proposed_quality": verdict.proposed_quality}
    if verdict.timeliness != verdict.proposed_timeliness:
        data["proposed_timeliness"] = verdict.proposed_timeliness
    reasons = {name: getattr(verdict, name) for name in ("quality_reason", "timeliness_reason")}
    return data | {name: reason for name, reason in reasons.items() if reason}
