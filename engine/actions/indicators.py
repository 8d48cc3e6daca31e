"""What is done with whole indicators: create, cancel, close, and bring the kept level to today."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.actions._work import Outcome, Work, begin
from engine.actions.reports import deadline
from engine.errors import Unmet, unless
from engine.events import Event, Happened
from engine.guards import not_permitted, permitted
from engine.indicator import Indicator, Life, Milestone
from engine.machine import fire, life_rules, unmet_conditions
from engine.permissions import Action, Person, Subject
from engine.ports import Transaction
from engine.quarter import FiscalYear
from engine.settling import disagreements, restate
from engine.workflow import Text, Workflow


@dataclass(frozen=True, slots=True)
class NewIndicator:
    """An indicator as an administrator gives it: ``agency`` and ``workflow_owner`` are agency ids."""

    code: str
    fiscal_year: FiscalYear
    agency: int
    workflow: Workflow
    title: Text
    unit: str = ""
    target: Decimal | None = None
    weight: Decimal = Decimal(1)
    workflow_owner: int | None = None
    draft: bool = False


def create_indicator(tx: Transaction, new: NewIndicator, *, by: Person, now: datetime) -> Indicator:
    """Create an indicator, active at once, with every milestone open and due by the policy's deadlines.

    It keeps its workflow version until it is migrated on purpose.
    """
    unless(_faults(new, by))
    indicator = Indicator(
        id=0,
        code=new.code.strip(),
        fiscal_year=new.fiscal_year,
        agency=new.agency,
        workflow=new.workflow,
        title=new.title,
        unit=new.unit,
        target=new.target,
        weight=new.weight,
        life=Life.DRAFT.value if new.draft else Life.ACTIVE.value,
        workflow_owner=new.workflow_owner,
        sealed_through=tx.sealed_through(new.fiscal_year.year),
    )
    quarters = {one.due_quarter for one in new.workflow.milestones}
    due = {number: deadline(tx, new.agency, new.fiscal_year.quarters[number - 1]) for number in quarters}
    for definition in new.workflow.milestones:
        due_on = due[definition.due_quarter]
        indicator.milestones[definition.key] = Milestone(definition.key, due_on=due_on, since=now)
    indicator.stored = restate(indicator, tx.policy.day_of(now))
    data = {
        "code": indicator.code,
        "fiscal_year": new.fiscal_year.year,
        "agency": new.agency,
        "workflow": new.workflow.key,
        "workflow_version": new.workflow.version,
        "workflow_hash": new.workflow.source_hash,
        "title": {"th": new.title.th, "en": new.title.en},
        "unit": new.unit,
        "target": None if new.target is None else str(new.target),
        "weight": str(new.weight),
    }
    tx.create(indicator, Event(Happened.INDICATOR_CREATED, now, by.id, data))
    return indicator


def activate_indicator(tx: Transaction, code: str, fiscal_year: int, *, by: Person, now: datetime) -> Outcome:
    """Let work on a draft begin: its agreement is signed."""
    work = begin(tx, code, fiscal_year, Action.MANAGE_INDICATORS, by, now)
    return _live(work, "activate", Happened.INDICATOR_ACTIVATED, "")


def request_cancellation(
    tx: Transaction, code: str, fiscal_year: int, *, reason: str, by: Person, now: datetime
) -> Outcome:
    """Ask the evaluator to cancel the indicator; work on it goes on until that is decided."""
    work = begin(tx, code, fiscal_year, Action.REQUEST_CANCELLATION, by, now)
    return _live(work, "request_cancellation", Happened.CANCELLATION_REQUESTED, reason)


def decline_cancellation(
    tx: Transaction, code: str, fiscal_year: int, *, reason: str = "", by: Person, now: datetime
) -> Outcome:
    """Turn a request for cancellation down."""
    work = begin(tx, code, fiscal_year, Action.CANCEL, by, now)
    return _live(work, "decline_cancellation", Happened.CANCELLATION_DECLINED, reason)


def cancel_indicator(
    tx: Transaction, code: str, fiscal_year: int, *, reason: str, by: Person, now: datetime
) -> Outcome:
    """Cancel the indicator with the approver's reason: nothing can be recorded on it any more."""
    work = begin(tx, code, fiscal_year, Action.CANCEL, by, now)
    return _live(work, "cancel", Happened.INDICATOR_CANCELLED, reason)


def close_indicator(
    tx: Transaction, code: str, fiscal_year: int, *, reason: str = "", by: Person, now: datetime
) -> Outcome:
    """Close the indicator at the end of its work."""
    work = begin(tx, code, fiscal_year, Action.MANAGE_INDICATORS, by, now)
    return _live(work, "close", Happened.INDICATOR_CLOSED, reason)


def refresh_level(tx: Transaction, code: str, fiscal_year: int, *, by: Person, now: datetime) -> Outcome:
    """Bring the kept levels to what the facts say today.

    A waiver may have run out, or what was kept may be wrong; where neither is so, nothing is written.
    """
    work = begin(tx, code, fiscal_year, Action.VIEW, by, now)
    unless(unmet_conditions((permitted,), work.attempt()))
    kept, year = work.before, work.indicator.fiscal_year
    if kept.changes_on is not None and kept.changes_on <= work.today:
        return work.finish(Happened.LEVEL_REFRESHED, {"from": kept.changes_on.isoformat()})
    if not disagreements(work.indicator):
        return work.nothing_to_do()
    return work.finish(Happened.LEVEL_REFRESHED, {"mended": True}, year.first_day)


class _Life:
    """The model of the life machine."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


def move_life(work: Work, trigger: str, reason: str) -> None:
    """Move the indicator's life; the caller saves it with an event."""
    model = _Life(work.indicator.life)
    fire(life_rules(), model, trigger, work.attempt(reason=reason))
    work.indicator.life = model.state


def _live(work: Work, trigger: str, happened: Happened, reason: str) -> Outcome:
    move_life(work, trigger, reason)
    data = {"reason": reason.strip()} if reason.strip() else {}
    return work.finish(happened, data)


def _faults(new: NewIndicator, by: Person) -> list[Unmet | None]:
    faults = [not_permitted(by, Action.MANAGE_INDICATORS, Subject(new.agency, new.workflow_owner))]
    if not new.code.strip():
        faults.append(Unmet("indicator.code_missing"))
    if not new.title.th.strip():
        faults.append(Unmet("indicator.title_missing", {"code": new.code}))
    if not new.weight.is_finite():
        faults.append(Unmet("value.not_a_number", {"value": new.weight}))
    elif new.weight <= 0:
        faults.append(Unmet("weight.not_positive", {"key": new.code, "weight": new.weight}))
    if new.target is not None and not new.target.is_finite():
        faults.append(Unmet("value.not_a_number", {"value": new.target}))
    return faults
