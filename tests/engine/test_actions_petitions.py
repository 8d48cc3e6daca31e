"""What agencies ask for: once at a time, with a day and a reason, decided by somebody else."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from engine import actions
from engine.actions import NewPetition
from engine.events import Happened
from engine.petition import PetitionKind
from engine.quarter import Quarter
from tests.cast import (
    COORDINATOR,
    EVALUATOR,
    ISSUE,
    MEETINGS,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    THUNG_KHRU,
    YEAR,
    at,
)
from tests.engine.memory import Desk, desk, kinds

DAY = date(2021, 4, 5)
NOW = at(DAY)
LATER = date(2021, 8, 2)
POSTPONEMENT = NewPetition(PetitionKind.POSTPONEMENT, LATER, "floods", ISSUE)
WAIVER = NewPetition(PetitionKind.WAIVER, LATER, "no such groups here", MEETINGS)
CANCELLATION = NewPetition(PetitionKind.CANCELLATION, LATER, "merged with another")
EXTENSION = NewPetition(PetitionKind.EXTENSION, LATER, "floods", quarter=3)


@pytest.fixture
def one() -> Desk:
    return desk()


def ask(one: Desk, new: NewPetition, **given):
    return one.do(actions.make_petition, new, **{"now": NOW, **given})


def made(one: Desk):
    return one.tx.petitions(one.indicator)


def test_petition_is_kept_with_its_day_reason_and_author(one):
    outcome = ask(one, POSTPONEMENT)

    (kept,) = made(one)
    assert (outcome.number, outcome.event.what) == (1, Happened.PETITION_MADE)
    assert (kept.kind, kept.milestone, kept.quarter, kept.until) == ("postponement", ISSUE, 0, LATER)
    assert (kept.reason, kept.asked_by, kept.asked_at, kept.state) == (
        "floods",
        COORDINATOR.id,
        NOW,
        "pending",
    )
    assert outcome.event.data == {
        "petition": 1,
        "kind": "postponement",
        "milestone": ISSUE,
        "until": "2021-08-02",
        "reason": "floods",
    }


def test_petition_changes_nothing_until_it_is_granted(one):
    ask(one, POSTPONEMENT)
    assert one.indicator.milestones[ISSUE].state == "open"


def test_granted_postponement_postpones_the_milestone(one):
    ask(one, POSTPONEMENT)
    outcome = one.do(actions.grant_petition, 1, by=EVALUATOR, now=NOW)

    milestone = one.indicator.milestones[ISSUE]
    assert (milestone.state, milestone.postponed_to, milestone.reason) == ("postponed", LATER, "floods")
    assert made(one)[0].state == "granted"
    assert made(one)[0].decided_by == EVALUATOR.id
    assert [event.what for event in one.tx.events[-2:]] == ["petition_granted", "milestone_postponed"]
    assert outcome.indicator.version == one.indicator.version


def test_granted_waiver_waives_the_milestone(one):
    ask(one, WAIVER)
    one.do(actions.grant_petition, 1, by=EVALUATOR, now=NOW)

    assert one.indicator.milestones[MEETINGS].state == "waived"
    assert [(waiver.milestone, waiver.expires_on) for waiver in one.indicator.waivers] == [(MEETINGS, LATER)]


def test_granted_extension_gives_the_agency_longer(one):
    ask(one, EXTENSION)
    one.do(actions.grant_petition, 1, by=EVALUATOR, now=NOW)

    assert one.tx.extension(THUNG_KHRU, Quarter(YEAR, 3)) == LATER
    assert one.indicator.milestones[MEETINGS].due_on == LATER  # which is due in that quarter


def test_petition_that_cannot_be_granted_any_more_stays_as_it_was(one):
    """Done meanwhile: what is achieved is not postponed."""
    ask(one, POSTPONEMENT)
    one.record(ISSUE, DAY)
    found = kinds(lambda: one.do(actions.grant_petition, 1, by=EVALUATOR, now=NOW))
    assert found == ["milestone.wrong_state"]


def test_declined_petition_keeps_the_reason(one):
    ask(one, POSTPONEMENT)
    one.do(actions.decline_petition, 1, reason=" there is time ", by=EVALUATOR, now=NOW)

    (kept,) = made(one)
    assert (kept.state, kept.answer) == ("declined", "there is time")


def test_petition_is_declined_with_a_reason_only(one):
    ask(one, POSTPONEMENT)
    assert kinds(lambda: one.do(actions.decline_petition, 1, reason=" ", by=EVALUATOR, now=NOW)) == [
        "reason.missing"
    ]


@pytest.mark.parametrize("decide", [actions.grant_petition, actions.withdraw_petition])
def test_decided_petition_is_not_decided_again(one, decide):
    ask(one, POSTPONEMENT)
    one.do(actions.decline_petition, 1, reason="no", by=EVALUATOR, now=NOW)
    by = COORDINATOR if decide is actions.withdraw_petition else EVALUATOR
    assert kinds(lambda: one.do(decide, 1, by=by, now=NOW)) == ["petition.wrong_state"]


def test_nobody_decides_on_their_own_petition(one):
    asks_and_evaluates = COORDINATOR.__class__(
        COORDINATOR.id, COORDINATOR.name, COORDINATOR.grants + EVALUATOR.grants
    )
    ask(one, POSTPONEMENT, by=asks_and_evaluates)
    assert kinds(lambda: one.do(actions.grant_petition, 1, by=asks_and_evaluates, now=NOW)) == [
        "person.own_work"
    ]


@pytest.mark.parametrize("by", [COORDINATOR, SECTION_HEAD])
def test_petition_is_not_granted_by_its_own_agency(one, by):
    ask(one, POSTPONEMENT)
    assert kinds(lambda: one.do(actions.grant_petition, 1, by=by, now=NOW))[0] == "person.not_permitted"


def test_petition_is_not_made_for_another_agency(one):
    assert kinds(lambda: ask(one, POSTPONEMENT, by=SAI_MAI_COORDINATOR)) == ["person.not_permitted"]


def test_second_petition_about_the_same_waits_for_the_first(one):
    ask(one, POSTPONEMENT)
    assert kinds(lambda: ask(one, POSTPONEMENT)) == ["petition.waits_already"]
    one.do(actions.withdraw_petition, 1, now=NOW)
    assert ask(one, POSTPONEMENT).number == 2


def test_petitions_about_different_things_stand_side_by_side(one):
    assert [ask(one, new).number for new in (POSTPONEMENT, WAIVER, EXTENSION)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (NewPetition(PetitionKind.POSTPONEMENT, None, "", ISSUE), ["reason.missing", "petition.no_day"]),
        (NewPetition(PetitionKind.POSTPONEMENT, DAY, "floods", ISSUE), ["day.not_ahead"]),
        (NewPetition(PetitionKind.WAIVER, date(2021, 10, 1), "floods", ISSUE), ["day.not_ahead"]),
        (NewPetition(PetitionKind.EXTENSION, LATER, "floods", quarter=5), ["quarter.unknown"]),
        (
            NewPetition(PetitionKind.EXTENSION, date(2021, 7, 1), "floods", quarter=3),
            ["extension.not_longer"],
        ),
    ],
)
def test_petition_that_makes_no_sense_is_refused_with_all_that_is_wrong(one, new, expected):
    assert kinds(lambda: ask(one, new)) == expected
    assert made(one) == []


def test_extension_of_a_quarter_that_is_long_over_lies_ahead(one):
    new = NewPetition(PetitionKind.EXTENSION, date(2021, 3, 1), "floods", quarter=1)
    assert kinds(lambda: ask(one, new)) == ["day.not_ahead"]


def test_unknown_petition_is_refused_with_those_there_are(one):
    ask(one, POSTPONEMENT)
    assert kinds(lambda: one.do(actions.grant_petition, 2, by=EVALUATOR, now=NOW)) == ["petition.unknown"]


# --- the end of an indicator -----------------------------------------------------------------------------


def test_cancellation_is_asked_for_by_a_state_of_life_while_work_goes_on(one):
    ask(one, CANCELLATION)
    (kept,) = made(one)
    assert (kept.kind, kept.milestone, kept.quarter, kept.until) == ("cancellation", "", 0, LATER)
    assert one.indicator.life == "cancellation_requested"
    one.record(ISSUE, DAY)
    assert kinds(lambda: ask(one, CANCELLATION)) == ["petition.waits_already"]


def test_granted_cancellation_ends_the_indicator(one):
    ask(one, CANCELLATION)
    one.do(actions.grant_petition, 1, by=EVALUATOR, now=NOW)
    assert one.indicator.life == "cancelled"
    assert [event.what for event in one.tx.events[-2:]] == [
        Happened.PETITION_GRANTED,
        Happened.INDICATOR_CANCELLED,
    ]


@pytest.mark.parametrize(
    ("action", "given"),
    [
        (actions.decline_petition, {"by": EVALUATOR, "reason": "it stays"}),
        (actions.withdraw_petition, {"by": COORDINATOR}),
    ],
)
def test_indicator_of_which_the_end_is_not_asked_for_any_more_is_active(one, action, given):
    ask(one, CANCELLATION)
    one.do(action, 1, now=NOW, **given)
    assert one.indicator.life == "active"
    ask(one, CANCELLATION)


def test_cancellation_runs_out_after_its_day_and_is_then_only_declined(one):
    ask(one, CANCELLATION)
    after = at(LATER + timedelta(days=1))
    assert kinds(lambda: one.do(actions.grant_petition, 1, by=EVALUATOR, now=after)) == ["petition.run_out"]
    one.do(actions.decline_petition, 1, by=EVALUATOR, reason="run out", now=after)
    assert one.indicator.life == "active"


def test_cancellation_is_asked_for_with_a_day_ahead_by_the_agency_and_decided_by_others(one):
    assert kinds(lambda: ask(one, replace(CANCELLATION, until=DAY))) == ["day.not_ahead"]
    assert kinds(lambda: ask(one, replace(CANCELLATION, until=None))) == ["petition.no_day"]
    ask(one, CANCELLATION)
    assert kinds(lambda: one.do(actions.grant_petition, 1, by=SECTION_HEAD, now=NOW)) == [
        "person.not_permitted"
    ]
