"""Quarter reports: written, submitted, endorsed, accepted with scores, returned, sealed."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from engine.actions import (
    accept_report,
    endorse_report,
    grant_extension,
    return_report,
    seal_quarter,
    submit_report,
    write_report,
)
from engine.indicator import Evaluation, QuarterReport
from engine.permissions import Grant, Person, Role
from engine.quarter import Quarter
from engine.scores import ScoreScale
from tests.cast import (
    CODE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    POLICY,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    THUNG_KHRU,
    YEAR,
    at,
)
from tests.engine.memory import Desk, desk, kinds, unmet

#: Of the first quarter; the 10th of January 2021 is a Sunday, so it is due on Monday the 11th.
DUE, LATE = date(2021, 1, 11), date(2021, 1, 12)


def report(one: Desk, quarter: int = 1) -> QuarterReport:
    return one.indicator.reports[quarter]


def evaluation(one: Desk) -> Evaluation:
    given = report(one).evaluation
    assert given is not None
    return given


def write(one: Desk, day: date = DUE, **given: Any) -> None:
    one.do(write_report, given.pop("quarter", 1), now=at(day, 8), **{"narrative": "We met.", **given})


def submit(one: Desk, day: date = DUE, **given: Any) -> None:
    one.do(submit_report, 1, **{"now": at(day, 9), **given})


def endorse(one: Desk, day: date = DUE, **given: Any) -> None:
    one.do(endorse_report, 1, **{"by": SECTION_HEAD, "now": at(day, 10), **given})


def accept(one: Desk, day: date = LATE, **given: Any) -> None:
    one.do(accept_report, 1, **{"by": EVALUATOR, "now": at(day, 11), **given})


def give_back(one: Desk, day: date = LATE, **given: Any) -> None:
    one.do(return_report, 1, **{"by": EVALUATOR, "now": at(day, 12), "reason": "too short", **given})


def reported(state: str, day: date = DUE) -> Desk:
    """A first quarter's report in that state."""
    one = desk()
    for name, step in {"draft": write, "submitted": submit, "endorsed": endorse, "accepted": accept}.items():
        step(one, LATE if step is accept and day < LATE else day)
        if name == state:
            return one
    give_back(one)
    return one


def test_report_goes_from_draft_to_accepted():
    one = reported("accepted")
    kept = report(one)
    assert (kept.state, kept.narrative, kept.self_reported) == ("accepted", "We met.", None)
    assert (kept.written_by, kept.submitted_by, kept.endorsed_by) == (
        COORDINATOR.id,
        COORDINATOR.id,
        SECTION_HEAD.id,
    )
    assert (kept.written_at, kept.submitted_at, kept.endorsed_at) == (at(DUE, 8), at(DUE, 9), at(DUE, 10))


# --- writing -------------------------------------------------------------------------------------------


def test_draft_keeps_what_is_not_given_again():
    one = desk()
    write(one, narrative=" We met. ", self_reported=Decimal("2.50"))
    write(one, narrative=None)
    assert (report(one).narrative, report(one).self_reported) == ("We met.", Decimal("2.50"))
    write(one, narrative="")
    assert report(one).narrative == ""


def test_not_reported_is_not_zero():
    one = desk()
    write(one)
    assert (report(one).self_reported, one.tx.events[-1].data["self_reported"]) == (None, None)
    write(one, self_reported=Decimal(0))
    assert (report(one).self_reported, one.tx.events[-1].data["self_reported"]) == (Decimal(0), "0")


def test_self_reported_value_stays_beside_the_computed_level():
    one = desk()
    write(one, self_reported=Decimal(5))
    assert one.indicator.stored.claimed.level == 0


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_draft_is_refused_with_everything_that_is_wrong(value):
    one = reported("submitted")
    refused = kinds(lambda: write(one, self_reported=Decimal(value), by=SAI_MAI_COORDINATOR))
    assert refused == ["report.wrong_state", "person.not_permitted", "value.not_a_number"]


@pytest.mark.parametrize("quarter", [0, 5])
@pytest.mark.parametrize("action", [write_report, submit_report, endorse_report, accept_report])
def test_report_of_no_quarter_is_refused(action, quarter):
    (refused,) = unmet(lambda: desk().do(action, quarter, now=at(DUE)))
    assert (refused.kind, refused.params) == ("quarter.unknown", {"given": quarter})


# --- submitting ----------------------------------------------------------------------------------------


def test_submission_tells_level_value_and_deadline():
    one = desk()
    one.record(GUIDELINES, date(2020, 12, 1))
    write(one, self_reported=Decimal(2))
    submit(one)
    assert one.tx.events[-1].data == {"quarter": 1, "level": 1, "self_reported": "2", "due_on": "2021-01-11"}


def test_submission_tells_the_level_of_its_quarter_and_not_of_today():
    one = desk()
    one.record(GUIDELINES, date(2021, 1, 4))
    write(one)
    submit(one)
    assert (one.tx.events[-1].data["level"], one.indicator.stored.claimed.level) == (0, 1)


def test_empty_report_is_not_submitted():
    one = desk()
    assert kinds(lambda: submit(one)) == ["report.empty"]
    write(one, narrative=" ")
    assert kinds(lambda: submit(one)) == ["report.empty"]
    write(one, narrative="", self_reported=Decimal(0))
    submit(one)
    assert report(one).state == "submitted"


def test_report_is_not_submitted_before_its_quarter_begins():
    one = desk()
    write(one, quarter=2, day=date(2020, 12, 30))
    early = {"now": at(date(2020, 12, 31), 9)}
    assert kinds(lambda: one.do(submit_report, 2, **early)) == ["quarter.not_begun"]
    assert one.do(submit_report, 2, now=at(date(2021, 1, 1), 0)).event is not None


def test_report_is_submitted_once():
    one = reported("submitted")
    assert kinds(lambda: submit(one)) == ["report.wrong_state"]


# --- endorsing -----------------------------------------------------------------------------------------


def test_nobody_endorses_what_they_submitted():
    one = desk()
    write(one)
    submit(one, by=SECTION_HEAD)
    (refused,) = unmet(lambda: endorse(one))
    assert (refused.kind, refused.who) == ("person.own_work", (Role.SECTION_HEAD,))


def test_draft_is_not_endorsed_and_submitted_report_not_accepted():
    assert kinds(lambda: endorse(reported("draft"))) == ["report.wrong_state"]
    assert kinds(lambda: accept(reported("submitted"))) == ["report.wrong_state"]


# --- accepting -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "earned"), [(DUE, 100), (LATE, 50)])
def test_timeliness_is_proposed_by_the_day_of_submission(day, earned):
    one = reported("accepted", day)
    given = evaluation(one)
    assert (given.quality, given.timeliness, given.evaluated_by) == (
        None,
        earned,
        EVALUATOR.id,
    )


def test_day_of_submission_is_the_local_one():
    one = desk()
    write(one)
    submit(
        one, now=datetime.fromisoformat("2021-01-11T16:59:59+00:00")
    )  # a second before midnight in Bangkok
    endorse(one, LATE)
    accept(one)
    assert evaluation(one).timeliness == 100


def test_timeliness_is_proposed_by_the_extension_that_the_agency_has():
    one = desk()
    first = Quarter(YEAR, 1)
    grant_extension(one.tx, THUNG_KHRU, first, LATE, reason="floods", by=EVALUATOR, now=at(DUE))
    write(one)
    submit(one, LATE)
    endorse(one, LATE)
    accept(one)
    assert evaluation(one).timeliness == 100


def test_evaluator_may_give_another_timeliness_and_a_quality():
    one = reported("endorsed", LATE)
    given: dict[str, Any] = {"quality": 85, "timeliness_given": 100, "remark": " well told "}
    assert kinds(lambda: accept(one, **given)) == ["timeliness.needs_reason"]
    accept(one, **given, timeliness_reason=" the office was flooded ")
    kept = evaluation(one)
    assert (kept.quality, kept.timeliness, kept.remark) == (85, 100, "well told")
    assert one.tx.events[-1].data == {
        "quarter": 1,
        "quality": 85,
        "timeliness": 100,
        "remark": "well told",
        "proposed_timeliness": 50,
        "timeliness_reason": "the office was flooded",
    }


def test_scores_off_the_scale_are_refused_with_everything_else_that_is_wrong():
    one = reported("submitted")
    refused = unmet(lambda: accept(one, quality=77, timeliness_given=70, by=COORDINATOR))
    assert [found.kind for found in refused] == [
        "report.wrong_state",
        "person.not_permitted",
        "person.own_work",
        "score.off_scale",
        "score.off_scale",
    ]
    assert [(found.params["score"], found.params["given"]) for found in refused[3:]] == [
        ("2.1", 77),
        ("2.2", 70),
    ]


def test_scale_is_that_of_the_policy():
    one = reported("endorsed")
    one.tx.policy = replace(
        POLICY, scale=ScoreScale(quality=(0, 77), timeliness=(0, 60, 70), on_time=70, late=60)
    )
    accept(one, quality=77)
    given = evaluation(one)
    assert (given.quality, given.timeliness) == (77, 70)


def test_nobody_accepts_what_they_submitted():
    both = Person(COORDINATOR.id, "both", (*COORDINATOR.grants, Grant(Role.EVALUATOR)))
    assert kinds(lambda: accept(reported("endorsed"), by=both)) == ["person.own_work"]


# --- returning -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["submitted", "endorsed", "accepted"])
def test_returned_report_has_a_reason_and_a_day_and_nothing_of_its_last_round(state):
    one = reported(state)
    give_back(one, reason=" too short ")
    kept = report(one)
    assert (kept.state, kept.return_reason, kept.fix_by) == ("returned", "too short", date(2021, 1, 19))
    assert (kept.endorsed_at, kept.endorsed_by, kept.evaluation) == (None, None, None)


def test_report_is_returned_until_a_day_also_when_the_year_is_over():
    one = reported("submitted")
    give_back(one, date(2021, 10, 14), fix_by=date(2021, 10, 20))
    assert report(one).fix_by == date(2021, 10, 20)


def test_section_head_returns_what_is_not_accepted_yet():
    for state in ("submitted", "endorsed"):
        one = reported(state)
        give_back(one, by=SECTION_HEAD)
        assert report(one).state == "returned"


def test_section_head_does_not_wipe_out_the_evaluators_scores():
    one = reported("accepted")
    (refused,) = unmet(lambda: give_back(one, by=SECTION_HEAD))
    assert (refused.kind, refused.who) == ("person.not_permitted", (Role.EVALUATOR,))
    assert report(one).evaluation is not None


def test_return_is_refused_with_everything_that_is_wrong():
    one = reported("draft")
    assert kinds(lambda: give_back(one, by=COORDINATOR, reason="", fix_by=LATE)) == [
        "report.wrong_state",
        "person.not_permitted",
        "reason.missing",
        "day.not_ahead",
    ]


def test_returned_report_is_written_and_submitted_again():
    one = reported("returned")
    write(one, LATE, narrative="We met twice.")
    assert (report(one).state, report(one).return_reason) == ("draft", "too short")
    submit(one, LATE)
    kept = report(one)
    assert (kept.state, kept.return_reason, kept.fix_by, kept.submitted_at) == (
        "submitted",
        "",
        None,
        at(LATE, 9),
    )


# --- sealing -------------------------------------------------------------------------------------------


def test_sealed_quarter_takes_no_report():
    one = reported("endorsed")
    seal_quarter(one.tx, Quarter(YEAR, 1), by=EVALUATOR, now=at(date(2021, 2, 1)))
    assert report(one).state == "sealed"
    for step in (write, submit, endorse, accept, give_back):
        assert kinds(partial(step, one)) == ["report.wrong_state", "quarter.sealed"]


def test_quarter_sealed_without_a_report_takes_none_later():
    one = desk()
    seal_quarter(one.tx, Quarter(YEAR, 1), by=EVALUATOR, now=at(date(2021, 2, 1)))
    assert kinds(lambda: write(one)) == ["quarter.sealed"]
    assert one.indicator.reports == {}
    assert one.tx.kept[CODE, YEAR].reports == {}
