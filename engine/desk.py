"""A person's desk: of all that is owed at an agency, what is theirs to do next, and what waits for others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from engine.indicator import MilestoneState
from engine.permissions import Action, Person, may
from engine.permissions import Subject as Whose
from engine.petition import DECIDED_BY, PetitionKind
from engine.quarter import WorkCalendar
from engine.reminders import ReminderPolicy, Subject, Topic


class Group(StrEnum):
    """Where a task lies on the desk, the most pressing first."""

    RETURNED = "returned"  # sent back, to be mended
    TO_DECIDE = "to_decide"  # others wait for this person
    DUE = "due"  # to be done, and near or past its day
    LACKING = "lacking"  # done, but a document is missing
    BLOCKED = "blocked"  # waits for another agency
    WAITING = "waiting"  # waits for somebody else's decision
    PLANNED = "planned"  # has its day
    LATER = "later"  # nobody is reminded of it yet
    PAST = "past"  # nobody is reminded of it any more


class Verb(StrEnum):
    """The one next thing to do about a task."""

    RECORD = "record"
    WRITE = "write"
    ANSWER = "answer"
    ENDORSE = "endorse"
    EVALUATE = "evaluate"
    APPROVE = "approve"
    ATTACH = "attach"
    DECIDE = "decide"
    KEEP = "keep"  # a plan: record that it took place
    LOOK = "look"


class Task(NamedTuple):
    """One row of the desk. ``key`` is that of the milestone, or the number of the quarter.

    ``number`` is that of the fact or petition it is about, 0 for none; ``days`` are the working days left,
    negative when overdue, ``None`` where there is no day. ``note`` says for whom a blocked one waits, and
    what is planned.
    """

    group: Group
    verb: Verb
    topic: str
    indicator: int
    key: str
    number: int = 0
    due_on: date | None = None
    days: int | None = None
    note: str = ""


class Undated(NamedTuple):
    """A fact without a day that waits for approval; ``approvable_on`` is the last day of its quarter."""

    indicator: int
    number: int
    milestone: str
    recorded_by: int
    approvable_on: date


class Lacking(NamedTuple):
    """A milestone that is done but lacks a document without which nobody can verify it."""

    indicator: int
    milestone: str


class Asked(NamedTuple):
    """A petition that waits for a decision."""

    indicator: int
    number: int
    kind: PetitionKind
    milestone: str
    quarter: int
    until: date
    asked_by: int


class Disputed(NamedTuple):
    """An appeal that waits for a decision: against whose verdict, by whom, and when it should be decided."""

    indicator: int
    number: int
    quarter: int
    judge: int
    made_by: int
    due_on: date


class Owing(NamedTuple):
    """All that an agency owes or waits for, as one transaction has read it.

    ``whose`` tells the agency and the owner of each indicator; ``states`` the state of each milestone and
    for whom it waits, where it is blocked; ``plans`` the milestone and the note of each planned fact.
    """

    subjects: list[Subject]
    whose: Mapping[int, Whose]
    states: Mapping[tuple[int, str], tuple[str, str]]
    plans: Mapping[tuple[int, str], tuple[str, str]]
    undated: list[Undated]
    lacking: list[Lacking]
    asked: list[Asked]
    disputed: Sequence[Disputed] = ()


#: What is done about each topic, by whoever may do so, and in which group it then lies.
_DOING: Mapping[Topic, tuple[Action, Verb]] = {
    Topic.MILESTONE: (Action.RECORD, Verb.RECORD),
    Topic.REPORT: (Action.WRITE_REPORT, Verb.WRITE),
    Topic.RETURNED_MILESTONE: (Action.ACHIEVE, Verb.ANSWER),
    Topic.RETURNED_REPORT: (Action.WRITE_REPORT, Verb.ANSWER),
    Topic.ENDORSEMENT: (Action.ENDORSE_REPORT, Verb.ENDORSE),
    Topic.EVALUATION: (Action.ACCEPT_REPORT, Verb.EVALUATE),
    Topic.MEETING: (Action.RECORD, Verb.KEEP),
}
_RETURNED = (Topic.RETURNED_MILESTONE, Topic.RETURNED_REPORT)
_REVIEWS = (Topic.ENDORSEMENT, Topic.EVALUATION)
_PLACE = {group: place for place, group in enumerate(Group)}


def tasks_of(
    person: Person, owing: Owing, policy: ReminderPolicy, calendar: WorkCalendar, today: date
) -> list[Task]:
    """The person's desk on that day, in the order in which it is to be worked off."""
    found = [
        *_owed(person, owing, policy, calendar, today),
        *_undated(person, owing, calendar, today),
        *_lacking(person, owing),
        *_asked(person, owing, calendar, today),
        *_disputed(person, owing, calendar, today),
    ]
    return sorted(found, key=lambda one: (_PLACE[one.group], one.due_on or date.max, one.indicator, one.key))


def _owed(
    person: Person, owing: Owing, policy: ReminderPolicy, calendar: WorkCalendar, today: date
) -> Iterator[Task]:
    # A few days and permissions answer for hundreds of subjects.
    left = cache(lambda due_on: calendar.working_days_between(today, due_on))
    allowed = cache(lambda action, whose: may(person, action, whose))
    for subject in owing.subjects:
        if subject.topic not in _DOING:
            continue
        action, verb = _DOING[subject.topic]
        days = left(subject.due_on)
        state, waits_for = owing.states.get((subject.indicator, subject.key), ("", ""))
        is_theirs = allowed(action, owing.whose[subject.indicator])
        group = _group(subject, state, days, policy, today, is_theirs=is_theirs)
        if group is Group.BLOCKED or not is_theirs:
            verb = Verb.LOOK
        key, number, note = subject.key, 0, waits_for if group is Group.BLOCKED else ""
        if subject.topic is Topic.MEETING:
            number = int(key)
            key, note = owing.plans[subject.indicator, key]
        topic, due_on = str(subject.topic), subject.due_on
        yield Task(group, verb, topic, subject.indicator, key, number, due_on, days, note)


def _group(
    subject: Subject, state: str, days: int, policy: ReminderPolicy, today: date, *, is_theirs: bool
) -> Group:
    topic, timed = subject.topic, policy.topics[subject.topic]
    if -days > timed.until:
        return Group.PAST
    if topic in _REVIEWS:
        return Group.TO_DECIDE if is_theirs else Group.WAITING
    if topic in _RETURNED:
        return Group.RETURNED
    if state == MilestoneState.BLOCKED:
        return Group.BLOCKED
    if topic is Topic.MEETING:
        return Group.PLANNED if subject.due_on > today else Group.DUE
    return Group.DUE if days <= max(timed.before, default=0) else Group.LATER


def _undated(person: Person, owing: Owing, calendar: WorkCalendar, today: date) -> Iterator[Task]:
    for one in owing.undated:
        may_approve = may(person, Action.APPROVE_UNDATED, owing.whose[one.indicator])
        is_theirs = may_approve and person.id != one.recorded_by and today >= one.approvable_on
        yield Task(
            Group.TO_DECIDE if is_theirs else Group.WAITING,
            Verb.APPROVE if is_theirs else Verb.LOOK,
            "undated",
            one.indicator,
            one.milestone,
            one.number,
            one.approvable_on,
            calendar.working_days_between(today, one.approvable_on) if today < one.approvable_on else None,
        )


def _lacking(person: Person, owing: Owing) -> Iterator[Task]:
    for one in owing.lacking:
        if may(person, Action.ATTACH, owing.whose[one.indicator]):
            yield Task(Group.LACKING, Verb.ATTACH, "evidence", one.indicator, one.milestone)


def _asked(person: Person, owing: Owing, calendar: WorkCalendar, today: date) -> Iterator[Task]:
    for one in owing.asked:
        is_correction = one.kind is PetitionKind.CORRECTION  # of a day that is past, and due on none
        may_decide = may(person, DECIDED_BY[one.kind], owing.whose[one.indicator])
        is_theirs = may_decide and person.id != one.asked_by
        yield Task(
            Group.TO_DECIDE if is_theirs else Group.WAITING,
            Verb.DECIDE if is_theirs else Verb.LOOK,
            f"petition_{one.kind}",
            one.indicator,
            one.milestone or str(one.quarter),
            one.number,
            None if is_correction else one.until,
            None if is_correction else calendar.working_days_between(today, one.until),
        )


def _disputed(person: Person, owing: Owing, calendar: WorkCalendar, today: date) -> Iterator[Task]:
    for one in owing.disputed:
        may_decide = may(person, Action.DECIDE_APPEAL, owing.whose[one.indicator])
        is_theirs = may_decide and person.id not in (one.judge, one.made_by)
        yield Task(
            Group.TO_DECIDE if is_theirs else Group.WAITING,
            Verb.DECIDE if is_theirs else Verb.LOOK,
            "appeal",
            one.indicator,
            str(one.quarter),
            one.number,
            one.due_on,
            calendar.working_days_between(today, one.due_on),
        )


def grouped(tasks: Iterable[Task]) -> dict[Group, list[Task]]:
    """The tasks by their groups, in the order of the groups; empty ones are left out."""
    found: dict[Group, list[Task]] = {}
    for task in tasks:
        found.setdefault(task.group, []).append(task)
    return {group: found[group] for group in Group if group in found}
