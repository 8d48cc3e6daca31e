"""What people decide on a milestone, and the documents they attach to it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.actions import (
    achieve_milestone,
    attach_evidence,
    block_milestone,
    postpone_milestone,
    reopen_milestone,
    resume_milestone,
    return_milestone,
    verify_milestone,
    void_occurrence,
    waive_milestone,
    withdraw_evidence,
)
from engine.indicator import Ruling
from engine.permissions import Grant, Person, Role
from engine.quarter import FiscalYear, Quarter
from engine.workflow import EvidenceRequest, Order, Text
from tests.cast import (
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    ISSUE,
    MEASURED,
    MEETINGS,
    OPERATOR,
    REPORT,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    THUNG_KHRU,
    WORKFLOW,
    YEAR,
    at,
)
from tests.engine.memory import Desk, desk, kinds, unmet

DAY = date(2021, 2, 1)
Q1, Q2, Q3, Q4 = (quarter.last_day for quarter in FiscalYear(YEAR).quarters)


def state(one: Desk, milestone: str = GUIDELINES) -> str:
    return one.indicator.milestones[milestone].state


def achieved(milestone: str = GUIDELINES) -> Desk:
    """The milestone is achieved on the day, by the coordinator."""
    one = desk()
    one.record(milestone, DAY)
    return one


def verify(one: Desk, milestone: str = GUIDELINES, hour: int = 10, **given: Any) -> None:
    one.do(verify_milestone, milestone, **{"by": EVALUATOR, "now": at(DAY, hour), **given})


def give_back(one: Desk, milestone: str = GUIDELINES, hour: int = 11, **given: Any) -> None:
    one.do(
        return_milestone, milestone, **{"by": EVALUATOR, "now": at(DAY, hour), "reason": "illegible", **given}
    )


def attach(one: Desk, milestone: str = REPORT, hour: int = 10, **given: Any) -> int:
    link = {} if "sha256" in given else {"link": "https://example.org/1"}
    number = one.do(attach_evidence, milestone, now=at(DAY, hour), **link, **given).number
    assert number is not None
    return number


# --- achieving -----------------------------------------------------------------------------------------


def test_milestone_that_is_achieved_already_is_left_alone():
    one = achieved()
    before = one.indicator
    outcome = one.do(achieve_milestone, GUIDELINES, now=at(DAY, 10))
    assert (outcome.event, one.indicator) == (None, before)


def test_milestone_that_is_achieved_already_is_none_of_a_strangers_business():
    one = achieved()
    refused = kinds(lambda: one.do(achieve_milestone, GUIDELINES, by=SAI_MAI_COORDINATOR, now=at(DAY, 10)))
    assert refused == ["person.not_permitted"]


def test_milestone_is_achieved_again_after_a_return():
    one = achieved()
    give_back(one)
    outcome = one.do(achieve_milestone, GUIDELINES, now=at(DAY, 12))
    assert (state(one), outcome.number) == ("achieved", 2)
    assert [decision.ruling for decision in one.indicator.decisions] == [Ruling.RETURNED, Ruling.ACHIEVED]


def test_milestone_is_not_achieved_while_anything_is_missing():
    one = desk(replace(WORKFLOW, order=Order.STRICT))
    one.record(GUIDELINES, DAY)
    one.record(COMMITTEE, DAY)
    one.record(MEETINGS, None, on=DAY, quarter=1, note="no day given")
    one.do(void_occurrence, 1, reason="the wrong file", now=at(DAY, 10))
    refused = unmet(lambda: one.do(achieve_milestone, MEETINGS, by=SAI_MAI_COORDINATOR, now=at(DAY, 11)))
    assert [found.kind for found in refused] == [
        "person.not_permitted",
        "milestone.needs_occurrences",
        "occurrence.waits_for_approval",
        "milestone.lower_open",
    ]
    assert (refused[1].params["missing"], refused[1].who) == (2, (Role.COORDINATOR,))
    assert refused[2].who == (Role.SECTION_HEAD, Role.EVALUATOR)
    assert one.indicator.decisions == []


def test_verified_milestone_is_not_achieved():
    one = achieved()
    verify(one)
    (refused,) = unmet(lambda: one.do(achieve_milestone, GUIDELINES, now=at(DAY, 11)))
    assert (refused.kind, refused.params["possible"]) == ("milestone.wrong_state", ("return", "reopen"))


# --- verifying -----------------------------------------------------------------------------------------


def test_verification_lifts_the_verified_level_and_keeps_the_remark():
    one = achieved()
    verify(one, remark="well done")
    kept = one.indicator
    assert (state(one), kept.stored.verified.level) == ("verified", 1)
    (decision,) = kept.decisions
    assert (decision.ruling, decision.reason, decision.decided_by) == (
        Ruling.VERIFIED,
        "well done",
        EVALUATOR.id,
    )


def test_milestone_is_verified_once():
    one = achieved()
    verify(one)
    assert kinds(lambda: verify(one, hour=11)) == ["milestone.wrong_state"]


@pytest.mark.parametrize("facts", [0, 1])
def test_milestone_that_is_not_achieved_is_not_verified(facts):
    one = desk()
    for _ in range(facts):
        one.record(MEETINGS, DAY)
    assert kinds(lambda: verify(one, MEETINGS)) == ["milestone.wrong_state", "milestone.needs_occurrences"]


def test_nobody_verifies_what_they_recorded():
    both = Person(COORDINATOR.id, "both", (Grant(Role.COORDINATOR, THUNG_KHRU), Grant(Role.EVALUATOR)))
    one = desk()
    one.record(GUIDELINES, DAY, by=both)
    (refused,) = unmet(lambda: verify(one, by=both))
    assert (refused.kind, refused.who) == ("person.own_work", (Role.EVALUATOR,))
    verify(one)
    assert state(one) == "verified"


def test_script_verifies_what_it_recorded():
    one = desk()
    one.record(GUIDELINES, DAY, by=OPERATOR)
    verify(one, by=OPERATOR)
    assert state(one) == "verified"


def test_milestone_is_not_verified_without_the_documents_it_asks_for():
    one = achieved(REPORT)
    (refused,) = unmet(lambda: verify(one, REPORT))
    assert (refused.kind, refused.params["key"], refused.who) == (
        "milestone.needs_evidence",
        "report",
        (Role.COORDINATOR,),
    )
    number = attach(one)
    one.do(withdraw_evidence, number, reason="last year's", now=at(DAY, 11))
    assert kinds(lambda: verify(one, REPORT, hour=12)) == ["milestone.needs_evidence"]
    attach(one, hour=13)
    verify(one, REPORT, hour=14)
    assert state(one, REPORT) == "verified"


def test_verification_is_refused_with_everything_that_is_wrong():
    one = achieved(REPORT)
    assert kinds(lambda: verify(one, REPORT, by=COORDINATOR)) == [
        "person.not_permitted",
        "milestone.needs_evidence",
        "person.own_work",
    ]


# --- returning -----------------------------------------------------------------------------------------


def test_return_names_reason_and_day_and_lowers_the_verified_level_alone():
    one = achieved()
    verify(one)
    give_back(one, reason=" illegible ")
    kept = one.indicator
    assert (state(one), kept.stored.claimed.level, kept.stored.verified.level) == ("returned", 1, 0)
    assert (kept.decisions[-1].reason, kept.decisions[-1].fix_by) == ("illegible", date(2021, 2, 8))
    assert one.tx.events[-1].data == {
        "milestone": GUIDELINES,
        "reason": "illegible",
        "fix_by": "2021-02-08",
        "verified": [1, 0],
    }


def test_return_leaves_the_working_days_of_the_policy_unless_a_day_is_given():
    one = achieved()
    give_back(one, fix_by=date(2021, 2, 3))
    assert one.indicator.decisions[-1].fix_by == date(2021, 2, 3)


def test_work_of_the_last_quarter_is_returned_when_its_year_is_over():
    one = achieved()
    october = date(2021, 10, 14)
    give_back(one, now=at(october), fix_by=date(2021, 10, 20))
    assert one.indicator.decisions[-1].fix_by == date(2021, 10, 20)


def test_return_is_refused_with_everything_that_is_wrong():
    one = desk()
    assert kinds(lambda: give_back(one, by=COORDINATOR, reason=" ", fix_by=DAY)) == [
        "milestone.wrong_state",
        "person.not_permitted",
        "reason.missing",
        "day.not_ahead",
    ]


# --- reopening -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["achieved", "verified", "returned"])
def test_reopened_milestone_is_back_in_work_and_counts_no_more(before):
    one = achieved()
    if before != "achieved":
        verify(one)
    if before == "returned":
        give_back(one)
    assert state(one) == before
    one.do(reopen_milestone, GUIDELINES, reason="the wrong file", now=at(DAY, 12))
    kept = one.indicator
    assert (state(one), kept.stored.claimed.level, kept.stored.verified.level) == ("in_progress", 0, 0)


@pytest.mark.parametrize("milestone", [ISSUE, MEETINGS])
def test_milestone_in_work_is_not_reopened(milestone):
    one = achieved(milestone) if milestone == MEETINGS else desk()
    refused = kinds(lambda: one.do(reopen_milestone, milestone, reason="", now=at(DAY, 12)))
    assert refused == ["milestone.wrong_state", "reason.missing"]


def test_milestone_with_a_fact_in_a_sealed_quarter_is_not_reopened():
    one = desk()
    one.record(MEETINGS, Q1)
    one.record(MEETINGS, DAY)
    one.record(GUIDELINES, DAY)
    one.tx.seals = {Quarter(YEAR, 1): []}
    (refused,) = unmet(lambda: one.do(reopen_milestone, MEETINGS, reason="wrong", now=at(DAY, 10)))
    assert (refused.kind, refused.params) == ("quarter.sealed", {"quarter": Quarter(YEAR, 1)})
    one.do(reopen_milestone, GUIDELINES, reason="wrong", now=at(DAY, 10))
    assert state(one) == "in_progress"


# --- blocking, resuming, postponing, waiving -----------------------------------------------------------


def test_block_says_for_whom_and_since_when():
    one = desk()
    one.do(block_milestone, GUIDELINES, waiting_for=" the owner ", now=at(DAY))
    milestone = one.indicator.milestones[GUIDELINES]
    assert (milestone.state, milestone.blocked_by, milestone.since) == ("blocked", "the owner", at(DAY))
    one.do(block_milestone, GUIDELINES, waiting_for="the governor", now=at(DAY, 10))
    assert one.indicator.milestones[GUIDELINES].blocked_by == "the governor"


def test_block_needs_to_say_for_whom():
    assert kinds(lambda: desk().do(block_milestone, GUIDELINES, waiting_for=" ", now=at(DAY))) == [
        "reason.missing"
    ]


@pytest.mark.parametrize("facts", [0, 1])
def test_resumed_milestone_goes_where_its_facts_put_it(facts):
    one = desk()
    one.do(block_milestone, MEETINGS, waiting_for="the owner", now=at(DAY))
    for _ in range(facts):
        one.record(MEETINGS, DAY)
    one.do(resume_milestone, MEETINGS, by=EVALUATOR, now=at(DAY, 10))
    milestone = one.indicator.milestones[MEETINGS]
    assert (milestone.state, milestone.blocked_by) == (("open", "in_progress")[facts], "")


def test_milestone_that_is_not_paused_is_not_resumed():
    assert kinds(lambda: achieved().do(resume_milestone, GUIDELINES, now=at(DAY))) == [
        "milestone.wrong_state"
    ]


def postpone(one: Desk, **given: Any) -> None:
    standard = {"by": EVALUATOR, "now": at(DAY), "until": Q4, "reason": " floods "}
    one.do(postpone_milestone, GUIDELINES, **{**standard, **given})


def test_postponed_milestone_keeps_day_and_reason():
    one = desk()
    postpone(one)
    milestone = one.indicator.milestones[GUIDELINES]
    assert (milestone.state, milestone.postponed_to, milestone.reason) == ("postponed", Q4, "floods")
    postpone(one, until=Q3, reason="again")
    assert one.indicator.milestones[GUIDELINES].postponed_to == Q3


@pytest.mark.parametrize("until", [DAY, Q4 + timedelta(1)])
def test_milestone_is_not_put_off_to_today_or_to_another_year(until):
    (refused,) = unmet(lambda: postpone(desk(), until=until))
    assert (refused.kind, refused.params) == ("day.not_ahead", {"day": until, "first": DAY, "last": Q4})


def waive(one: Desk, **given: Any) -> None:
    standard = {"by": EVALUATOR, "now": at(DAY), "expires_on": Q4, "reason": " no committee "}
    one.do(waive_milestone, GUIDELINES, **{**standard, **given})


@pytest.mark.parametrize("before", ["open", "blocked", "postponed", "returned"])
def test_waived_milestone_counts_as_done_from_today(before):
    one = desk()
    if before == "blocked":
        one.do(block_milestone, GUIDELINES, waiting_for="the owner", now=at(DAY, 1))
    elif before == "postponed":
        postpone(one, now=at(DAY, 1))
    elif before == "returned":
        one.record(GUIDELINES, DAY, now=at(DAY, 1))
        give_back(one, now=at(DAY, 2))
    assert state(one) == before
    waive(one)
    kept = one.indicator
    milestone = kept.milestones[GUIDELINES]
    assert (milestone.state, milestone.reason, milestone.blocked_by) == ("waived", "no committee", "")
    assert (kept.stored.claimed.level, kept.stored.verified.level) == (1, 1)
    (waiver,) = kept.waivers
    assert (waiver.granted_on, waiver.expires_on, waiver.granted_by) == (DAY, Q4, EVALUATOR.id)


def test_waiver_is_refused_with_everything_that_is_wrong():
    assert kinds(lambda: waive(achieved(), by=SECTION_HEAD, reason="", expires_on=DAY)) == [
        "milestone.wrong_state",
        "person.not_permitted",
        "reason.missing",
        "day.not_ahead",
    ]


# --- evidence ------------------------------------------------------------------------------------------


def test_evidence_is_a_file_or_a_link_to_the_first_document_asked_for():
    one = achieved(REPORT)
    attach(one, sha256="a" * 64, file_name="report.pdf", occurrence=1)
    attach(one, hour=11)
    file, link = one.indicator.evidence
    assert (file.request, file.occurrence, file.sha256, file.file_name) == (
        "report",
        1,
        "a" * 64,
        "report.pdf",
    )
    assert (link.number, link.sha256, link.link, link.attached_by) == (2, None, "https://example.org/1", 2)
    assert one.tx.events[-1].data == {
        "evidence": {"number": 2, "milestone": REPORT, "request": "report", "link": "https://example.org/1"}
    }


def test_evidence_moves_neither_state_nor_level():
    one = desk()
    before = one.indicator
    attach(one)
    assert (one.indicator.milestones, one.indicator.stored.claimed) == (
        before.milestones,
        before.stored.claimed,
    )


def test_evidence_for_a_milestone_that_asks_for_none_is_welcome():
    one = desk()
    assert attach(one, GUIDELINES) == 1
    assert one.indicator.evidence[0].request == ""


def test_evidence_is_refused_with_everything_that_is_wrong():
    one = achieved(GUIDELINES)
    refused = unmet(
        lambda: attach(
            one, by=SAI_MAI_COORDINATOR, request="reprot", occurrence=1
        )  # a fact of the guidelines
    )
    assert [found.kind for found in refused] == [
        "person.not_permitted",
        "evidence.request_unknown",
        "occurrence.unknown",
    ]
    assert (refused[1].params["nearest"], refused[2].params["known"]) == (["report"], [])


def test_evidence_of_a_voided_fact_is_refused():
    one = achieved(REPORT)
    one.record(REPORT, DAY)
    one.do(void_occurrence, 1, reason="twice", now=at(DAY, 9))
    (refused,) = unmet(lambda: attach(one, occurrence=1))
    assert (refused.kind, refused.params["known"]) == ("occurrence.unknown", [2])


def test_withdrawn_evidence_stays_with_its_day():
    one = desk()
    number = attach(one)
    one.do(withdraw_evidence, number, reason="last year's", now=at(DAY, 11))
    assert one.indicator.evidence[0].withdrawn_at == at(DAY, 11)
    assert one.tx.events[-1].data == {"evidence": 1, "milestone": REPORT, "reason": "last year's"}
    (refused,) = unmet(lambda: one.do(withdraw_evidence, number, reason="again", now=at(DAY, 12)))
    assert (refused.kind, refused.params["known"]) == ("evidence.unknown", [])


def test_withdrawal_is_refused_with_everything_that_is_wrong():
    one = desk()
    attach(one)
    given = {"reason": " ", "by": SAI_MAI_COORDINATOR, "now": at(DAY, 11)}
    assert kinds(lambda: one.do(withdraw_evidence, 1, **given)) == ["person.not_permitted", "reason.missing"]


def test_every_required_document_is_asked_for():
    two = tuple(
        EvidenceRequest(key, Text(key, key), required=key != "photo") for key in ("minutes", "list", "photo")
    )
    asking = replace(
        MEASURED, milestones=(replace(MEASURED.milestones[0], evidence=two),), levels=MEASURED.levels
    )
    one = desk(asking)
    one.record("result", DAY, value=Decimal(60))
    refused = unmet(lambda: verify(one, "result"))
    assert [(found.kind, found.params["key"]) for found in refused] == [
        ("milestone.needs_evidence", "minutes"),
        ("milestone.needs_evidence", "list"),
    ]
