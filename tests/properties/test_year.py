"""Whatever people do in whatever order, on a real store: nothing is half done, and what is kept is true.

A short form runs with every test; ``RADAP_LONG=1`` looks much further.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from engine import actions
from engine.actions import NewOccurrence, Outcome
from engine.errors import Refusal
from engine.indicator import Indicator, Life, MilestoneState, ReportState, Ruling
from engine.levels import Basis, latest_decisions, level_of, tallies_of
from engine.permissions import Person
from engine.quarter import FiscalYear, Quarter
from storage import checks, tables
from storage.store import Store
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    MEASURED,
    MILESTONES,
    OPERATOR,
    SAI_MAI,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    THUNG_KHRU,
    WORKFLOW,
    YEAR,
    at,
    found_city,
    new_indicator,
    new_store,
    open_store,
)

LONG = os.environ.get("RADAP_LONG") == "1"
PERCENT = "5049-0003"
FIRST_DAY, LAST_DAY = FiscalYear(YEAR).first_day, FiscalYear(YEAR).last_day

CODES = st.sampled_from([CODE, CODE, CODE, PERCENT, "5049-new"])
#: Most of what is done keeps to two milestones, so that they see much of what can happen to one.
KEYS = st.sampled_from([*MILESTONES[:2] * 3, *MILESTONES])
QUARTERS = st.integers(1, 4)
REASONS = st.sampled_from([*["floods"] * 9, " "])
DAYS_BACK = st.integers(0, 60) | st.integers(-1, 200)
DAYS_AHEAD = st.sampled_from([*range(1, 90), 0, -1, 400]).map(timedelta)
PICKS = st.integers(0, 99)
EVERYBODY = (COORDINATOR, SECTION_HEAD, EVALUATOR, ADMINISTRATOR, SAI_MAI_COORDINATOR, OPERATOR)
ANY_FACT = [(code, number) for code in (CODE, PERCENT) for number in (1, 2, 3, 9)]

T = TypeVar("T")


def mostly(person: Person) -> st.SearchStrategy[Person]:
    """That person nearly always, else somebody who may do something else."""
    return st.sampled_from([*[person] * 30, *EVERYBODY])


def picked(fitting: list[T], others: list[T], pick: int) -> T:
    """One that fits, nine times of ten where there is any."""
    among = fitting if fitting and pick % 10 < 9 else others
    return among[pick % len(among)]


def some_milestone(states: str) -> Callable[["Year"], bool]:
    """Whether a milestone is in one of the states: rules that nearly always fail teach little."""
    return lambda year: bool(year.milestones_in(states))


def some_report(states: str) -> Callable[["Year"], bool]:
    """Whether a report is in one of the states."""
    return lambda year: bool(year.reports_in(states))


class Year(RuleBasedStateMachine):
    """A fiscal year of two indicators, and of one more if somebody creates it."""

    def __init__(self, new_database: Callable[[], str]) -> None:
        super().__init__()
        self.store: Store = open_store(new_database())
        self.now = at(FIRST_DAY)
        self.sealed_at = self.now
        self.rows = self.everything()

    def teardown(self) -> None:
        self.store.close()

    # -- doing ------------------------------------------------------------------------------------------

    def everything(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        with self.store.read() as tx:
            return {
                table.name: list(tx.connection.execute(select(table).order_by(*table.primary_key.columns)))
                for table in tables.metadata.sorted_tables
            }

    def do(self, call: Callable[..., Any], *args: Any, more_events: bool = False, **given: Any) -> Any:
        """Do it, and see to it that it is one change with one event, or no change and no event.

        ``more_events``: it may write to several indicators, with one event each beside its own.
        """
        self.now += timedelta(seconds=1)
        before = self.rows
        try:
            with self.store.begin() as tx:
                outcome = call(tx, *args, now=self.now, **given)
            least = 0 if isinstance(outcome, Outcome) and outcome.event is None else 1
        except Refusal:
            outcome, least = None, 0
        self.rows = self.everything()
        grown = len(self.rows["journal"]) - len(before["journal"])
        assert grown == least or (more_events and grown >= least)
        assert (self.rows == before) == (grown == 0)
        return outcome

    def act(self, call: Callable[..., Outcome], code: str, *args: Any, **given: Any) -> None:
        self.do(call, code, YEAR, *args, **given)

    @property
    def today(self) -> date:
        return self.store.policy.day_of(self.now)

    @property
    def quarter(self) -> int:
        """The quarter of today, the last one when the year is over."""
        return Quarter.containing(min(self.today, LAST_DAY)).number

    def day(self, back: int) -> date:
        """A day so many days ago, as far as it lies in the year."""
        return min(max(FIRST_DAY, self.today - timedelta(back)), LAST_DAY)

    def milestones_in(self, states: str) -> list[str]:
        """The milestones of the first indicator in one of the states."""
        first = [row for row in self.rows["milestones"] if row.indicator_id == 1]
        return [row.key for row in first if row.state in states.split()]

    def reports_in(self, states: str) -> list[int]:
        """The quarters whose report is in one of the states."""
        return [row.quarter for row in self.rows["reports"] if row.state in states.split()]

    def facts(self, *, waiting: bool = False, planned: bool = False) -> list[tuple[str, int]]:
        """Code and number of every fact of that kind."""
        codes = {row.id: row.code for row in self.rows["indicators"]}
        return [
            (codes[row.indicator_id], row.number)
            for row in self.rows["occurrences"]
            if row.voided_at is None and (row.counts_on is None) == waiting and row.planned == planned
        ]

    # -- the clock --------------------------------------------------------------------------------------

    @rule(days=st.integers(1, 45))
    def days_pass(self, days: int) -> None:
        self.now += timedelta(days)

    @rule(late=st.integers(0, 20))
    def quarter_ends(self, late: int) -> None:
        self.now = at(Quarter.containing(self.today).last_day + timedelta(late), 10)

    @rule(days=st.integers(1, 3))
    def clock_is_set_back(self, days: int) -> None:
        """Another machine's clock runs behind; never behind a seal, whose instant is the city's."""
        self.now = max(self.sealed_at, self.now - timedelta(days))

    # -- creating and the city --------------------------------------------------------------------------

    @rule(by=mostly(ADMINISTRATOR), code=st.sampled_from(["5049-new", CODE, " "]), sai_mai=st.booleans())
    def create(self, by: Person, code: str, sai_mai: bool) -> None:
        new = new_indicator(code, agency=SAI_MAI if sai_mai else THUNG_KHRU)
        self.do(actions.create_indicator, new, by=by)

    @rule(by=mostly(EVALUATOR), quarter=QUARTERS, ahead=DAYS_AHEAD, reason=REASONS)
    def extend(self, by: Person, quarter: int, ahead: timedelta, reason: str) -> None:
        of_year = Quarter(YEAR, quarter)
        until = of_year.last_day + ahead
        given = {"reason": reason, "by": by}
        self.do(actions.grant_extension, THUNG_KHRU, of_year, until, **given, more_events=True)

    @rule(by=mostly(EVALUATOR), skip=st.sampled_from([0, 0, 0, 1]), reason=REASONS)
    def seal(self, by: Person, skip: int, reason: str) -> None:
        quarter = Quarter(YEAR, min(len(self.rows["seals"]) + 1 + skip, 4))
        if self.do(actions.seal_quarter, quarter, reason=reason, by=by) is not None:
            self.sealed_at = self.now

    # -- facts ------------------------------------------------------------------------------------------

    @rule(
        by=mostly(COORDINATOR), milestone=KEYS, back=DAYS_BACK, number=st.sampled_from([None, None, "1", "2"])
    )
    def record(self, by: Person, milestone: str, back: int, number: str | None) -> None:
        new = NewOccurrence(milestone, self.day(back), document_number=number)
        self.act(actions.record_occurrence, CODE, new, by=by)

    @rule(by=mostly(COORDINATOR), back=DAYS_BACK, value=st.decimals(0, 100, places=1))
    def measure(self, by: Person, back: int, value: Decimal) -> None:
        new = NewOccurrence("result", self.day(back), value=value)
        self.act(actions.record_occurrence, PERCENT, new, by=by)

    @rule(by=mostly(COORDINATOR), milestone=KEYS, ahead=st.sampled_from([0, 0, 0, -1, 1]))
    def record_undated(self, by: Person, milestone: str, ahead: int) -> None:
        new = NewOccurrence(milestone, quarter=self.quarter + ahead, note="no day given")
        self.act(actions.record_occurrence, CODE, new, by=by)

    @rule(by=mostly(COORDINATOR), value=st.decimals(0, 100, places=1))
    def measure_undated(self, by: Person, value: Decimal) -> None:
        new = NewOccurrence("result", quarter=self.quarter, note="no day given", value=value)
        self.act(actions.record_occurrence, PERCENT, new, by=by)

    @rule(by=mostly(COORDINATOR), milestone=KEYS, ahead=DAYS_AHEAD)
    def plan(self, by: Person, milestone: str, ahead: timedelta) -> None:
        new = NewOccurrence(milestone, self.today + ahead, planned=True)
        self.act(actions.record_occurrence, CODE, new, by=by)

    @precondition(lambda self: self.facts(planned=True))
    @rule(by=mostly(COORDINATOR), pick=PICKS)
    def fulfil(self, by: Person, pick: int) -> None:
        _, number = picked(self.facts(planned=True), ANY_FACT, pick)
        facts = {row.number: row.milestone for row in self.rows["occurrences"] if row.indicator_id == 1}
        new = NewOccurrence(facts.get(number, MILESTONES[0]), self.day(0), fulfils=number)
        self.act(actions.record_occurrence, CODE, new, by=by)

    @precondition(lambda self: self.facts(waiting=True))
    @rule(by=mostly(SECTION_HEAD), pick=PICKS)
    def approve(self, by: Person, pick: int) -> None:
        self.act(actions.approve_occurrence, *picked(self.facts(waiting=True), ANY_FACT, pick), by=by)

    @precondition(lambda self: self.facts(waiting=True))
    @rule(pick=PICKS)
    def approve_at_the_quarters_end(self, pick: int) -> None:
        self.quarter_ends(0)
        self.approve(SECTION_HEAD, pick)

    @precondition(lambda self: self.facts())
    @rule(by=mostly(COORDINATOR), pick=PICKS, reason=REASONS)
    def void(self, by: Person, pick: int, reason: str) -> None:
        self.act(actions.void_occurrence, *picked(self.facts(), ANY_FACT, pick), reason=reason, by=by)

    # -- decisions --------------------------------------------------------------------------------------

    def decide(self, call: Callable[..., Outcome], states: str, pick: int, by: Person, **given: Any) -> None:
        """Do it to a milestone in one of the states, now and then to any."""
        milestone = picked(self.milestones_in(states), list(MILESTONES), pick)
        self.act(call, CODE, milestone, by=by, **given)

    @precondition(some_milestone("returned in_progress"))
    @rule(by=mostly(COORDINATOR), pick=PICKS)
    def achieve(self, by: Person, pick: int) -> None:
        self.decide(actions.achieve_milestone, "returned in_progress", pick, by)

    @precondition(some_milestone("achieved"))
    @rule(by=mostly(EVALUATOR), pick=PICKS)
    def verify(self, by: Person, pick: int) -> None:
        self.decide(actions.verify_milestone, "achieved", pick, by)

    @rule(by=mostly(EVALUATOR))
    def verify_measure(self, by: Person) -> None:
        self.act(actions.verify_milestone, PERCENT, "result", by=by)

    @precondition(some_milestone("achieved verified"))
    @rule(by=mostly(EVALUATOR), pick=PICKS, reason=REASONS, ahead=st.none() | DAYS_AHEAD)
    def give_back(self, by: Person, pick: int, reason: str, ahead: timedelta | None) -> None:
        fix_by = None if ahead is None else self.today + ahead
        given = {"reason": reason, "fix_by": fix_by}
        self.decide(actions.return_milestone, "achieved verified", pick, by, **given)

    @precondition(some_milestone("achieved verified returned waived"))
    @rule(by=mostly(COORDINATOR), pick=PICKS, reason=REASONS)
    def reopen(self, by: Person, pick: int, reason: str) -> None:
        self.decide(actions.reopen_milestone, "achieved verified returned waived", pick, by, reason=reason)

    @rule(by=mostly(COORDINATOR), pick=PICKS, reason=REASONS)
    def block(self, by: Person, pick: int, reason: str) -> None:
        self.decide(actions.block_milestone, "open in_progress", pick, by, waiting_for=reason)

    @precondition(some_milestone("blocked postponed"))
    @rule(by=mostly(COORDINATOR), pick=PICKS)
    def resume(self, by: Person, pick: int) -> None:
        self.decide(actions.resume_milestone, "blocked postponed", pick, by)

    @rule(by=mostly(EVALUATOR), pick=PICKS, reason=REASONS, ahead=DAYS_AHEAD)
    def postpone(self, by: Person, pick: int, reason: str, ahead: timedelta) -> None:
        given = {"reason": reason, "until": self.today + ahead}
        self.decide(actions.postpone_milestone, "open in_progress blocked", pick, by, **given)

    @rule(by=mostly(EVALUATOR), pick=PICKS, reason=REASONS, ahead=DAYS_AHEAD)
    def waive(self, by: Person, pick: int, reason: str, ahead: timedelta) -> None:
        given = {"reason": reason, "expires_on": self.today + ahead}
        self.decide(actions.waive_milestone, "open in_progress blocked returned", pick, by, **given)

    @rule(code=CODES)
    def refresh(self, code: str) -> None:
        self.act(actions.refresh_level, code, by=OPERATOR)

    @precondition(some_milestone("waived"))
    @rule()
    def waiver_ends(self) -> None:
        days = [row.expires_on for row in self.rows["waivers"] if row.expires_on >= self.today]
        self.now = at(min(days, default=self.today) + timedelta(1))
        self.refresh(CODE)

    @rule(by=mostly(COORDINATOR), occurrence=st.none() | st.integers(1, 4))
    def attach(self, by: Person, occurrence: int | None) -> None:
        given = {"link": "https://example.org/1", "occurrence": occurrence, "by": by}
        self.act(actions.attach_evidence, CODE, MILESTONES[-1], **given)

    # -- reports ----------------------------------------------------------------------------------------

    def pass_on(self, call: Callable[..., Outcome], states: str, pick: int, by: Person, **given: Any) -> None:
        """Do it to a report in one of the states, now and then to any."""
        self.act(call, CODE, picked(self.reports_in(states), [1, 2, 3, 4], pick), by=by, **given)

    @rule(
        by=mostly(COORDINATOR),
        ahead=st.sampled_from([0, 0, 0, -1, 1]),
        value=st.none() | st.decimals(0, 5, places=1),
    )
    def write(self, by: Person, ahead: int, value: Decimal | None) -> None:
        given = {"narrative": "We met.", "self_reported": value, "by": by}
        self.act(actions.write_report, CODE, self.quarter + ahead, **given)

    @precondition(some_report("draft returned"))
    @rule(by=mostly(COORDINATOR), pick=PICKS)
    def submit(self, by: Person, pick: int) -> None:
        self.pass_on(actions.submit_report, "draft returned", pick, by)

    @rule(by=mostly(SECTION_HEAD), ahead=st.sampled_from([0, 0, -1]))
    def hand_in(self, by: Person, ahead: int) -> None:
        self.write(COORDINATOR, ahead, Decimal(3))
        self.act(actions.submit_report, CODE, self.quarter + ahead, by=COORDINATOR)
        self.act(actions.endorse_report, CODE, self.quarter + ahead, by=by)

    @precondition(some_report("submitted"))
    @rule(by=mostly(SECTION_HEAD), pick=PICKS)
    def endorse(self, by: Person, pick: int) -> None:
        self.pass_on(actions.endorse_report, "submitted", pick, by)

    @precondition(some_report("endorsed"))
    @rule(by=mostly(EVALUATOR), pick=PICKS, quality=st.sampled_from([None, 0, 75, 100, 77]))
    def accept(self, by: Person, pick: int, quality: int | None) -> None:
        self.pass_on(actions.accept_report, "endorsed", pick, by, quality=quality)

    @precondition(some_report("submitted endorsed accepted"))
    @rule(by=mostly(EVALUATOR), pick=PICKS, reason=REASONS)
    def give_report_back(self, by: Person, pick: int, reason: str) -> None:
        self.pass_on(actions.return_report, "submitted endorsed accepted", pick, by, reason=reason)

    # -- the life of an indicator -----------------------------------------------------------------------

    @rule(by=mostly(COORDINATOR), reason=REASONS)
    def ask_for_cancellation(self, by: Person, reason: str) -> None:
        self.act(actions.request_cancellation, CODE, reason=reason, by=by)

    @precondition(lambda self: self.rows["indicators"][0].life == Life.CANCELLATION_REQUESTED)
    @rule(by=mostly(EVALUATOR))
    def decline_cancellation(self, by: Person) -> None:
        self.act(actions.decline_cancellation, CODE, by=by)

    @precondition(lambda self: len(self.rows["journal"]) > 40)  # or there would be little left to do
    @rule(by=mostly(EVALUATOR), reason=REASONS, code=st.sampled_from([CODE, "5049-new"]))
    def cancel(self, by: Person, reason: str, code: str) -> None:
        self.act(actions.cancel_indicator, code, reason=reason, by=by)

    # -- what always holds --------------------------------------------------------------------------------

    @invariant()
    def what_is_kept_is_what_the_facts_give(self) -> None:
        with self.store.read() as tx:
            assert [found for found in checks.levels(tx) if found is not None] == []

    @invariant()
    def journal_is_whole(self) -> None:
        with self.store.read() as tx:
            assert [broken for _, broken in checks.journal(tx) if broken is not None] == []

    @invariant()
    def seals_hold(self) -> None:
        with self.store.read() as tx:
            for quarter in checks.sealed_quarters(tx):
                assert list(checks.seal(tx, quarter)) == []

    @invariant()
    def states_are_legal_and_agree_with_the_facts(self) -> None:
        with self.store.read() as tx:
            for indicator in tx.indicators(YEAR):
                assert indicator.life in set(Life)
                assert {report.state for report in indicator.reports.values()} <= set(ReportState)
                assert list(disagreements(indicator)) == []

    @invariant()
    def level_is_never_reached_with_a_lower_one_open(self) -> None:
        with self.store.read() as tx:
            kept = tx.indicator(CODE, YEAR)
        assert kept.stored.as_of is not None
        for basis, standing in ((Basis.CLAIMED, kept.stored.claimed), (Basis.VERIFIED, kept.stored.verified)):
            result = level_of(WORKFLOW, kept.facts, kept.stored.as_of, basis=basis)
            met = [rung.proof.met for rung in result.rungs]
            assert met[: standing.level] == [True] * standing.level
            assert met[standing.level : standing.level + 1] != [True]
        assert kept.stored.verified.level <= kept.stored.claimed.level


def disagreements(indicator: Indicator) -> Iterator[tuple[str, str, str]]:
    """Milestones whose state is not what their facts and decisions make of it."""
    day = indicator.stored.as_of
    assert day is not None
    claimed, verified = (
        tallies_of(indicator.workflow, indicator.facts, day, basis=basis)
        for basis in (Basis.CLAIMED, Basis.VERIFIED)
    )
    rulings = latest_decisions(indicator.decisions)
    for definition in indicator.workflow.milestones:
        milestone = indicator.milestones[definition.key]
        decision = rulings.get(definition.key)
        ruling = decision.ruling if decision else None
        facts, seen = len(claimed[definition.key].facts), len(verified[definition.key].facts)
        complete, waived = facts >= definition.needs, claimed[definition.key].waived
        agrees = {
            MilestoneState.OPEN: facts == 0 and not milestone.reason,
            MilestoneState.IN_PROGRESS: not complete and (facts > 0 or ruling is Ruling.REOPENED),
            MilestoneState.ACHIEVED: complete,
            MilestoneState.VERIFIED: ruling is Ruling.VERIFIED and seen >= definition.needs,
            MilestoneState.RETURNED: ruling is Ruling.RETURNED,
            MilestoneState.BLOCKED: not complete and bool(milestone.blocked_by),
            MilestoneState.POSTPONED: not complete and milestone.postponed_to is not None,
            MilestoneState.WAIVED: waived,
        }
        if not agrees[MilestoneState(milestone.state)]:
            yield indicator.code, definition.key, milestone.state


def run(new_database: Callable[[], str], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        lambda: Year(new_database),  # type: ignore[arg-type]  # it calls what it is given, class or not
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


def founded(url: str) -> None:
    """The city with its people, and two indicators of Thung Khru."""
    store = new_store(url)
    found_city(store)
    with store.begin() as tx:
        new = new_indicator(PERCENT, workflow=MEASURED)
        actions.create_indicator(tx, new, by=ADMINISTRATOR, now=FOUNDED)
    store.close()


def test_year_on_sqlite_stays_whole_whatever_is_done(tmp_path: Path):
    template, database = tmp_path / "template.db", tmp_path / "radap.db"
    founded(f"sqlite:///{template}")

    def copy() -> str:
        for left in tmp_path.glob("radap.db*"):
            left.unlink()
        shutil.copy(template, database)
        return f"sqlite:///{database}"

    run(copy, *((400, 100) if LONG else (20, 40)))


def test_year_on_postgresql_stays_whole_whatever_is_done(postgres):
    template = postgres.create()
    founded(template)
    copies: list[str] = []

    def copy() -> str:
        while copies:
            postgres.drop(copies.pop())
        copies.append(postgres.create(template))
        return copies[0]

    run(copy, *((60, 80) if LONG else (3, 25)))
    while copies:
        postgres.drop(copies.pop())
    postgres.drop(template)


@pytest.mark.parametrize("state", MilestoneState)
def test_disagreement_of_a_state_with_its_facts_would_be_found(state, tmp_path):
    founded(f"sqlite:///{tmp_path / 'radap.db'}")
    store = open_store(f"sqlite:///{tmp_path / 'radap.db'}")
    with store.read() as tx:
        indicator = tx.indicator(CODE, YEAR)
    store.close()
    indicator.milestones[MILESTONES[0]].state = state
    found = [(CODE, MILESTONES[0], state)] if state is not MilestoneState.OPEN else []
    assert list(disagreements(indicator)) == found
