"""Whatever people do in whatever order, on a real store: nothing is half done, and what is kept is true.

A short form runs with every test; ``RADAP_LONG=1`` looks much further.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
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
ORDERED = [table for table in tables.metadata.sorted_tables if table.primary_key.columns]

CODES = st.sampled_from([CODE, CODE, CODE, PERCENT, "5049-new"])
KEYS = st.sampled_from(MILESTONES)
#: Half of what is done keeps to two milestones, so that they see much of what can happen to one.
FAVOURITES = st.sampled_from(MILESTONES[:2]) | KEYS
NUMBERS = st.integers(1, 9)
EVERYBODY = (COORDINATOR, SECTION_HEAD, EVALUATOR, ADMINISTRATOR, SAI_MAI_COORDINATOR, OPERATOR)
PICKS = st.integers(0, 99)
QUARTERS = st.integers(1, 4)
REASONS = st.sampled_from(["floods", "floods", "floods", " "])
DAYS_AHEAD = st.integers(-2, 90).map(timedelta)


def mostly(person: Person) -> st.SearchStrategy[Person]:
    """That person nearly always, else somebody who may do something else."""
    return st.sampled_from([*[person] * 20, *EVERYBODY])


T = TypeVar("T")


def picked(fitting: list[T], others: list[T], pick: int) -> T:
    """One that fits, nine times of ten where there is any."""
    among = fitting if fitting and pick % 10 else others
    return among[pick % len(among)]


class Year(RuleBasedStateMachine):
    """A fiscal year of two indicators, and of one more if somebody creates it."""

    def __init__(self, new_database: Callable[[], str]) -> None:
        super().__init__()
        self.store: Store = open_store(new_database())
        self.now = at(FIRST_DAY)
        self.rows = self.everything()
        self.sealed_at = self.now

    def teardown(self) -> None:
        self.store.close()

    # -- doing ------------------------------------------------------------------------------------------

    def everything(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        with self.store.read() as tx:
            return {
                table.name: list(tx.connection.execute(select(table).order_by(*table.primary_key.columns)))
                for table in ORDERED
            }

    def do(self, call: Callable[..., Any], *args: Any, events: int | None = 1, **given: Any) -> Any:
        """Do it, and see to it that it is one change with its events, or no change at all."""
        self.now += timedelta(seconds=1)
        before = self.rows
        try:
            with self.store.begin() as tx:
                outcome = call(tx, *args, now=self.now, **given)
        except Refusal as refusal:
            assert refusal.conditions
            outcome, events = None, 0
        if isinstance(outcome, Outcome) and outcome.event is None:
            events = 0
        self.rows = self.everything()
        grown = len(self.rows["journal"]) - len(before["journal"])
        assert grown == events or (events is None and grown >= 1)
        assert (self.rows == before) == (grown == 0)
        return outcome

    def act(self, call: Callable[..., Outcome], code: str, *args: Any, **given: Any) -> None:
        self.do(call, code, YEAR, *args, **given)

    def milestone_in(self, states: str, pick: int) -> str:
        """A milestone in one of the states; now and then, and where there is none, any."""
        of_first = [row for row in self.rows["milestones"] if row.indicator_id == 1]
        fitting = [row.key for row in of_first if row.state in states.split()]
        return picked(fitting, list(MILESTONES), pick)

    def quarter_in(self, states: str, pick: int) -> int:
        """A quarter whose report is in one of the states; now and then, and where there is none, any."""
        fitting = [row.quarter for row in self.rows["reports"] if row.state in states.split()]
        return picked(fitting, [1, 2, 3, 4], pick)

    def fact(self, pick: int, *, waiting: bool = False, planned: bool = False) -> tuple[str, int]:
        """Code and number of a fact of that kind; now and then, and where there is none, of any."""
        facts = [row for row in self.rows["occurrences"] if row.voided_at is None]
        fitting = [row for row in facts if (row.counts_on is None) == waiting and row.planned == planned]
        codes = {row.id: row.code for row in self.rows["indicators"]}
        pairs = [[(codes[row.indicator_id], row.number) for row in rows] for rows in (fitting, facts)]
        return picked(pairs[0], [*pairs[1], (CODE, 9)], pick)

    @property
    def today(self) -> date:
        return self.store.policy.day_of(self.now)

    # -- the clock --------------------------------------------------------------------------------------

    @rule(days=st.integers(1, 10))
    def days_pass(self, days: int) -> None:
        self.now += timedelta(days)

    @rule(days=st.integers(10, 45))
    def weeks_pass(self, days: int) -> None:
        self.now += timedelta(days)

    @rule(late=st.integers(0, 20))
    def quarter_ends(self, late: int) -> None:
        self.now = at(Quarter.containing(self.today).last_day + timedelta(late), 10)

    @rule(days=st.integers(1, 3))
    def clock_is_set_back(self, days: int) -> None:
        """Another machine's clock runs behind; never behind a seal, whose instant is the city's."""
        self.now = max(self.sealed_at, self.now - timedelta(days))

    # -- creating and the city --------------------------------------------------------------------------

    @rule(
        by=mostly(ADMINISTRATOR),
        code=st.sampled_from(["5049-new", "5049-new", CODE, " "]),
        sai_mai=st.booleans(),
    )
    def create(self, by: Person, code: str, sai_mai: bool) -> None:
        new = new_indicator(code, agency=SAI_MAI if sai_mai else THUNG_KHRU)
        self.do(actions.create_indicator, new, by=by)

    @rule(by=mostly(EVALUATOR), quarter=QUARTERS, ahead=DAYS_AHEAD, reason=REASONS)
    def extend(self, by: Person, quarter: int, ahead: timedelta, reason: str) -> None:
        of_year = Quarter(YEAR, quarter)
        given = {"reason": reason, "by": by, "events": None}
        self.do(actions.grant_extension, THUNG_KHRU, of_year, of_year.last_day + ahead, **given)

    @rule(by=mostly(EVALUATOR), skip=st.sampled_from([0, 0, 0, 1]))
    def seal(self, by: Person, skip: int) -> None:
        done = len(self.rows["seals"])
        if self.do(actions.seal_quarter, Quarter(YEAR, min(done + 1 + skip, 4)), by=by) is not None:
            self.sealed_at = self.now + timedelta(seconds=1)

    # -- facts ------------------------------------------------------------------------------------------

    @rule(
        by=mostly(COORDINATOR),
        milestone=FAVOURITES,
        back=st.integers(-1, 120),
        document=st.sampled_from([None, None, "1/64", "2/64"]),
    )
    def record(self, by: Person, milestone: str, back: int, document: str | None) -> None:
        day = min(max(FIRST_DAY, self.today - timedelta(back)), LAST_DAY)
        new = NewOccurrence(milestone, day, document_number=document)
        self.act(actions.record_occurrence, CODE, new, by=by)

    @rule(by=mostly(COORDINATOR), back=st.integers(0, 60), value=st.decimals(0, 100, places=1))
    def measure(self, by: Person, back: int, value: Decimal) -> None:
        day = min(max(FIRST_DAY, self.today - timedelta(back)), LAST_DAY)
        self.act(actions.record_occurrence, PERCENT, NewOccurrence("result", day, value=value), by=by)

    @rule(by=mostly(COORDINATOR), code=CODES, milestone=FAVOURITES, quarter=QUARTERS, note=REASONS)
    def record_undated(self, by: Person, code: str, milestone: str, quarter: int, note: str) -> None:
        measured = (
            {"milestone": "result", "value": Decimal(70)} if code == PERCENT else {"milestone": milestone}
        )
        new = NewOccurrence(**measured, quarter=quarter, note=note)
        self.act(actions.record_occurrence, code, new, by=by)

    @rule(by=mostly(COORDINATOR), milestone=FAVOURITES, ahead=DAYS_AHEAD)
    def plan(self, by: Person, milestone: str, ahead: timedelta) -> None:
        new = NewOccurrence(milestone, self.today + ahead, planned=True)
        self.act(actions.record_occurrence, CODE, new, by=by)

    @rule(by=mostly(COORDINATOR), pick=PICKS)
    def fulfil(self, by: Person, pick: int) -> None:
        code, number = self.fact(pick, planned=True)
        milestone = next(
            (
                row.milestone
                for row in self.rows["occurrences"]
                if (row.indicator_id, row.number) == (1, number)
            ),
            MILESTONES[0],
        )
        new = NewOccurrence(milestone, min(self.today, LAST_DAY), fulfils=number)
        self.act(actions.record_occurrence, code, new, by=by)

    @rule(by=mostly(SECTION_HEAD), pick=PICKS)
    def approve(self, by: Person, pick: int) -> None:
        self.act(actions.approve_occurrence, *self.fact(pick, waiting=True), by=by)

    @rule(by=mostly(COORDINATOR), pick=PICKS, reason=REASONS)
    def void(self, by: Person, pick: int, reason: str) -> None:
        self.act(actions.void_occurrence, *self.fact(pick), reason=reason, by=by)

    # -- decisions --------------------------------------------------------------------------------------

    @rule(by=mostly(COORDINATOR), pick=PICKS)
    def achieve(self, by: Person, pick: int) -> None:
        milestone = self.milestone_in("returned in_progress", pick)
        self.act(actions.achieve_milestone, CODE, milestone, by=by)

    @rule(by=mostly(EVALUATOR), pick=PICKS)
    def verify(self, by: Person, pick: int) -> None:
        milestone = self.milestone_in("achieved", pick)
        self.act(actions.verify_milestone, CODE, milestone, by=by)

    @rule(by=mostly(EVALUATOR))
    def verify_measure(self, by: Person) -> None:
        self.act(actions.verify_milestone, PERCENT, "result", by=by)

    @rule(by=mostly(EVALUATOR), pick=PICKS, reason=REASONS, ahead=st.none() | DAYS_AHEAD)
    def give_back(self, by: Person, pick: int, reason: str, ahead: timedelta | None) -> None:
        milestone = self.milestone_in("achieved verified", pick)
        fix_by = None if ahead is None else self.today + ahead
        self.act(actions.return_milestone, CODE, milestone, reason=reason, fix_by=fix_by, by=by)

    @rule(by=mostly(COORDINATOR), pick=PICKS, reason=REASONS)
    def reopen(self, by: Person, pick: int, reason: str) -> None:
        milestone = self.milestone_in("achieved verified returned waived", pick)
        self.act(actions.reopen_milestone, CODE, milestone, reason=reason, by=by)

    @rule(by=mostly(COORDINATOR), pick=PICKS, reason=REASONS)
    def block(self, by: Person, pick: int, reason: str) -> None:
        milestone = self.milestone_in("open in_progress", pick)
        self.act(actions.block_milestone, CODE, milestone, waiting_for=reason, by=by)

    @rule(by=mostly(COORDINATOR), pick=PICKS)
    def resume(self, by: Person, pick: int) -> None:
        milestone = self.milestone_in("blocked postponed", pick)
        self.act(actions.resume_milestone, CODE, milestone, by=by)

    @rule(by=mostly(EVALUATOR), pick=PICKS, reason=REASONS, ahead=DAYS_AHEAD)
    def postpone(self, by: Person, pick: int, reason: str, ahead: timedelta) -> None:
        milestone = self.milestone_in("open in_progress blocked", pick)
        self.act(actions.postpone_milestone, CODE, milestone, until=self.today + ahead, reason=reason, by=by)

    @rule(by=mostly(EVALUATOR), pick=PICKS, reason=REASONS, ahead=DAYS_AHEAD)
    def waive(self, by: Person, pick: int, reason: str, ahead: timedelta) -> None:
        milestone = self.milestone_in("open in_progress returned blocked", pick)
        self.act(
            actions.waive_milestone, CODE, milestone, expires_on=self.today + ahead, reason=reason, by=by
        )

    @rule(code=CODES)
    def refresh(self, code: str) -> None:
        self.act(actions.refresh_level, code, by=OPERATOR)

    @rule(by=mostly(COORDINATOR), milestone=KEYS, occurrence=st.none() | NUMBERS)
    def attach(self, by: Person, milestone: str, occurrence: int | None) -> None:
        given = {"link": "https://example.org/1", "occurrence": occurrence}
        self.act(actions.attach_evidence, CODE, milestone, **given, by=by)

    # -- reports ----------------------------------------------------------------------------------------

    @rule(by=mostly(COORDINATOR), quarter=QUARTERS, value=st.none() | st.decimals(0, 5, places=1))
    def write(self, by: Person, quarter: int, value: Decimal | None) -> None:
        given = {"narrative": "We met.", "self_reported": value}
        self.act(actions.write_report, CODE, quarter, **given, by=by)

    @rule(by=mostly(COORDINATOR), pick=PICKS)
    def submit(self, by: Person, pick: int) -> None:
        quarter = self.quarter_in("draft returned", pick)
        self.act(actions.submit_report, CODE, quarter, by=by)

    @rule(by=mostly(SECTION_HEAD), pick=PICKS)
    def endorse(self, by: Person, pick: int) -> None:
        quarter = self.quarter_in("submitted", pick)
        self.act(actions.endorse_report, CODE, quarter, by=by)

    @rule(by=mostly(EVALUATOR), pick=PICKS, quality=st.sampled_from([None, 0, 75, 100, 77]))
    def accept(self, by: Person, pick: int, quality: int | None) -> None:
        quarter = self.quarter_in("endorsed", pick)
        self.act(actions.accept_report, CODE, quarter, quality=quality, by=by)

    @rule(by=mostly(EVALUATOR), pick=PICKS, reason=REASONS)
    def give_report_back(self, by: Person, pick: int, reason: str) -> None:
        quarter = self.quarter_in("submitted endorsed accepted", pick)
        self.act(actions.return_report, CODE, quarter, reason=reason, by=by)

    # -- the life of an indicator -------------------------------------------------------------------------

    @rule(by=mostly(COORDINATOR), reason=REASONS)
    def ask_for_cancellation(self, by: Person, reason: str) -> None:
        self.act(actions.request_cancellation, CODE, reason=reason, by=by)

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
                assert [one for one in disagreements(indicator)] == []

    @invariant()
    def level_is_never_reached_with_a_lower_one_open(self) -> None:
        with self.store.read() as tx:
            kept = tx.indicator(CODE, YEAR)
        assert kept.stored.as_of is not None
        for basis, standing in ((Basis.CLAIMED, kept.stored.claimed), (Basis.VERIFIED, kept.stored.verified)):
            result = level_of(WORKFLOW, kept.facts, kept.stored.as_of, basis=basis)
            assert (
                [rung.proof.met for rung in result.rungs].index(False) == standing.level
                if (standing.level < 5)
                else all(rung.proof.met for rung in result.rungs)
            )
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
        lambda: Year(new_database),
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
        actions.create_indicator(
            tx, new, by=ADMINISTRATOR, now=datetime.fromisoformat("2020-10-01T00:00:00Z")
        )
    store.close()


def test_year_on_sqlite_stays_whole_whatever_is_done(tmp_path: Path):
    template, database = tmp_path / "template.db", tmp_path / "radap.db"
    founded(f"sqlite:///{template}")

    def copy() -> str:
        for left in tmp_path.glob("radap.db*"):
            left.unlink()
        shutil.copy(template, database)
        return f"sqlite:///{database}"

    run(copy, *((400, 100) if LONG else (15, 50)))


def test_year_on_postgresql_stays_whole_whatever_is_done(postgres):
    template = postgres.create()
    founded(template)
    copies: list[str] = []

    def copy() -> str:
        while copies:
            postgres.drop(copies.pop())
        copies.append(postgres.create(template))
        return copies[0]

    run(copy, *((60, 80) if LONG else (3, 30)))
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
