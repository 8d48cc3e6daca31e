"""What people do with a quarter report: write, submit, endorse, accept with scores, return."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from engine.actions._work import Outcome, Work, begin
from engine.answering import answered, unanswered
from engine.errors import Unmet, refuse
from engine.events import Happened
from engine.indicator import Evaluation, QuarterReport, ReportState
from engine.levels import level_of
from engine.permissions import Action, Person
from engine.ports import Transaction
from engine.quarter import Quarter, deadline_of, timeliness
from engine.scores import timeliness_score


def write_report(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    *,
    narrative: str | None = None,
    self_reported: Decimal | None = None,
    not_reported: bool = False,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Write, or write over, the draft of a quarter's report; what is ``None`` stays as it was.

    ``self_reported`` is kept beside the computed level and never replaces it; not reported is not 0.
    ``not_reported`` takes a number back that was given before.
    """
    work = _begin(tx, code, fiscal_year, quarter, Action.WRITE_REPORT, by, now, expected_version)
    faults = []
    if self_reported is not None and not self_reported.is_finite():
        faults.append(Unmet("value.not_a_number", {"value": self_reported}))
    report = work.fire_report(quarter, "write", faults)
    if narrative is not None:
        report.narrative = narrative.strip()
    if self_reported is not None or not_reported:
        report.self_reported = self_reported
    report.written_at, report.written_by = now, by.id
    data = {
        "quarter": quarter,
        "narrative": report.narrative,
        "self_reported": None if report.self_reported is None else str(report.self_reported),
    }
    return work.finish(Happened.REPORT_WRITTEN, data)


def submit_report(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    *,
    answers: Sequence[str] | None = None,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Hand the report in; the time of it decides whether it was in time.

    With ``answers`` every point of the return before it has to be answered (see :mod:`engine.answering`).
    """
    work = _begin(tx, code, fiscal_year, quarter, Action.SUBMIT_REPORT, by, now, expected_version)
    returned = work.indicator.reports.get(quarter, QuarterReport(quarter)).return_reason
    report = work.fire_report(quarter, "submit", () if answers is None else unanswered(returned, answers))
    report.answer = "" if answers is None else answered(returned, answers)
    report.submitted_at, report.submitted_by = now, by.id
    report.return_reason, report.fix_by = "", None
    end = min(_quarter(work, report).last_day, work.last_day)
    due_on = deadline(tx, work.indicator.agency, _quarter(work, report))
    data = {
        "quarter": quarter,
        "level": level_of(work.indicator.workflow, work.indicator.facts, end).level,
        "self_reported": None if report.self_reported is None else str(report.self_reported),
        "due_on": due_on.isoformat(),
        **({"answer": report.answer} if report.answer else {}),
    }
    return work.finish(Happened.REPORT_SUBMITTED, data)


def endorse_report(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """The section head stands behind the report."""
    work = _begin(tx, code, fiscal_year, quarter, Action.ENDORSE_REPORT, by, now, expected_version)
    report = work.fire_report(quarter, "endorse")
    report.endorsed_at, report.endorsed_by = now, by.id
    return work.finish(Happened.REPORT_ENDORSED, {"quarter": quarter})


def accept_report(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    *,
    quality: int | None = None,
    timeliness_given: int | None = None,
    remark: str = "",
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """The evaluator accepts the report with its 2.1 (quality) and 2.2 (timeliness) scores.

    ``quality`` ``None`` leaves 2.1 not evaluated; ``timeliness_given`` ``None`` takes the score that the
    time of submission earns.
    """
    work = _begin(tx, code, fiscal_year, quarter, Action.ACCEPT_REPORT, by, now, expected_version)
    scale = tx.policy.scale
    faults = [
        *_off_scale("2.1", quality, scale.quality),
        *_off_scale("2.2", timeliness_given, scale.timeliness),
    ]
    report = work.fire_report(quarter, "accept", faults)
    if timeliness_given is None:
        timeliness_given = proposed_timeliness(tx, work.indicator.agency, _quarter(work, report), report)
    report.evaluation = Evaluation(quality, timeliness_given, remark.strip(), now, by.id)
    data = {
        "quarter": quarter,
        "quality": quality,
        "timeliness": timeliness_given,
        "remark": remark.strip(),
    }
    return work.finish(Happened.REPORT_ACCEPTED, data)


def return_report(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    *,
    reason: str,
    fix_by: date | None = None,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Send the report back with a reason and a day for the fix (default: the policy's working days)."""
    work = _begin(tx, code, fiscal_year, quarter, Action.RETURN_REPORT, by, now, expected_version)
    report = work.fire_report(quarter, "return", reason=reason, until=fix_by)
    report.return_reason = reason.strip()
    report.fix_by = fix_by or tx.policy.calendar.add_working_days(work.today, tx.policy.fix_days)
    report.endorsed_at, report.endorsed_by, report.evaluation = None, None, None
    data = {"quarter": quarter, "reason": report.return_reason, "fix_by": report.fix_by.isoformat()}
    return work.finish(Happened.REPORT_RETURNED, data)


def deadline(tx: Transaction, agency: int, quarter: Quarter) -> date:
    """The day by which the agency's work of the quarter is due, with its extension if it has one."""
    return deadline_of(quarter, tx.policy.deadlines, tx.policy.calendar, tx.extension(agency, quarter))


def proposed_timeliness(tx: Transaction, agency: int, quarter: Quarter, report: QuarterReport) -> int:
    """The 2.2 score that the time of submission earns."""
    submitted_on = None if report.submitted_at is None else tx.policy.day_of(report.submitted_at)
    return timeliness_score(timeliness(submitted_on, deadline(tx, agency, quarter)), tx.policy.scale)


def _begin(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    action: Action,
    by: Person,
    now: datetime,
    expected_version: int | None,
) -> Work:
    if not 1 <= quarter <= 4:
        raise refuse("quarter.unknown", given=quarter)
    return begin(tx, code, fiscal_year, action, by, now, expected_version)


def _quarter(work: Work, report: QuarterReport) -> Quarter:
    return work.indicator.fiscal_year.quarters[report.quarter - 1]


def _off_scale(score: str, given: int | None, allowed: tuple[int, ...]) -> Iterator[Unmet]:
    if given is not None and given not in allowed:
        yield Unmet("score.off_scale", {"score": score, "given": given, "allowed": list(allowed)})


#: The states in which a report waits for somebody other than its agency's coordinator.
WAITING = (ReportState.SUBMITTED, ReportState.ENDORSED)
