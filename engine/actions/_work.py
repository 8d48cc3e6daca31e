"""The common course of every action on an indicator: load, try, settle what follows, save as one change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from engine.errors import Unmet, refuse, unless
from engine.events import Event, Happened
from engine.guards import Attempt, permitted, running, year_open
from engine.indicator import Indicator, Milestone, QuarterReport, Ruling, Stored
from engine.levels import Tally, latest_decisions, tallies_of
from engine.machine import fire, milestone_rules, report_rules, unmet_conditions
from engine.nearest import nearest
from engine.permissions import Action, Person
from engine.ports import Change, Transaction
from engine.settling import settle
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
    """One action under way on one indicator inside one transaction.

    It begins by bringing the indicator to today: a waiver that has run out since holds for nobody.
    ``written_at`` is when its facts and decisions are kept as written: now, but never before what is
    kept already, so that what was known when is told in the order of writing even where clocks differ.
    """

    tx: Transaction
    indicator: Indicator
    action: Action
    by: Person
    now: datetime
    today: date
    before: Stored = field(init=False)
    change: Change = field(init=False)
    written_at: datetime = field(init=False)
    states: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = self.indicator.stored
        self.written_at = max([self.now, *_instants(self.indicator)])
        self.change = Change(self.indicator, Event(Happened.LEVEL_REFRESHED, self.now, self.by.id, {}))
        changes_on = self.before.changes_on
        if changes_on is not None and changes_on <= self.today:
            self._settle(changes_on)

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
        """What the guards are shown; a tally only where it is given, for it costs more than the guards."""
        return Attempt(
            self.indicator, self.action, self.by, self.now, self.today, milestone=milestone, **more
        )

    def check_person(
        self, milestone: MilestoneDefinition | None = None, *faults: Unmet | None, corrected: bool = False
    ) -> None:
        """Refuse when the person may not, when indicator or year are open to nobody, or with the faults."""
        attempt = self.attempt(milestone, corrected=corrected)
        unless([*unmet_conditions((permitted, running, year_open), attempt), *faults])

    def later_than_verification(self, key: str) -> None:
        """See to it that a fact is later than a verification which it did not lie before.

        The evaluator did not see it, however coarse the clock is.
        """
        decision = latest_decisions(self.indicator.decisions).get(key)
        if decision is not None and decision.ruling is Ruling.VERIFIED:
            self.written_at = max(self.written_at, decision.decided_at + timedelta(microseconds=1))

    def fire_milestone(self, key: str, trigger: str, faults: Iterable[Unmet] = (), **more: Any) -> Milestone:
        """Move the milestone by a person's trigger; it becomes part of the change."""
        milestone = self.indicator.milestones[key]
        attempt = self.attempt(self.definition(key), tally=self.tally(key), **more)
        fire(milestone_rules(), milestone, trigger, attempt, faults)
        milestone.forget_why()
        self.touch(milestone)
        return milestone

    def fire_report(
        self, quarter: int, trigger: str, faults: Iterable[Unmet] = (), **more: Any
    ) -> QuarterReport:
        """Move the quarter's report by a person's trigger; it becomes part of the change."""
        report = self.indicator.reports.setdefault(quarter, QuarterReport(quarter))
        fire(report_rules(), report, trigger, self.attempt(report=report, **more), faults)
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
        self._settle(affected_from)
        self.change.event = Event(happened, self.now, self.by.id, {**data, **self._consequences()})
        self.tx.save(self.change)
        return Outcome(self.indicator, self.change.event, self.before, number)

    def _settle(self, affected_from: date | None) -> None:
        for key, (old, new) in settle(self.indicator, self.last_day, affected_from).items():
            self.states[key] = (self.states[key][0] if key in self.states else old, new)
            self.touch(self.indicator.milestones[key])

    def _consequences(self) -> dict[str, Any]:
        """What the event says of the levels and states that followed, only where they moved."""
        data: dict[str, Any] = {}
        if self.states:
            data["states"] = {key: list(pair) for key, pair in self.states.items()}
        after = self.indicator.stored
        for name, old, new in (
            ("claimed", self.before.claimed.level, after.claimed.level),
            ("verified", self.before.verified.level, after.verified.level),
        ):
            if old != new:
                data[name] = [old, new]
        return data

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


def _instants(indicator: Indicator) -> Iterator[datetime]:
    """When the facts, decisions and waivers of the indicator were written."""
    for fact in indicator.occurrences:
        yield fact.voided_at or fact.known_since
    for decision in indicator.decisions:
        yield decision.decided_at
    for waiver in indicator.waivers:
        yield waiver.withdrawn_at or waiver.granted_at
