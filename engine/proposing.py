"""From the texts and results of an indicator to proposals as they are kept: what is new, what is gone."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from engine.proposed import OPEN, ProposalState, Proposed
from engine.prose.proposal import Proposal
from engine.prose.proposals import of_year
from engine.prose.reasons import Reason
from engine.prose.standing import ProposalStanding
from engine.quarter import FiscalYear, Quarter
from engine.workflow import MilestoneDefinition, Workflow


class Said(NamedTuple):
    """What an indicator says of its quarters: the narratives, and the results in its unit."""

    narratives: dict[int, str]
    results: dict[int, Decimal]


def read_facts(workflow: Workflow, year: FiscalYear, said: Said, unit: str) -> list[Proposal]:
    """Every fact that the texts and results propose, by quarter.

    A result in the table is what was measured; what the narrative says of it is not another measurement.
    """
    found = list(of_year(workflow, year, said.narratives, unit=unit))
    measured = next((one for one in workflow.milestones if one.measure is not None), None)
    if measured is None:
        return found
    results = [_of_result(measured, quarter, said.results) for quarter in year.quarters]
    told = {one.quarter for one in results if one}
    kept = [one for one in found if one.value is None or one.quarter not in told]
    return sorted([*kept, *filter(None, results)], key=lambda one: (one.quarter, one.start))


def _of_result(
    measured: MilestoneDefinition, quarter: Quarter, results: dict[int, Decimal]
) -> Proposal | None:
    """The result of a quarter as a measured fact of its last day; one that cannot be measured is none."""
    value, measure = results.get(quarter.number), measured.measure
    if value is None or measure is None or not measure.admits(value):
        return None
    why = (Reason("prose.result", {"value": value, "quarter": quarter, "milestone": measured.title}),)
    return Proposal(
        quarter=quarter.number,
        start=0,
        end=0,
        text="",
        standing=ProposalStanding.DONE,
        milestone=measured.key,
        kind=measured.kinds[0].key if measured.kinds else None,
        occurred_on=quarter.last_day,
        value=value,
        why=why,
    )


def kept(
    found: Iterable[Proposal], there: Sequence[Proposed], *, page: int | None, by: int, at: datetime
) -> list[Proposed]:
    """What is new among the proposals of a year, and what of the open ones is no longer found, marked so."""
    rows = [_row(one, page, by, at) for one in found]
    known, seen = {one.identity for one in there}, {one.identity for one in rows}
    new = [row for row in rows if row.identity not in known]
    numbered = [row._replace(number=len(there) + place) for place, row in enumerate(new, start=1)]
    gone = [one for one in there if one.state in OPEN and one.identity not in seen]
    return [*numbered, *(one._replace(state=ProposalState.OUTDATED.value, decided_at=at) for one in gone)]


def _row(one: Proposal, page: int | None, by: int, at: datetime) -> Proposed:
    return Proposed(
        number=0,
        quarter=one.quarter,
        begins=one.start,
        ends=one.end,
        text=one.text,
        standing=str(one.standing),
        milestone=one.milestone,
        kind=one.kind,
        counts=one.counts,
        occurred_on=one.occurred_on,
        first_on=one.first,
        last_on=one.last,
        document_number=one.document_number,
        note=one.note,
        value=one.value,
        confidence=str(one.confidence),
        why=one.why,
        page=page,
        made_at=at,
        made_by=by,
        state=str(ProposalState.PENDING if one.done else ProposalState.SET_ASIDE),
    )
