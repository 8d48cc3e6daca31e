"""An agency asks that a sealed quarter be corrected, and somebody else does so or says why not."""

from dataclasses import replace
from datetime import date

import pytest

from engine import actions
from engine.actions import NewOccurrence, NewPetition
from engine.events import Happened
from engine.permissions import Grant, Person, Role
from engine.petition import PetitionKind
from engine.quarter import FiscalYear
from engine.reminders.notices import TOLD, Happening, is_news
from tests.cast import ADMINISTRATOR, COMMITTEE, COORDINATOR, EVALUATOR, GUIDELINES, SECTION_HEAD, YEAR, at
from tests.engine.memory import Desk, desk, kinds

Q1, *_, Q4 = FiscalYear(YEAR).quarters
LATE = at(date(2021, 2, 1))
WHY = "พบคำสั่งที่ลงวันที่ไว้แล้ว"
MISSING = NewPetition(
    PetitionKind.CORRECTION, date(2020, 12, 20), WHY, COMMITTEE, document_number=" 571/2563 "
)
WRONG = NewPetition(PetitionKind.CORRECTION, None, "บันทึกผิดปี", occurrence=1)


@pytest.fixture
def one() -> Desk:
    """The guidelines were recorded; the first quarter is sealed."""
    made = desk()
    made.record(GUIDELINES, date(2020, 12, 1))
    actions.seal_quarter(made.tx, Q1, reason="พ้นกำหนด", by=EVALUATOR, now=at(date(2021, 1, 20)))
    return made


def ask(one: Desk, new: NewPetition = MISSING, **given):
    return one.do(actions.make_petition, new, **{"by": COORDINATOR, "now": LATE, **given})


def grant(one: Desk, **given):
    return one.do(actions.grant_petition, 1, **{"by": EVALUATOR, "now": LATE, **given})


def test_correction_is_asked_for_and_changes_nothing_yet(one):
    asked = ask(one)

    (petition,) = one.tx.petitions(one.indicator)
    assert (petition.milestone, petition.quarter, petition.until, petition.document_number) == (
        COMMITTEE,
        1,
        date(2020, 12, 20),
        "571/2563",
    )
    assert asked.event.data["occurrence"] == {
        "milestone": COMMITTEE,
        "occurred_on": "2020-12-20",
        "document_number": "571/2563",
    }
    assert "until" not in asked.event.data
    assert asked.after.claimed == asked.before.claimed
    assert one.indicator.occurrences[1:] == []


@pytest.mark.parametrize("by", [EVALUATOR, ADMINISTRATOR])
def test_granting_records_the_missing_fact_as_whoever_decided(one, by):
    ask(one)
    done = grant(one, by=by)

    assert [event.what for event in one.tx.events[-2:]] == [
        Happened.PETITION_GRANTED,
        Happened.OCCURRENCE_RECORDED,
    ]
    fact = one.indicator.occurrences[-1]
    assert (fact.milestone, fact.occurred_on, fact.document_number, fact.note, fact.recorded_by) == (
        COMMITTEE,
        date(2020, 12, 20),
        "571/2563",
        WHY,
        by.id,
    )
    assert (done.before.claimed.level, done.after.claimed.level) == (1, 2)
    assert one.tx.seals[Q1][0].claimed == 1


def test_whoever_decides_records_the_fact_as_they_found_it(one):
    ask(one)
    grant(one, fact=NewOccurrence(COMMITTEE, date(2020, 12, 21), document_number="572/2563", note=WHY))

    fact = one.indicator.occurrences[-1]
    assert (fact.occurred_on, fact.document_number) == (date(2020, 12, 21), "572/2563")


def test_granting_takes_back_the_fact_that_was_wrong(one):
    ask(one, WRONG)
    (petition,) = one.tx.petitions(one.indicator)
    assert (petition.milestone, petition.quarter, petition.until) == (GUIDELINES, 1, date(2020, 12, 1))

    grant(one)

    fact = one.indicator.occurrence(1)
    assert (fact.void_reason, fact.voided_by) == ("บันทึกผิดปี", EVALUATOR.id)
    assert one.tx.events[-1].data["after_seal"] is True


def test_declined_correction_keeps_the_reason_and_records_nothing(one):
    ask(one)
    one.do(actions.decline_petition, 1, reason="คำสั่งเป็นของปีก่อน", by=EVALUATOR, now=LATE)

    assert one.tx.petitions(one.indicator)[0].answer == "คำสั่งเป็นของปีก่อน"
    assert len(one.indicator.occurrences) == 1


def test_nobody_decides_what_they_asked_for_and_no_agency_does(one):
    both = Person(40, "ผู้ประสานงานและผู้ประเมิน", (*COORDINATOR.grants, Grant(Role.EVALUATOR)))
    ask(one, by=both)

    assert kinds(lambda: grant(one, by=both)) == ["person.own_work"]
    assert kinds(lambda: grant(one, by=SECTION_HEAD)) == ["person.not_permitted"]
    assert len(one.indicator.occurrences) == 1


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (replace(MISSING, until=date(2021, 1, 25)), ["quarter.not_sealed"]),
        (replace(MISSING, until=date(2020, 9, 30)), ["day.outside_year"]),
        (replace(MISSING, until=None, reason=" "), ["reason.missing", "day.needed"]),
        (replace(MISSING, fact_kind="holiday"), ["occurrence.kind_unknown"]),
        (replace(MISSING, milestone="holiday"), ["milestone.unknown"]),
        (replace(WRONG, occurrence=9), ["occurrence.unknown"]),
    ],
)
def test_correction_that_could_not_be_made_is_not_asked_for(one, new, expected):
    assert kinds(lambda: ask(one, new)) == expected


def test_each_missing_fact_is_asked_for_once(one):
    ask(one)
    ask(one, replace(MISSING, until=date(2020, 12, 22), document_number=None))

    assert kinds(lambda: ask(one)) == ["petition.waits_already"]


def test_correction_is_asked_for_decided_and_withdrawn_in_a_sealed_year():
    one = desk()
    for quarter in FiscalYear(YEAR).quarters:
        actions.seal_quarter(one.tx, quarter, reason="พ้นกำหนด", by=EVALUATOR, now=at(date(2021, 10, 20)))
    now = at(date(2021, 11, 1))
    late = replace(MISSING, until=Q4.last_day)
    ask(one, now=now)
    ask(one, late, now=now)

    grant(one, now=now)
    one.do(actions.withdraw_petition, 2, by=COORDINATOR, now=now)

    assert [petition.state for petition in one.tx.petitions(one.indicator)] == ["granted", "withdrawn"]


def test_granted_correction_is_news_though_other_grants_are_told_by_what_they_do(one):
    assert Happened.PETITION_GRANTED not in TOLD
    for kind, expected in ((PetitionKind.CORRECTION, True), (PetitionKind.WAIVER, False)):
        event = Happening(1, 1, 1, Happened.PETITION_GRANTED, EVALUATOR.id, {"kind": str(kind)})
        assert is_news(event) is expected
