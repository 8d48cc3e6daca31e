"""What people decide on a milestone: verified, returned, reopened, blocked, postponed, waived, and why."""

from datetime import date, datetime

from engine.actions._work import Outcome, Work, begin
from engine.errors import Unmet, refuse
from engine.events import Happened
from engine.indicator import Decision, Evidence, MilestoneState, Ruling, Waiver
from engine.nearest import nearest
from engine.permissions import Action, Person
from engine.ports import Transaction
from engine.workflow import MilestoneDefinition


def achieve_milestone(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Declare a milestone achieved: after a return or a reopening, its facts are put forward again.

    A milestone becomes achieved by itself when its facts are complete, so asking for one that already
    is changes nothing. Anything missing is refused, all of it at once.
    """
    work = begin(tx, code, fiscal_year, Action.ACHIEVE, by, now, expected_version)
    definition = work.definition(milestone)
    if work.indicator.milestones[milestone].state == MilestoneState.ACHIEVED:
        work.check_person(definition)
        return work.nothing_to_do()
    decision = _decide(work, milestone, Ruling.ACHIEVED)
    work.fire_milestone(definition.key, "achieve")
    return work.finish(
        Happened.MILESTONE_ACHIEVED, {"milestone": milestone}, _first_day(work), decision.number
    )


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
    """Accept a milestone with the facts recorded so far; later facts need a verification of their own."""
    work = begin(tx, code, fiscal_year, Action.VERIFY, by, now, expected_version)
    work.fire_milestone(work.definition(milestone).key, "verify")
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


def attach_evidence(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    request: str | None = None,
    occurrence: int | None = None,
    sha256: str | None = None,
    link: str | None = None,
    file_name: str = "",
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Attach a kept file (by its SHA-256) or a link to a milestone, as one of the documents it asks for.

    ``request`` defaults to the milestone's first document; ``occurrence`` ties it to one fact.
    """
    work = begin(tx, code, fiscal_year, Action.ATTACH, by, now, expected_version)
    definition = work.definition(milestone)
    known = [asked.key for asked in definition.evidence]
    request = request or (known[0] if known else "")
    work.check_person(
        definition,
        _unknown_request(definition, request),
        _unknown_fact(work, milestone, occurrence),
        Unmet("evidence.file_or_link") if (sha256 is None) == (link is None) else None,
    )
    evidence = Evidence(
        number=len(work.indicator.evidence) + 1,
        milestone=milestone,
        request=request,
        occurrence=occurrence,
        attached_at=work.written_at,
        attached_by=by.id,
        sha256=sha256,
        link=link,
        file_name=file_name,
    )
    work.indicator.evidence.append(evidence)
    work.change.evidence.append(evidence)
    full = {
        "number": evidence.number,
        "milestone": milestone,
        "request": request or None,
        "occurrence": occurrence,
        "sha256": sha256,
        "link": link,
        "file_name": file_name or None,
    }
    data = {"evidence": {key: value for key, value in full.items() if value is not None}}
    return work.finish(Happened.EVIDENCE_ATTACHED, data, number=evidence.number)


def withdraw_evidence(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    number: int,
    *,
    reason: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Take a piece of evidence back, with a reason; the file itself is kept."""
    work = begin(tx, code, fiscal_year, Action.ATTACH, by, now, expected_version)
    found = next((one for one in work.indicator.evidence if one.number == number), None)
    if found is None or found.withdrawn_at is not None:
        known = [one.number for one in work.indicator.evidence if one.withdrawn_at is None]
        raise refuse("evidence.unknown", number=number, code=code, known=known)
    work.check_person(
        work.definition(found.milestone),
        None if reason.strip() else Unmet("reason.missing", {"action": Action.ATTACH}),
    )
    withdrawn = found._replace(withdrawn_at=work.written_at)
    work.indicator.evidence[number - 1] = withdrawn
    work.change.evidence.append(withdrawn)
    data = {"evidence": number, "milestone": found.milestone, "reason": reason.strip()}
    return work.finish(Happened.EVIDENCE_WITHDRAWN, data, number=number)


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


def _unknown_request(definition: MilestoneDefinition, request: str) -> Unmet | None:
    known = [asked.key for asked in definition.evidence]
    if not known or request in known:
        return None
    return Unmet(
        "evidence.request_unknown",
        {
            "given": request,
            "milestone": definition.title,
            "nearest": nearest(request, known),
            "known": known,
        },
    )


def _unknown_fact(work: Work, milestone: str, number: int | None) -> Unmet | None:
    known = [
        one.number
        for one in work.indicator.occurrences
        if one.milestone == milestone and one.voided_at is None
    ]
    if number is None or number in known:
        return None
    return Unmet("occurrence.unknown", {"number": number, "code": work.indicator.code, "known": known})


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
