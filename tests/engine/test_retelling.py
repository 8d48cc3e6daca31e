"""The history told again finds every fact that is not as its events tell it, and no other."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine import actions
from engine.events import Event, Happened
from engine.indicator import Indicator, Ruling
from engine.retelling import _HEARD, Altered, altered
from tests.cast import COMMITTEE, EVALUATOR, GUIDELINES, MEETINGS, REPORT, SECTION_HEAD, at
from tests.engine.memory import Desk, copied, desk

DAY = date(2020, 12, 1)
#: What is told of the city as a whole, or of people: no fact of an indicator is behind it.
OF_THE_CITY = {
    Happened.AGENCY_ADDED,
    Happened.AGENCY_CHANGED,
    Happened.PERSON_ADDED,
    Happened.PERSON_RENAMED,
    Happened.RECORDS_WRITTEN,
    Happened.WORKFLOW_REGISTERED,
    Happened.EXTENSION_GRANTED,
    Happened.QUARTER_SEALED,
    Happened.SUBSTITUTION_GIVEN,
    Happened.SUBSTITUTION_WITHDRAWN,
    Happened.TOPIC_SWITCHED_OFF,
    Happened.TOPIC_SWITCHED_ON,
    Happened.HOUR_SET,
    Happened.LANGUAGE_SET,
    Happened.LINE_SET,
    Happened.PERSON_UNREACHABLE,
    Happened.PERSON_REACHABLE,
    Happened.ROLE_GIVEN,
    Happened.ROLE_TAKEN,
    Happened.LINK_MADE,
    Happened.SESSIONS_ENDED,
    Happened.FACTOR_REMOVED,
    Happened.MESSAGE_MOVED,
    Happened.ENDPOINT_ADDED,
    Happened.ENDPOINT_PAUSED,
    Happened.ENDPOINT_RESUMED,
    Happened.ENDPOINT_RENEWED,
    Happened.ENDPOINT_STOPPED,
    Happened.ENDPOINT_REMOVED,
    Happened.SETTING_CHANGED,
    Happened.JOB_MOVED,
    Happened.CALENDAR_MADE,
    Happened.CALENDAR_REVOKED,
    Happened.TOKEN_MADE,
    Happened.TOKEN_REVOKED,
}


@pytest.fixture
def one() -> Desk:
    """One of everything: facts, a plan, evidence, a report with scores, decisions, a waiver."""
    made = desk()
    made.record(GUIDELINES, DAY, document_number="1/2564", note="ตามหนังสือ")
    made.record(COMMITTEE, None, quarter=1, note="ไม่ลงวันที่", on=DAY)
    made.do(actions.approve_occurrence, 2, by=SECTION_HEAD, now=at(date(2020, 12, 31)))
    made.record(MEETINGS, date(2021, 3, 1), planned=True, on=DAY)
    made.record(MEETINGS, DAY)
    later = at(date(2021, 1, 4))
    made.do(actions.void_occurrence, 4, reason="ผิดวัน", now=later)
    link = "https://example.org"
    made.do(actions.attach_evidence, REPORT, link=link, file_name="ก.pdf", now=later)
    made.do(actions.verify_milestone, GUIDELINES, remark="ครบ ", by=EVALUATOR, now=later)
    made.do(actions.return_milestone, GUIDELINES, reason="ไม่ครบ", by=EVALUATOR, now=later)
    made.do(actions.achieve_milestone, GUIDELINES, now=later)
    made.do(
        actions.waive_milestone,
        MEETINGS,
        reason="งด",
        expires_on=date(2021, 6, 1),
        by=EVALUATOR,
        now=later,
    )
    made.do(actions.reopen_milestone, MEETINGS, reason="จัดได้", now=later)
    made.do(actions.reopen_milestone, GUIDELINES, reason="แก้", now=later)
    made.do(actions.write_report, 1, narrative="ทำแล้ว", self_reported=Decimal(2), now=later)
    made.do(actions.submit_report, 1, now=later)
    made.do(actions.endorse_report, 1, by=SECTION_HEAD, now=later)
    made.do(actions.accept_report, 1, quality=95, remark="ดี", by=EVALUATOR, now=later)
    return made


def found(one: Desk, indicator: Indicator | None = None, more: tuple[Event, ...] = ()) -> list[Altered]:
    return list(altered(indicator or one.indicator, [*one.tx.events, *more]))


def test_nothing_is_found_where_nothing_was_altered(one):
    assert found(one) == []


FACT: dict[str, Any] = {
    "occurred_on": date(2020, 12, 2),
    "counts_on": date(2020, 12, 2),
    "milestone": COMMITTEE,
    "quarter": 2,
    "document_number": "2/2564",
    "note": "",
    "value": Decimal(1),
    "recorded_by": 9,
    "planned": True,
    "voided_at": at(DAY),
}


@pytest.mark.parametrize("name", FACT)
def test_altered_fact_is_named(one, name):
    indicator = one.indicator
    indicator.occurrences[0] = indicator.occurrences[0]._replace(**{name: FACT[name]})

    assert found(one, indicator) == [Altered("occurrence", 1)]


def test_fact_that_was_taken_away_or_slipped_in_is_named(one):
    indicator = one.indicator
    last = indicator.occurrences.pop()
    assert found(one, indicator) == [Altered("occurrence", 4)]

    indicator.occurrences += [last, last._replace(number=5)]
    assert found(one, indicator) == [Altered("occurrence", 5)]


def test_approval_and_evidence_and_target_are_held_to_their_events(one):
    indicator = one.indicator
    indicator.occurrences[1] = indicator.occurrences[1]._replace(approved_by=EVALUATOR.id)
    indicator.evidence[0] = indicator.evidence[0]._replace(link="https://example.com")
    indicator.target = Decimal(4)

    expected = [Altered("target", 0), Altered("occurrence", 2), Altered("evidence", 1)]
    assert found(one, indicator) == expected


REPORT_FIELDS: dict[str, Any] = {
    "narrative": "อื่น",
    "self_reported": Decimal(5),
    "submitted_at": at(DAY),
    "endorsed_by": EVALUATOR.id,
    "return_reason": "x",
    "answer": "x",
    "evaluation": None,
}


@pytest.mark.parametrize("name", REPORT_FIELDS)
def test_altered_report_is_named(one, name):
    indicator = one.indicator
    indicator.reports[1] = replace(indicator.reports[1], **{name: REPORT_FIELDS[name]})

    assert found(one, indicator) == [Altered("report", 1)]


def test_altered_score_is_named(one):
    indicator = one.indicator
    given = indicator.reports[1].evaluation
    assert given is not None
    indicator.reports[1].evaluation = replace(given, quality=100)

    assert found(one, indicator) == [Altered("report", 1)]


@pytest.mark.parametrize(
    ("place", "changed"),
    [
        (0, {"ruling": Ruling.RETURNED}),
        (1, {"reason": "ครบ"}),
        (1, {"fix_by": date(2021, 5, 1)}),
        (2, {"decided_by": EVALUATOR.id}),
        (3, {"reason": "x"}),
    ],
)
def test_altered_decision_is_named(one, place, changed):
    indicator = one.indicator
    indicator.decisions[place] = indicator.decisions[place]._replace(**changed)

    assert found(one, indicator) == [Altered("decision", place + 1)]


def test_decision_that_was_taken_away_is_named_by_the_gap(one):
    indicator = one.indicator
    del indicator.decisions[1]

    assert found(one, indicator) == [Altered("decision", 3)]


def test_altered_waiver_is_named(one):
    indicator = one.indicator
    indicator.waivers[0] = indicator.waivers[0]._replace(expires_on=date(2021, 9, 1))
    assert found(one, indicator) == [Altered("waiver", 0)]

    indicator.waivers[0] = one.indicator.waivers[0]._replace(reason="x")
    assert found(one, indicator) == [Altered("waiver", 1), Altered("waiver", 0)]


def test_event_of_a_later_release_leaves_nothing_to_be_said(one):
    indicator = copied(one.indicator)
    indicator.target = Decimal(4)
    later: Any = "target_moved"

    assert found(one, indicator, (Event(later, at(DAY) + timedelta(400), 1, {}),)) == []


def test_every_event_of_an_indicator_is_heard():
    """Whoever adds one says here what it keeps, or a seal could no longer tell what was altered."""
    assert set(_HEARD) == set(Happened) - OF_THE_CITY
