"""Appeals: against what, until when, by whom decided, and what an upheld one changes."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest

from engine.actions import decide_appeal, make_appeal, seal_quarter, submit_report
from engine.events import Happened
from engine.permissions import Grant, Person, Role
from engine.quarter import Quarter
from engine.reminders.notices import TOLD
from engine.verdict import ReviewPolicy
from tests.cast import COORDINATOR, EVALUATOR, OTHER_EVALUATOR, POLICY, SECTION_HEAD, YEAR, at
from tests.engine.memory import Desk, kinds, unmet
from tests.engine.test_actions_reports import LATE, accept, evaluation, give_back, report, reported, write

#: Accepted, or returned, on Tuesday the 12th of January: ten working days later is the 26th.
LAST = date(2021, 1, 26)


def appeal(one: Desk, day: date = LATE, **given: Any) -> None:
    one.do(make_appeal, 1, **{"reason": "it is all there", "now": at(day, 13), **given})


def decide(one: Desk, uphold: bool = True, **given: Any) -> None:
    more = {"by": OTHER_EVALUATOR, "reason": "it is", "now": at(LATE, 14), **given}
    one.do(decide_appeal, 1, uphold=uphold, **more)


def scored() -> Desk:
    one = reported("endorsed")
    accept(one, met=["tells_what"], remark="thin")
    return one


def taken_back() -> Desk:
    one = scored()
    give_back(one)
    return one


def test_upheld_appeal_gives_other_scores_as_a_verdict_and_an_event_of_its_own():
    one = scored()
    appeal(one)
    decide(one, quality=90)
    kept = report(one)
    assert kept.state == "accepted"
    given = evaluation(one)
    assert (given.quality, given.timeliness) == (90, 100)
    assert (given.evaluated_by, given.remark) == (OTHER_EVALUATOR.id, "it is")
    (made,) = one.tx.appeals(one.indicator)
    assert (made.state, made.answer, made.decided_by) == ("upheld", "it is", OTHER_EVALUATOR.id)
    assert [each.kind for each in one.tx.verdicts(one.indicator)] == ["accepted", "appeal"]
    assert [(event.what, event.data) for event in one.tx.events[-2:]] == [
        (
            Happened.APPEAL_MADE,
            {"appeal": 1, "quarter": 1, "against": "accepted", "reason": "it is all there"},
        ),
        (
            Happened.APPEAL_UPHELD,
            {"appeal": 1, "quarter": 1, "reason": "it is", "quality": 90, "timeliness": 100},
        ),
    ]


def test_dismissed_appeal_changes_nothing():
    one = scored()
    before = report(one)
    appeal(one)
    decide(one, uphold=False)
    assert report(one) == before
    assert one.tx.appeals(one.indicator)[0].state == "dismissed"


def test_appeal_against_a_return_gives_back_the_scores_that_it_took():
    one = taken_back()
    assert report(one).evaluation is None
    appeal(one)
    decide(one)
    kept = report(one)
    assert (kept.state, kept.return_reason, kept.fix_by) == ("accepted", "", None)
    assert (evaluation(one).quality, evaluation(one).timeliness) == (75, 100)


def test_appeal_is_decided_by_nobody_who_is_a_party_to_it():
    one = scored()
    appeal(one)
    assert kinds(partial(decide, one, by=EVALUATOR, quality=90)) == ["person.own_verdict"]
    both = Person(COORDINATOR.id, "both", (Grant(Role.EVALUATOR),))
    assert kinds(partial(decide, one, by=both, quality=90)) == ["person.own_work"]
    assert kinds(partial(decide, one, by=SECTION_HEAD, quality=90)) == ["person.not_permitted"]


def test_decision_needs_a_reason_and_a_change():
    one = scored()
    appeal(one)
    assert kinds(partial(decide, one, reason=" ")) == ["reason.missing", "appeal.changes_nothing"]
    assert kinds(partial(decide, one, quality=77)) == ["score.off_scale"]
    assert kinds(partial(decide, one, uphold=False, reason="")) == ["reason.missing"]


def test_appeal_is_decided_once_and_what_was_decided_is_final():
    one = scored()
    appeal(one)
    decide(one, quality=90)
    assert kinds(partial(decide, one, uphold=False)) == ["appeal.wrong_state"]
    assert kinds(partial(appeal, one)) == ["appeal.final"]


def test_verdict_is_appealed_against_once():
    one = scored()
    appeal(one)
    assert kinds(partial(appeal, one)) == ["appeal.made_already"]
    decide(one, uphold=False)
    assert kinds(partial(appeal, one)) == ["appeal.made_already"]


def test_appeal_comes_within_the_days_of_the_policy():
    one = scored()
    (late,) = unmet(partial(appeal, one, date(2021, 1, 27)))
    assert (late.kind, late.params) == ("appeal.too_late", {"until": LAST})
    one.tx.policy = replace(POLICY, review=ReviewPolicy(appeal_days=11))
    appeal(one, date(2021, 1, 27))


def test_appeal_needs_a_reason_and_somebody_of_the_agency():
    one = scored()
    assert kinds(partial(appeal, one, reason=" ")) == ["reason.missing"]
    assert kinds(partial(appeal, one, by=EVALUATOR)) == ["person.not_permitted"]


@pytest.mark.parametrize("state", ["draft", "submitted", "endorsed"])
def test_there_is_nothing_to_appeal_against_before_a_verdict(state):
    assert kinds(partial(appeal, reported(state))) == ["appeal.nothing"]


def test_return_of_what_was_never_accepted_is_mended_and_not_appealed_against():
    one = reported("endorsed")
    give_back(one)
    assert kinds(partial(appeal, one)) == ["appeal.nothing"]


def test_return_that_is_being_mended_cannot_be_appealed_against_any_more_nor_undone():
    one = taken_back()
    appeal(one)
    write(one, LATE)
    assert kinds(partial(decide, one)) == ["report.wrong_state"]
    decide(one, uphold=False)
    one.do(submit_report, 1, now=at(LATE, 15))
    assert kinds(partial(appeal, one)) == ["appeal.nothing"]


def test_sealed_quarter_is_neither_appealed_about_nor_scored_anew_but_an_appeal_can_be_dismissed():
    one = scored()
    appeal(one)
    seal_quarter(one.tx, Quarter(YEAR, 1), by=EVALUATOR, now=at(LATE, 13))
    assert "quarter.sealed" in kinds(partial(appeal, one))
    assert "quarter.sealed" in kinds(partial(decide, one, quality=90))
    decide(one, uphold=False)


def test_both_sides_are_told():
    assert TOLD[Happened.APPEAL_MADE] == (Role.EVALUATOR,)
    for decided in (Happened.APPEAL_UPHELD, Happened.APPEAL_DISMISSED):
        assert {Role.COORDINATOR, Role.SECTION_HEAD, Role.EVALUATOR} <= set(TOLD[decided])


def test_unknown_appeal_is_refused():
    assert kinds(partial(decide, scored())) == ["appeal.unknown"]
