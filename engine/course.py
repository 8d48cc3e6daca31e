"""The course of a year: the days on which a level or a measured value changed, and what is planned."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeVar

from engine.indicator import Indicator
from engine.levels import Basis, standing_from, tallies_of
from engine.workflow import MilestoneDefinition

_Seen = TypeVar("_Seen")


class Step(NamedTuple):
    """From this day on the level stood there."""

    on: date
    level: int


class Point(NamedTuple):
    """From this day on the year's value was this; ``None`` before anything was measured."""

    on: date
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class BurnUp:
    """A measured milestone on its way: its year's value so far, as planned from there on, and its goal."""

    milestone: MilestoneDefinition
    goal: Decimal | None
    reached: list[Point]
    planned: list[Point]


def levels_through(indicator: Indicator, on: date, basis: Basis) -> list[Step]:
    """Every change of the level from the year's first day through ``on``, by all that is known now."""

    def at(day: date) -> int:
        tallies = tallies_of(indicator.workflow, indicator.facts, day, basis=basis)
        return standing_from(indicator.workflow, tallies).level

    found = [(day, at(day)) for day in _days(indicator, on)]
    return [Step(*one) for one in _changes(found)]


def burn_ups(indicator: Indicator, on: date) -> list[BurnUp]:
    """The way of each measured milestone; nothing for a ladder of milestones alone."""
    measured = [one for one in indicator.workflow.milestones if one.measure is not None]
    return [_burn_up(indicator, one, on) for one in measured]


def _burn_up(indicator: Indicator, definition: MilestoneDefinition, on: date) -> BurnUp:
    assert definition.measure is not None
    workflow, facts, key = indicator.workflow, indicator.facts, definition.key
    reached = [(day, tallies_of(workflow, facts, day)[key].value) for day in _days(indicator, on)]
    now, last = reached[-1][1], indicator.fiscal_year.last_day
    plans = sorted({one.occurred_on for one in indicator.open_plans(key) if one.occurred_on is not None})
    planned = [
        (day, tallies_of(workflow, facts, on, basis=Basis.PROJECTED, through=day)[key].value)
        for day in plans
        if on < day <= last
    ]
    return BurnUp(
        definition,
        Decimal(100) if definition.measure.of_target else indicator.target,
        [Point(*one) for one in _changes(reached)],
        [Point(*one) for one in _changes([(on, now), *planned])][1:],
    )


def _days(indicator: Indicator, on: date) -> list[date]:
    """The days on which anything can change: those of the facts, and the ends of waivers."""
    first = indicator.fiscal_year.first_day
    days = {first}
    for fact in indicator.occurrences:
        if fact.counts_on is not None and not fact.planned:
            days.add(fact.counts_on)
    for waiver in indicator.waivers:
        days |= {waiver.granted_on, waiver.expires_on + timedelta(days=1)}
    return sorted(day for day in days if first <= day <= on)


def _changes(seen: list[tuple[date, _Seen]]) -> Iterator[tuple[date, _Seen]]:
    """Without what is as it was before."""
    for place, one in enumerate(seen):
        if place == 0 or one[1] != seen[place - 1][1]:
            yield one
