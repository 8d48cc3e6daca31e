"""Corrections: what is recorded or taken back in a quarter that is sealed, by whom, and what follows."""

from datetime import date, timedelta
from functools import partial

import pytest

from engine.actions import (
    NewOccurrence,
    attach_evidence,
    record_after_seal,
    return_milestone,
    seal_quarter,
    verify_milestone,
    void_after_seal,
)
from engine.events import Happened
from engine.permissions import Grant, Person, Role
from engine.quarter import FiscalYear
from tests.cast import (
    ADMINISTRATOR,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    MEETINGS,
    YEAR,
    at,
)
from tests.engine.memory import Desk, desk, kinds, unmet

Q1, *_, Q4 = FiscalYear(YEAR).quarters
SEALED = date(2021, 1, 20)
LATE = date(2021, 2, 1)
WHY = "พบคำสั่งที่ลงวันที่ไว้แล้ว"
SECOND_EVALUATOR = Person(31, "ผู้ประเมินคนที่สอง", (Grant(Role.EVALUATOR),))


@pytest.fixture
def one() -> Desk:
    """The guidelines were set and verified; the first quarter is sealed at level 1."""
    made = desk()
    made.record(GUIDELINES, date(2020, 12, 1))
    made.do(verify_milestone, GUIDELINES, by=EVALUATOR, now=at(date(2021, 1, 5)))
    seal_quarter(made.tx, Q1, reason="พ้นกำหนด", by=EVALUATOR, now=at(SEALED))
    return made


def sealed_year() -> Desk:
    """The same, with every quarter sealed."""
    made = desk()
    made.record(GUIDELINES, date(2020, 12, 1))
    made.do(verify_milestone, GUIDELINES, by=EVALUATOR, now=at(date(2021, 1, 5)))
    for quarter in FiscalYear(YEAR).quarters:
        seal_quarter(made.tx, quarter, reason="พ้นกำหนด", by=EVALUATOR, now=at(date(2021, 10, 20)))
    return made


def correct(one: Desk, milestone: str = COMMITTEE, on: date | None = Q1.last_day, **more):
    given = {"note": WHY, "by": EVALUATOR, "now": at(LATE), **more}
    new = NewOccurrence(milestone, on, note=given.pop("note"))
    return one.do(record_after_seal, new, **given)


def test_missing_fact_is_recorded_and_moves_the_level_but_not_the_seal(one):
    (line,) = one.tx.seals[Q1]

    done = correct(one)

    assert (done.before.claimed.level, done.after.claimed.level) == (1, 2)
    assert done.after.claimed_trail[0] == 2
    assert done.after.verified_trail[0] == 1
    assert done.event.what == Happened.OCCURRENCE_RECORDED
    assert (done.event.data["after_seal"], done.event.data["reason"]) == (True, WHY)
    assert one.tx.seals[Q1] == [line]
    assert (line.claimed, line.verified) == (1, 1)


def test_correction_of_what_was_verified_waits_for_a_verification_of_its_own(one):
    one.record(MEETINGS, Q1.last_day + timedelta(3))
    one.record(MEETINGS, Q1.last_day + timedelta(4))
    one.do(verify_milestone, MEETINGS, by=EVALUATOR, now=at(date(2021, 1, 25)))
    first = correct(one, MEETINGS)
    assert first.indicator.milestones[MEETINGS].state == "achieved"

    correct(one, now=at(LATE, 3))
    correct(one, MEETINGS, now=at(LATE, 4))
    one.do(verify_milestone, COMMITTEE, by=SECOND_EVALUATOR, now=at(LATE, 5))
    done = one.do(verify_milestone, MEETINGS, by=SECOND_EVALUATOR, now=at(LATE, 6))

    assert done.after.verified_trail[0] == 3
    assert one.tx.seals[Q1][0].verified == 1


def test_wrong_fact_is_taken_back_and_stays_in_the_seal(one):
    done = one.do(void_after_seal, 1, reason="ของปีก่อน", by=ADMINISTRATOR, now=at(LATE))

    assert (done.after.claimed.level, done.after.verified.level) == (0, 0)
    assert (done.event.what, done.event.data["after_seal"]) == (Happened.OCCURRENCE_VOIDED, True)
    assert one.tx.seals[Q1][0].claimed == 1


def test_correction_is_later_than_the_seal_whatever_the_clock_says(one):
    done = correct(one, now=at(SEALED, 1) - timedelta(days=1))
    assert done.indicator.occurrences[-1].recorded_at > one.tx.sealed_at


def test_correction_is_for_those_who_judge_and_needs_a_reason_and_a_day(one):
    assert kinds(lambda: correct(one, by=COORDINATOR)) == ["person.not_permitted"]
    assert kinds(lambda: correct(one, note=" ")) == ["reason.missing"]
    assert kinds(lambda: correct(one, on=None)) == ["day.needed"]
    no_reason = lambda: one.do(void_after_seal, 1, reason="", by=EVALUATOR, now=at(LATE))  # noqa: E731 - one line
    assert kinds(no_reason) == ["reason.missing"]


def test_open_quarter_is_not_corrected(one):
    assert kinds(lambda: correct(one, on=date(2021, 1, 25))) == ["quarter.not_sealed"]
    one.record(COMMITTEE, date(2021, 1, 25))
    voided = lambda: one.do(void_after_seal, 2, reason=WHY, by=EVALUATOR, now=at(LATE))  # noqa: E731 - one line
    assert kinds(voided) == ["quarter.not_sealed"]


def test_ordinary_act_names_who_can_correct(one):
    (refused,) = unmet(lambda: one.record(COMMITTEE, Q1.last_day, on=LATE))
    assert (refused.kind, refused.params["correctors"]) == (
        "quarter.sealed",
        (Role.EVALUATOR, Role.ADMINISTRATOR),
    )


def test_evidence_of_a_correction_comes_from_who_made_it(one):
    number = correct(one).number
    attach = {"link": "https://example.org/1", "after_seal": True, "now": at(LATE, 4)}
    assert one.do(attach_evidence, COMMITTEE, occurrence=number, by=EVALUATOR, **attach).number == 1
    for by, fact in ((SECOND_EVALUATOR, number), (EVALUATOR, None)):
        foreign = partial(one.do, attach_evidence, COMMITTEE, occurrence=fact, by=by, **attach)
        assert kinds(foreign) == ["evidence.no_correction"]


def test_correction_of_a_sealed_year_is_verified_by_another_and_nothing_else_is():
    one = sealed_year()
    later = date(2021, 11, 1)
    verify = lambda milestone, by: one.do(verify_milestone, milestone, by=by, now=at(later, 8))  # noqa: E731 - one line
    assert "quarter.sealed" in kinds(lambda: verify(GUIDELINES, SECOND_EVALUATOR))

    assert correct(one, now=at(later)).after.claimed.level == 2
    assert kinds(lambda: verify(COMMITTEE, EVALUATOR)) == ["person.own_work"]
    assert verify(COMMITTEE, SECOND_EVALUATOR).after.verified.level == 2
    assert "quarter.sealed" in kinds(
        lambda: one.do(return_milestone, COMMITTEE, reason=WHY, by=EVALUATOR, now=at(later, 9))
    )
    assert "quarter.sealed" in kinds(lambda: one.record(MEETINGS, Q4.last_day, on=later))
