"""What follows by itself when facts change: milestone states, the ladder, and the levels kept for pages."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from engine.guards import Attempt
from engine.indicator import Decision, Facts, Indicator, MilestoneState, Ruling, Standing, Stored
from engine.levels import Basis, Tally, latest_decisions, level_of, standing_from, tallies_of
from engine.machine import fire, ladder_rules, milestone_rules
from engine.permissions import Action, Person
from engine.workflow import Count, MilestoneDefinition, Workflow, leaves

#: Nobody in particular: what follows from facts is nobody's own doing.
NOBODY = Person(0, "")


def settle(indicator: Indicator, today: date, affected_from: date | None) -> dict[str, tuple[str, str]]:
    """Bring milestones, ladder and stored levels in line with the facts, as of ``today``.

    ``affected_from`` is the earliest day whose level may have changed since it was kept, be it that a
    day of change has come; ``None`` where none can have.
    Returns the milestones that moved by themselves with their states before and after.
    """
    states: dict[str, tuple[str, str]] = {}
    tallies = tallies_of(indicator.workflow, indicator.facts, today)
    rulings = latest_decisions(indicator.decisions)
    for definition in indicator.workflow.milestones:
        milestone = indicator.milestones[definition.key]
        tally, decision = tallies[definition.key], rulings.get(definition.key)
        trigger = _trigger(indicator.workflow, definition, milestone.state, tally, decision)
        if trigger is not None:
            old = milestone.state
            fire(milestone_rules(), milestone, trigger, _by_itself(indicator, today, definition, tally))
            milestone.forget_why()
            states[definition.key] = (old, milestone.state)
    indicator.stored = restate(indicator, today, affected_from, standing_from(indicator.workflow, tallies))
    _climb(indicator)
    return states


def _by_itself(indicator: Indicator, today: date, definition: MilestoneDefinition, tally: Tally) -> Attempt:
    """What guards are shown when nobody asked: the triggers fired here look at the tally alone."""
    midnight = datetime.combine(today, time(), UTC)
    return Attempt(indicator, Action.RECORD, NOBODY, midnight, today, milestone=definition, tally=tally)


def _trigger(
    workflow: Workflow,
    definition: MilestoneDefinition,
    state: str,
    tally: Tally,
    decision: Decision | None,
) -> str | None:
    """The trigger that brings a milestone's state in line with what counts at it, or ``None``."""
    met = len(tally.facts) >= definition.needs
    match state:
        case MilestoneState.OPEN:
            return "complete" if met else "start" if tally.facts else None
        case MilestoneState.IN_PROGRESS if met:
            return "complete"
        case MilestoneState.IN_PROGRESS:
            reopened = decision is not None and decision.ruling is Ruling.REOPENED
            return None if tally.facts or reopened else "clear"
        case MilestoneState.BLOCKED | MilestoneState.POSTPONED:
            return "complete" if met else None
        case MilestoneState.ACHIEVED | MilestoneState.VERIFIED if not met:
            return "lapse" if tally.facts else "clear"
        case MilestoneState.VERIFIED if decision is not None:
            return "renew" if _unseen_matters(workflow, definition, tally, decision) else None
        case MilestoneState.WAIVED if not tally.waived:
            return "complete" if met else "start" if tally.facts else "clear"
    return None


def _unseen_matters(
    workflow: Workflow, definition: MilestoneDefinition, tally: Tally, verified: Decision
) -> bool:
    """Whether facts that did not lie before the evaluator could raise a level if they were verified too.

    A measured value always can; another meeting cannot when those seen by the end of its quarter are all that
    any rule asks for.
    """
    seen: list[int] = []
    unseen: list[int] = []
    for fact in tally.facts:
        (seen if fact.known_since <= verified.decided_at else unseen).append(fact.quarter)
    if not unseen:
        return False
    counted = [
        leaf.at_least
        for rung in workflow.levels
        for leaf in leaves(rung.rule)
        if isinstance(leaf, Count) and leaf.milestone == definition.key
    ]
    most, earliest = max([definition.needs, *counted]), min(unseen)
    return definition.measure is not None or sum(quarter <= earliest for quarter in seen) < most


def restate(
    indicator: Indicator,
    today: date,
    affected_from: date | None = date.min,
    claimed: Standing | None = None,
) -> Stored:
    """The levels to be kept on the indicator's row, as of ``today``.

    ``affected_from`` spares the quarters that ended before it; ``None`` keeps every level that still
    holds. The default computes all of them anew. ``claimed`` is where the indicator stands ``today`` by the
    claimed facts, where the caller knows it already.
    """
    as_of = min(today, indicator.fiscal_year.last_day)
    if claimed is None:
        claimed = level_of(indicator.workflow, indicator.facts, as_of).standing
    verified = _verified(indicator, as_of)
    settled_from = _settled_from(indicator)
    return Stored(
        claimed,
        verified,
        as_of,
        _changes_on(indicator, as_of) if as_of < settled_from else None,
        _next_due_on(indicator),
        *_trails(indicator, (claimed.level, verified.level), as_of, affected_from, settled_from),
    )


def _verified(indicator: Indicator, as_of: date) -> Standing:
    if not indicator.decisions and not indicator.waivers:
        return _nothing(indicator.workflow)
    return level_of(indicator.workflow, indicator.facts, as_of, basis=Basis.VERIFIED).standing


@lru_cache(maxsize=256)
def _nothing(workflow: Workflow) -> Standing:
    """Where an indicator stands of which nothing counts."""
    return level_of(workflow, Facts(), date.min).standing


Trail = tuple[int | None, ...]


def _trails(
    indicator: Indicator,
    now: tuple[int, int],
    as_of: date,
    affected_from: date | None,
    settled_from: date,
) -> tuple[Trail, Trail]:
    """The levels, claimed and verified, at the end of each quarter so far; what still holds is kept."""
    claimed: list[int | None] = []
    verified: list[int | None] = []
    old = zip(indicator.stored.claimed_trail, indicator.stored.verified_trail, strict=True)
    same_from = min(as_of, settled_from)
    for kept, quarter in zip(old, indicator.fiscal_year.quarters, strict=True):
        ends_on = quarter.last_day
        levels: tuple[int | None, int | None]
        if quarter.first_day > as_of:
            levels = (None, None)
        elif ends_on >= same_from:
            levels = now
        elif None not in kept and (affected_from is None or ends_on < affected_from):
            levels = kept
        else:
            levels = (_level(indicator, ends_on, Basis.CLAIMED), _level(indicator, ends_on, Basis.VERIFIED))
        claimed.append(levels[0])
        verified.append(levels[1])
    return tuple(claimed), tuple(verified)


def _level(indicator: Indicator, on: date, basis: Basis) -> int:
    return level_of(indicator.workflow, indicator.facts, on, basis=basis).level


def _settled_from(indicator: Indicator) -> date:
    """The day of the latest fact, from which on the level is today's; waivers leave no such day."""
    if indicator.waivers:
        return date.max
    days = [fact.counts_on for fact in indicator.occurrences if fact.counts_on and not fact.planned]
    return max(days, default=date.min)


def disagreements(indicator: Indicator, as_of: date | None = None) -> list[str]:
    """Where the stored levels are not what the facts give, each as ``name: kept != found``.

    They are computed for the day they were kept for; ``as_of`` is the day that this should have been.
    """
    kept = indicator.stored
    found = restate(indicator, kept.as_of or date.min)
    if as_of is not None:
        found = found._replace(as_of=as_of)
    wrong = [
        f"{name}: {_plainly(old)} != {_plainly(new)}"
        for name, old, new in zip(Stored._fields, kept, found, strict=True)
        if old != new
    ]
    state = indicator.workflow.state_of_level(found.claimed.level)
    if indicator.ladder != state:
        wrong.append(f"ladder: {indicator.ladder} != {state}")
    return wrong


def _plainly(kept: object) -> str:
    """What is kept, for people: 2.5 is halfway from level 2 to 3."""
    match kept:
        case Standing(level, fraction):
            return f"{level + fraction:g}"
        case tuple():
            return ", ".join(map(_plainly, kept))
    return "–" if kept is None else str(kept)


def _changes_on(indicator: Indicator, as_of: date) -> date | None:
    """The next day of the year on which a level can change although nobody does anything."""
    days = [
        fact.counts_on
        for fact in indicator.occurrences
        if fact.counts and fact.counts_on is not None and not fact.planned and fact.voided_at is None
    ]
    for waiver in indicator.waivers:
        if waiver.withdrawn_at is None:
            days += [waiver.granted_on, waiver.expires_on + timedelta(days=1)]
    return min((day for day in days if as_of < day <= indicator.fiscal_year.last_day), default=None)


_DONE = (MilestoneState.ACHIEVED, MilestoneState.VERIFIED, MilestoneState.WAIVED)


def _next_due_on(indicator: Indicator) -> date | None:
    """The earliest day by which an undone milestone is due; a postponed one on the day it was put off to."""
    days = [
        milestone.postponed_to or milestone.due_on
        for milestone in indicator.milestones.values()
        if milestone.state not in _DONE
    ]
    return min((day for day in days if day is not None), default=None)


class _Ladder:
    """The model of the ladder machine."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


def _climb(indicator: Indicator) -> None:
    """Move the ladder to the state of the claimed level, up or down."""
    dest = indicator.workflow.state_of_level(indicator.stored.claimed.level)
    if dest != indicator.ladder:
        ladder = _Ladder(indicator.ladder)
        ladder_rules(indicator.workflow).machine.events[f"to_{dest}"].trigger(ladder)
        indicator.ladder = ladder.state
