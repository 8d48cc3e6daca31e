"""What is missing for the next level: everything at once, who supplies it, and when it is due."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.actions import (
    approve_occurrence,
    attach_evidence,
    block_milestone,
    postpone_milestone,
    reopen_milestone,
    return_milestone,
    verify_milestone,
    void_occurrence,
    withdraw_evidence,
)
from engine.explain import Missing, next_level
from engine.indicator import Indicator
from engine.levels import Basis
from engine.permissions import Role
from engine.workflow import (
    AllOf,
    AnyOf,
    AtLeast,
    Bound,
    Count,
    Direction,
    LevelRule,
    Measure,
    MeasureKind,
    Order,
    Reached,
    Rule,
    Text,
)
from tests.cast import (
    COMMITTEE,
    EVALUATOR,
    GUIDELINES,
    ISSUE,
    MEASURED,
    MEETINGS,
    MILESTONES,
    REPORT,
    SECTION_HEAD,
    WORKFLOW,
    at,
)
from tests.engine.memory import Desk, desk

DAY = date(2021, 2, 1)
C, D, H = Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD
OWNER, E = Role.OWNER, Role.EVALUATOR


def said(indicator: Indicator, on: date = DAY, **given: Any) -> tuple[int, list[tuple[str, str]]]:
    """The next level, and (milestone, kind) of everything that is missing for it."""
    ahead = next_level(indicator, on, **given)
    assert ahead is not None
    return ahead.level, [(one.milestone, one.condition.kind) for one in ahead.missing]


def missing(one: Desk, on: date = DAY) -> tuple[Missing, ...]:
    ahead = next_level(one.indicator, on)
    assert ahead is not None
    return ahead.missing


def with_rules(*rules: Rule, order: Order = Order.TOLERANT) -> Desk:
    """An indicator on the milestones of the cast with other levels."""
    levels = tuple(
        LevelRule(level, f"level_{level}", Text("", ""), rule) for level, rule in enumerate(rules, start=1)
    )
    return desk(replace(WORKFLOW, levels=levels, order=order))


# --- one leaf ------------------------------------------------------------------------------------------


def test_open_milestone_is_missing_with_its_numbers_role_and_day():
    one = desk()
    one.record(GUIDELINES, DAY)
    one.record(COMMITTEE, DAY)
    one.record(MEETINGS, DAY)
    (found,) = missing(one)
    assert (found.rule, found.milestone, found.due_on) == (MEETINGS, MEETINGS, date(2021, 7, 12))
    assert found.condition.kind == "milestone.needs_occurrences"
    assert found.condition.who == (C,)
    assert {name: found.condition.params[name] for name in ("missing", "have", "need")} == {
        "missing": 1,
        "have": 1,
        "need": 2,
    }


def test_milestone_of_another_role_names_that_role():
    milestones = tuple(replace(one, supplied_by=OWNER) for one in WORKFLOW.milestones)
    assert missing(desk(replace(WORKFLOW, milestones=milestones)))[0].condition.who == (OWNER,)


def test_nothing_is_missing_at_the_top():
    one = with_rules(Reached(GUIDELINES))
    one.record(GUIDELINES, DAY)
    assert next_level(one.indicator, DAY) is None


def test_milestone_is_missing_on_a_day_before_it_was_done():
    one = desk()
    one.record(GUIDELINES, DAY)
    assert said(one.indicator, date(2021, 1, 31)) == (1, [(GUIDELINES, "milestone.needs_occurrences")])
    assert said(one.indicator, DAY) == (2, [(COMMITTEE, "milestone.needs_occurrences")])


def test_milestone_is_missing_as_known_before_it_was_recorded():
    one = desk()
    one.record(GUIDELINES, DAY, on=date(2021, 2, 10))
    assert said(one.indicator, DAY, known_at=at(DAY))[0] == 1


def test_undated_fact_is_named_with_those_who_can_approve_it():
    one = desk()
    one.record(GUIDELINES, None, on=DAY, quarter=1, note="no day given")
    needs, waits = missing(one)
    assert needs.condition.kind == "milestone.needs_occurrences"
    assert (waits.condition.kind, waits.condition.who) == ("occurrence.waits_for_approval", (H, E))
    assert waits.condition.params["number"] == 1


def test_undated_fact_is_not_named_before_its_quarter_or_once_approved_or_voided():
    waits = (GUIDELINES, "occurrence.waits_for_approval")
    needs = (GUIDELINES, "milestone.needs_occurrences")
    one = desk()
    one.record(GUIDELINES, None, on=DAY, quarter=2, note="no day given")
    assert said(one.indicator, date(2020, 12, 31)) == (1, [needs])
    one.do(void_occurrence, 1, reason="wrong quarter", now=at(DAY, 10))
    one.record(GUIDELINES, None, on=date(2021, 2, 2), quarter=2, note="no day given")
    one.do(approve_occurrence, 2, by=SECTION_HEAD, now=at(date(2021, 4, 2)))
    found = [
        said(one.indicator, date(2021, 3, 1), known_at=known)
        for known in (at(DAY, 8), at(DAY, 9), at(DAY, 10), at(date(2021, 2, 2)), at(date(2021, 4, 2)), None)
    ]
    assert found == [
        (1, [needs]),
        (1, [needs, waits]),
        (1, [needs]),
        (1, [needs, waits]),
        (1, [needs]),
        (1, [needs]),
    ]


def test_block_and_postponement_are_named_with_those_who_can_lift_them():
    one = desk()
    one.do(block_milestone, GUIDELINES, waiting_for="the strategy department", now=at(DAY))
    _, blocked = missing(one)
    assert (blocked.condition.kind, blocked.condition.who) == ("milestone.blocked", (C, D, H, OWNER, E))
    assert blocked.condition.params["waiting_for"] == "the strategy department"
    until = date(2021, 3, 1)
    one.do(postpone_milestone, GUIDELINES, until=until, reason="floods", by=EVALUATOR, now=at(DAY, 10))
    _, postponed = missing(one)
    assert postponed.condition.kind == "milestone.postponed"
    assert (postponed.condition.params["until"], postponed.condition.params["reason"]) == (until, "floods")


def test_block_of_today_is_not_named_in_what_was_known_before():
    one = desk()
    one.do(block_milestone, GUIDELINES, waiting_for="the strategy department", now=at(DAY))
    assert said(one.indicator, known_at=at(DAY)) == (1, [(GUIDELINES, "milestone.needs_occurrences")])


def test_reopened_milestone_is_named_with_the_reason():
    one = desk()
    one.record(GUIDELINES, DAY)
    one.do(reopen_milestone, GUIDELINES, reason="the wrong file", now=at(DAY, 10))
    (found,) = missing(one)
    assert (found.condition.kind, found.condition.who) == ("milestone.reopened", (C, D, H))
    assert found.condition.params["reason"] == "the wrong file"


# --- measures ------------------------------------------------------------------------------------------


def test_value_that_is_missing_or_too_low_is_named():
    one = desk(MEASURED)
    assert said(one.indicator) == (1, [("result", "measure.not_reported")])
    one.record("result", DAY, value=Decimal(30))
    (found,) = missing(one)
    assert (found.rule, found.condition.kind) == ("result >= 50", "measure.too_low")
    assert (found.condition.params["have"], found.condition.params["limit"]) == (30, 50)


def test_value_that_is_too_high_is_named():
    falling = replace(
        MEASURED,
        milestones=(
            replace(MEASURED.milestones[0], measure=Measure(MeasureKind.COUNT, direction=Direction.FALLING)),
        ),
        levels=(LevelRule(1, "level_1", Text("", ""), Bound("result", Decimal("1.50"), falling=True)),),
    )
    one = desk(falling)
    one.record("result", DAY, value=Decimal(3))
    (found,) = missing(one)
    assert (found.rule, found.condition.kind) == ("result <= 1.5", "measure.too_high")


# --- several leaves ------------------------------------------------------------------------------------


def test_every_unmet_part_of_a_rule_is_named_and_no_met_one():
    one = with_rules(AllOf((Reached(GUIDELINES), Count(MEETINGS, 3), Reached(COMMITTEE))))
    one.record(GUIDELINES, DAY)
    found = missing(one)
    assert [part.rule for part in found] == ["count(meetings_held) >= 3", COMMITTEE]
    assert [(part.group, part.choose) for part in found] == [(None, None)] * 2


def test_ways_to_choose_from_are_numbered():
    one = with_rules(AnyOf((Reached(GUIDELINES), AllOf((Reached(COMMITTEE), Reached(ISSUE))))))
    assert [(part.rule, part.group, part.choose) for part in missing(one)] == [
        (GUIDELINES, 1, 1),
        (COMMITTEE, 2, 1),
        (ISSUE, 2, 1),
    ]


def test_ways_still_needed_are_those_not_met_yet():
    one = with_rules(AtLeast(2, (Reached(GUIDELINES), Reached(COMMITTEE), Reached(ISSUE))))
    assert {part.choose for part in missing(one)} == {2}
    one.record(COMMITTEE, DAY)
    assert [(part.rule, part.group, part.choose) for part in missing(one)] == [
        (GUIDELINES, 1, 1),
        (ISSUE, 3, 1),
    ]


def test_next_level_in_any_order_is_one_more_by_the_nearest_milestone():
    one = with_rules(*(Reached(key) for key in MILESTONES), order=Order.ANY)
    one.record(REPORT, DAY)
    one.record(MEETINGS, DAY)
    assert said(one.indicator) == (2, [(MEETINGS, "milestone.needs_occurrences")])


# --- the verified level --------------------------------------------------------------------------------


def verified(one: Desk, **given: Any) -> tuple[int, list[tuple[str, str]]]:
    return said(one.indicator, basis=Basis.VERIFIED, **given)


def test_claimed_milestone_waits_for_the_evaluator():
    one = desk()
    one.record(GUIDELINES, DAY)
    ahead = next_level(one.indicator, DAY, basis=Basis.VERIFIED)
    assert ahead is not None
    assert [(part.condition.kind, part.condition.who) for part in ahead.missing] == [
        ("milestone.not_verified", (E,))
    ]


def test_unclaimed_milestone_is_told_by_what_was_recorded_not_by_what_was_verified():
    one = with_rules(Reached(MEETINGS))
    one.record(MEETINGS, DAY)
    ahead = next_level(one.indicator, DAY, basis=Basis.VERIFIED)
    assert ahead is not None
    (found,) = ahead.missing
    assert (found.condition.kind, found.condition.params["missing"]) == ("milestone.needs_occurrences", 1)


def test_document_that_is_missing_is_named_before_the_verification():
    one = with_rules(Reached(REPORT))
    one.record(REPORT, DAY)
    lacking = (1, [(REPORT, "milestone.needs_evidence"), (REPORT, "milestone.not_verified")])
    waiting = (1, [(REPORT, "milestone.not_verified")])
    assert verified(one) == lacking
    one.do(attach_evidence, REPORT, link="https://example.org/1", occurrence=1, now=at(DAY, 10))
    assert verified(one) == waiting
    assert verified(one, known_at=at(DAY, 9)) == lacking
    one.do(withdraw_evidence, 1, reason="last year's", now=at(DAY, 11))
    assert verified(one) == lacking
    assert verified(one, known_at=at(DAY, 10)) == waiting


def test_document_of_a_voided_fact_proves_nothing():
    one = with_rules(Reached(REPORT))
    one.record(REPORT, DAY)
    one.do(attach_evidence, REPORT, link="https://example.org/1", occurrence=1, now=at(DAY, 10))
    one.do(void_occurrence, 1, reason="never sent", now=at(DAY, 11))
    one.record(REPORT, DAY, now=at(DAY, 12))
    assert verified(one) == (1, [(REPORT, "milestone.needs_evidence"), (REPORT, "milestone.not_verified")])


def test_returned_milestone_is_named_with_reason_and_day():
    one = desk()
    one.record(GUIDELINES, DAY)
    one.do(return_milestone, GUIDELINES, reason="illegible", by=EVALUATOR, now=at(DAY, 10))
    ahead = next_level(one.indicator, DAY, basis=Basis.VERIFIED)
    assert ahead is not None
    (found,) = ahead.missing
    assert (found.condition.kind, found.condition.who) == ("milestone.returned", (C, D, H))
    assert (found.condition.params["reason"], found.condition.params["fix_by"]) == (
        "illegible",
        date(2021, 2, 8),
    )
    assert verified(one, known_at=at(DAY, 9)) == (1, [(GUIDELINES, "milestone.not_verified")])


def test_verified_milestone_is_missing_no_more():
    one = desk()
    one.record(GUIDELINES, DAY)
    one.do(verify_milestone, GUIDELINES, by=EVALUATOR, now=at(DAY, 10))
    assert verified(one) == (2, [(COMMITTEE, "milestone.needs_occurrences")])


@pytest.mark.parametrize("basis", Basis)
def test_next_level_is_the_first_of_a_new_indicator(basis):
    assert said(desk().indicator, basis=basis) == (1, [(GUIDELINES, "milestone.needs_occurrences")])
