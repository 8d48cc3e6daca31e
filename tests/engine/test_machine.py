"""The machines: what every state allows, what it refuses, and how a refusal names everything at once."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any

import pytest
from transitions import Machine

from engine import guards, machine
from engine.errors import Refusal, Unmet
from engine.guards import Attempt
from engine.indicator import Indicator, Life, MilestoneState, QuarterReport, ReportState
from engine.levels import Tally
from engine.machine import (
    LIFE_TRANSITIONS,
    MILESTONE_TRANSITIONS,
    REPORT_TRANSITIONS,
    Rules,
    Transition,
    fire,
    ladder_rules,
    life_rules,
    milestone_rules,
    report_rules,
    unmet_conditions,
)
from engine.permissions import Action, Person, Role
from engine.quarter import FiscalYear
from engine.settling import settle
from engine.workflow import Order
from tests.cast import (
    CODE,
    EVALUATOR,
    GUIDELINES,
    ISSUE,
    MEASURED,
    MILESTONES,
    OPERATOR,
    SAI_MAI_COORDINATOR,
    THUNG_KHRU,
    WORKFLOW,
    at,
    new_indicator,
)
from tests.engine.memory import desk, kinds, unmet

TODAY = date(2021, 2, 1)
TABLES = {
    "milestone": (MILESTONE_TRANSITIONS, MilestoneState, milestone_rules),
    "report": (REPORT_TRANSITIONS, ReportState, report_rules),
    "indicator": (LIFE_TRANSITIONS, Life, life_rules),
}
#: Written by hand: every way a person or the facts can move a milestone, a report, an indicator.
LEGAL = {
    "milestone": {
        "open": "achieve block postpone waive start complete",
        "in_progress": "achieve block postpone waive complete clear",
        "achieved": "verify return reopen lapse clear",
        "verified": "return reopen renew lapse clear",
        "returned": "achieve reopen waive",
        "blocked": "achieve block resume postpone waive complete",
        "postponed": "achieve resume postpone waive complete",
        "waived": "reopen start complete clear",
    },
    "report": {
        "draft": "write submit seal",
        "submitted": "endorse return seal",
        "endorsed": "accept return seal",
        "accepted": "return rescore seal",
        "returned": "write submit restore seal",
        "sealed": "",
    },
    "indicator": {
        "draft": "activate",
        "active": "request_cancellation cancel close",
        "cancellation_requested": "decline_cancellation cancel",
        "cancelled": "",
        "closed": "",
    },
}
REACHES = {
    "milestone": {
        "achieve": "achieved",
        "verify": "verified",
        "return": "returned",
        "reopen": "in_progress",
        "block": "blocked",
        "resume": "in_progress",
        "postpone": "postponed",
        "waive": "waived",
        "start": "in_progress",
        "complete": "achieved",
        "renew": "achieved",
        "lapse": "in_progress",
        "clear": "open",
    },
    "report": {
        "write": "draft",
        "submit": "submitted",
        "endorse": "endorsed",
        "accept": "accepted",
        "return": "returned",
        "restore": "accepted",
        "rescore": "accepted",
        "seal": "sealed",
    },
    "indicator": {
        "activate": "active",
        "request_cancellation": "cancellation_requested",
        "decline_cancellation": "active",
        "cancel": "cancelled",
        "close": "closed",
    },
}
EVERY_PAIR = [
    (subject, state, trigger)
    for subject in LEGAL
    for state, trigger in product(LEGAL[subject], REACHES[subject])
]


@dataclass
class Thing:
    """A model: anything with a state."""

    state: str


def attempt(by: Person = OPERATOR, **given: Any) -> Attempt:
    """An attempt at which no guard finds anything, unless the test gives it something to find."""
    new = new_indicator()
    indicator = Indicator(1, CODE, FiscalYear(2021), THUNG_KHRU, WORKFLOW, new.title, life=Life.ACTIVE)
    everything = {
        "indicator": indicator,
        "action": Action.RECORD,
        "now": at(TODAY),
        "today": TODAY,
        "reason": "a reason",
        "report": QuarterReport(1, narrative="It went well."),
        **given,
    }
    return Attempt(by=by, **everything)


# --- every pair ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("subject", "state", "trigger"), EVERY_PAIR)
def test_pair_of_state_and_trigger_is_legal_or_refused(subject, state, trigger):
    rules, model = TABLES[subject][2](), Thing(state)
    if trigger in LEGAL[subject][state].split():
        fire(rules, model, trigger, attempt())
        assert model.state == REACHES[subject][trigger]
    else:
        refused = unmet(lambda: fire(rules, model, trigger, attempt()))
        assert [one.kind for one in refused] == [f"{subject}.wrong_state"]
        assert refused[0].params["state"] == state
        assert refused[0].params["trigger"] == trigger
        assert model.state == state


@pytest.mark.parametrize("subject", TABLES)
def test_machine_knows_the_states_and_triggers_of_its_table_and_no_more(subject):
    table, states, rules = TABLES[subject]
    assert [str(state) for state in states] == list(LEGAL[subject])
    assert list(rules().machine.states) == list(LEGAL[subject])
    assert list(rules().machine.events) == list(REACHES[subject])
    assert len(table) == len(REACHES[subject])  # one row a trigger: its guards are its own


@pytest.mark.parametrize(
    ("subject", "first"), [("milestone", "open"), ("report", "draft"), ("indicator", "draft")]
)
def test_every_state_can_be_reached_from_the_first(subject, first):
    table: tuple[Transition, ...] = TABLES[subject][0]
    reached, before = {first}, set[str]()
    while reached != before:
        before = set(reached)
        reached |= {str(row.dest) for row in table if before & {str(source) for source in row.sources}}
    assert reached == set(LEGAL[subject])


def test_wrong_state_offers_what_people_can_do_and_not_what_follows_by_itself():
    refused = unmet(lambda: fire(milestone_rules(), Thing("verified"), "verify", attempt()))
    assert refused[0].params["possible"] == ("return", "reopen")


# --- refusals ------------------------------------------------------------------------------------------


def bad_attempt() -> Attempt:
    """Everything is wrong: person, life, year, reason, day."""
    given = attempt(by=SAI_MAI_COORDINATOR, reason=" ", until=TODAY)
    given.indicator.life = Life.CANCELLED
    given.indicator.sealed_through = 4
    return given


EVERYTHING = [
    "person.not_permitted",
    "indicator.not_running",
    "quarter.sealed",
    "reason.missing",
    "day.not_ahead",
]


def test_refusal_names_every_unmet_condition_at_once():
    assert kinds(lambda: fire(milestone_rules(), Thing("open"), "postpone", bad_attempt())) == EVERYTHING


def test_refusal_names_the_wrong_state_beside_every_unmet_condition():
    refused = kinds(lambda: fire(milestone_rules(), Thing("verified"), "postpone", bad_attempt()))
    assert refused == ["milestone.wrong_state", *EVERYTHING]


@pytest.mark.parametrize("state", ["open", "verified"])
def test_refusal_names_the_faults_that_the_action_found(state):
    fault, model = Unmet("score.off_scale"), Thing(state)
    refused = kinds(lambda: fire(milestone_rules(), model, "block", bad_attempt(), [fault]))
    assert refused[-1] == "score.off_scale"
    assert len(refused) == (5 if state == "open" else 6)
    assert model.state == state


def test_fault_alone_refuses_and_leaves_the_state():
    model = Thing("open")
    refused = kinds(lambda: fire(milestone_rules(), model, "block", attempt(), [Unmet("score.off_scale")]))
    assert (refused, model.state) == (["score.off_scale"], "open")


def test_refusal_names_a_condition_once():
    refusal = Refusal([Unmet("quarter.sealed", {"quarter": 4}), Unmet("quarter.sealed", {"quarter": 4})])
    assert refusal.conditions == (Unmet("quarter.sealed", {"quarter": 4}),)


def test_unknown_trigger_is_refused_with_the_known_ones():
    refused = unmet(lambda: fire(life_rules(), Thing("active"), "finish", attempt()))
    assert refused == [
        Unmet("trigger.unknown", {"trigger": "finish", "known": sorted(REACHES["indicator"])}),
    ]


def test_trigger_that_the_library_would_take_for_its_own_is_unknown():
    for trigger in ("to_closed", "__class__", "trigger", ""):
        assert kinds(partial(fire, life_rules(), Thing("active"), trigger, attempt())) == ["trigger.unknown"]


@pytest.mark.parametrize("rules", [milestone_rules, report_rules, life_rules])
def test_unknown_stored_state_is_an_error_and_no_refusal(rules):
    trigger = next(iter(rules().machine.events))
    with pytest.raises(ValueError, match="'asleep' is no state of the"):
        fire(rules(), Thing("asleep"), trigger, attempt())


def test_state_given_as_a_member_of_its_enum_moves_like_its_word():
    model = Thing(MilestoneState.BLOCKED)
    fire(milestone_rules(), model, "resume", attempt())
    assert (type(model.state), model.state) == (str, "in_progress")


# --- guards --------------------------------------------------------------------------------------------


def test_condition_of_a_guard_is_exactly_true_or_false():
    """The library takes a truthy list for a no, and a string for the name of something to import."""

    def never(_: Attempt) -> Iterator[Unmet]:
        yield Unmet("never")

    assert machine._condition((never,))(attempt()) is False
    assert machine._condition((guards.reasoned, guards.ahead))(attempt()) is True


@pytest.mark.parametrize("table", [table for table, _, _ in TABLES.values()], ids=TABLES)
def test_guards_of_every_table_are_functions_of_ours(table):
    found = {guard for row in table for guard in row.guards}
    assert {(type(guard).__name__, guard.__module__) for guard in found} == {("function", "engine.guards")}


def test_guards_of_a_trigger_are_asked_in_the_order_of_the_table():
    rows = (guards.permitted, guards.running, guards.year_open, guards.reasoned, guards.ahead)
    assert [one.kind for one in unmet_conditions(rows, bad_attempt())] == EVERYTHING


@pytest.mark.parametrize(
    ("until", "refused"),
    [
        (date(2021, 2, 1), ["day.not_ahead"]),
        (date(2021, 2, 2), []),
        (date(2021, 9, 30), []),
        (date(2021, 10, 1), ["day.not_ahead"]),
        (None, []),
    ],
)
def test_day_put_off_to_lies_ahead_in_the_year(until, refused):
    assert [one.kind for one in guards.ahead_in_year(attempt(until=until))] == refused


@pytest.mark.parametrize(
    ("until", "refused"),
    [(date(2021, 2, 1), ["day.not_ahead"]), (date(2021, 2, 2), []), (date(2021, 10, 1), [])],
)
def test_day_for_a_fix_may_lie_behind_the_year(until, refused):
    assert [one.kind for one in guards.ahead(attempt(until=until))] == refused


def test_lower_milestone_must_be_done_under_a_strict_order_alone():
    one = desk(replace(WORKFLOW, order=Order.STRICT)).indicator
    issue = WORKFLOW.milestone(ISSUE)
    named = [found.params["lower"].en for found in guards.in_order(attempt(indicator=one, milestone=issue))]
    assert named == ["Guidelines set", "Committee appointed", "Meetings held"]
    one.milestones[GUIDELINES].state = MilestoneState.WAIVED
    assert len(list(guards.in_order(attempt(indicator=one, milestone=issue)))) == 2
    one.workflow = WORKFLOW
    assert list(guards.in_order(attempt(indicator=one, milestone=issue))) == []


def test_optional_lower_milestone_may_stay_open():
    optional = tuple(replace(one, optional=one.key == GUIDELINES) for one in WORKFLOW.milestones)
    one = desk(replace(WORKFLOW, order=Order.STRICT, milestones=optional)).indicator
    committee = one.workflow.milestones[1]
    assert list(guards.in_order(attempt(indicator=one, milestone=committee))) == []


def test_own_work_is_that_of_the_facts_and_of_the_report():
    evaluators = Person(2, "both", (*EVALUATOR.grants,))
    fact = desk().record(GUIDELINES, TODAY).indicator.occurrences[0]
    theirs = attempt(by=evaluators, tally=Tally((fact,)), action=Action.VERIFY)
    assert [(one.kind, one.who) for one in guards.not_own_work(theirs)] == [
        ("person.own_work", (Role.EVALUATOR,))
    ]
    submitted = attempt(by=evaluators, report=QuarterReport(1, submitted_by=2))
    assert [one.kind for one in guards.not_own_work(submitted)] == ["person.own_work"]
    assert list(guards.not_own_work(attempt(by=EVALUATOR, tally=Tally((fact,))))) == []
    assert list(guards.not_own_work(attempt(by=OPERATOR._replace(id=2), tally=Tally((fact,))))) == []


# --- the ladder ----------------------------------------------------------------------------------------


def test_ladder_has_a_state_for_every_level_each_reached_from_every_other():
    rules = ladder_rules(WORKFLOW)
    states = ["not_started", *MILESTONES]
    assert list(rules.machine.states) == states
    for source, dest in product(states, states):
        model = Thing(source)
        if source == dest:
            assert kinds(partial(fire, rules, model, f"to_{dest}", attempt())) == ["ladder.wrong_state"]
        else:
            fire(rules, model, f"to_{dest}", attempt())
            assert model.state == dest


def test_ladder_climbs_and_falls_with_the_level():
    one = desk()
    climbed = [one.indicator.ladder]
    for day, milestone in enumerate((*MILESTONES[:3], MILESTONES[2]), start=1):
        one.record(milestone, date(2021, 2, day))
        climbed.append(one.indicator.ladder)
    assert climbed == ["not_started", *MILESTONES[:2], MILESTONES[1], MILESTONES[2]]
    kept = one.indicator
    kept.occurrences[0] = kept.occurrences[0]._replace(voided_at=at(TODAY))
    settle(kept, date(2021, 3, 1), kept.fiscal_year.first_day)
    assert kept.ladder == "not_started"


def test_ladder_in_an_unknown_state_is_an_error():
    kept = desk().indicator
    kept.ladder = "level_9"
    with pytest.raises(ValueError, match="level_9"):
        settle(kept, TODAY, None)


# --- no machine per object -----------------------------------------------------------------------------


def test_rules_are_built_once_and_shared():
    assert milestone_rules() is milestone_rules()
    assert report_rules() is report_rules()
    assert life_rules() is life_rules()
    assert ladder_rules(WORKFLOW) is ladder_rules(WORKFLOW)


def test_actions_build_no_machine(monkeypatch):
    one = desk()
    one.record(GUIDELINES, TODAY)  # the first action of a process may build the shared ones
    built: list[object] = []
    monkeypatch.setattr(Rules, "__init__", lambda self, *_: built.append(self))
    for number in range(10):
        one.record(MILESTONES[number % 5], date(2021, 2, number + 2))
    assert built == []


def test_machine_holds_none_of_the_models_it_moved():
    model = Thing("open")
    fire(milestone_rules(), model, "start", attempt())
    assert milestone_rules().machine.models == []
    assert [holder for holder in gc.get_referrers(model) if isinstance(holder, Machine)] == []


def test_model_gains_nothing_but_its_state():
    model = Thing("open")
    fire(milestone_rules(), model, "start", attempt())
    assert vars(model) == {"state": "in_progress"}


def test_ladder_of_a_measured_indicator_follows_its_value():
    one = desk(MEASURED)
    one.record("result", TODAY, value=Decimal(60))
    assert one.indicator.ladder == "level_1"
