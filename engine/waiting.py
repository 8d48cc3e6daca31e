"""How long a milestone has waited for somebody: by what holds it up, in steps of working days."""

from bisect import bisect_left
from datetime import date
from enum import StrEnum

from engine.quarter import Shift, WorkCalendar


class Wait(StrEnum):
    """What holds a milestone up, by the state in which it is meanwhile."""

    BLOCKED = "blocked"  # another agency
    ACHIEVED = "achieved"  # whoever verifies it
    RETURNED = "returned"  # whoever is to mend it


#: So many working days end each step, themselves included; the last step has no end.
STEPS = (5, 10, 20, 40)


def step_of(days: int) -> int:
    """The step in which so many working days of waiting lie, from 0."""
    return bisect_left(STEPS, days)


def starts(calendar: WorkCalendar, today: date) -> tuple[date, ...]:
    """The first day of each step but the last: what has waited since then, or less long, lies in it."""
    last = calendar.shift(today, Shift.PREVIOUS_WORKING_DAY)
    return tuple(calendar.add_working_days(last, -days) for days in STEPS)
