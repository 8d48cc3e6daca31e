"""What is done with the facts that texts propose: read them, and accept, change or refuse each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from engine.actions._work import Outcome, Work, begin
from engine.actions.occurrences import NewOccurrence, approve_occurrence, record_occurrence
from engine.errors import Refusal, refuse
from engine.events import Happened
from engine.guards import not_permitted
from engine.permissions import Action, Person, Subject
from engine.ports import Transaction
from engine.proposed import OPEN, ProposalState, Proposed

_UNCHANGED: Mapping[str, Any] = MappingProxyType({})


def propose_facts(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Read the facts that the indicator's reports propose; ``number`` tells how many are new.

    What was decided on before stays as it is.
    """
    work = begin(tx, code, fiscal_year, Action.RECORD, by, now, expected_version)
    work.check_person(None)
    changed = propose(work, None)
    if not changed:
        return work.nothing_to_do()
    new = [one.number for one in changed if one.state != ProposalState.OUTDATED]
    return work.finish(Happened.FACTS_PROPOSED, {"proposals": new}, number=len(new))


def propose(work: Work, page: int | None) -> list[Proposed]:
    """Keep what the reports of the indicator propose now; the proposals that are new or outdated."""
    # Imported where texts are read: all that knows Thai prose takes a moment, and no other action needs it.
    from engine.proposing import Said, kept, read_facts  # noqa: PLC0415 - see above

    indicator = work.indicator
    said = Said(
        {number: one.narrative for number, one in indicator.reports.items() if one.narrative},
        {
            number: one.self_reported
            for number, one in indicator.reports.items()
            if one.self_reported is not None
        },
    )
    phrased = work.tx.newest(indicator.workflow)
    found = read_facts(phrased, indicator.fiscal_year, said, indicator.unit)
    there = [] if page == 1 else work.tx.proposals(indicator)
    rows = kept(found, there, page=page, by=work.by.id, at=work.now)
    work.tx.keep_proposals(indicator, rows)
    return rows


def accept_proposal(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    number: int,
    *,
    changed: NewOccurrence | None = None,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Make it a fact, as proposed or as ``changed``; the fact's event names the words it was read from.

    Of values that contradict each other the others are set aside.
    """
    indicator = tx.indicator(code, fiscal_year)
    there = tx.proposals(indicator)
    one = _open(there, number, code)
    new = changed or as_fact(one)
    outcome = record_occurrence(
        tx,
        code,
        fiscal_year,
        new,
        by=by,
        now=now,
        expected_version=expected_version,
        read_from=_source(one),
    )
    accepted = one._replace(
        state=ProposalState.ACCEPTED.value, decided_at=now, decided_by=by.id, occurrence=outcome.number
    )
    others = [
        each._replace(state=ProposalState.SET_ASIDE.value)
        for each in there
        if one.is_contradicted and _contradicts(one, each) and each.state == ProposalState.PENDING
    ]
    tx.keep_proposals(outcome.indicator, [accepted, *others])
    return outcome


def _contradicts(one: Proposed, other: Proposed) -> bool:
    """Whether two values are stated of the same, so that whoever takes one does not take the other."""
    same = (one.quarter, one.milestone) == (other.quarter, other.milestone)
    return same and other.is_contradicted and other.number != one.number


def refuse_proposal(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    number: int,
    *,
    reason: str = "",
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Say that it is no fact, or none that is to be recorded."""
    work = begin(tx, code, fiscal_year, Action.RECORD, by, now, expected_version)
    one = _open(tx.proposals(work.indicator), number, code)
    work.check_person(None)
    refused = one._replace(
        state=ProposalState.REFUSED.value, decided_at=now, decided_by=by.id, reason=reason.strip()
    )
    tx.keep_proposals(work.indicator, [refused])
    data = {"proposal": number, **({"reason": reason.strip()} if reason.strip() else {})}
    return work.finish(Happened.PROPOSAL_REFUSED, data, number=number)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of accepting several: the numbers of proposals, and why others could not be.

    ``left`` are those about which a person has to say more, and what.
    """

    accepted: tuple[int, ...]
    approved: tuple[int, ...]
    refused: tuple[tuple[int, Refusal], ...]
    left: tuple[tuple[int, Refusal], ...] = ()
    last: Outcome | None = None


def accept_proposals(
    tx: Transaction, code: str, fiscal_year: int, *, only_certain: bool, by: Person, now: datetime
) -> Accepted:
    """Accept all that wait, the earlier milestones first; or only those about which nothing is in doubt.

    What has no day counts only once it is approved: whoever may does that too, when its quarter is over.
    Of one whose words name months only, the day is one that nobody knows. One that cannot be a fact, or of
    which a person has to say which of several values holds, is left waiting, and told.
    """
    indicator = tx.indicator(code, fiscal_year)
    order = {one.key: place for place, one in enumerate(indicator.workflow.milestones)}
    waiting = [one for one in tx.proposals(indicator) if one.state == ProposalState.PENDING]
    waiting.sort(key=lambda one: (one.quarter, order.get(one.milestone or "", 0), one.begins))
    approves = not_permitted(by, Action.APPROVE_UNDATED, Subject(indicator.agency)) is None
    accepted, approved, refused, left = [], [], [], []
    last = None
    for one in waiting:
        if only_certain and not one.is_certain:
            continue
        if one.is_contradicted:
            left.append((one.number, refuse("proposal.contradicted", number=one.number, value=one.value)))
            continue
        try:
            changed = as_fact(one, {"occurred_on": None}) if one.needs_day else None
            last = outcome = accept_proposal(
                tx, code, fiscal_year, one.number, changed=changed, by=by, now=now
            )
            accepted.append(one.number)
            if approves and not only_certain and outcome.number and one.counts and not one.is_dated:
                approve_occurrence(tx, code, fiscal_year, outcome.number, by=by, now=now)
                approved.append(outcome.number)
        except Refusal as why:
            refused.append((one.number, why))
    return Accepted(tuple(accepted), tuple(approved), tuple(refused), tuple(left), last)


def as_fact(one: Proposed, changes: Mapping[str, Any] = _UNCHANGED) -> NewOccurrence:
    """The fact as it is proposed but for the ``changes``, which are named as its fields are.

    One without a milestone is nothing yet. At another milestone its kind is that milestone's first, and
    without a day it is one of its quarter. Where the words name months only, the day has to be among the
    changes, and one of them; ``None`` among them says that nobody knows it.
    """
    milestone = changes.get("milestone", one.milestone)
    if not milestone:
        raise refuse("proposal.no_milestone", number=one.number)
    if one.needs_day:
        _check_day(one, changes)
    proposed = {
        "occurred_on": one.occurred_on,
        "kind": one.kind if milestone == one.milestone else None,
        "value": one.value,
        "document_number": one.document_number,
        "note": one.note,
    }
    fact = NewOccurrence(**{**proposed, **changes, "milestone": milestone})
    return fact if fact.occurred_on else fact._replace(quarter=one.quarter)


def _check_day(one: Proposed, changes: Mapping[str, Any]) -> None:
    span: dict[str, Any] = {"number": one.number, "first": one.first_on, "last": one.last_on}
    if "occurred_on" not in changes:
        raise refuse("day.asked", **span)
    day = changes["occurred_on"]
    if day is not None and one.first_on and one.last_on and not one.first_on <= day <= one.last_on:
        raise refuse("day.beside", **span, day=day)


def _open(there: list[Proposed], number: int, code: str) -> Proposed:
    found = next((one for one in there if one.number == number), None)
    if found is None:
        known = [one.number for one in there if one.state in OPEN]
        raise refuse("proposal.unknown", number=number, code=code, known=known)
    if found.state not in OPEN:
        raise refuse("proposal.decided", number=number, state=ProposalState(found.state), at=found.decided_at)
    return found


def _source(one: Proposed) -> dict[str, Any]:
    """Where the fact comes from: the proposal, and the words of which narrative and page it was read from."""
    full = {
        "proposal": one.number,
        "quarter": one.quarter,
        "words": [one.begins, one.ends] if one.ends else None,
        "page": one.page,
    }
    return {name: value for name, value in full.items() if value is not None}
