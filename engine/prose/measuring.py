"""The measured fact that a narrative states; where it states several, each of them for a person to choose."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from engine.prose.narrative import Narrative
from engine.prose.proposal import Proposal
from engine.prose.reasons import CONTRADICTS, Reason, confidence
from engine.prose.standing import ProposalStanding
from engine.prose.statements import Statement
from engine.prose.values import Stated, figures
from engine.workflow import MilestoneDefinition, Workflow

#: A narrative with more values than these tells of parts and counts, and not of the result.
MOST = 4


def measured(workflow: Workflow, read: Narrative, unit: str) -> Iterator[Proposal]:
    """The value of the workflow's only measured milestone, on the day that its statement tells.

    Of several that differ each stands at its own words, and says which others there are.
    """
    milestones = [one for one in workflow.milestones if one.measure is not None]
    if len(milestones) != 1 or milestones[0].measure is None:
        return
    measure = milestones[0].measure
    done = [one for one in read.statements if _is_done(read, one)]
    found = figures(read.text, [(one.start, one.end) for one in done], measure, unit)
    if len(found) > MOST:
        return
    for one in found:
        if measure.admits(one.value):
            home = next(each for each in done if each.start <= one.start < each.end)
            others = [each.value for each in found if each is not one]
            yield _proposal(milestones[0], read, home, one, others, unit)


def _is_done(read: Narrative, statement: Statement) -> bool:
    return read.claim(statement, read.main(statement)).standing is ProposalStanding.DONE


def _proposal(
    milestone: MilestoneDefinition,
    read: Narrative,
    statement: Statement,
    stated: Stated,
    others: Sequence[Decimal],
    unit: str,
) -> Proposal:
    value, span = stated.value, stated if others else statement
    days = [one.day for one in statement.dates if one.day and read.in_quarter(one.day) and not one.doubts]
    day = days[-1] if len(set(days)) == 1 else None
    dated = Reason("prose.day", {"day": day}) if day else Reason("prose.undated", {"quarter": read.quarter})
    differs = [Reason(CONTRADICTS, {"others": list(others)})] if others else []
    why = (
        Reason("prose.value", {"value": value, "unit": unit, "milestone": milestone.title}),
        dated,
        *differs,
    )
    return Proposal(
        read.quarter.number,
        *read.place(span.start, span.end),
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
