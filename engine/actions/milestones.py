"""What people decide on a milestone: verified, returned, reopened, blocked, postponed, waived, and why."""

from collections.abc import Sequence
from datetime import date, datetime

from engine.actions._work import Outcome, Work, begin
from engine.answering import answered, unanswered
from engine.events import Happened
from engine.indicator import Decision, MilestoneState, Ruling, Waiver
from engine.levels import latest_decisions
from engine.permissions import Action, Person
from engine.ports import Transaction


def achieve_milestone(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    answers: Sequence[str] | None = None,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Declare a milestone achieved: after a return or a reopening, its facts are put forward again.

    A milestone becomes achieved by itself when its facts are complete, so asking for one that already
    is changes nothing. Anything missing is refused, all of it at once. With ``answers`` every point of the
    return has to be answered (see :mod:`engine.answering`).
    """
    work = begin(tx, code, fiscal_year, Action.ACHIEVE, by, now, expected_version)
    definition = work.definition(milestone)
    if work.indicator.milestones[milestone].state == MilestoneState.ACHIEVED:
        work.check_person(definition)
        return work.nothing_to_do()
    returned = latest_decisions(work.indicator.decisions).get(milestone)
    reason = returned.reason if returned is not None and returned.ruling is Ruling.RETURNED else ""
    faults = () if answers is None else tuple(unanswered(reason, answers))
    answer = "" if answers is None or faults else answered(reason, answers)
    decision = _decide(work, milestone, Ruling.ACHIEVED, answer)
    work.fire_milestone(definition.key, "achieve", faults)
    data = {"milestone": milestone, **({"answer": answer} if answer else {})}
    return work.finish(Happened.MILESTONE_ACHIEVED, data, _first_day(work), decision.number)


def verify_milestone(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    remark: str = "",
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Accept a milestone with the facts recorded so far; later facts need a verification of their own.

    Once the year's last quarter is sealed, only what was corrected since can be accepted.
    """
    work = begin(tx, code, fiscal_year, Action.VERIFY, by, now, expected_version)
    definition = work.definition(milestone)
    work.fire_milestone(definition.key, "verify", corrected=_is_corrected(work, milestone))
    decision = _decide(work, milestone, Ruling.VERIFIED, remark)
    data = {"milestone": milestone, **({"remark": remark} if remark else {})}
    return work.finish(Happened.MILESTONE_VERIFIED, data, _first_day(work), decision.number)


def return_milestone(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    reason: str,
    fix_by: date | None = None,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Send a milestone back to be mended by ``fix_by`` (default: the working days of the policy).

    The verified level falls; the claimed one is the coordinator's word and stands.
    """
    work = begin(tx, code, fiscal_year, Action.RETURN, by, now, expected_version)
    work.fire_milestone(work.definition(milestone).key, "return", reason=reason, until=fix_by)
    fix_by = fix_by or tx.policy.calendar.add_working_days(work.today, tx.policy.fix_days)
    decision = _decide(work, milestone, Ruling.RETURNED, reason, fix_by)
    data = {"milestone": milestone, "reason": reason.strip(), "fix_by": fix_by.isoformat()}
    return work.finish(Happened.MILESTONE_RETURNED, data, _first_day(work), decision.number)


def reopen_milestone(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    reason: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Take a milestone back into work: its facts stop counting until it is declared achieved again.

    A waived milestone loses its waiver instead and goes where its facts put it. Refused when a fact of
    it lies in a sealed quarter.
    """
    work = begin(tx, code, fiscal_year, Action.REOPEN, by, now, expected_version)
    definition = work.definition(milestone)
    waived = work.indicator.milestones[milestone].state == MilestoneState.WAIVED
    work.fire_milestone(definition.key, "reopen", reason=reason)
    if waived:
        _withdraw_waivers(work, milestone)
    else:
        _decide(work, milestone, Ruling.REOPENED, reason)
    data = {"milestone": milestone, "reason": reason.strip()}
    return work.finish(Happened.MILESTONE_REOPENED, data, _first_day(work))


def block_milestone(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    waiting_for: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Report that the milestone waits for somebody else, and for whom."""
    work = begin(tx, code, fiscal_year, Action.BLOCK, by, now, expected_version)
    changed = work.fire_milestone(work.definition(milestone).key, "block", reason=waiting_for)
    changed.blocked_by = waiting_for.strip()
    data = {"milestone": milestone, "waiting_for": waiting_for.strip()}
    return work.finish(Happened.MILESTONE_BLOCKED, data)


def resume_milestone(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Lift a block or a postponement: the work goes on."""
    work = begin(tx, code, fiscal_year, Action.RESUME, by, now, expected_version)
    work.fire_milestone(work.definition(milestone).key, "resume")
    return work.finish(Happened.MILESTONE_RESUMED, {"milestone": milestone})


def postpone_milestone(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    until: date,
    reason: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Put a milestone off to a later day of the year, with the approver's reason."""
    work = begin(tx, code, fiscal_year, Action.POSTPONE, by, now, expected_version)
    changed = work.fire_milestone(work.definition(milestone).key, "postpone", reason=reason, until=until)
    changed.postponed_to, changed.reason = until, reason.strip()
    data = {"milestone": milestone, "until": until.isoformat(), "reason": reason.strip()}
    return work.finish(Happened.MILESTONE_POSTPONED, data)


def waive_milestone(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    reason: str,
    expires_on: date,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Excuse an agency from a milestone through ``expires_on``: until then it does not break the ladder."""
    work = begin(tx, code, fiscal_year, Action.WAIVE, by, now, expected_version)
    changed = work.fire_milestone(work.definition(milestone).key, "waive", reason=reason, until=expires_on)
    changed.reason = reason.strip()
    waiver = Waiver(
        number=len(work.indicator.waivers) + 1,
        milestone=milestone,
        granted_on=work.today,
        expires_on=expires_on,
        granted_at=work.written_at,
        granted_by=by.id,
        reason=reason.strip(),
    )
    work.indicator.waivers.append(waiver)
    work.change.waivers.append(waiver)
    data = {"milestone": milestone, "expires_on": expires_on.isoformat(), "reason": reason.strip()}
    return work.finish(Happened.MILESTONE_WAIVED, data, work.today, waiver.number)


def _is_corrected(work: Work, milestone: str) -> bool:
    """Whether a fact of the milestone came after the last seal of a year that is sealed as a whole."""
    if work.indicator.sealed_through < 4:
        return False
    sealed_at = work.tx.last_sealed_at(work.indicator.fiscal_year.year)
    return sealed_at is not None and any(fact.known_since > sealed_at for fact in work.tally(milestone).facts)


def _decide(
    work: Work, milestone: str, ruling: Ruling, reason: str = "", fix_by: date | None = None
) -> Decision:
    decision = Decision(
        number=len(work.indicator.decisions) + 1,
        milestone=milestone,
        ruling=ruling,
        decided_at=work.written_at,
        decided_by=work.by.id,
        reason=reason.strip(),
        fix_by=fix_by,
    )
    work.indicator.decisions.append(decision)
    work.change.decisions.append(decision)
    return decision


def _withdraw_waivers(work: Work, milestone: str) -> None:
    """Withdraw what excuses the milestone now; what a sealed quarter was excused from stays excused."""
    indicator = work.indicator
    sealed = indicator.fiscal_year.quarters[: indicator.sealed_through]
    for waiver in list(indicator.waivers):
        if waiver.milestone != milestone or waiver.withdrawn_at or waiver.expires_on < work.last_day:
            continue
        indicator.waivers[waiver.number - 1] = withdrawn = waiver._replace(withdrawn_at=work.written_at)
        work.change.waivers.append(withdrawn)
        if sealed and waiver.granted_on <= sealed[-1].last_day:
            number, until = len(indicator.waivers) + 1, sealed[-1].last_day
            kept = waiver._replace(number=number, expires_on=until, granted_at=work.written_at)
            indicator.waivers.append(kept)
            work.change.waivers.append(kept)


def _first_day(work: Work) -> date:
    """A decision on a milestone can move the level of every quarter of the year."""
    return work.indicator.fiscal_year.first_day
