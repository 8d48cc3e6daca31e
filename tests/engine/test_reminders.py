"""Reminders by example: a milestone of Thung Khru due on Wednesday 30 June 2021, and those who work there."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import Any

import pytest

from engine.permissions import Role
from engine.quarter import WorkCalendar
from engine.reminders import (
    DEFAULT,
    Away,
    Contact,
    Gap,
    Owed,
    Plan,
    Quiet,
    ReminderPolicy,
    Roster,
    Rung,
    Subject,
    Topic,
    TopicPolicy,
    due_windows,
    forecast,
    ladder_fault,
    narrowed,
    plan,
    quiet_key,
    snooze_limit,
    step_day,
    step_reached,
    steps,
)

THUNG_KHRU, SAI_MAI = 1, 2
COORDINATOR, DEPUTY, HEAD, DIRECTOR, EVALUATOR, OTHER_EVALUATOR, SAI_MAI_COORDINATOR = range(2, 9)
NAMES = {
    COORDINATOR: "ผู้ประสานงานเขตทุ่งครุ",
    DEPUTY: "ผู้ประสานงานสำรองเขตทุ่งครุ",
    HEAD: "หัวหน้าฝ่ายเขตทุ่งครุ",
    DIRECTOR: "ผู้อำนวยการเขตทุ่งครุ",
    EVALUATOR: "ผู้ประเมิน",
    OTHER_EVALUATOR: "ผู้ประเมินเขตทุ่งครุ",
    SAI_MAI_COORDINATOR: "ผู้ประสานงานเขตสายไหม",
}
DUTIES: list[tuple[int, Role, int | None]] = [
    (COORDINATOR, Role.COORDINATOR, THUNG_KHRU),
    (DEPUTY, Role.DEPUTY, THUNG_KHRU),
    (HEAD, Role.SECTION_HEAD, THUNG_KHRU),
    (DIRECTOR, Role.DIRECTOR, THUNG_KHRU),
    (EVALUATOR, Role.EVALUATOR, None),
    (SAI_MAI_COORDINATOR, Role.COORDINATOR, SAI_MAI),
]

#: Songkran of 2021 and the holidays around 30 June; a Thai week.
CALENDAR = WorkCalendar(
    frozenset({date(2021, 4, 13), date(2021, 4, 14), date(2021, 4, 15), date(2021, 7, 26)})
)
DUE_ON = date(2021, 6, 30)
MILESTONE = Subject(Topic.MILESTONE, THUNG_KHRU, 11, "meetings_held", DUE_ON, 3)
MEETING = Subject(Topic.MEETING, THUNG_KHRU, 11, "4", DUE_ON)
FOREVER = (date(2021, 1, 1), date(2021, 12, 31))


def contact(person: int, **given: Any) -> Contact:
    usual = Contact(person, NAMES[person], f"{person}@city.example", "th", None, frozenset())
    return usual._replace(**given)


def roster(
    *changed: Contact, duties: Iterable[tuple[int, Role, int | None]] = DUTIES, away: Iterable[Away] = ()
) -> Roster:
    """Everybody, some of them changed."""
    people = {person: contact(person) for person in NAMES} | {one.id: one for one in changed}
    return Roster(people.values(), duties, away)


def told(
    today: date, *subjects: Subject, on: Roster | None = None, policy: ReminderPolicy = DEFAULT, **given: Any
) -> list[tuple[int, int, Role]]:
    """(step, person, role) of everything that is owed on a day."""
    found = plan(policy, CALENDAR, on or roster(), subjects or [MILESTONE], today, **given)
    return [(owed.step, owed.person, owed.role) for owed in found.owed]


def on_step(step: int) -> date:
    return step_day(CALENDAR, DUE_ON, step)


# --- days ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due_on", "step", "expected"),
    [
        (DUE_ON, 0, DUE_ON),
        (DUE_ON, -1, date(2021, 6, 29)),
        (DUE_ON, -7, date(2021, 6, 21)),
        (DUE_ON, 3, date(2021, 7, 5)),
        (date(2021, 4, 15), 0, date(2021, 4, 12)),
        (date(2021, 4, 15), -1, date(2021, 4, 12)),
        (date(2021, 4, 15), 1, date(2021, 4, 16)),
        (date(2021, 7, 4), 0, date(2021, 7, 2)),
        (date(2021, 7, 25), 1, date(2021, 7, 27)),
    ],
)
def test_step_falls_on_a_working_day(due_on, step, expected):
    assert step_day(CALENDAR, due_on, step) == expected


def test_steps_rise_and_repeat_for_half_a_year_and_each_rung_has_one():
    assert list(islice(steps(DEFAULT.topics[Topic.MILESTONE]), 14)) == [
        -30, -14, -7, -3, -1, 0, 1, 3, 7, 12, 14, 17, 22, 27,
    ]  # fmt: skip  # read as one row
    assert max(steps(DEFAULT.topics[Topic.MILESTONE])) == 117
    assert list(steps(DEFAULT.topics[Topic.EXTENSION])) == [-3, -1, 1]
    assert list(steps(DEFAULT.topics[Topic.MEETING])) == [-1, 1, 3]
    assert list(steps(TopicPolicy((), (), 0, (Rung(Role.EVALUATOR),)))) == []


def test_what_repeats_without_overdue_days_repeats_from_the_due_day():
    policy = TopicPolicy((1,), (), 4, (Rung(Role.EVALUATOR),))
    assert list(islice(steps(policy), 4)) == [-1, 4, 8, 12]
    assert step_reached(policy, CALENDAR, DUE_ON, on_step(9)) == 8


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (on_step(-30) - timedelta(1), None),
        (on_step(-30), -30),
        (on_step(-15), -30),
        (on_step(-1), -1),
        (DUE_ON, 0),
        (date(2021, 7, 3), 1),  # the Saturday between steps 2 and 3
        (on_step(16), 14),
        (on_step(17), 17),
        (on_step(120), 117),
        (on_step(121), None),
    ],
)
def test_latest_step_that_was_reached(on, expected):
    assert step_reached(DEFAULT.topics[Topic.MILESTONE], CALENDAR, DUE_ON, on) == expected


def test_window_of_a_step_holds_the_days_that_became_due_for_it():
    policy = DEFAULT.topics[Topic.MEETING]
    thursday, friday = date(2021, 7, 1), date(2021, 7, 2)
    # By Friday: a meeting on Monday is a working day away, and so is one on the weekend before it, whose
    # last working day is this Friday. Thursday's is a day overdue, and that of the Tuesday before three.
    assert due_windows(policy, CALENDAR, thursday, friday) == [
        (-1, date(2021, 7, 3), date(2021, 7, 5)),
        (1, date(2021, 7, 1), date(2021, 7, 1)),
        (3, date(2021, 6, 29), date(2021, 6, 29)),
    ]


@pytest.mark.parametrize("since", [date(2021, 7, 2), date(2021, 7, 3), date(2021, 8, 1)])
def test_weekend_and_a_clock_set_back_cross_nothing(since):
    assert due_windows(DEFAULT.topics[Topic.MILESTONE], CALENDAR, since, date(2021, 7, 4)) == []


# --- policies ------------------------------------------------------------------------------------------


def test_workflow_chooses_among_the_days_of_the_house():
    policy = DEFAULT.topics[Topic.MILESTONE]
    assert narrowed(policy, (7, 5, 1)) == replace(policy, before=(7, 1))
    assert narrowed(policy, None) == policy


def test_workflow_that_wants_no_day_of_the_house_narrows_nothing():
    policy = DEFAULT.topics[Topic.MILESTONE]
    assert narrowed(policy, (5, 4)) == policy


@pytest.mark.parametrize(
    ("rungs", "expected"),
    [
        ([Rung(Role.COORDINATOR), Rung(Role.DEPUTY, 1), Rung(Role.EVALUATOR, 2)], None),
        ([], ("no_rung", 0)),
        ([Rung(Role.COORDINATOR, 1)], ("first_rung_waits", 0)),
        ([Rung(Role.COORDINATOR), Rung(Role.DEPUTY)], ("ladder_not_rising", 1)),
        ([Rung(Role.COORDINATOR), Rung(Role.DEPUTY, 3), Rung(Role.EVALUATOR, 3)], ("ladder_not_rising", 2)),
        ([Rung(Role.COORDINATOR), Rung(Role.DEPUTY, 3), Rung(Role.COORDINATOR, 5)], ("role_twice", 2)),
    ],
)
def test_fault_of_a_ladder(rungs, expected):
    assert ladder_fault(rungs) == expected


@pytest.mark.parametrize(
    "broken",
    [
        {"before": (-1,)},
        {"before": (3, 3)},
        {"overdue": (0,)},
        {"overdue": (2, 2)},
        {"repeat_every": -1},
        {"until": 13},  # the evaluator is told on the 14th day
        {"ladder": ()},
    ],
)
def test_policy_that_cannot_be_is_no_policy(broken):
    with pytest.raises(ValueError, match=r"not|like|before"):
        replace(DEFAULT.topics[Topic.MILESTONE], **broken)


def test_every_topic_has_a_policy():
    assert list(DEFAULT.topics) == list(Topic)
    assert [topic for topic in Topic if DEFAULT.topics[topic].optional] == [Topic.EXTENSION, Topic.MEETING]


# --- who is told ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "people"),
    [
        (-30, [COORDINATOR]),
        (0, [COORDINATOR]),
        (1, [COORDINATOR, DEPUTY]),
        (3, [COORDINATOR, DEPUTY, HEAD]),
        (7, [COORDINATOR, DEPUTY, HEAD, DIRECTOR]),
        (12, [COORDINATOR, DEPUTY, HEAD, DIRECTOR]),
        (14, [COORDINATOR, DEPUTY, HEAD, DIRECTOR, EVALUATOR]),
    ],
)
def test_ladder_is_climbed_while_nothing_happens(step, people):
    found = plan(DEFAULT, CALENDAR, roster(), [MILESTONE], on_step(step))
    assert [owed.person for owed in found.owed] == people
    assert {(owed.subject, owed.step, owed.owed_on, owed.rule) for owed in found.owed} == {
        (MILESTONE, step, on_step(step), "due")
    }
    assert found.gaps == []


def test_review_that_waits_is_told_to_who_reviews():
    endorsement = Subject(Topic.ENDORSEMENT, THUNG_KHRU, 11, "3", DUE_ON)
    evaluation = Subject(Topic.EVALUATION, THUNG_KHRU, 11, "3", DUE_ON)
    assert told(DUE_ON, endorsement, evaluation) == [
        (0, HEAD, Role.SECTION_HEAD),
        (0, EVALUATOR, Role.EVALUATOR),
    ]


def test_appeal_is_told_to_evaluators_but_not_to_whose_verdict_it_disputes():
    duties = [*DUTIES, (OTHER_EVALUATOR, Role.EVALUATOR, None)]
    appeal = Subject(Topic.APPEAL, THUNG_KHRU, 11, "3", DUE_ON, not_to=EVALUATOR)
    both = roster(duties=duties)

    assert told(DUE_ON, appeal, on=both) == [(0, OTHER_EVALUATOR, Role.EVALUATOR)]
    assert told(DUE_ON, appeal._replace(not_to=OTHER_EVALUATOR), on=both) == [(0, EVALUATOR, Role.EVALUATOR)]


def test_appeal_that_no_evaluator_may_decide_passes_up():
    appeal = Subject(Topic.APPEAL, THUNG_KHRU, 11, "3", DUE_ON, not_to=EVALUATOR)
    administrator = [*DUTIES, (OTHER_EVALUATOR, Role.ADMINISTRATOR, None)]
    for one in (
        roster(duties=administrator),
        # Whoever stands in for the first evaluator does their work, and this is not theirs.
        roster(duties=administrator, away=[Away(EVALUATOR, HEAD, *FOREVER)]),
    ):
        found = plan(DEFAULT, CALENDAR, one, [appeal], DUE_ON)
        assert [(each.person, each.role) for each in found.owed] == [(OTHER_EVALUATOR, Role.ADMINISTRATOR)]
        assert found.gaps == [Gap(THUNG_KHRU, Role.EVALUATOR, "nobody")]


def test_nothing_is_told_on_a_day_off():
    saturday = date(2021, 7, 3)
    assert plan(DEFAULT, CALENDAR, roster(), [MILESTONE], saturday) == Plan([], [])
    assert told(date(2021, 7, 2)) != []


def test_after_a_gap_only_the_latest_step_is_told():
    assert told(on_step(-2), since=on_step(-20)) == [(-3, COORDINATOR, Role.COORDINATOR)]
    assert told(on_step(-2), since=on_step(-3)) == []
    assert told(on_step(-2)) == [(-3, COORDINATOR, Role.COORDINATOR)]


def test_clock_set_back_tells_nothing_new():
    assert told(on_step(-7), since=on_step(0)) == []


def test_people_of_another_agency_are_not_told():
    of_sai_mai = MILESTONE._replace(agency=SAI_MAI)
    assert told(DUE_ON, of_sai_mai) == [(0, SAI_MAI_COORDINATOR, Role.COORDINATOR)]


def test_evaluators_of_the_city_and_of_the_agency_are_both_told():
    duties = [*DUTIES, (OTHER_EVALUATOR, Role.EVALUATOR, THUNG_KHRU)]
    one = roster(duties=duties)
    evaluation = Subject(Topic.EVALUATION, THUNG_KHRU, 11, "3", DUE_ON)
    assert [person for _, person, _ in told(DUE_ON, evaluation, on=one)] == [EVALUATOR, OTHER_EVALUATOR]
    assert [holder.id for holder in one.holders(Role.EVALUATOR, SAI_MAI)] == [EVALUATOR]


def test_workflow_narrows_its_own_milestones_only():
    other = MILESTONE._replace(indicator=12, workflow=4)
    usual = told(on_step(-7), MILESTONE, other, since=on_step(-8))
    fewer = told(on_step(-7), MILESTONE, other, since=on_step(-8), narrow={4: (3, 1)})
    assert (len(usual), len(fewer)) == (2, 1)


# --- rungs that cannot be told -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (roster(contact(COORDINATOR, email=None)), "no_address"),
        (roster(contact(COORDINATOR, email="")), "no_address"),
        (roster(duties=DUTIES[1:]), "nobody"),
        (roster(away=[Away(COORDINATOR, HEAD, *FOREVER), Away(HEAD, COORDINATOR, *FOREVER)]), "circle"),
        (roster(away=[Away(COORDINATOR, COORDINATOR, *FOREVER)]), "circle"),
        (roster(away=[Away(COORDINATOR, 99, *FOREVER)]), "nobody"),
    ],
)
def test_part_of_a_rung_that_cannot_be_told_passes_up(one, why):
    found = plan(DEFAULT, CALENDAR, one, [MILESTONE], on_step(-7))
    assert [(owed.person, owed.role) for owed in found.owed] == [(DEPUTY, Role.DEPUTY)]
    assert found.gaps == [Gap(THUNG_KHRU, Role.COORDINATOR, why)]


def test_part_passes_on_until_somebody_can_be_told():
    nobody = [contact(person, email=None) for person in (COORDINATOR, DEPUTY, HEAD)]
    found = plan(DEFAULT, CALENDAR, roster(*nobody), [MILESTONE, MILESTONE._replace(indicator=12)], DUE_ON)
    assert [(owed.person, owed.role) for owed in found.owed] == [(DIRECTOR, Role.DIRECTOR)] * 2
    assert [gap.role for gap in found.gaps] == [Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD]


def test_ladder_without_anybody_is_all_gaps():
    found = plan(DEFAULT, CALENDAR, Roster([], []), [MILESTONE], DUE_ON)
    ladder = DEFAULT.topics[Topic.MILESTONE].ladder
    assert found == Plan([], [Gap(THUNG_KHRU, rung.role, "nobody") for rung in ladder])


def test_one_of_two_coordinators_with_an_address_is_enough():
    duties = [*DUTIES, (OTHER_EVALUATOR, Role.COORDINATOR, THUNG_KHRU)]
    found = plan(
        DEFAULT, CALENDAR, roster(contact(COORDINATOR, email=None), duties=duties), [MILESTONE], DUE_ON
    )
    assert ([owed.person for owed in found.owed], found.gaps) == ([OTHER_EVALUATOR], [])


# --- substitutes ---------------------------------------------------------------------------------------


def test_substitute_is_told_for_the_days_of_the_absence():
    one = roster(away=[Away(COORDINATOR, HEAD, on_step(-7), on_step(-3))])
    seen = {
        step: [
            (owed.person, owed.role, owed.instead_of)
            for owed in plan(DEFAULT, CALENDAR, one, [MILESTONE], on_step(step)).owed
        ]
        for step in (-14, -7, -3, -1)
    }
    in_place = [(HEAD, Role.COORDINATOR, COORDINATOR)]
    themselves = [(COORDINATOR, Role.COORDINATOR, None)]
    assert seen == {-14: themselves, -7: in_place, -3: in_place, -1: themselves}


def test_substitute_of_a_substitute_is_told():
    one = roster(away=[Away(COORDINATOR, DEPUTY, *FOREVER), Away(DEPUTY, HEAD, *FOREVER)])
    (owed,) = plan(DEFAULT, CALENDAR, one, [MILESTONE], DUE_ON).owed
    assert (owed.person, owed.role, owed.instead_of) == (HEAD, Role.COORDINATOR, COORDINATOR)


def test_substitution_given_last_stands():
    one = roster(away=[Away(COORDINATOR, DEPUTY, *FOREVER), Away(COORDINATOR, HEAD, *FOREVER)])
    assert told(DUE_ON, on=one) == [(0, HEAD, Role.COORDINATOR)]


def test_away_without_an_address_is_no_gap_when_the_substitute_has_one():
    one = roster(contact(COORDINATOR, email=None), away=[Away(COORDINATOR, DEPUTY, *FOREVER)])
    found = plan(DEFAULT, CALENDAR, one, [MILESTONE], DUE_ON)
    assert ([owed.person for owed in found.owed], found.gaps) == ([DEPUTY], [])


def test_who_stands_on_two_rungs_is_told_once_by_the_lower():
    one = roster(duties=[*DUTIES, (COORDINATOR, Role.SECTION_HEAD, THUNG_KHRU)], away=[])
    assert told(on_step(3), on=one) == [
        (3, COORDINATOR, Role.COORDINATOR),
        (3, DEPUTY, Role.DEPUTY),
        (3, HEAD, Role.SECTION_HEAD),
    ]


def test_own_right_goes_before_standing_in():
    duties = [*DUTIES, (HEAD, Role.COORDINATOR, THUNG_KHRU)]
    one = roster(duties=duties, away=[Away(COORDINATOR, HEAD, *FOREVER)])
    (owed,) = plan(DEFAULT, CALENDAR, one, [MILESTONE], DUE_ON).owed
    assert owed == Owed(MILESTONE, 0, HEAD, Role.COORDINATOR, DUE_ON, None)


# --- what may be switched off --------------------------------------------------------------------------


def test_optional_topic_is_switched_off_and_no_gap():
    one = roster(contact(COORDINATOR, switched_off=frozenset({Topic.MEETING})))
    assert plan(DEFAULT, CALENDAR, one, [MEETING], on_step(-1)) == Plan([], [])
    assert told(on_step(-1), MEETING) == [(-1, COORDINATOR, Role.COORDINATOR)]


def test_other_topics_cannot_be_switched_off():
    one = roster(contact(COORDINATOR, switched_off=frozenset(Topic)))
    assert told(on_step(-1), MILESTONE, MEETING, on=one) == [(-1, COORDINATOR, Role.COORDINATOR)]


def test_topic_switched_off_by_the_holder_is_not_told_to_the_substitute():
    off = contact(COORDINATOR, switched_off=frozenset({Topic.MEETING}))
    away = [Away(COORDINATOR, DEPUTY, *FOREVER)]
    assert told(on_step(-1), MEETING, on=roster(off, away=away)) == []
    assert told(on_step(-1), MEETING, on=roster(away=away)) == [(-1, DEPUTY, Role.COORDINATOR)]


def test_topic_switched_off_by_the_substitute_is_not_told_to_them():
    off = contact(DEPUTY, switched_off=frozenset({Topic.MEETING}))
    away = [Away(COORDINATOR, DEPUTY, *FOREVER)]
    assert told(on_step(-1), MEETING, on=roster(off, away=away)) == []
    assert told(on_step(-1), MEETING, on=roster(off)) == [(-1, COORDINATOR, Role.COORDINATOR)]


# --- answers -------------------------------------------------------------------------------------------

SEEN = {quiet_key(COORDINATOR, MILESTONE): Quiet(DUE_ON, snoozed=False)}


def days_told(quiet: dict[Any, Quiet], person: int = COORDINATOR) -> list[tuple[int, date, str]]:
    """(step, day, rule) of everything that a person is told of the milestone, day after day."""
    run = forecast(DEFAULT, CALENDAR, roster(), [MILESTONE], on_step(-7), on_step(12), quiet=quiet)
    return [(owed.step, day, owed.rule) for day, found in run for owed in found if owed.person == person]


def test_what_was_seen_is_silent_until_the_due_day():
    assert [step for step, _, _ in days_told({})] == [-7, -3, -1, 0, 1, 3, 7, 12]
    assert [step for step, _, _ in days_told(SEEN)] == [0, 1, 3, 7, 12]


def test_what_was_snoozed_is_told_again_on_its_day():
    until = on_step(-2)
    quiet = {quiet_key(COORDINATOR, MILESTONE): Quiet(until, snoozed=True)}
    assert days_told(quiet)[:3] == [
        (-3, until, f"snoozed:{until}"),
        (-1, on_step(-1), "due"),
        (0, DUE_ON, "due"),
    ]


def test_snooze_that_ends_on_the_day_of_a_step_is_that_step():
    quiet = {quiet_key(COORDINATOR, MILESTONE): Quiet(on_step(-1), snoozed=True)}
    assert days_told(quiet)[0] == (-1, on_step(-1), "due")


def test_snooze_that_ends_on_a_day_off_is_told_on_the_next_working_day():
    saturday = date(2021, 6, 26)
    quiet = {quiet_key(COORDINATOR, MILESTONE): Quiet(saturday, snoozed=True)}
    assert days_told(quiet)[0] == (-3, date(2021, 6, 28), f"snoozed:{saturday}")


def test_snooze_silences_neither_the_last_overdue_step_nor_the_ladder_above():
    quiet = {quiet_key(COORDINATOR, MILESTONE): Quiet(date(2021, 12, 1), snoozed=True)}
    assert days_told(quiet) == [(7, on_step(7), "due"), (12, on_step(12), "due")]
    assert snooze_limit(DEFAULT.topics[Topic.MILESTONE], CALENDAR, DUE_ON) == on_step(7)
    assert [step for step, _, _ in days_told(quiet, DEPUTY)] == [1, 3, 7, 12]


def test_snooze_that_ended_is_told_after_a_gap_and_once():
    until = on_step(-5)
    quiet = {quiet_key(COORDINATOR, MILESTONE): Quiet(until, snoozed=True)}
    owed = plan(DEFAULT, CALENDAR, roster(), [MILESTONE], on_step(-4), since=on_step(-6), quiet=quiet).owed
    assert [(one.step, one.rule) for one in owed] == [(-7, f"snoozed:{until}")]
    assert told(on_step(-4), since=until, quiet=quiet) == []
    assert told(on_step(-4), quiet=quiet) == [(-7, COORDINATOR, Role.COORDINATOR)]


def test_answer_holds_for_that_subject_and_its_due_day_only():
    moved = MILESTONE._replace(due_on=on_step(1))
    other = MILESTONE._replace(indicator=12)
    found = plan(DEFAULT, CALENDAR, roster(), [MILESTONE, moved, other], on_step(-1), quiet=SEEN)
    assert [owed.subject for owed in found.owed] == [other, moved]


def test_answer_of_one_person_is_not_that_of_another():
    assert days_told(SEEN, DEPUTY) == days_told({}, DEPUTY) != []


# --- the future ----------------------------------------------------------------------------------------


def test_forecast_names_every_working_day_and_no_other():
    run = dict(forecast(DEFAULT, CALENDAR, roster(), [MILESTONE], date(2021, 6, 25), date(2021, 7, 1)))
    assert {day: [owed.step for owed in found] for day, found in run.items()} == {
        date(2021, 6, 25): [-3],
        date(2021, 6, 28): [],
        date(2021, 6, 29): [-1],
        date(2021, 6, 30): [0],
        date(2021, 7, 1): [1, 1],
    }


def test_holiday_that_is_added_late_is_caught_by_the_full_pass():
    """Step -1 of a due day on Monday was Friday; the cabinet then makes Friday a holiday, on Friday."""
    monday, friday, thursday = date(2021, 7, 5), date(2021, 7, 2), date(2021, 7, 1)
    due = MILESTONE._replace(due_on=monday)
    later = WorkCalendar(CALENDAR.holidays | {friday})
    assert plan(DEFAULT, CALENDAR, roster(), [due], thursday, since=thursday - timedelta(1)).owed == []
    assert plan(DEFAULT, later, roster(), [due], friday, since=thursday).owed == []
    (owed,) = plan(DEFAULT, later, roster(), [due], monday).owed
    assert (owed.step, owed.owed_on) == (0, monday)
