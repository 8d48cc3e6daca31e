"""Verdicts: the checklist that proposes 2.1, overriding it, returns, the sample that is read twice."""

from dataclasses import replace
from datetime import date
from itertools import chain, combinations

import pytest

from engine.actions import accept_report, read_report_again, return_report, submit_report
from engine.events import Happened
from engine.permissions import Grant, Person, Role
from engine.scores import ScoreScale
from engine.verdict import (
    CHECKLIST,
    CheckItem,
    ReviewPolicy,
    Verdict,
    VerdictKind,
    is_drawn,
    pairs,
    proposed_quality,
    standing,
    to_be_read_again,
    unjudged_from,
)
from engine.workflow import Text
from tests.cast import CODE, COORDINATOR, EVALUATOR, OTHER_EVALUATOR, POLICY, SECTION_HEAD, YEAR, at
from tests.engine.memory import Desk, kinds
from tests.engine.test_actions_reports import LATE, accept, endorse, evaluation, give_back, reported, write

KEYS = [item.key for item in CHECKLIST]
SCALE = ScoreScale()


def verdicts(one: Desk) -> list[Verdict]:
    return one.tx.verdicts(one.indicator)


# --- what the checklist proposes -------------------------------------------------------------------------


def test_every_answer_to_the_default_checklist_leads_to_its_points_or_to_nothing():
    for met in chain.from_iterable(combinations(KEYS, count) for count in range(len(KEYS) + 1)):
        points = sum(item.points for item in CHECKLIST if item.key in met)
        assert proposed_quality(met, CHECKLIST, SCALE) == (points if points >= 75 else 0), met


def test_all_points_earn_the_highest_score_whatever_they_add_up_to():
    items = [CheckItem(key, Text(key, key), points) for key, points in (("a", 1), ("b", 2), ("c", 4))]
    earned = [proposed_quality(met, items, SCALE) for met in ("", "a", "bc", "abc")]
    assert earned == [0, 0, 85, 100]  # 6 of 7 points are 85.7 of 100


def test_below_the_lowest_score_of_the_scale_it_is_the_lowest():
    assert proposed_quality([], CHECKLIST, ScoreScale(quality=(60, 100))) == 60


# --- accepting -------------------------------------------------------------------------------------------


def test_checklist_gives_the_score_and_is_kept_with_the_verdict():
    one = reported("endorsed")
    accept(one, met=["dated", "tells_what"], remark=" good ")
    (kept,) = verdicts(one)
    assert (kept.kind, kept.quality, kept.proposed_quality, kept.timeliness) == ("accepted", 80, 80, 100)
    assert (kept.met, kept.remark, kept.given_by) == (("tells_what", "dated"), "good", EVALUATOR.id)
    assert one.tx.events[-1].data == {
        "quarter": 1,
        "quality": 80,
        "timeliness": 100,
        "remark": "good",
        "met": ["tells_what", "dated"],
        "proposed_quality": 80,
    }


def test_score_that_differs_from_the_checklist_needs_a_reason_which_is_kept():
    one = reported("endorsed")
    assert kinds(lambda: accept(one, met=KEYS, quality=90)) == ["quality.needs_reason"]
    accept(one, met=KEYS, quality=90, quality_reason=" a page is missing ")
    (kept,) = verdicts(one)
    assert (kept.quality, kept.proposed_quality, kept.quality_reason) == (90, 100, "a page is missing")
    assert one.tx.events[-1].data["quality_reason"] == "a page is missing"


def test_reason_for_what_was_proposed_is_no_reason():
    one = reported("endorsed")
    accept(one, met=KEYS, quality=100, quality_reason="x", timeliness_given=100, timeliness_reason="y")
    (kept,) = verdicts(one)
    assert (kept.quality_reason, kept.timeliness_reason) == ("", "")


def test_question_that_is_not_on_the_checklist_is_refused():
    one = reported("endorsed")
    assert kinds(lambda: accept(one, met=["tells_what", "beauty"])) == ["checklist.unknown"]
    assert kinds(lambda: give_back(one, met=["beauty"])) == ["checklist.unknown"]
    assert verdicts(one) == []


def test_return_of_an_evaluator_is_a_verdict_and_that_of_a_head_is_none():
    one = reported("endorsed")
    give_back(one, by=SECTION_HEAD)
    assert verdicts(one) == []
    write(one, LATE)
    one.do(submit_report, 1, now=at(LATE, 13))
    one.do(return_report, 1, by=EVALUATOR, reason="too short", met=["dated"], now=at(LATE, 14))
    (kept,) = verdicts(one)
    assert (kept.kind, kept.met, kept.remark, kept.quality) == ("returned", ("dated",), "too short", None)
    assert one.tx.events[-1].data["met"] == ["dated"]


# --- the sample that is read twice -----------------------------------------------------------------------


def drawn(one: Desk) -> Desk:
    one.tx.policy = replace(POLICY, review=ReviewPolicy(second_percent=100))
    return one


def again(one: Desk, **given) -> None:
    one.do(read_report_again, 1, **{"by": OTHER_EVALUATOR, "now": at(LATE, 15), "met": KEYS, **given})


def test_sample_is_as_large_as_the_policy_says_and_another_seed_draws_others():
    every = [(f"5049-{number}", quarter) for number in range(2000) for quarter in (1, 2, 3, 4)]
    ten, other = ReviewPolicy(second_percent=10), ReviewPolicy(second_percent=10, second_seed="2565")
    found = {one for one in every if is_drawn(*one[:1], YEAR, one[1], ten)}
    assert abs(len(found) / len(every) - 0.1) < 0.01
    assert found != {one for one in every if is_drawn(*one[:1], YEAR, one[1], other)}
    assert not any(is_drawn(code, YEAR, 1, ReviewPolicy(second_percent=0)) for code, _ in every)
    assert all(is_drawn(code, YEAR, 1, ReviewPolicy(second_percent=100)) for code, _ in every)


def test_second_reading_is_kept_beside_the_score_that_stands():
    one = drawn(reported("endorsed"))
    accept(one, met=KEYS)
    again(one, met=["tells_what"], remark="thin")
    first, second = verdicts(one)
    assert (second.kind, second.quality, second.remark) == ("second", 75, "thin")
    assert evaluation(one).quality == 100
    assert standing([first, second]) == first
    assert [pair.difference for pair in pairs([first, second])] == [25]
    assert to_be_read_again([first, second]) is None
    assert one.tx.events[-1].what is Happened.REPORT_READ_AGAIN
    assert kinds(lambda: again(one)) == ["report.not_drawn"]


def test_nobody_reads_their_own_verdict_again_or_their_own_report():
    one = drawn(reported("endorsed"))
    accept(one, met=KEYS)
    assert kinds(lambda: again(one, by=EVALUATOR)) == ["person.own_verdict"]
    both = Person(COORDINATOR.id, "both", (Grant(Role.EVALUATOR),))
    assert kinds(lambda: again(one, by=both)) == ["person.own_work"]
    assert kinds(lambda: again(one, by=SECTION_HEAD)) == ["person.not_permitted"]


@pytest.mark.parametrize("percent", [0, 100])
def test_only_what_was_drawn_when_it_was_accepted_is_read_again(percent):
    one = reported("endorsed")
    one.tx.policy = replace(POLICY, review=ReviewPolicy(second_percent=percent))
    accept(one, met=KEYS)
    one.tx.policy = replace(POLICY, review=ReviewPolicy(second_percent=100 - percent))
    assert (to_be_read_again(verdicts(one)) is not None) == (percent == 100)


def test_report_that_was_returned_since_is_not_read_again():
    one = drawn(reported("endorsed"))
    accept(one, met=KEYS)
    give_back(one)
    assert kinds(lambda: again(one)) == ["report.not_drawn"]


def test_pairs_are_of_one_quarter_and_of_the_acceptance_before():
    def verdict(number: int, quarter: int, kind: VerdictKind, quality: int | None) -> Verdict:
        return Verdict(number, quarter, kind, at(date(2021, 1, number)), number, quality)

    given = [
        verdict(1, 1, VerdictKind.ACCEPTED, 100),
        verdict(2, 2, VerdictKind.ACCEPTED, 80),
        verdict(3, 1, VerdictKind.SECOND, 90),
        verdict(4, 2, VerdictKind.RETURNED, None),
        verdict(5, 2, VerdictKind.ACCEPTED, 85),
        verdict(6, 2, VerdictKind.SECOND, None),
    ]
    assert [(one.first.number, one.second.number, one.difference) for one in pairs(given)] == [
        (1, 3, 10),
        (5, 6, None),
    ]


# --- what is new -----------------------------------------------------------------------------------------


def test_what_happened_after_the_last_judgement_is_new():
    happened = ["report_submitted", "milestone_verified", "occurrence_recorded", "report_submitted"]
    assert unjudged_from(happened) == 2
    assert unjudged_from(happened[:1]) == 0
    assert unjudged_from(happened[:2]) == 2
    assert unjudged_from([]) == 0


def test_accepting_again_after_a_return_is_another_verdict():
    one = reported("accepted")
    give_back(one)
    write(one, LATE)
    one.do(submit_report, 1, now=at(LATE, 13))
    endorse(one, LATE, now=at(LATE, 14))
    one.do(accept_report, 1, by=EVALUATOR, quality=90, timeliness_given=50, now=at(LATE, 15))
    assert [(each.number, each.kind, each.quality) for each in verdicts(one)] == [
        (1, "accepted", None),
        (2, "returned", None),
        (3, "accepted", 90),
    ]
    assert CODE in one.tx.found
