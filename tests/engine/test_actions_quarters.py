"""What is done to a quarter as a whole: extensions and seals."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from engine.actions import create_indicator, grant_extension, seal_quarter, verify_milestone
from engine.actions.quarters import seal_lines
from engine.events import Happened
from engine.permissions import Role
from engine.ports import SealLine
from engine.quarter import FiscalYear, Quarter
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    MEETINGS,
    OPERATOR,
    SAI_MAI,
    SECTION_HEAD,
    THUNG_KHRU,
    WORKFLOW,
    YEAR,
    at,
    new_indicator,
)
from tests.engine.memory import Behind, Desk, Memory, desk, kinds, unmet

DAY = date(2021, 2, 1)
Q1, Q2, Q3, Q4 = FiscalYear(YEAR).quarters
USUAL = date(2021, 1, 11)


def extend(tx: Memory, until: date, quarter: Quarter = Q1, agency: int = THUNG_KHRU, **given: Any) -> None:
    standard = {"reason": " floods ", "by": EVALUATOR, "now": at(date(2020, 12, 1))}
    grant_extension(tx, agency, quarter, until, **{**standard, **given})


def seal(tx: Memory, quarter: Quarter, day: date, **given: Any) -> str:
    return seal_quarter(tx, quarter, **{"by": EVALUATOR, "now": at(day), **given})


def test_nobody_gives_longer_to_the_agency_whose_work_they_do():
    both = ADMINISTRATOR._replace(grants=(*ADMINISTRATOR.grants, *SECTION_HEAD.grants))
    assert [one.kind for one in unmet(lambda: extend(desk().tx, DAY, by=both))] == ["extension.own_agency"]
    one = desk()
    extend(one.tx, DAY, by=ADMINISTRATOR)
    assert one.tx.extensions == {(THUNG_KHRU, Q1): DAY}


# --- extensions ----------------------------------------------------------------------------------------


def test_extension_moves_the_milestones_due_in_the_quarter():
    one = desk()
    extend(one.tx, DAY)
    kept = one.indicator
    due = {key: milestone.due_on for key, milestone in kept.milestones.items()}
    assert (due[GUIDELINES], due[COMMITTEE], due[MEETINGS]) == (DAY, DAY, date(2021, 7, 12))
    assert kept.stored.next_due_on == DAY
    assert one.tx.extensions == {(THUNG_KHRU, Q1): DAY}


def test_extension_is_one_event_of_the_city_and_one_of_each_indicator_that_it_moves():
    one = desk()
    before = one.indicator
    create_indicator(one.tx, new_indicator("5042-1", agency=SAI_MAI), by=ADMINISTRATOR, now=FOUNDED)
    events = len(one.tx.events)
    extend(one.tx, DAY)
    city, moved = one.tx.events[events:]
    assert (city.what, city.data["reason"], city.data["until"]) == (
        Happened.EXTENSION_GRANTED,
        "floods",
        "2021-02-01",
    )
    assert (moved.what, moved.by) == (Happened.DEADLINES_MOVED, EVALUATOR.id)
    assert moved.data == {"milestones": [GUIDELINES, COMMITTEE], "due_on": "2021-02-01"}
    assert one.indicator.version == before.version + 1
    assert one.tx.indicator("5042-1", YEAR).milestones[GUIDELINES].due_on == USUAL


def test_extension_that_moves_no_milestone_writes_nothing_to_the_indicator():
    one = desk()
    before = one.indicator
    extend(one.tx, date(2021, 5, 1), Q2)  # nothing is due in the second quarter
    assert one.indicator == before
    extend(one.tx, DAY)
    before = one.indicator
    extend(one.tx, DAY)
    assert one.indicator == before


def test_extension_keeps_since_when_a_milestone_is_in_its_state():
    one = desk()
    extend(one.tx, DAY)
    assert one.indicator.milestones[GUIDELINES].since == FOUNDED


def test_extension_is_changed_to_another_day():
    one = desk()
    extend(one.tx, DAY)
    extend(one.tx, date(2021, 1, 20))
    assert one.indicator.milestones[GUIDELINES].due_on == date(2021, 1, 20)


@pytest.mark.parametrize("until", [USUAL, USUAL - timedelta(1)])
def test_extension_that_gives_no_more_time_is_refused(until):
    (refused,) = unmet(lambda: extend(desk().tx, until))
    assert (refused.kind, refused.params) == ("extension.not_longer", {"until": until, "usual": USUAL})


def test_extension_is_refused_with_everything_that_is_wrong():
    one = desk()
    seal(one.tx, Q1, DAY)
    refused = unmet(lambda: extend(one.tx, USUAL, reason=" ", by=SECTION_HEAD))
    assert [found.kind for found in refused] == [
        "person.not_permitted",
        "reason.missing",
        "extension.not_longer",
        "quarter.sealed",
    ]
    assert refused[0].who == (Role.EVALUATOR, Role.ADMINISTRATOR)
    assert one.tx.extensions == {}


# --- seals ---------------------------------------------------------------------------------------------


def sealed_line(one: Desk, quarter: Quarter, day: date) -> SealLine:
    seal(one.tx, quarter, day)
    (line,) = one.tx.seals[quarter]
    return line


def test_seal_keeps_the_levels_of_the_quarters_last_day():
    one = desk()
    one.record(GUIDELINES, Q1.last_day)
    one.record(COMMITTEE, Q1.last_day + timedelta(1))
    one.do(verify_milestone, GUIDELINES, by=EVALUATOR, now=at(DAY))
    kept = one.indicator
    line = sealed_line(one, Q1, DAY)
    assert line == SealLine(
        kept.id,
        CODE,
        claimed=1,
        claimed_fraction=0.0,
        verified=1,
        verified_fraction=0.0,
        workflow=WORKFLOW.key,
        workflow_version=1,
        workflow_hash=WORKFLOW.source_hash,
        journal_seq=kept.journal_seq,
        journal_head=kept.journal_head,
    )
    assert one.tx.events[-1].data == {"fiscal_year": 2021, "quarter": 1}


def test_seal_is_the_same_however_much_is_known_later():
    """What the seal kept can be computed again from what was known at its moment."""
    one = desk()
    one.record(GUIDELINES, Q1.last_day)
    line = sealed_line(one, Q1, DAY)
    one.do(verify_milestone, GUIDELINES, by=EVALUATOR, now=at(DAY, 10))
    (again,) = seal_lines(one.tx, Q1, at(DAY))
    assert (again.claimed, again.verified) == (line.claimed, line.verified) == (1, 0)
    (now,) = seal_lines(one.tx, Q1, at(DAY, 10))
    assert (now.claimed, now.verified) == (1, 1)


def test_seal_moves_every_indicator_of_the_year_to_its_next_version():
    """Whoever loaded an indicator before the seal cannot write a fact behind it."""
    one = desk()
    loaded = one.indicator
    seal(one.tx, Q1, DAY)
    assert one.indicator.version == loaded.version + 1
    assert one.indicator.journal_seq == loaded.journal_seq
    late = Desk(Behind.of(one.tx, loaded))
    assert kinds(lambda: late.record(GUIDELINES, Q1.last_day, on=DAY)) == ["indicator.changed_meanwhile"]


@pytest.mark.parametrize(
    ("day", "refused"), [(Q1.last_day, ["quarter.not_ended"]), (Q1.last_day + timedelta(1), [])]
)
def test_quarter_is_sealed_after_its_last_day(day, refused):
    tx = desk().tx
    if refused:
        assert kinds(lambda: seal(tx, Q1, day)) == refused
    else:
        assert seal(tx, Q1, day) == "seal of Q1/2564"


def test_quarters_are_sealed_in_turn_each_once():
    tx = desk().tx
    late = date(2021, 10, 1)
    (refused,) = unmet(lambda: seal(tx, Q3, late))
    assert (refused.kind, refused.params) == ("quarter.not_in_turn", {"quarter": Q3, "before": Q1})
    seal(tx, Q1, late)
    (refused,) = unmet(lambda: seal(tx, Q3, late))
    assert refused.params["before"] == Q2
    assert kinds(lambda: seal(tx, Q1, late)) == ["quarter.sealed"]
    for quarter in (Q2, Q3, Q4):
        seal(tx, quarter, late)
    assert tx.sealed_through(YEAR) == 4
    assert kinds(lambda: seal(tx, Q4, late)) == ["quarter.sealed"]


def test_seal_is_refused_with_everything_that_is_wrong():
    for by in (COORDINATOR, SECTION_HEAD, ADMINISTRATOR):
        assert kinds(partial(seal, desk().tx, Q2, DAY, by=by)) == [
            "person.not_permitted",
            "quarter.not_ended",
            "quarter.not_in_turn",
        ]


def test_operator_seals_a_year_without_indicators():
    tx = Memory()
    assert seal(tx, Q1, DAY, by=OPERATOR) == "seal of Q1/2564"
    assert tx.seals == {Q1: []}
