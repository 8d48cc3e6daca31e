"""Where a quarter report says one thing and the facts, or the reports before it, another."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from engine.errors import Unmet
from engine.indicator import Indicator, QuarterReport
from engine.levels import level_of, tallies_of
from engine.quarter import Quarter
from engine.workflow import MeasureKind, MilestoneDefinition

#: A text under so many letters tells nobody what was done.
_SHORTEST = 10


def contradictions(
    indicator: Indicator, quarter: Quarter, narrative: str, self_reported: Decimal | None, today: date
) -> Iterator[Unmet]:
    """What does not fit about the report of the quarter, as it would be handed in today.

    Nothing of it forbids anything: a person may know better, and says so by handing it in all the same.
    """
    yield from _of_the_number(indicator, quarter, self_reported, min(quarter.last_day, today))
    yield from _of_the_text(indicator, quarter, narrative)


def _of_the_number(
    indicator: Indicator, quarter: Quarter, self_reported: Decimal | None, on: date
) -> Iterator[Unmet]:
    if self_reported is None:
        yield Unmet("warning.not_reported", {})
        return
    workflow = indicator.workflow
    measured = _measured(indicator)
    if measured is None:
        level = level_of(workflow, indicator.facts, on).level
        if self_reported > workflow.top_level:
            params = {"value": self_reported, "top": workflow.top_level, "level": level}
            yield Unmet("warning.beyond_ladder", params)
        elif self_reported != level:
            yield Unmet("warning.other_level", {"value": self_reported, "level": level})
    else:
        value = tallies_of(workflow, indicator.facts, on)[measured.key].value
        assert measured.measure is not None
        if not measured.measure.of_target and value is not None and value != self_reported:
            params = {"value": self_reported, "measured": value, "milestone": measured.title}
            yield Unmet("warning.other_value", params)
        if measured.measure.kind is MeasureKind.PERCENT and 0 < self_reported < 1:
            yield Unmet("warning.part_of_one", {"value": self_reported, "percent": self_reported * 100})
    yield from _of_the_course(indicator, quarter, self_reported, measured)


def _measured(indicator: Indicator) -> MilestoneDefinition | None:
    return next((one for one in indicator.workflow.milestones if one.measure is not None), None)


def _of_the_course(
    indicator: Indicator, quarter: Quarter, self_reported: Decimal, measured: MilestoneDefinition | None
) -> Iterator[Unmet]:
    """Results are told year-to-date: what was reached once is not less a quarter later."""
    falls = measured is not None and measured.measure is not None and measured.measure.falls
    given = [one for one in _before(indicator, quarter) if one.self_reported is not None]
    if given and not falls:
        before = given[-1].self_reported
        if before is not None and self_reported < before:
            params = {"value": self_reported, "before": before, "quarter": given[-1].quarter}
            yield Unmet("warning.fell", params)


def _of_the_text(indicator: Indicator, quarter: Quarter, narrative: str) -> Iterator[Unmet]:
    said = "".join(narrative.split())
    if len(said) < _SHORTEST:
        yield Unmet("warning.says_nothing", {})
        return
    for one in _before(indicator, quarter):
        if "".join(one.narrative.split()) == said:
            yield Unmet("warning.said_before", {"quarter": one.quarter})
            return


def _before(indicator: Indicator, quarter: Quarter) -> list[QuarterReport]:
    return [indicator.reports[number] for number in sorted(indicator.reports) if number < quarter.number]
