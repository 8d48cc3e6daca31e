"""What must be settled before a quarter is sealed, what needs a reason, and what came after a seal."""

from datetime import date

import pytest

from engine.actions import seal_quarter
from engine.quarter import Quarter
from engine.sealing import STOPS, Check, recorded_after
from tests.cast import EVALUATOR, GUIDELINES, OPERATOR, YEAR, at
from tests.engine.memory import Desk, desk, kinds

FIRST = Quarter(YEAR, 1)
LATER = at(date(2021, 2, 1))
WARNS = [one for one in Check if one not in STOPS]


@pytest.fixture
def one() -> Desk:
    return desk()


def seal(one: Desk, reason: str = "", by=EVALUATOR) -> str:
    return seal_quarter(one.tx, FIRST, reason=reason, by=by, now=LATER)


@pytest.mark.parametrize("check", STOPS)
def test_what_nobody_could_settle_afterwards_stops_the_seal(one, check):
    one.tx.left_open = {check: 2}

    assert kinds(lambda: seal(one, "ถึงกำหนดแล้ว")) == [f"sealing.{check}"]


@pytest.mark.parametrize("check", WARNS)
def test_anything_else_that_is_open_needs_a_reason(one, check):
    one.tx.left_open = {check: 3}

    assert kinds(lambda: seal(one, "  ")) == ["reason.missing"]
    assert seal(one, " พ้นกำหนดส่งแล้ว ") == f"seal of {FIRST}"
    assert one.tx.events[-1].data == {
        "fiscal_year": YEAR,
        "quarter": 1,
        "open": {str(check): 3},
        "reason": "พ้นกำหนดส่งแล้ว",
    }


def test_everything_that_is_in_the_way_is_told_at_once(one):
    one.tx.left_open = dict.fromkeys(Check, 1)

    assert kinds(lambda: seal(one)) == [*(f"sealing.{one}" for one in STOPS), "reason.missing"]


def test_operator_is_not_held_up_and_the_journal_tells_what_was_open(one):
    one.tx.left_open = dict.fromkeys(Check, 1)

    seal(one, by=OPERATOR)

    assert one.tx.events[-1].data["open"] == {str(check): 1 for check in Check}


def test_quarter_in_which_nothing_is_open_needs_no_reason(one):
    seal(one)

    assert one.tx.events[-1].data == {"fiscal_year": YEAR, "quarter": 1}


def test_fact_that_was_taken_back_after_the_seal_is_one_recorded_after_it(one):
    one.record(GUIDELINES, date(2020, 12, 1))
    before = one.fact(1)
    sealed = {1: at(date(2021, 1, 20))}

    assert not recorded_after(before, sealed)
    assert not recorded_after(before._replace(recorded_at=LATER), {2: at(date(2021, 1, 20))})
    assert recorded_after(before._replace(recorded_at=LATER), sealed)
    assert recorded_after(before._replace(approved_at=LATER), sealed)
    assert recorded_after(before._replace(voided_at=LATER), sealed)
    assert recorded_after(before, sealed, accepted_at=LATER)
    assert not recorded_after(before, sealed, accepted_at=at(date(2020, 12, 4)))
