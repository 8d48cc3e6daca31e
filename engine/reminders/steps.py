"""On which working day each step of a reminder falls, and which due days have just crossed one.

A step counts signed working days from the due day: -7 lies seven working days before it, 0 is the due
day, 3 is three working days overdue.
"""

from bisect import bisect_right
from datetime import date, timedelta
from functools import lru_cache

from engine.quarter import Shift, WorkCalendar
from engine.reminders.policy import TopicPolicy

_DAY = timedelta(1)


def step_day(calendar: WorkCalendar, due_on: date, step: int) -> date:
    """The working day on which the step falls.

    The due day's own step falls on the last working day before it where nobody works on the due day, so it
    may share that day with step -1. Raises ``OverflowError`` beyond the calendar.
    """
    if step:
        return calendar.add_working_days(due_on, step)
    return calendar.shift(due_on, Shift.PREVIOUS_WORKING_DAY)


def steps(policy: TopicPolicy) -> list[int]:
    """The steps of a policy from the first to the last."""
    every = policy.repeat_every
    repeats = range(policy.last_overdue + every, policy.until + 1, every) if every else ()
    return sorted({*policy.named_steps, *repeats})


def step_reached(policy: TopicPolicy, calendar: WorkCalendar, due_on: date, on: date) -> int | None:
    """The latest step whose day is ``on`` or lies before it; ``None`` before the first and beyond all."""
    at = _position(calendar, due_on, on)
    if at > policy.until:
        return None
    place = bisect_right(policy.named_steps, at)
    reached = [*policy.named_steps[max(place - 1, 0) : place]]
    over = at - policy.last_overdue
    if policy.repeat_every and over >= policy.repeat_every:
        reached.append(at - over % policy.repeat_every)
    return max(reached, default=None)


def snooze_limit(policy: TopicPolicy, calendar: WorkCalendar, due_on: date) -> date:
    """The day of the last overdue step: from then on no answer keeps a reminder silent."""
    return step_day(calendar, due_on, policy.last_overdue)


def due_windows(
    policy: TopicPolicy, calendar: WorkCalendar, since: date, through: date
) -> list[tuple[int, date, date]]:
    """The due days that crossed a step after ``since`` and by ``through``, as (step, lowest, highest).

    For every due day of a window ``step`` is the latest one reached by ``through``. Windows do not overlap
    and go from the latest due days to the earliest.
    """
    crossed = calendar.working_days_between(since, through)
    if crossed <= 0:
        return []
    all_steps = steps(policy)
    if not all_steps:
        return []
    back, ahead = crossed + policy.until + 2, max(-all_steps[0], 0) + 1
    worked, eves = _working_days(calendar, through, back, ahead)
    now = calendar.working_days_between(worked[0], through)  # where the last working day by `through` stands

    def last_due(place: int, *of: int) -> list[date]:
        """The last due days of which these steps were reached on the working day at that place."""
        return [worked[place - step] if step < 0 else eves[place - step] for step in of]

    # What has gone beyond all of it bounds the last step from below, as each step bounds the one before it.
    reached = last_due(now, *all_steps, policy.until + 1)
    before = last_due(now - crossed, *all_steps)
    low = [max(one, two) + _DAY for one, two in zip(before, reached[1:], strict=True)]
    windows = zip(all_steps, low, reached[:-1], strict=True)
    return [window for window in windows if window[1] <= window[2]]


def due_range(policy: TopicPolicy, calendar: WorkCalendar, on: date) -> tuple[date, date]:
    """From which due day to which something may be owed on that day: nothing is beyond."""
    early = max((-step for step in policy.named_steps), default=0)
    return (
        calendar.add_working_days(on, -policy.until - 1),
        calendar.add_working_days(on, max(early, 0) + 1),
    )


def _position(calendar: WorkCalendar, due_on: date, on: date) -> int:
    """The latest of all possible steps whose day is ``on`` or lies before it, found by counting."""
    if on >= due_on:
        return calendar.working_days_between(due_on, on)
    ahead = calendar.working_days_between(on, due_on)
    if calendar.is_working_day(due_on):
        return -ahead
    # Nobody works on the due day: its own step came on the last working day before it, step -1 as well.
    return -(ahead + 1) if ahead else 0


@lru_cache(8)  # topics that are timed alike ask for the same days
def _working_days(
    calendar: WorkCalendar, on: date, back: int, ahead: int
) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """The working days around ``on``, so many before and so many after; the eves of all but the first."""
    first = calendar.add_working_days(on, -back).toordinal()
    last = calendar.add_working_days(on, ahead).toordinal()
    days = map(date.fromordinal, range(first, last + 1))
    worked = tuple(filter(calendar.is_working_day, days))
    return worked, tuple(day - _DAY for day in worked[1:])
