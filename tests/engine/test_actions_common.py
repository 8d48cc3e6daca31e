"""What every action has in common: permission, version, life, seal, one event for one change."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from engine import actions
from engine.actions import NewOccurrence, NewPetition, Outcome
from engine.events import Happened
from engine.indicator import Life
from engine.permissions import PERMISSIONS, Action, Grant, Person, Role
from engine.petition import PetitionKind
from engine.quarter import Quarter
from engine.verdict import ReviewPolicy
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    ISSUE,
    MEETINGS,
    OTHER_EVALUATOR,
    POLICY,
    REPORT,
    SAI_MAI,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    THUNG_KHRU,
    WORKFLOW,
    YEAR,
    at,
    new_indicator,
)
from tests.engine.memory import Behind, Desk, Memory, desk, kinds, unmet

DAY = date(2021, 4, 5)
NOW = at(DAY, 12)


@dataclass(frozen=True)
class Case:
    """An action as it succeeds on the prepared desk: what it needs, who may, and its event."""

    call: Callable[..., Outcome]
    by: Person
    permission: Action
    event: Happened
    args: tuple[Any, ...] = ()
    given: tuple[tuple[str, Any], ...] = ()
    versioned: bool = True

    def __call__(self, one: Desk, **more: Any) -> Outcome:
        return one.do(self.call, *self.args, **{"by": self.by, "now": NOW, **dict(self.given), **more})


def case(name: str, by: Person, permission: Action, event: Happened, *args: Any, **given: Any) -> Case:
    return Case(getattr(actions, name), by, permission, event, args, tuple(given.items()))


C, H, E, A = COORDINATOR, SECTION_HEAD, EVALUATOR, ADMINISTRATOR
#: Facts 1 and 2 are the guidelines and the committee; 3 is undated; the committee was returned.
CASES = {
    one.call.__name__: one
    for one in (
        case("record_occurrence", C, Action.RECORD, Happened.OCCURRENCE_RECORDED, NewOccurrence(ISSUE, DAY)),
        case("approve_occurrence", H, Action.APPROVE_UNDATED, Happened.OCCURRENCE_APPROVED, 3),
        case("void_occurrence", C, Action.VOID, Happened.OCCURRENCE_VOIDED, 1, reason="twice"),
        case("achieve_milestone", C, Action.ACHIEVE, Happened.MILESTONE_ACHIEVED, COMMITTEE),
        case("verify_milestone", E, Action.VERIFY, Happened.MILESTONE_VERIFIED, GUIDELINES),
        case(
            "return_milestone", E, Action.RETURN, Happened.MILESTONE_RETURNED, GUIDELINES, reason="illegible"
        ),
        case(
            "reopen_milestone", C, Action.REOPEN, Happened.MILESTONE_REOPENED, GUIDELINES, reason="wrong file"
        ),
        case("block_milestone", C, Action.BLOCK, Happened.MILESTONE_BLOCKED, ISSUE, waiting_for="the owner"),
        case("resume_milestone", C, Action.RESUME, Happened.MILESTONE_RESUMED, REPORT),
        case(
            "postpone_milestone",
            E,
            Action.POSTPONE,
            Happened.MILESTONE_POSTPONED,
            ISSUE,
            until=date(2021, 8, 2),
            reason="floods",
        ),
        case(
            "waive_milestone",
            E,
            Action.WAIVE,
            Happened.MILESTONE_WAIVED,
            ISSUE,
            expires_on=date(2021, 8, 2),
            reason="floods",
        ),
        case(
            "attach_evidence",
            C,
            Action.ATTACH,
            Happened.EVIDENCE_ATTACHED,
            ISSUE,
            link="https://example.org/2",
        ),
        case("withdraw_evidence", C, Action.ATTACH, Happened.EVIDENCE_WITHDRAWN, 1, reason="last year's"),
        case("write_report", C, Action.WRITE_REPORT, Happened.REPORT_WRITTEN, 3, narrative="We met."),
        case("submit_report", C, Action.SUBMIT_REPORT, Happened.REPORT_SUBMITTED, 1),
        case("endorse_report", H, Action.ENDORSE_REPORT, Happened.REPORT_ENDORSED, 2),
        case("return_report", H, Action.RETURN_REPORT, Happened.REPORT_RETURNED, 2, reason="too short"),
        case(
            "make_petition",
            C,
            Action.PETITION,
            Happened.PETITION_MADE,
            NewPetition(PetitionKind.POSTPONEMENT, date(2021, 8, 2), "floods", ISSUE),
        ),
        case("decline_petition", E, Action.EXTEND, Happened.PETITION_DECLINED, 1, reason="there is time"),
        case("withdraw_petition", C, Action.PETITION, Happened.PETITION_WITHDRAWN, 1),
        case(
            "request_cancellation",
            C,
            Action.REQUEST_CANCELLATION,
            Happened.CANCELLATION_REQUESTED,
            reason="merged with another",
        ),
        case("cancel_indicator", E, Action.CANCEL, Happened.INDICATOR_CANCELLED, reason="merged"),
        case("close_indicator", A, Action.MANAGE_INDICATORS, Happened.INDICATOR_CLOSED),
        case(
            "change_indicator",
            A,
            Action.MANAGE_INDICATORS,
            Happened.INDICATOR_CHANGED,
            {"target": Decimal(4), "title_th": "ชื่อใหม่", "owner_id": None},
        ),
        case(
            "migrate_indicator",
            A,
            Action.MANAGE_INDICATORS,
            Happened.INDICATOR_MIGRATED,
            replace(WORKFLOW, version=2, source_hash="8" * 64),
        ),
    )
}
UNVERSIONED = {
    "request_cancellation",
    "decline_cancellation",
    "cancel_indicator",
    "close_indicator",
    "activate_indicator",
}
#: These follow another case on the same desk.
LATER = {
    "accept_report": case("accept_report", E, Action.ACCEPT_REPORT, Happened.REPORT_ACCEPTED, 2, quality=90),
    "make_appeal": case("make_appeal", C, Action.APPEAL, Happened.APPEAL_MADE, 2, reason="it is all there"),
    "decide_appeal": case(
        "decide_appeal",
        OTHER_EVALUATOR,
        Action.DECIDE_APPEAL,
        Happened.APPEAL_UPHELD,
        1,
        uphold=True,
        reason="it is",
        quality=95,
    ),
    "read_report_again": case(
        "read_report_again",
        OTHER_EVALUATOR,
        Action.READ_AGAIN,
        Happened.REPORT_READ_AGAIN,
        2,
        met=["tells_what"],
    ),
    "decline_cancellation": case(
        "decline_cancellation", E, Action.CANCEL, Happened.CANCELLATION_DECLINED, reason="it stays"
    ),
}
#: And this one stands alone: an indicator begins as a draft, or active at once.
DRAFT = {
    "activate_indicator": case(
        "activate_indicator", A, Action.MANAGE_INDICATORS, Happened.INDICATOR_ACTIVATED
    )
}
FIRST = {
    "accept_report": "endorse_report",
    "make_appeal": "accept_report",
    "decide_appeal": "make_appeal",
    "read_report_again": "accept_report",
    "decline_cancellation": "request_cancellation",
}
EVERY = CASES | LATER | DRAFT


@pytest.fixture
def one() -> Desk:
    """An indicator in April on which every case can be done."""
    made = desk()
    made.tx.policy = replace(POLICY, review=ReviewPolicy(second_percent=100))
    made.record(GUIDELINES, date(2021, 2, 1))
    made.record(COMMITTEE, date(2021, 2, 2))
    made.record(MEETINGS, None, on=date(2021, 2, 3), quarter=2, note="no day given")
    made.do(actions.return_milestone, COMMITTEE, reason="illegible", by=E, now=at(DAY, 8))
    made.do(actions.block_milestone, REPORT, waiting_for="the owner", now=at(DAY, 8))
    made.do(actions.attach_evidence, REPORT, link="https://example.org/1", now=at(DAY, 8))
    for quarter in (1, 2):
        made.do(actions.write_report, quarter, narrative="We met.", now=at(DAY, 8))
    made.do(actions.submit_report, 2, now=at(DAY, 8))
    longer = NewPetition(PetitionKind.EXTENSION, date(2021, 8, 2), "floods", quarter=3)
    made.do(actions.make_petition, longer, now=at(DAY, 8))
    return made


def prepared(one: Desk, name: str) -> Case:
    """The case of that name, with what must come before it done."""
    if name in DRAFT:
        one.tx.kept[CODE, YEAR].life = Life.DRAFT
    if name in FIRST:
        prepared(one, FIRST[name])(one)
    return EVERY[name]


def test_every_action_on_an_indicator_has_a_case():
    # What grants a petition does two things, each with its event: see test_actions_petitions.
    on_none = {"grant_petition"} | {
        "create_indicator",
        "refresh_level",
        "grant_extension",
        "seal_quarter",
        "check_manager",
        "changed_fields",
    }
    # Pages that are taken in and what their texts propose: tried on a store, with all that
    # they write beside the indicator.
    on_a_store = {
        "import_page",
        "update_from_page",
        "propose_facts",
        "accept_proposal",
        "accept_proposals",
        "refuse_proposal",
    }
    # What only a sealed quarter takes: see test_corrections.
    after_seal = {"record_after_seal", "void_after_seal"}
    things = {"NewIndicator", "NewOccurrence", "NewPetition", "Outcome", "TakenPage", "Accepted"}
    assert set(EVERY) == set(actions.__all__) - on_none - on_a_store - after_seal - things


@pytest.mark.parametrize("name", EVERY)
def test_action_is_one_change_with_one_event(one, name):
    doing = prepared(one, name)
    before, events = one.indicator, len(one.tx.events)
    outcome = doing(one)
    assert len(one.tx.events) == events + 1
    assert one.tx.events[-1] is outcome.event
    assert (outcome.event.what, outcome.event.by, outcome.event.at) == (doing.event, doing.by.id, NOW)
    assert one.indicator.version == before.version + 1
    assert one.indicator.journal_seq == before.journal_seq + 1
    assert outcome.before == before.stored
    assert outcome.after == one.indicator.stored


@pytest.mark.parametrize("name", EVERY)
def test_action_lists_every_row_that_it_changed(one, name):
    """The memory keeps what the change lists; the action's own indicator has everything."""
    outcome = prepared(one, name)(one)
    assert one.indicator == outcome.indicator


@pytest.mark.parametrize("name", EVERY)
def test_action_keeps_only_json_in_its_event(one, name):
    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(kept) for key, kept in value.items())
        if isinstance(value, list):
            return all(plain(kept) for kept in value)
        return value is None or isinstance(value, bool | int | float | str)

    outcome = prepared(one, name)(one)
    assert outcome.event is not None
    assert plain(dict(outcome.event.data)) is True


@pytest.mark.parametrize("name", EVERY)
def test_action_is_refused_to_those_who_may_not(one, name):
    doing = prepared(one, name)
    before, events = one.indicator, len(one.tx.events)
    stranger = Person(99, "stranger", (Grant(Role.VIEWER),))
    (refused,) = unmet(lambda: doing(one, by=stranger))
    assert refused.kind == "person.not_permitted"
    assert refused.params == {"person": "stranger", "action": doing.permission}
    assert refused.who == tuple(PERMISSIONS[doing.permission])
    assert (one.indicator, len(one.tx.events)) == (before, events)


@pytest.mark.parametrize("name", [name for name, one in EVERY.items() if one.by in (C, H)])
def test_action_is_refused_to_the_same_role_of_another_agency(one, name):
    doing = prepared(one, name)
    elsewhere = Person(98, "elsewhere", tuple(Grant(grant.role, SAI_MAI) for grant in doing.by.grants))
    assert kinds(lambda: doing(one, by=elsewhere)) == ["person.not_permitted"]


@pytest.mark.parametrize("name", sorted(set(EVERY) - UNVERSIONED))
def test_action_on_a_version_that_is_no_more_is_refused(one, name):
    doing = prepared(one, name)
    seen = one.indicator.version
    one.do(actions.block_milestone, MEETINGS, waiting_for="nobody yet", now=at(DAY, 13))
    refused = unmet(lambda: doing(one, expected_version=seen))
    assert [found.kind for found in refused] == ["indicator.changed_meanwhile"]
    assert refused[0].params == {"by": C.id, "what": "milestone_blocked", "version": seen + 1}
    assert doing(one, expected_version=seen + 1).event is not None


@pytest.mark.parametrize("name", CASES)
def test_action_of_two_at_once_is_done_by_the_first(one, name):
    """Both loaded the same version: the second one's change is refused when it is saved."""
    slow = Behind.of(one.tx, one.indicator)
    one.do(actions.block_milestone, MEETINGS, waiting_for="nobody yet", now=at(DAY, 13))
    assert kinds(lambda: CASES[name](Desk(slow))) == ["indicator.changed_meanwhile"]


NEEDS_RUNNING = sorted(set(EVERY) - UNVERSIONED)


#: What a draft is agreed on is still to be settled.
_STOPPED = [
    (life, name)
    for life in (Life.DRAFT, Life.CANCELLED, Life.CLOSED)
    for name in NEEDS_RUNNING
    if (life, name) != (Life.DRAFT, "change_indicator")
]


@pytest.mark.parametrize(("life", "name"), _STOPPED)
def test_action_on_an_indicator_that_does_not_run_is_refused(one, name, life):
    doing = prepared(one, name)
    one.tx.kept[CODE, YEAR].life = life
    (refused,) = unmet(lambda: doing(one))
    assert (refused.kind, refused.params) == ("indicator.not_running", {"code": CODE, "life": life})


@pytest.mark.parametrize("name", sorted(set(NEEDS_RUNNING)))
def test_action_while_a_cancellation_is_asked_for_goes_on(one, name):
    doing = prepared(one, name)
    one.do(actions.request_cancellation, reason="merged", now=at(DAY, 11))
    assert doing(one).event is not None


@pytest.mark.parametrize("name", NEEDS_RUNNING)
def test_action_on_a_sealed_year_is_refused(one, name):
    doing = prepared(one, name)
    one.tx.seals = {Quarter(YEAR, number): [] for number in (1, 2, 3, 4)}
    assert set(kinds(lambda: doing(one))) == {"quarter.sealed"}


@pytest.mark.parametrize("name", EVERY)
def test_action_on_an_unknown_indicator_is_refused(one, name):
    doing = EVERY[name]
    one.code = "5049-2071"
    assert kinds(lambda: doing(one)) == ["indicator.unknown"]


@pytest.mark.parametrize(
    "name", sorted(name for name, one in EVERY.items() if one.args[:1] in ((ISSUE,), (REPORT,)))
)
def test_action_on_an_unknown_milestone_offers_the_nearest(one, name):
    doing = EVERY[name]
    refused = unmet(lambda: one.do(doing.call, "isue_chosen", by=doing.by, now=NOW, **dict(doing.given)))
    assert [found.kind for found in refused] == ["milestone.unknown"]
    assert refused[0].params["nearest"] == [ISSUE]


def test_action_says_everything_that_is_wrong_at_once(one):
    one.tx.kept[CODE, YEAR].life = Life.CANCELLED
    given = {"until": DAY, "reason": " ", "by": SAI_MAI_COORDINATOR, "now": NOW}
    assert kinds(partial(one.do, actions.postpone_milestone, COMMITTEE, **given)) == [
        "milestone.wrong_state",
        "person.not_permitted",
        "indicator.not_running",
        "reason.missing",
        "day.not_ahead",
    ]


# --- creating ------------------------------------------------------------------------------------------


def test_new_indicator_is_active_open_and_due_by_the_quarters_deadlines():
    tx = Memory()
    made = actions.create_indicator(tx, new_indicator(f" {CODE} "), by=A, now=at(date(2020, 10, 1)))
    kept = tx.indicator(CODE, YEAR)
    assert made == kept
    assert (kept.life, kept.ladder, kept.version) == ("active", "not_started", 1)
    assert {key: (one.state, one.due_on) for key, one in kept.milestones.items()} == {
        GUIDELINES: ("open", date(2021, 1, 11)),
        COMMITTEE: ("open", date(2021, 1, 11)),
        MEETINGS: ("open", date(2021, 7, 12)),
        ISSUE: ("open", date(2021, 10, 11)),
        REPORT: ("open", date(2021, 10, 11)),
    }
    assert (kept.stored.claimed_trail, kept.stored.next_due_on) == ((0, None, None, None), date(2021, 1, 11))
    (event,) = tx.events
    assert (event.what, event.by) == (Happened.INDICATOR_CREATED, A.id)
    assert (event.data["target"], event.data["workflow_version"]) == ("5", 1)


def test_new_indicator_is_due_by_the_extension_that_its_agency_has():
    tx = Memory()
    until, now = date(2021, 2, 1), at(date(2020, 10, 1))
    actions.grant_extension(tx, THUNG_KHRU, Quarter(YEAR, 1), until, reason="floods", by=E, now=now)
    actions.create_indicator(tx, new_indicator(), by=A, now=now)
    assert tx.indicator(CODE, YEAR).milestones[GUIDELINES].due_on == date(2021, 2, 1)


def test_new_indicator_is_refused_with_everything_that_is_wrong():
    new = new_indicator(" ")
    bad = actions.NewIndicator(
        new.code,
        new.fiscal_year,
        new.agency,
        new.workflow,
        type(new.title)(" ", ""),
        target=Decimal("NaN"),
        weight=Decimal(-1),
    )
    tx = Memory()
    assert kinds(lambda: actions.create_indicator(tx, bad, by=C, now=NOW)) == [
        "person.not_permitted",
        "indicator.code_missing",
        "indicator.title_missing",
        "weight.not_positive",
        "value.not_a_number",
    ]
    assert (tx.kept, tx.events) == ({}, [])


@pytest.mark.parametrize("weight", ["NaN", "sNaN", "Infinity"])
def test_new_indicator_with_a_weight_that_is_no_number_is_refused(weight):
    new = new_indicator()
    bad = actions.NewIndicator(
        CODE, new.fiscal_year, new.agency, new.workflow, new.title, weight=Decimal(weight)
    )
    assert kinds(lambda: actions.create_indicator(Memory(), bad, by=A, now=NOW)) == ["value.not_a_number"]


# --- the life of an indicator --------------------------------------------------------------------------


def test_cancellation_is_asked_for_and_declined_and_granted(one):
    lives = []
    for name in ("request_cancellation", "decline_cancellation", "request_cancellation", "cancel_indicator"):
        EVERY[name](one)
        lives.append(one.indicator.life)
    assert lives == ["cancellation_requested", "active", "cancellation_requested", "cancelled"]
    assert one.tx.events[-1].data == {"reason": "merged"}


@pytest.mark.parametrize(
    "name", ["request_cancellation", "decline_cancellation", "cancel_indicator", "close_indicator"]
)
@pytest.mark.parametrize("life", ["cancelled", "closed"])
def test_indicator_that_has_ended_does_not_live_again(one, name, life):
    one.tx.kept[CODE, YEAR].life = life
    assert kinds(lambda: EVERY[name](one)) == ["indicator.wrong_state"]


@pytest.mark.parametrize("name", ["request_cancellation", "cancel_indicator"])
def test_cancellation_needs_a_reason(one, name):
    assert kinds(lambda: EVERY[name](one, reason=" \n")) == ["reason.missing"]


def test_level_is_refreshed_for_those_who_may_see_it(one):
    stranger = Person(99, "stranger", (Grant(Role.COORDINATOR, SAI_MAI),))
    assert kinds(lambda: one.do(actions.refresh_level, by=stranger, now=NOW)) == ["person.not_permitted"]
    assert one.do(actions.refresh_level, now=NOW).event is None
