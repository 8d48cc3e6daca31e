"""Reminders against an oracle that walks through the days one by one, over any calendar, policy and people.

The oracle shares no line with the engine: it counts working days on its fingers, looks people up in the plain
lists, and knows nothing of groups. ``RADAP_LONG=1`` looks further.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.permissions import Role
from engine.quarter import WorkCalendar
from engine.reminders import (
    Away,
    Contact,
    Owed,
    Quiet,
    QuietKey,
    ReminderPolicy,
    Roster,
    Rung,
    Subject,
    Topic,
    TopicPolicy,
    due_windows,
    forecast,
    narrowed,
    plan,
    quiet_key,
    step_day,
    step_reached,
)

LONG = os.environ.get("RADAP_LONG") == "1"
quick = settings(max_examples=2000 if LONG else 100, deadline=None)
slow = settings(max_examples=600 if LONG else 40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

DAY = timedelta(1)
FIRST, LAST = date(2021, 1, 1), date(2021, 12, 31)
#: The steps that the oracle tries, one after the other: more than a year of them.
EVERY_STEP = range(-40, 420)
#: Stands for the day on which a due day is past all reminding.
OVER = 1000
PEOPLE, AGENCIES = range(1, 6), (1, 2)
BEFORE = (0, 1, 2, 3, 5, 7, 14, 30)
LADDER = (Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD, Role.EVALUATOR)
TOPICS = (Topic.MILESTONE, Topic.REPORT, Topic.MEETING)

# --- the oracle: days ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Days:
    """The days that are not worked on, as plain sets."""

    holidays: frozenset[date]
    weekend: frozenset[int]

    @property
    def calendar(self) -> WorkCalendar:
        return WorkCalendar(self.holidays, self.weekend)

    def worked(self, day: date) -> bool:
        return day not in self.holidays and day.isoweekday() not in self.weekend

    def walk(self, due_on: date, step: int) -> date:
        """The day of a step: one working day after the other."""
        day, left = due_on, abs(step)
        while left or (step == 0 and not self.worked(day)):
            day += DAY if step > 0 else -DAY
            left -= self.worked(day) if left else 0
        return day


def is_step(policy: TopicPolicy, step: int) -> bool:
    last = max(policy.overdue, default=0)
    return (
        (step <= 0 and -step in policy.before)
        or step in policy.overdue
        or step in [rung.after for rung in policy.ladder[1:]]
        or (policy.repeat_every > 0 and step > last and (step - last) % policy.repeat_every == 0)
    )


def schedule(policy: TopicPolicy, days: Days, due_on: date, last: date = LAST) -> dict[int, date]:
    """Every step of a due day that falls on ``last`` or before it, with its day, and when all is over."""
    found = {}
    for step in EVERY_STEP:
        if step > policy.until or (step >= 0 and due_on + step * DAY > last + 7 * DAY):
            break
        if is_step(policy, step) and (day := days.walk(due_on, step)) <= last:
            found[step] = day
    over = days.walk(due_on, policy.until + 1)
    return found if over > last else {**found, OVER: over}


def latest(found: dict[int, date], on: date) -> int | None:
    step = max((step for step, day in found.items() if day <= on), default=None)
    return None if step == OVER else step


# --- the oracle: people --------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """A city as plain lists."""

    days: Days
    policy: ReminderPolicy
    contacts: list[Contact]
    duties: list[tuple[int, Role, int | None]]
    away: list[Away]
    subjects: list[Subject]
    narrow: dict[int, tuple[int, ...]]
    quiet: dict[QuietKey, Quiet]

    @property
    def roster(self) -> Roster:
        return Roster(self.contacts, self.duties, self.away)

    def timing(self, subject: Subject) -> TopicPolicy:
        return narrowed(self.policy.topics[subject.topic], self.narrow.get(subject.workflow))

    def works_for(self, person: int, on: date) -> Contact | None:
        """Who does the work of a person; ``None`` when nobody who can be told does."""
        for _ in range(len(PEOPLE) + 1):
            standing_in = [
                one.substitute
                for one in self.away
                if one.person == person and one.first_on <= on <= one.last_on
            ]
            if not standing_in:
                found = [one for one in self.contacts if one.id == person and one.email]
                return found[0] if found else None
            person = standing_in[-1]
        return None

    def of_rung(self, subject: Subject, role: Role, on: date) -> list[tuple[Contact, Contact]]:
        """(holder, who is told) of a role."""
        holders = [
            one
            for one in sorted(self.contacts)
            if (one.id, role, subject.agency) in self.duties or (one.id, role, None) in self.duties
        ]
        pairs = [(holder, self.works_for(holder.id, on)) for holder in holders]
        return [(holder, one) for holder, one in pairs if one is not None]

    def told(self, subject: Subject, step: int, on: date) -> set[tuple[int, Role, int | None]]:
        """(person, role, instead of): the rungs whose turn it is, and those to which the one below passes."""
        policy = self.policy.topics[subject.topic]
        found: dict[int, tuple[int, Role, int | None]] = {}
        passed = False
        for place, rung in enumerate(policy.ladder):
            turn = place == 0 or passed or (step > 0 and rung.after <= step)
            pairs = self.of_rung(subject, rung.role, on)
            passed = turn and not pairs
            if not turn:
                continue
            in_own_right = [pair for pair in pairs if pair[0] == pair[1]]
            for holder, one in in_own_right + [pair for pair in pairs if pair[0] != pair[1]]:
                off = subject.topic in holder.switched_off or subject.topic in one.switched_off
                if one.id not in found and not (policy.optional and off):
                    found[one.id] = (one.id, rung.role, None if holder == one else holder.id)
        return set(found.values())

    def rule(self, subject: Subject, person: int, steps: dict[int, date], today: date) -> str | None:
        """By which rule a person is told today who was told of everything until yesterday."""
        step = latest(steps, today)
        assert step is not None
        by_step = "due" if steps[step] == today else None
        answer = self.quiet.get((person, *subject[:5]))
        if answer is None or step >= max(self.timing(subject).overdue, default=0):
            return by_step
        if not answer.snoozed:
            return by_step if step >= 0 else None
        until = answer.until
        while not self.days.worked(until):
            until += DAY
        if today == until and by_step is None:
            return f"snoozed:{answer.until}"
        # While the snooze lasts nothing is told; what is crossed in it is told at its end.
        return by_step if today >= until else None

    def owed(self, today: date, of: dict[Subject, dict[int, date]]) -> Iterator[Owed]:
        """What comes to be owed on a day, the days before having been told."""
        if not self.days.worked(today):
            return
        for subject in self.subjects:
            step = latest(of[subject], today)
            if step is None:
                continue
            for person, role, instead_of in self.told(subject, step, today):
                rule = self.rule(subject, person, of[subject], today)
                if rule:
                    yield Owed(subject, step, person, role, today, instead_of, rule)

    def schedules(self) -> dict[Subject, dict[int, date]]:
        return {one: schedule(self.timing(one), self.days, one.due_on) for one in self.subjects}


# --- any world -----------------------------------------------------------------------------------------

dates = st.dates(FIRST, LAST)


@st.composite
def any_days(draw: st.DrawFn) -> Days:
    """A year with single holidays and a few long runs of them."""
    holidays = set(draw(st.lists(dates, max_size=12)))
    for start, length in draw(st.lists(st.tuples(dates, st.integers(2, 9)), max_size=4)):
        holidays |= {start + n * DAY for n in range(length)}
    weekend = draw(st.sampled_from([{6, 7}, {5, 6}, {7}, set(), {1, 3, 5}]))
    return Days(frozenset(holidays), frozenset(weekend))


@st.composite
def any_policy(draw: st.DrawFn) -> TopicPolicy:
    before = draw(st.lists(st.sampled_from(BEFORE), unique=True, max_size=5))
    overdue = draw(st.lists(st.integers(1, 12), unique=True, max_size=3))
    roles = draw(st.permutations(LADDER))[: draw(st.integers(1, 4))]
    afters = sorted(draw(st.sets(st.integers(1, 20), min_size=len(roles) - 1, max_size=len(roles) - 1)))
    rungs = [Rung(role, after) for role, after in zip(roles, [0, *afters], strict=True)]
    repeat = draw(st.sampled_from([0, 0, 1, 2, 5]))
    until = max([*overdue, *afters], default=0) + draw(st.integers(0, 60))
    return TopicPolicy(tuple(before), tuple(overdue), repeat, tuple(rungs), draw(st.booleans()), until)


@st.composite
def any_contact(draw: st.DrawFn, person: int) -> Contact:
    email = f"{person}@city.example" if draw(st.integers(0, 3)) else None
    off = draw(st.sets(st.sampled_from(TOPICS), max_size=2)) if draw(st.integers(0, 2)) == 0 else set()
    return Contact(person, str(person), email, "th", None, frozenset(off))


@st.composite
def any_away(draw: st.DrawFn) -> Away:
    first = draw(dates)
    person, substitute = draw(st.sampled_from(PEOPLE)), draw(st.integers(1, len(PEOPLE) + 1))
    return Away(person, substitute, first, first + draw(st.integers(-2, 120)) * DAY)


@st.composite
def any_subject(draw: st.DrawFn) -> Subject:
    return Subject(
        draw(st.sampled_from(TOPICS)),
        draw(st.sampled_from(AGENCIES)),
        draw(st.integers(1, 3)),
        draw(st.sampled_from("ab")),
        draw(st.dates(date(2021, 2, 1), date(2021, 9, 30))),
        draw(st.integers(0, 2)),
    )


@st.composite
def any_world(draw: st.DrawFn, *, answers: bool = True, away: bool = True) -> World:
    subjects = draw(st.lists(any_subject(), min_size=1, max_size=5, unique_by=lambda one: one[:5]))
    duties = [
        (person, role, agency)
        for agency in (*AGENCIES, None)
        for role in LADDER
        for person in draw(st.lists(st.sampled_from(PEOPLE), max_size=2 if agency else 1, unique=True))
    ]
    replies = {}
    for subject in subjects if answers else []:
        for person in draw(st.sets(st.sampled_from(PEOPLE), max_size=3)):
            until = subject.due_on + draw(st.integers(-20, 20)) * DAY
            replies[quiet_key(person, subject)] = Quiet(until, draw(st.booleans()))
    return World(
        days=draw(any_days()),
        policy=ReminderPolicy({topic: draw(any_policy()) for topic in TOPICS}),
        contacts=[draw(any_contact(person)) for person in PEOPLE],
        duties=duties,
        away=draw(st.lists(any_away(), max_size=5)) if away else [],
        subjects=subjects,
        narrow={workflow: tuple(draw(st.sets(st.sampled_from(BEFORE), min_size=1))) for workflow in (1, 2)},
        quiet=replies,
    )


# --- days ----------------------------------------------------------------------------------------------


@quick
@given(any_days(), dates, st.integers(-40, 60))
def test_step_falls_where_counting_on_fingers_ends_and_on_no_holiday(days, due_on, step):
    day = step_day(days.calendar, due_on, step)
    assert day == days.walk(due_on, step)
    assert days.worked(day)


@quick
@given(any_days(), any_policy(), dates, st.integers(-80, 150))
def test_latest_step_is_that_of_the_oracle(days, policy, due_on, distance):
    on = due_on + distance * DAY
    found = schedule(policy, days, due_on, on)
    assert step_reached(policy, days.calendar, due_on, on) == latest(found, on)


@quick
@given(any_days(), any_policy(), dates)
def test_no_step_is_reached_on_a_day_off(days, policy, due_on):
    """What falls on no working day is not lost: on every day off the step is still that of the day before."""
    calendar = days.calendar
    for distance in range(-60, 60):
        on = due_on + distance * DAY
        if not days.worked(on):
            before = step_reached(policy, calendar, due_on, on - DAY)
            assert step_reached(policy, calendar, due_on, on) == before


@slow
@given(any_days(), any_policy(), dates, st.integers(-3, 40))
def test_windows_hold_exactly_the_due_days_that_crossed_a_step(days, policy, since, gap):
    through = since + gap * DAY
    windows = due_windows(policy, days.calendar, since, through)
    bounds = [(low, high) for _, low, high in windows]
    assert all(low <= high for low, high in bounds)
    assert all(later > high for (later, _), (_, high) in pairwise(bounds))
    for distance in range(-90, 90):
        due_on = through + distance * DAY
        found = schedule(policy, days, due_on, through)
        step = latest(found, through)
        crossed = step is not None and since < found[step] <= through
        holding = [one for one, low, high in windows if low <= due_on <= high]
        assert holding == ([step] if crossed else [])


@slow
@given(any_world(answers=False), dates, st.integers(1, 30))
def test_sweep_of_the_windows_plans_what_a_look_at_everything_does(world, since, gap):
    through, calendar = since + gap * DAY, world.days.calendar
    swept = [
        subject
        for subject in world.subjects
        if any(
            low <= subject.due_on <= high
            for _, low, high in due_windows(world.policy.topics[subject.topic], calendar, since, through)
        )
    ]
    everything, some = (
        plan(world.policy, calendar, world.roster, one, through, since=since, narrow=world.narrow)
        for one in (world.subjects, swept)
    )
    assert some == everything


@quick
@given(any_policy(), st.none() | st.lists(st.integers(0, 30), min_size=1).map(tuple))
def test_narrowed_policy_has_days_of_the_house_only(policy, before):
    found = narrowed(policy, before)
    assert replace(found, before=policy.before) == policy
    assert set(found.before) <= set(policy.before)
    assert bool(found.before) == bool(policy.before)


# --- plans ---------------------------------------------------------------------------------------------


@slow
@given(any_world())
def test_year_without_a_gap_is_the_oracles_and_the_forecast_predicts_it(world):
    calendar, roster, steps = world.days.calendar, world.roster, world.schedules()
    predicted = dict(
        forecast(
            world.policy,
            calendar,
            roster,
            world.subjects,
            FIRST,
            LAST,
            quiet=world.quiet,
            narrow=world.narrow,
        )
    )
    assert list(predicted) == [day for day in every_day() if world.days.worked(day)]
    told: Counter[tuple[Subject, int, int, str]] = Counter()
    for today in every_day():
        run = plan(
            world.policy,
            calendar,
            roster,
            world.subjects,
            today,
            since=today - DAY,
            quiet=world.quiet,
            narrow=world.narrow,
        )
        assert sorted(run.owed, key=str) == sorted(world.owed(today, steps), key=str)
        assert run.owed == predicted.get(today, [])
        told.update((one.subject, one.step, one.person, one.rule) for one in run.owed)
    assert set(told.values()) <= {1}


@slow
@given(any_world(answers=False), st.lists(dates, min_size=1, max_size=25, unique=True))
def test_runs_with_gaps_tell_what_is_latest_and_nothing_twice(world, days_of_runs):
    """Whatever days the worker was up: a step is told on the first run after it unless a later one is due."""
    calendar, roster, steps = world.days.calendar, world.roster, world.schedules()
    since, told = FIRST - DAY, Counter[tuple[Subject, int, int]]()
    for today in sorted(days_of_runs):
        run = plan(world.policy, calendar, roster, world.subjects, today, since=since, narrow=world.narrow)
        expected = set()
        for subject, found in steps.items():
            step = latest(found, today)
            if world.days.worked(today) and step is not None and found[step] > since:
                expected |= {(subject, step, *one, today) for one in world.told(subject, step, today)}
        assert {
            (one.subject, one.step, one.person, one.role, one.instead_of, one.owed_on) for one in run.owed
        } == expected
        told.update((one.subject, one.step, one.person) for one in run.owed)
        if world.days.worked(today):  # a day off plans nothing, so nothing before it counts as told
            since = today
    assert set(told.values()) <= {1}


@slow
@given(any_world(away=False))
def test_full_pass_plans_nothing_that_the_days_before_did_not(world):
    """Planning again without a watermark finds what was told already, as long as nobody comes or goes."""
    calendar, roster = world.days.calendar, world.roster
    told: set[tuple[Subject, int, int, str]] = set()
    for today in every_day():
        common = (world.policy, calendar, roster, world.subjects, today)
        answers = {"quiet": world.quiet, "narrow": world.narrow}
        run = plan(*common, since=today - DAY if told else None, **answers)
        told |= {(one.subject, one.step, one.person, one.rule) for one in run.owed}
        again = plan(*common, **answers)
        assert {(one.subject, one.step, one.person, one.rule) for one in again.owed} <= told


@slow
@given(any_world(), dates)
def test_who_is_told_has_an_address_and_has_not_switched_the_topic_off(world, today):
    for owed in plan(world.policy, world.days.calendar, world.roster, world.subjects, today).owed:
        (contact,) = [one for one in world.contacts if one.id == owed.person]
        topic = owed.subject.topic
        assert contact.email
        assert not (world.policy.topics[topic].optional and topic in contact.switched_off)


@slow
@given(any_world(answers=False), dates)
def test_gap_is_told_for_exactly_the_rungs_whose_turn_it_was_in_vain(world, today):
    run = plan(world.policy, world.days.calendar, world.roster, world.subjects, today, narrow=world.narrow)
    expected = set()
    for subject, found in world.schedules().items():
        step = latest(found, today)
        passed = True
        for rung in world.policy.topics[subject.topic].ladder:
            if world.days.worked(today) and step is not None and (passed or 0 < rung.after <= step):
                passed = not world.of_rung(subject, rung.role, today)
                expected |= {(subject.agency, rung.role)} if passed else set()
            else:
                passed = False
    assert {(gap.agency, gap.role) for gap in run.gaps} == expected


def every_day() -> Iterator[date]:
    day = FIRST
    while day <= LAST:
        yield day
        day += DAY
