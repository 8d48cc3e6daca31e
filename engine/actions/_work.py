"""The common course of every action on an indicator: load, try, settle what follows, save as one change."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from engine.errors import refuse, unless
from engine.events import Event, Happened
from engine.guards import Attempt, permitted, running, year_open
from engine.indicator import Indicator, Milestone, QuarterReport, Stored
from engine.levels import Tally, tallies_of
from engine.machine import fire, milestone_rules, report_rules, unmet_conditions
from engine.nearest import nearest
from engine.permissions import Action, Person
from engine.ports import Change, Transaction
from engine.settling import Settled, settle
from engine.workflow import MilestoneDefinition


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action did: the indicator after it, its event, and the stored levels before it.

    ``number`` is that of the fact, decision or evidence that was added. ``event`` is ``None`` when
    everything already was as asked, and nothing was written.
    """

    indicator: Indicator
    event: Event | None
    before: Stored
    number: int | None = None

    @property
    def after(self) -> Stored:
        return self.indicator.stored


@dataclass(slots=True)
class Work:
    """One action under way on one indicator inside one transaction."""

    tx: Transaction
    indicator: Indicator
    action: Action
    by: Person
    now: datetime
    today: date
    before: Stored = field(init=False)
    change: Change = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.indicator.stored
        self.change = Change(self.indicator, Event(Happened.LEVEL_REFRESHED, self.now, self.by.id, {}))

    @property
    def last_day(self) -> date:
        """Today, or the last day of the indicator's year once that is over."""
        return min(self.today, self.indicator.fiscal_year.last_day)

    def definition(self, key: str) -> MilestoneDefinition:
        """The milestone's definition; an unknown key is refused with the nearest names."""
        found = self.indicator.workflow.milestone(key)
        if found is None:
            known = [milestone.key for milestone in self.indicator.workflow.milestones]
            raise refuse(
                "milestone.unknown",
                given=key,
                code=self.indicator.code,
                nearest=nearest(key, known),
                known=known,
            )
        return found

    def tally(self, key: str) -> Tally:
        """What counts at the milestone today by the claimed facts."""
        return tallies_of(self.indicator.workflow, self.indicator.facts, self.last_day)[key]

    def attempt(self, milestone: MilestoneDefinition | None = None, **more: Any) -> Attempt:
        """What the guards are shown."""
        if milestone is not None and "tally" not in more:
            more["tally"] = self.tally(milestone.key)
        return Attempt(
            self.indicator, self.action, self.by, self.now, self.today, milestone=milestone, **more
        )

    def check_person(self, milestone: MilestoneDefinition | None = None) -> None:
        """Refuse when the person may not, or the indicator or its year is not open to anybody."""
        unless(unmet_conditions((permitted, running, year_open), self.attempt(milestone)))

    def fire_milestone(self, key: str, trigger: str, **more: Any) -> Milestone:
        """Move the milestone by a person's trigger; it becomes part of the change."""
        milestone = self.indicator.milestones[key]
        fire(milestone_rules(), milestone, trigger, self.attempt(self.definition(key), **more))
        self.touch(milestone)
        return milestone

    def fire_report(self, quarter: int, trigger: str, **more: Any) -> QuarterReport:
        """Move the quarter's report by a person's trigger; it becomes part of the change."""
        report = self.indicator.reports.setdefault(quarter, QuarterReport(quarter))
        fire(report_rules(), report, trigger, self.attempt(report=report, **more))
        self.change.reports.append(report)
        return report

    def touch(self, milestone: Milestone) -> None:
        milestone.since = self.now
        if all(kept is not milestone for kept in self.change.milestones):
            self.change.milestones.append(milestone)

    def finish(
        self,
        happened: Happened,
        data: dict[str, Any],
        affected_from: date | None = None,
        number: int | None = None,
    ) -> Outcome:
        """Settle milestones and levels, and save the whole as one change with its event.

        ``affected_from`` is the earliest day whose level may differ; ``None`` where no level can.
        """
        settled = settle(self.indicator, self.last_day, affected_from)
        for milestone in settled.moved:
            self.touch(milestone)
        self.change.event = Event(happened, self.now, self.by.id, {**data, **_consequences(settled)})
        self.tx.save(self.change)
        return Outcome(self.indicator, self.change.event, self.before, number)

    def nothing_to_do(self) -> Outcome:
        """Everything is as asked already: no change, no event."""
        return Outcome(self.indicator, None, self.before)


def begin(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    action: Action,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Work:
    """Load the indicator for an action.

    With ``expected_version`` (the one the person saw) a newer indicator is refused: somebody was first.
    """
    indicator = tx.indicator(code, fiscal_year)
    if expected_version is not None and expected_version != indicator.version:
        raise tx.changed_meanwhile(indicator)
    return Work(tx, indicator, action, by, now, tx.policy.day_of(now))


def _consequences(settled: Settled) -> dict[str, Any]:
    """What the event says of the levels and states that followed, only where they moved."""
    data: dict[str, Any] = {}
    if settled.states:
        data["states"] = {key: list(pair) for key, pair in settled.states.items()}
    if settled.claimed[0] != settled.claimed[1]:
        data["claimed"] = list(settled.claimed)
    if settled.verified[0] != settled.verified[1]:
        data["verified"] = list(settled.verified)
    return data

