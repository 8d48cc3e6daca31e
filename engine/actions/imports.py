"""What is done with pages of the existing site: an indicator comes in with all its past."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.actions._work import Outcome, Work, begin
from engine.actions.indicators import NewIndicator, create_indicator
from engine.actions.proposals import propose
from engine.errors import Unmet, refuse
from engine.events import Happened
from engine.indicator import Evaluation, Indicator, QuarterReport, ReportState
from engine.pages.changes import ChangedField, changes
from engine.pages.kept import TakenReport, Texts
from engine.pages.values import ImportedPage
from engine.permissions import Action, Person
from engine.ports import Transaction
from engine.proposed import ProposalState


@dataclass(frozen=True, slots=True)
class TakenPage:
    """A page as it is kept: the indicator, its texts, its quarters, and the page itself."""

    new: NewIndicator
    texts: Texts
    reports: tuple[TakenReport, ...]
    page: ImportedPage


def import_page(tx: Transaction, taken: TakenPage, *, by: Person, now: datetime) -> Outcome:
    """Create the indicator with the past that the page tells, and the facts that its texts propose.

    The outcome's ``number`` is how many facts wait.

    When a report was handed in the page does not tell, so nobody is made up who did: a report that was
    evaluated is accepted, every other is a draft that can be handed in here.
    """
    indicator = create_indicator(tx, taken.new, by=by, now=now)
    work = Work(tx, indicator, Action.MANAGE_INDICATORS, by, now, tx.policy.day_of(now))
    return _keep(work, taken, taken.reports, 1)


def update_from_page(tx: Transaction, taken: TakenPage, *, by: Person, now: datetime) -> Outcome:
    """Keep what the page tells differently from before; what was done here since then is left alone.

    Raises :class:`~engine.errors.Refusal` where a report that changed was handed in or judged here meanwhile.
    """
    new = taken.new
    work = begin(tx, new.code, new.fiscal_year.year, Action.MANAGE_INDICATORS, by, now)
    there = tx.imported_pages(work.indicator)
    if not there:
        raise refuse("import.not_imported", code=new.code, year=new.fiscal_year)
    if there[-1].sha256 == taken.page.sha256:
        return work.nothing_to_do()
    changed = {one.quarter for one in changed_fields(tx, work.indicator, taken) if one.quarter}
    return _keep(work, taken, [one for one in taken.reports if one.quarter in changed], len(there) + 1)


def changed_fields(tx: Transaction, indicator: Indicator, taken: TakenPage) -> list[ChangedField]:
    """What the page tells otherwise than what is kept here."""
    return changes(indicator, tx.texts(indicator), taken.new.title, taken.new.unit, taken.new.target, taken)


def _keep(work: Work, taken: TakenPage, reports: Sequence[TakenReport], number: int) -> Outcome:
    work.check_person(None, *_faults(work, reports))
    page = taken.page._replace(number=number, imported_at=work.now, imported_by=work.by.id)
    for one in reports:
        work.change.reports.append(_report(work, one))
    work.tx.keep_page(work.indicator, page, taken.texts)
    proposed = propose(work, page.number)
    waiting = sum(one.state == ProposalState.PENDING for one in proposed)
    return work.finish(Happened.PAGE_IMPORTED, _told(page, reports, waiting), number=waiting)


def _faults(work: Work, reports: Sequence[TakenReport]) -> Iterator[Unmet]:
    """What was handed in here, or judged here, is of this house; a page says nothing more of it."""
    judged = {one.quarter for one in work.tx.verdicts(work.indicator)} if work.indicator.reports else set()
    for one in reports:
        quarter = work.indicator.fiscal_year.quarters[one.quarter - 1]
        there = work.indicator.reports.get(one.quarter)
        if one.quarter <= work.indicator.sealed_through:
            yield Unmet("quarter.sealed", {"quarter": quarter})
        elif there is not None and (there.submitted_at is not None or one.quarter in judged):
            yield Unmet("import.report_went_on", {"quarter": quarter, "state": ReportState(there.state)})


def _report(work: Work, one: TakenReport) -> QuarterReport:
    report = work.indicator.reports.setdefault(one.quarter, QuarterReport(one.quarter))
    report.narrative, report.self_reported = one.narrative.strip(), one.self_reported
    report.written_at, report.written_by = work.now, work.by.id
    is_evaluated = one.quality is not None or one.timeliness is not None
    report.state = (ReportState.ACCEPTED if is_evaluated else ReportState.DRAFT).value
    report.evaluation = (
        Evaluation(one.quality, one.timeliness, "", work.now, work.by.id) if is_evaluated else None
    )
    return report


def _told(page: ImportedPage, reports: Sequence[TakenReport], proposed: int) -> dict[str, Any]:
    """The particulars of the event: the page by its hash, and every report as it is kept."""
    return {
        "page": page.number,
        "name": page.name,
        "sha256": page.sha256,
        "proposals": proposed,
        "reports": [
            {
                "quarter": one.quarter,
                "narrative": one.narrative.strip(),
                "self_reported": None if one.self_reported is None else str(one.self_reported),
                "quality": one.quality,
                "timeliness": one.timeliness,
            }
            for one in reports
        ],
    }
