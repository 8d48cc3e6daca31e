"""What may be answered to a reminder on which day, around weekends and Songkran."""

from dataclasses import replace
from datetime import date

import pytest

from engine.errors import Refusal
from engine.permissions import Role
from engine.quarter import WorkCalendar
from engine.reminders import (
    DEFAULT,
    Rung,
    Topic,
    TopicPolicy,
    check_acknowledgement,
    check_snooze,
    may_be_switched_off,
    snooze_days,
)

CALENDAR = WorkCalendar(frozenset({date(2021, 4, 13), date(2021, 4, 14), date(2021, 4, 15)}))
MILESTONE = DEFAULT.topics[Topic.MILESTONE]
#: No overdue step: from the due day on nothing keeps silent.
NO_LATER = TopicPolicy((3, 1), (), 0, (Rung(Role.COORDINATOR),))


def day(text: str) -> date:
    return date.fromisoformat(f"2021-{text}")


def kind_of(check, *given) -> str | None:
    try:
        check(*given)
    except Refusal as refused:
        (condition,) = refused.conditions
        return condition.kind
    return None


# --- seen --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "today", "expected"),
    [
        ("04-09", "04-08", None),
        ("04-09", "04-09", "acknowledge.due"),
        ("04-09", "04-12", "acknowledge.due"),
        # Nobody works on the due day: its step comes on the last working day before it.
        ("04-15", "04-11", None),
        ("04-15", "04-12", "acknowledge.due"),
        ("04-15", "04-14", "acknowledge.due"),
    ],
)
def test_seen_is_enough_until_the_step_of_the_due_day(due, today, expected):
    assert kind_of(check_acknowledgement, CALENDAR, day(due), day(today)) == expected


# --- snoozed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "due", "today", "n", "expected"),
    [
        (MILESTONE, "04-09", "04-07", 3, ["04-08", "04-09", "04-12"]),
        # Over the weekend and Songkran; the last overdue step is seven working days after the due day.
        (MILESTONE, "04-09", "04-12", 10, ["04-16", "04-19", "04-20", "04-21", "04-22", "04-23"]),
        (MILESTONE, "04-09", "04-10", 1, ["04-12"]),
        (MILESTONE, "04-09", "04-22", 10, ["04-23"]),
        (MILESTONE, "04-09", "04-23", 10, []),
        (MILESTONE, "04-09", "06-01", 10, []),
        (NO_LATER, "04-09", "04-07", 10, ["04-08", "04-09"]),
        (NO_LATER, "04-09", "04-09", 10, []),
        # The due day is a day off: the day from which nothing is silent is the last working day before it.
        (NO_LATER, "04-15", "04-08", 10, ["04-09", "04-12"]),
        (NO_LATER, "04-15", "04-12", 10, []),
    ],
)
def test_next_working_days_until_which_it_may_be_snoozed(policy, due, today, n, expected):
    assert snooze_days(policy, CALENDAR, day(due), day(today), n) == [day(one) for one in expected]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, "snooze.no_day"),
        ("04-06", "snooze.past"),
        ("04-07", "snooze.past"),
        ("04-08", None),
        ("04-09", None),
        ("04-10", "snooze.day_off"),
        ("04-14", "snooze.day_off"),
        ("04-16", None),
        ("04-23", None),
        ("04-24", "snooze.beyond"),
        ("12-31", "snooze.beyond"),
    ],
)
def test_day_to_snooze_until(until, expected):
    wanted = None if until is None else day(until)
    assert kind_of(check_snooze, MILESTONE, CALENDAR, day("04-09"), wanted, day("04-07")) == expected


@pytest.mark.parametrize("until", [None, "04-23", "04-26"])
def test_nothing_is_snoozed_once_the_last_day_has_come(until):
    wanted = None if until is None else day(until)
    assert kind_of(check_snooze, MILESTONE, CALENDAR, day("04-09"), wanted, day("04-23")) == "snooze.over"


def test_every_day_that_is_offered_may_be_chosen_and_none_between_them():
    due, today = day("04-09"), day("03-30")
    offered = snooze_days(MILESTONE, CALENDAR, due, today, 100)
    every = [date.fromordinal(today.toordinal() + ahead) for ahead in range(60)]
    allowed = [one for one in every if kind_of(check_snooze, MILESTONE, CALENDAR, due, one, today) is None]
    assert offered == allowed
    assert len(offered) == 15


# --- switched off ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["meeting"], [Topic.MEETING]),
        (["meeting", "extension"], [Topic.EXTENSION, Topic.MEETING]),
        (["meeting", "milestone", "gossip", "meeting"], [Topic.MEETING]),
    ],
)
def test_optional_topics_may_be_switched_off(names, expected):
    assert may_be_switched_off(DEFAULT, names) == expected


@pytest.mark.parametrize("names", [["milestone"], ["gossip"], [""], []])
def test_needed_topics_may_not(names):
    assert kind_of(may_be_switched_off, DEFAULT, names) == "topic.needed"


def test_house_decides_what_is_optional():
    needed = replace(DEFAULT.topics[Topic.MEETING], optional=False)
    house = replace(DEFAULT, topics={**DEFAULT.topics, Topic.MEETING: needed})
    assert kind_of(may_be_switched_off, house, ["meeting"]) == "topic.needed"
