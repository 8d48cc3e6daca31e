"""Evidence that runs out and has newer versions: what proves something on a day, and what only was there."""

from datetime import date, timedelta
from typing import Any

from engine.actions import (
    attach_evidence,
    return_milestone,
    verify_milestone,
    void_occurrence,
    withdraw_evidence,
)
from engine.evidence import EvidenceState, evidence_states, replaced_by
from engine.explain import next_level
from engine.guards import lacking_evidence
from engine.levels import Basis
from engine.workflow import Reached
from tests.cast import EVALUATOR, GUIDELINES, REPORT, at
from tests.engine.memory import Desk, desk, kinds, unmet
from tests.engine.test_explain import with_rules

DAY = date(2021, 2, 1)
LINK = "https://example.org/"
LAST = DAY + timedelta(days=30)
HOLDS, REPLACED, EXPIRED, UNFOUNDED, WITHDRAWN = EvidenceState


def achieved() -> Desk:
    one = desk()
    one.record(REPORT, DAY)
    return one


def attach(one: Desk, hour: int = 10, on: date = DAY, **given: Any) -> int:
    number = one.do(attach_evidence, REPORT, **{"link": LINK, "now": at(on, hour), **given}).number
    assert number is not None
    return number


def verify(one: Desk, on: date = DAY, hour: int = 12) -> None:
    one.do(verify_milestone, REPORT, by=EVALUATOR, now=at(on, hour))


def states(one: Desk, on: date = DAY, hour: int | None = None) -> list[EvidenceState]:
    return list(evidence_states(one.indicator, on, None if hour is None else at(DAY, hour)).values())


def lacks(one: Desk, on: date = DAY, hour: int | None = None) -> bool:
    definition = one.indicator.workflow.milestone(REPORT)
    assert definition is not None
    return bool(
        list(lacking_evidence(one.indicator, definition, on, None if hour is None else at(DAY, hour)))
    )


# --- running out ------------------------------------------------------------------------------------------


def test_evidence_holds_through_its_last_day_and_not_on_the_next():
    one = achieved()
    attach(one, expires_on=LAST)

    assert (states(one, LAST), lacks(one, LAST)) == ([HOLDS], False)
    assert (states(one, LAST + timedelta(1)), lacks(one, LAST + timedelta(1))) == ([EXPIRED], True)


def test_evidence_that_has_run_out_verifies_nothing():
    one = achieved()
    attach(one, expires_on=LAST)

    assert kinds(lambda: verify(one, LAST + timedelta(1))) == ["milestone.needs_evidence"]
    verify(one, LAST)


def test_what_was_verified_while_its_evidence_held_stays_verified():
    one = achieved()
    attach(one, expires_on=LAST)
    verify(one)
    level = one.indicator.stored.verified
    one.record(GUIDELINES, LAST, now=at(LAST + timedelta(10), 9))  # anything that settles anew, later

    assert one.indicator.milestones[REPORT].state == "verified"
    assert one.indicator.stored.verified.level >= level.level


def test_verification_after_a_return_asks_for_evidence_that_holds_then():
    one = achieved()
    attach(one, expires_on=LAST)
    verify(one)
    later = LAST + timedelta(5)
    one.do(return_milestone, REPORT, reason="illegible", by=EVALUATOR, now=at(later, 9))
    one.record(REPORT, DAY, now=at(later, 10))

    assert "milestone.needs_evidence" in kinds(lambda: verify(one, later))
    attach(one, on=later, hour=11)
    assert not lacks(one, later)


def test_work_of_a_year_that_is_over_is_proved_by_what_held_on_its_last_day():
    one = achieved()
    last_day = one.indicator.fiscal_year.last_day
    attach(one, expires_on=last_day)

    verify(one, last_day + timedelta(days=9))

    assert one.indicator.milestones[REPORT].state == "verified"


def test_evidence_that_ran_out_before_is_refused():
    one = achieved()
    (refused,) = unmet(lambda: attach(one, expires_on=DAY - timedelta(1)))

    assert (refused.kind, refused.params) == ("evidence.run_out", {"day": DAY - timedelta(1), "first": DAY})
    assert attach(one, expires_on=DAY) == 1


def test_evidence_moves_no_level_when_it_runs_out():
    """Only a verification looks at evidence, so there is no day on which a level changes by itself."""
    one = achieved()
    before = one.indicator.stored
    attach(one, expires_on=LAST)

    assert (one.indicator.stored.changes_on, one.indicator.stored.claimed) == (
        before.changes_on,
        before.claimed,
    )


# --- newer versions ---------------------------------------------------------------------------------------


def test_newer_version_stands_in_the_place_of_the_older_which_stays():
    one = achieved()
    attach(one, occurrence=1)
    attach(one, hour=11, replaces=1)

    older, newer = one.indicator.evidence
    assert (older.withdrawn_at, newer.replaces) == (None, 1)
    assert (newer.request, newer.occurrence) == (older.request, older.occurrence) == ("report", 1)
    assert states(one) == [REPLACED, HOLDS]
    assert replaced_by(one.indicator, 1) == newer
    assert one.tx.events[-1].data["evidence"]["replaces"] == 1


def test_version_that_runs_out_does_not_bring_the_older_one_back():
    one = achieved()
    attach(one)
    attach(one, hour=11, replaces=1, expires_on=LAST)

    assert lacks(one, LAST + timedelta(1))


def test_version_that_is_withdrawn_gives_its_place_back():
    one = achieved()
    attach(one)
    attach(one, hour=11, replaces=1)
    one.do(withdraw_evidence, 2, reason="the wrong file", now=at(DAY, 13))

    assert states(one) == [HOLDS, WITHDRAWN]
    assert states(one, hour=11) == [REPLACED, HOLDS]
    assert states(one, hour=10) == [HOLDS]
    assert not lacks(one)
    assert attach(one, hour=14, replaces=1) == 3


def test_newer_version_of_another_document_leaves_the_first_one_open():
    """Whoever calls a file the newer version of another says that the other proves nothing any more."""
    one = achieved()
    attach(one)
    one.do(attach_evidence, REPORT, link=LINK, replaces=1, request="report", now=at(DAY, 11))

    assert not lacks(one)


def test_version_of_a_document_whose_fact_was_voided_belongs_to_no_fact():
    one = achieved()
    attach(one, occurrence=1)
    one.record(REPORT, DAY, now=at(DAY, 11))
    one.do(void_occurrence, 1, reason="twice", now=at(DAY, 12))
    assert states(one) == [UNFOUNDED]

    attach(one, hour=13, replaces=1)

    assert one.indicator.evidence[1].occurrence is None
    assert states(one) == [REPLACED, HOLDS]


def test_what_cannot_be_replaced_is_refused():
    one = achieved()
    attach(one)
    attach(one, hour=11, replaces=1)
    one.do(attach_evidence, GUIDELINES, link=LINK, now=at(DAY, 11))

    assert kinds(lambda: attach(one, replaces=9)) == ["evidence.unknown"]
    assert kinds(lambda: attach(one, replaces=3)) == ["evidence.of_another"]
    (refused,) = unmet(lambda: attach(one, replaces=1))
    assert (refused.kind, refused.params) == ("evidence.replaced_already", {"number": 1, "newer": 2})
    one.do(withdraw_evidence, 3, reason="last year's", now=at(DAY, 12))
    assert kinds(lambda: attach(one, hour=13, replaces=3)) == ["evidence.unknown"]


# --- explained --------------------------------------------------------------------------------------------


def test_missing_document_is_explained_for_the_day_that_is_asked_for():
    one = with_rules(Reached(REPORT))
    one.record(REPORT, DAY)
    attach(one, expires_on=LAST)

    def missing(on: date) -> list[str]:
        ahead = next_level(one.indicator, on, basis=Basis.VERIFIED)
        assert ahead is not None
        return [found.condition.kind for found in ahead.missing]

    assert missing(LAST) == ["milestone.not_verified"]
    assert missing(LAST + timedelta(1)) == ["milestone.needs_evidence", "milestone.not_verified"]
