"""From the narratives of an indicator to the facts that they propose: pure rules, the same every time."""

from collections.abc import Mapping
from dataclasses import replace

from engine.prose.measuring import measured
from engine.prose.narrative import read_narrative
from engine.prose.proposal import Proposal
from engine.prose.reasons import Confidence, Reason, confidence
from engine.prose.standing import ProposalStanding
from engine.prose.telling import told
from engine.quarter import FiscalYear
from engine.workflow import Workflow

__all__ = ["Confidence", "Proposal", "ProposalStanding", "Reason", "of_year", "proposals"]


def proposals(
    workflow: Workflow, fiscal_year: FiscalYear, quarter: int, narrative: str, *, unit: str = ""
) -> tuple[Proposal, ...]:
    """What the narrative of a quarter proposes, in the order in which it tells it.

    Phrases change no rule: they may come from a newer version of the workflow than the one that runs.
    ``unit`` is the indicator's, by which a measured value is known.
    """
    read = read_narrative(narrative, fiscal_year.quarters[quarter - 1])
    found = [*told(workflow, read), *measured(workflow, read, unit)]
    return tuple(sorted(found, key=lambda one: (one.start, one.end)))


def of_year(
    workflow: Workflow, fiscal_year: FiscalYear, narratives: Mapping[int, str], *, unit: str = ""
) -> tuple[Proposal, ...]:
    """What the narratives of a year propose, by quarter.

    What an earlier quarter told already is a reference: the same text often stands in several.
    """
    found: list[Proposal] = []
    known: dict[tuple[object, ...], int] = {}
    for quarter in sorted(narratives):
        for one in proposals(workflow, fiscal_year, quarter, narratives[quarter], unit=unit):
            first = known.setdefault(_identity(one), quarter) if one.done and one.value is None else quarter
            found.append(one if first == quarter else _said_before(one, fiscal_year, first))
    return tuple(found)


def _identity(one: Proposal) -> tuple[object, ...]:
    """What two tellings of one fact share: its day, or the words where it has none."""
    when = one.occurred_on or "".join(one.text.split())
    return one.milestone, one.kind, when, one.document_number


def _said_before(one: Proposal, year: FiscalYear, quarter: int) -> Proposal:
    why = (*one.why, Reason("prose.said_before", {"quarter": year.quarters[quarter - 1]}))
    return replace(one, standing=ProposalStanding.REFERENCE, why=why, confidence=confidence(why))
