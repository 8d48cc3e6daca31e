"""A proof put into words: each rule, whether it is met, and by which facts, for pages and terminals."""

from typing import NamedTuple

from engine.indicator import Indicator, Occurrence
from engine.levels import Proof
from engine.wording import Wording, plain_number
from engine.workflow import AllOf, AnyOf, AtLeast, Bound


class Told(NamedTuple):
    """A rule in words. ``milestone`` is the key of the one that a leaf is about, empty for a group.

    ``facts`` are those that count for it, in the order in which they were recorded.
    """

    text: str
    met: bool
    milestone: str
    facts: tuple[Occurrence, ...] = ()
    parts: tuple["Told", ...] = ()


def told(indicator: Indicator, proof: Proof, wording: Wording) -> Told:
    """The proof with all of its parts."""
    match proof.rule:
        case AllOf():
            text, milestone = wording.say("proof.all"), ""
        case AnyOf():
            text, milestone = wording.say("proof.any"), ""
        case AtLeast(n):
            text, milestone = wording.say("proof.at_least", n=n), ""
        case _:
            text, milestone = _of_leaf(indicator, proof, wording), proof.rule.milestone
    facts = [indicator.occurrence(number) for number in proof.facts]
    return Told(
        text,
        proof.met,
        milestone,
        tuple(one for one in facts if one is not None),
        tuple([told(indicator, part, wording) for part in proof.parts]),
    )


def _of_leaf(indicator: Indicator, proof: Proof, wording: Wording) -> str:
    """What there is at the milestone, and what there must be."""
    rule = proof.rule
    assert not isinstance(rule, AllOf | AnyOf | AtLeast)
    definition = indicator.workflow.milestone(rule.milestone)
    title = "" if definition is None else wording.value(definition.title)
    if proof.waived:
        return wording.say("proof.waived", milestone=title)
    if isinstance(rule, Bound):
        limit = f"{'≤' if rule.falling else '≥'} {plain_number(rule.limit)}"
        return wording.say("proof.measured", milestone=title, have=proof.have, limit=limit)
    return wording.say("proof.counted", milestone=title, have=proof.have, need=proof.need)


def fact_told(fact: Occurrence, wording: Wording) -> str:
    """A fact in a line: its number, its day, its document."""
    return wording.say(
        "proof.fact",
        number=fact.number,
        day=fact.occurred_on,
        undated_on=fact.counts_on if fact.occurred_on is None else None,
        document=fact.document_number,
        value=fact.value,
        note=fact.note,
    )
