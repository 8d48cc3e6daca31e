"""The plan of a day: every reminder that is owed on it, and every rung on which nobody can be told."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

from engine.permissions import Role
from engine.quarter import Shift, WorkCalendar
from engine.reminders.policy import ReminderPolicy, Topic, TopicPolicy, narrowed
from engine.reminders.roster import Gap, OnDuty, Roster, Why
from engine.reminders.steps import step_day, step_reached

_DAY = timedelta(1)
_NOTHING: Mapping[Any, Any] = MappingProxyType({})

#: What a reminder is owed by: its step, or the end of a snooze, which is named with its day: a second
#: snooze of the same step is a reminder of its own.
DUE = "due"
SNOOZED = "snoozed:{until}"


class Subject(NamedTuple):
    """One thing that is owed.

    ``indicator`` is 0 for an extension. ``key`` is the key of a milestone, the number of a quarter or of an
    occurrence. ``workflow`` is the version of a definition that may narrow the policy, 0 for none.
    ``not_to`` is who may not do it, and is not told: whose own verdict an appeal disputes; 0 for nobody.
    """

    topic: Topic
    agency: int
    indicator: int
    key: str
    due_on: date
    workflow: int = 0
    not_to: int = 0


#: A person, then what names a subject: topic, agency, indicator, key, due day. Moved, it is another subject.
QuietKey = tuple[int, Topic, int, int, str, date]


class Quiet(NamedTuple):
    """How somebody answered a reminder last.

    Seen (not ``snoozed``): silent until the due day. ``snoozed``: silent until the day ``until``, and told
    again on it. Neither silences the last overdue step or what comes after it.
    """

    until: date
    snoozed: bool


class Owed(NamedTuple):
    """A reminder that somebody is to be told; ``role`` is the rung by which, ``owed_on`` the local day.

    A person is told of a subject's step once by each ``rule``.
    """

    subject: Subject
    step: int
    person: int
    role: Role
    owed_on: date
    instead_of: int | None
    rule: str = DUE


class Plan(NamedTuple):
    """What is owed on a day, and what cannot be told."""

    owed: list[Owed]
    gaps: list[Gap]


def quiet_key(person: int, subject: Subject) -> QuietKey:
    """Under which key the answer of a person about a subject is looked up."""
    return (person, *subject[:5])


def plan(
    policy: ReminderPolicy,
    calendar: WorkCalendar,
    roster: Roster,
    subjects: Iterable[Subject],
    today: date,
    *,
    since: date | None = None,
    quiet: Mapping[QuietKey, Quiet] = _NOTHING,
    narrow: Mapping[int, tuple[int, ...]] = _NOTHING,
) -> Plan:
    """What is owed on ``today``, a local day: nothing when it is not worked on.

    Of each subject only the latest step counts: what was passed over is not told any more. With ``since``
    only what came to be owed after that day: a step was reached, or a snooze ended. Without it everything
    is, told before or not; a watermark kept as ``since`` must not move over a day that is not worked on.
    ``narrow`` are the days before that a workflow wants, by its version.
    """
    return _plan(_grouped(subjects), policy, calendar, roster, today, since, quiet, narrow)


def forecast(
    policy: ReminderPolicy,
    calendar: WorkCalendar,
    roster: Roster,
    subjects: Iterable[Subject],
    first: date,
    last: date,
    *,
    quiet: Mapping[QuietKey, Quiet] = _NOTHING,
    narrow: Mapping[int, tuple[int, ...]] = _NOTHING,
) -> Iterator[tuple[date, list[Owed]]]:
    """What comes to be owed on every working day from ``first`` to ``last`` if nothing is done meanwhile."""
    groups = _grouped(subjects)
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if calendar.is_working_day(day):
            yield day, _plan(groups, policy, calendar, roster, day, day - _DAY, quiet, narrow).owed


#: Topic, agency, due day, workflow and who is not told: what decides on the step and on who is.
_Group = tuple[Topic, int, date, int, int]
_Told = tuple[int, Role, int | None]
#: Who can be told for a role, and why nobody can.
_Found = tuple[tuple[OnDuty, ...], tuple[Why, ...]]
_OnDuty = Callable[[Role, int], _Found]


def _grouped(subjects: Iterable[Subject]) -> Mapping[_Group, list[Subject]]:
    groups: defaultdict[_Group, list[Subject]] = defaultdict(list)
    for subject in subjects:
        key = (subject.topic, subject.agency, subject.due_on, subject.workflow, subject.not_to)
        groups[key].append(subject)
    return groups


def _plan(
    groups: Mapping[_Group, list[Subject]],
    policy: ReminderPolicy,
    calendar: WorkCalendar,
    roster: Roster,
    today: date,
    since: date | None,
    quiet: Mapping[QuietKey, Quiet],
    narrow: Mapping[int, tuple[int, ...]],
) -> Plan:
    owed: list[Owed] = []
    gaps: dict[Gap, None] = {}  # for its order
    if not calendar.is_working_day(today):
        return Plan(owed, [])
    substitutes = roster.substitutes(today)
    answered = {key[1:] for key in quiet}

    # What many groups share is decided once a day.
    @cache
    def timing(topic: Topic, workflow: int) -> TopicPolicy:
        return narrowed(policy.topics[topic], narrow.get(workflow))

    @cache
    def on_duty(role: Role, agency: int) -> _Found:
        return roster.on_duty(role, agency, substitutes)

    @cache
    def telling(topic: Topic, agency: int, step: int, not_to: int) -> tuple[list[_Told], list[Gap]]:
        return _telling(policy.topics[topic], topic, agency, step, partial(_but, not_to, on_duty))

    for (topic, agency, due_on, workflow, not_to), group in groups.items():
        timed = timing(topic, workflow)
        step = step_reached(timed, calendar, due_on, today)
        if step is None:
            continue
        earlier = None if since is None else step_reached(timed, calendar, due_on, since)
        new = earlier is None or earlier < step
        with_answer = [one for one in group if one[:5] in answered] if answered else []
        if not new and not with_answer:
            continue
        told, missing = telling(topic, agency, step, not_to)
        gaps |= dict.fromkeys(missing)
        if new:
            without = [one for one in group if one[:5] not in answered] if with_answer else group
            owed += [
                Owed(subject, step, person, role, today, instead_of)
                for subject in without
                for person, role, instead_of in told
            ]
        for subject in with_answer:
            for person, role, instead_of in told:
                answer = quiet.get(quiet_key(person, subject))
                by_step = DUE if new else None
                rule = _rule(answer, by_step, timed, calendar, due_on, step, today, since)
                if rule:
                    owed.append(Owed(subject, step, person, role, today, instead_of, rule))
    return Plan(owed, list(gaps))


def _but(not_to: int, on_duty: _OnDuty, role: Role, agency: int) -> _Found:
    """Who is on duty without one person, and without who stands in for them."""
    people, reasons = on_duty(role, agency)
    left = tuple(one for one in people if not_to not in (one.person, one.instead_of)) if not_to else people
    return left, reasons if left or not people else (Why.NOBODY,)


def _telling(
    policy: TopicPolicy,
    topic: Topic,
    agency: int,
    step: int,
    on_duty: _OnDuty,
) -> tuple[list[_Told], list[Gap]]:
    """Who is told at a step, each once by their lowest rung, and which rungs passed their part up."""
    told: dict[int, _Told] = {}
    gaps: list[Gap] = []
    passed_up = True  # the first rung is told from the first step on
    for rung in policy.ladder:
        if not passed_up and rung.after > step:
            break
        people, reasons = on_duty(rung.role, agency)
        for one in people:
            if not (policy.optional and topic in one.off):
                told.setdefault(one.person, (one.person, rung.role, one.instead_of))
        gaps += [Gap(agency, rung.role, why) for why in reasons]
        passed_up = not people
    return list(told.values()), gaps


def is_silenced(
    answer: Quiet | None, policy: TopicPolicy, calendar: WorkCalendar, step: int, today: date
) -> bool:
    """Whether an answer that came between a reminder being owed and being told keeps it from going out."""
    if answer is None or step >= policy.last_overdue:
        return False
    if not answer.snoozed:
        return step < 0
    return calendar.shift(answer.until, Shift.NEXT_WORKING_DAY) > today


def _rule(
    answer: Quiet | None,
    by_step: str | None,
    policy: TopicPolicy,
    calendar: WorkCalendar,
    due_on: date,
    step: int,
    today: date,
    since: date | None,
) -> str | None:
    """By which rule somebody is told today whose answer is known; ``None`` while they are not.

    ``by_step`` is the rule of who gave no answer.
    """
    if answer is None or step >= policy.last_overdue:
        return by_step
    if not answer.snoozed:
        return by_step if step >= 0 else None
    until = calendar.shift(answer.until, Shift.NEXT_WORKING_DAY)
    if until > today:
        return None
    if step_day(calendar, due_on, step) >= until:
        return by_step
    return SNOOZED.format(until=answer.until) if since is None or since < until else None
