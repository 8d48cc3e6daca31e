"""The measured fact that a narrative states; none where its value is not certain."""

from collections.abc import Iterator
from decimal import Decimal

from engine.prose.claims import claim
from engine.prose.narrative import Narrative
from engine.prose.proposal import Proposal
from engine.prose.reasons import Reason, confidence
from engine.prose.standing import ProposalStanding
from engine.prose.statements import Statement
from engine.prose.values import stated
from engine.workflow import MilestoneDefinition, Workflow


def measured(workflow: Workflow, read: Narrative, unit: str) -> Iterator[Proposal]:
    """The value of the workflow's only measured milestone, on the day that its statement tells."""
    milestones = [one for one in workflow.milestones if one.measure is not None]
    if len(milestones) != 1 or milestones[0].measure is None:
        return
    done = [one for one in read.statements if claim(read.main(one)).standing is ProposalStanding.DONE]
    value = stated(read.text, [(one.start, one.end) for one in done], milestones[0].measure, unit)
    if value is not None:
        home = next(one for one in done if one.start <= value.start < one.end)
        yield _proposal(milestones[0], read, home, value.value, unit)


def _proposal(
    milestone: MilestoneDefinition, read: Narrative, statement: Statement, value: Decimal, unit: str
) -> Proposal:
    days = [one.day for one in statement.dates if one.day and read.in_quarter(one.day) and not one.doubts]
    day = days[-1] if len(set(days)) == 1 else None
    dated = Reason("prose.day", {"day": day}) if day else Reason("prose.undated", {"quarter": read.quarter})
    why = (Reason("prose.value", {"value": value, "unit": unit, "milestone": milestone.title}), dated)
    return Proposal(
        read.quarter.number,
        *read.place(statement.start, statement.end),
        ProposalStanding.DONE,
        milestone=milestone.key,
        kind=milestone.kinds[0].key if milestone.kinds else None,
        occurred_on=day,
        first=day,
        last=day,
        note=read.note(statement),
        value=value,
        confidence=confidence(why),
        why=why,
    )
