"""What an agency does with a quarter report: write it, hand it in, stand behind it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from engine.actions._work import Outcome, Work, begin
from engine.answering import answered, unanswered
from engine.errors import Unmet, refuse
from engine.events import Happened
from engine.indicator import QuarterReport
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
    work = begin_report(tx, code, fiscal_year, quarter, Action.WRITE_REPORT, by, now, expected_version)
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
    work = begin_report(tx, code, fiscal_year, quarter, Action.SUBMIT_REPORT, by, now, expected_version)
    returned = work.indicator.reports.get(quarter, QuarterReport(quarter)).return_reason
    report = work.fire_report(quarter, "submit", () if answers is None else unanswered(returned, answers))
    report.answer = "" if answers is None else answered(returned, answers)
    report.submitted_at, report.submitted_by = now, by.id
    report.return_reason, report.fix_by = "", None
    end = min(quarter_of(work, report).last_day, work.last_day)
    due_on = deadline(tx, work.indicator.agency, quarter_of(work, report))
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
    work = begin_report(tx, code, fiscal_year, quarter, Action.ENDORSE_REPORT, by, now, expected_version)
    report = work.fire_report(quarter, "endorse")
    report.endorsed_at, report.endorsed_by = now, by.id
    return work.finish(Happened.REPORT_ENDORSED, {"quarter": quarter})


def deadline(tx: Transaction, agency: int, quarter: Quarter) -> date:
    """The day by which the agency's work of the quarter is due, with its extension if it has one."""
    return deadline_of(quarter, tx.policy.deadlines, tx.policy.calendar, tx.extension(agency, quarter))


def proposed_timeliness(tx: Transaction, agency: int, quarter: Quarter, report: QuarterReport) -> int:
    """The 2.2 score that the time of submission earns."""
    submitted_on = None if report.submitted_at is None else tx.policy.day_of(report.submitted_at)
    return timeliness_score(timeliness(submitted_on, deadline(tx, agency, quarter)), tx.policy.scale)


def begin_report(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    quarter: int,
    action: Action,
    by: Person,
    now: datetime,
    expected_version: int | None,
) -> Work:
    """Load the indicator for an action on the report of that quarter."""
    if not 1 <= quarter <= 4:
        raise refuse("quarter.unknown", given=quarter)
    return begin(tx, code, fiscal_year, action, by, now, expected_version)


def quarter_of(work: Work, report: QuarterReport) -> Quarter:
    """The quarter of the report."""
    return work.indicator.fiscal_year.quarters[report.quarter - 1]
