"""A transaction that keeps everything in dictionaries, so that tests of actions touch nothing."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

from engine.actions import NewOccurrence, Outcome, create_indicator, record_occurrence
from engine.appeal import Appeal
from engine.errors import Refusal, Unmet, refuse
from engine.events import Event
from engine.indicator import Decision, Evidence, Indicator, Occurrence, ReportState, Waiver
from engine.pages.kept import Texts
from engine.pages.values import ImportedPage
from engine.permissions import Person
from engine.petition import Petition
from engine.ports import Change, Policy, SealLine
from engine.proposed import Proposed
from engine.quarter import Quarter
from engine.sealing import Counts
from engine.verdict import Verdict
from engine.workflow import Workflow
from tests.cast import ADMINISTRATOR, CODE, COORDINATOR, FOUNDED, POLICY, WORKFLOW, YEAR, at, new_indicator


@dataclass
class Memory:
    """Implements :class:`engine.ports.Transaction`.

    What is handed out and what is kept are copies, and of a change only the rows that it lists are kept,
    as a database would: what an action forgets to list is lost, and its test sees that.
    """

    policy: Policy = POLICY
    kept: dict[tuple[str, int], Indicator] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    extensions: dict[tuple[int, Quarter], date] = field(default_factory=dict)
    seals: dict[Quarter, list[SealLine]] = field(default_factory=dict)
    made: dict[str, list[Petition]] = field(default_factory=dict)
    found: dict[str, list[Verdict]] = field(default_factory=dict)
    appealed: dict[str, list[Appeal]] = field(default_factory=dict)
    left_open: Counts = field(default_factory=dict)
    pages: dict[str, list[ImportedPage]] = field(default_factory=dict)
    told: dict[str, Texts] = field(default_factory=dict)
    proposed: dict[str, list[Proposed]] = field(default_factory=dict)
    sealed_at: datetime | None = None

    def indicator(self, code: str, fiscal_year: int) -> Indicator:
        kept = self.kept.get((code, fiscal_year))
        if kept is None:
            raise refuse("indicator.unknown", code=code, nearest=[])
        return replace(copied(kept), sealed_through=self.sealed_through(fiscal_year))

    def indicators(self, fiscal_year: int | None = None, agency: int | None = None) -> Iterator[Indicator]:
        for (code, year), one in sorted(self.kept.items()):
            if fiscal_year in (None, year) and agency in (None, one.agency):
                yield self.indicator(code, year)

    def extension(self, agency: int, quarter: Quarter) -> date | None:
        return self.extensions.get((agency, quarter))

    def save(self, change: Change) -> None:
        given = copied(change.indicator)
        kept = self.kept[given.code, given.fiscal_year.year]
        if kept.version != given.version:
            raise self.changed_meanwhile(given)
        kept.life, kept.ladder, kept.stored = str(given.life), given.ladder, given.stored
        kept.milestones |= {one.key: deepcopy(one) for one in change.milestones}
        kept.reports |= {one.quarter: deepcopy(one) for one in change.reports}
        _put(kept.occurrences, change.occurrences)
        _put(kept.decisions, change.decisions)
        _put(kept.waivers, change.waivers)
        _put(kept.evidence, change.evidence)
        self._append(kept, change.event)
        change.indicator.version, change.indicator.journal_seq = kept.version, kept.journal_seq

    def changed_meanwhile(self, indicator: Indicator) -> Refusal:
        last = self.events[-1]
        version = self.kept[indicator.code, indicator.fiscal_year.year].version
        return refuse("indicator.changed_meanwhile", by=last.by, what=str(last.what), version=version)

    def create(self, indicator: Indicator, event: Event) -> None:
        indicator.id = len(self.kept) + 1
        self.kept[indicator.code, indicator.fiscal_year.year] = kept = copied(indicator)
        self._append(kept, event)
        indicator.version, indicator.journal_seq = kept.version, kept.journal_seq

    def agree(self, indicator: Indicator, given: Mapping[str, Any]) -> None:
        kept = self.kept[indicator.code, indicator.fiscal_year.year]
        kept.title, kept.unit, kept.workflow_owner = indicator.title, indicator.unit, indicator.workflow_owner
        kept.target, kept.weight = indicator.target, indicator.weight

    def migrate(self, indicator: Indicator, dropped: Collection[str]) -> None:
        kept = self.kept[indicator.code, indicator.fiscal_year.year]
        kept.workflow = indicator.workflow
        for key in dropped:
            del kept.milestones[key]

    def petitions(self, indicator: Indicator) -> list[Petition]:
        return deepcopy(self.made.get(indicator.code, []))

    def keep_petition(self, indicator: Indicator, petition: Petition) -> None:
        _put(self.made.setdefault(indicator.code, []), [deepcopy(petition)])

    def verdicts(self, indicator: Indicator) -> list[Verdict]:
        return list(self.found.get(indicator.code, []))

    def keep_verdict(self, indicator: Indicator, verdict: Verdict) -> None:
        _put(self.found.setdefault(indicator.code, []), [verdict])

    def appeals(self, indicator: Indicator) -> list[Appeal]:
        return deepcopy(self.appealed.get(indicator.code, []))

    def keep_appeal(self, indicator: Indicator, appeal: Appeal) -> None:
        _put(self.appealed.setdefault(indicator.code, []), [deepcopy(appeal)])

    def newest(self, workflow: Workflow) -> Workflow:
        return workflow

    def texts(self, indicator: Indicator) -> Texts:
        return self.told.get(indicator.code, Texts(None, None, None, None, None, ()))

    def imported_pages(self, indicator: Indicator) -> list[ImportedPage]:
        return list(self.pages.get(indicator.code, []))

    def keep_page(self, indicator: Indicator, page: ImportedPage, texts: Texts) -> None:
        self.pages.setdefault(indicator.code, []).append(page)
        self.told[indicator.code] = texts

    def proposals(self, indicator: Indicator) -> list[Proposed]:
        return list(self.proposed.get(indicator.code, []))

    def keep_proposals(self, indicator: Indicator, proposals: Iterable[Proposed]) -> None:
        _put(self.proposed.setdefault(indicator.code, []), list(proposals))

    def extend(self, agency: int, quarter: Quarter, until: date, reason: str, event: Event) -> None:
        self.extensions[agency, quarter] = until
        self.events.append(event)

    def sealed_through(self, fiscal_year: int) -> int:
        return max((one.number for one in self.seals if one.fiscal_year == fiscal_year), default=0)

    def last_sealed_at(self, fiscal_year: int) -> datetime | None:
        return self.sealed_at if self.sealed_through(fiscal_year) else None

    def still_open(self, quarter: Quarter) -> Counts:
        return self.left_open

    def seal(self, quarter: Quarter, lines: Iterable[SealLine], event: Event) -> str:
        self.seals[quarter] = list(lines)
        self.sealed_at = event.at
        for one in self.kept.values():
            if one.fiscal_year.year == quarter.fiscal_year:
                one.version += 1
                if quarter.number in one.reports:
                    one.reports[quarter.number].state = ReportState.SEALED
        self.events.append(event)
        return f"seal of {quarter}"

    def _append(self, kept: Indicator, event: Event) -> None:
        kept.version += 1
        kept.journal_seq += 1
        self.events.append(event)


Row = TypeVar("Row", Occurrence, Decision, Waiver, Evidence, Petition, Verdict, Appeal, Proposed)


def _put(rows: list[Row], changed: list[Row]) -> None:
    """Keep new and replaced rows in the places of their numbers."""
    for row in changed:
        rows[row.number - 1 : row.number] = [row]


@dataclass
class Behind(Memory):
    """The transaction of somebody who loaded the indicator before another changed it."""

    loaded: Indicator | None = None

    def indicator(self, code: str, fiscal_year: int) -> Indicator:
        assert self.loaded is not None
        return copied(self.loaded)

    @classmethod
    def of(cls, tx: Memory, loaded: Indicator) -> "Behind":
        """On the same memory as ``tx``."""
        on = (tx.kept, tx.events, tx.extensions, tx.seals, tx.made, tx.found, tx.appealed, tx.left_open)
        return cls(tx.policy, *on, loaded=loaded)


def copied(indicator: Indicator) -> Indicator:
    """A copy that shares nothing but the workflow, which is the same one as long as it is one object."""
    return deepcopy(indicator, {id(indicator.workflow): indicator.workflow})


@dataclass
class Desk:
    """One indicator in a memory of its own, and somebody who does things to it."""

    tx: Memory
    by: Person = COORDINATOR
    code: str = CODE

    @property
    def indicator(self) -> Indicator:
        """The indicator as it is kept."""
        return self.tx.indicator(self.code, YEAR)

    def do(self, action: Callable[..., Outcome], *args: Any, **given: Any) -> Outcome:
        """Do the action to the indicator."""
        return action(self.tx, self.code, YEAR, *args, **{"by": self.by, **given})

    def record(self, milestone: str, day: date | None, *, on: date | None = None, **given: Any) -> Outcome:
        """Record a fact of that day, on the day itself unless ``on`` names another."""
        when = on or day
        assert when is not None
        by, now = given.pop("by", self.by), given.pop("now", at(when))
        return self.do(record_occurrence, NewOccurrence(milestone, day, **given), by=by, now=now)

    def fact(self, number: int) -> Occurrence:
        """The fact of that number, which must be there."""
        found = self.indicator.occurrence(number)
        assert found is not None
        return found


def desk(workflow: Workflow = WORKFLOW) -> Desk:
    """A desk with a new indicator on that workflow."""
    tx = Memory()
    create_indicator(tx, new_indicator(workflow=workflow), by=ADMINISTRATOR, now=FOUNDED)
    return Desk(tx)


def unmet(action: Callable[[], object]) -> list[Unmet]:
    """Every condition of the refusal that the action ends in."""
    try:
        action()
    except Refusal as refusal:
        return list(refusal.conditions)
    raise AssertionError("it was not refused")


def kinds(action: Callable[[], object]) -> list[str]:
    """The kinds of every condition of the refusal that the action ends in."""
    return [condition.kind for condition in unmet(action)]
