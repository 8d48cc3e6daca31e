"""What a person may answer to a reminder on a day: seen, snoozed until another day, or never again."""

from collections.abc import Collection
from datetime import date

from engine.errors import refuse
from engine.quarter import WorkCalendar
from engine.reminders.policy import ReminderPolicy, Topic, TopicPolicy
from engine.reminders.steps import snooze_limit, step_day


def check_acknowledgement(calendar: WorkCalendar, due_on: date, today: date) -> None:
    """Refuse (``acknowledge.due``) once the due day's step has come: that is told, seen or not."""
    if today >= step_day(calendar, due_on, 0):
        raise refuse("acknowledge.due", due=due_on)


def snooze_days(policy: TopicPolicy, calendar: WorkCalendar, due_on: date, today: date, n: int) -> list[date]:
    """The next working days until which it may be snoozed, at most ``n``; none when it may no more."""
    limit = snooze_limit(policy, calendar, due_on)
    days: list[date] = []
    day = calendar.add_working_days(today, 1)
    while day <= limit and len(days) < n:
        days.append(day)
        day = calendar.add_working_days(day, 1)
    return days


def check_snooze(
    policy: TopicPolicy, calendar: WorkCalendar, due_on: date, until: date | None, today: date
) -> None:
    """Refuse what is no day to snooze until; ``until`` is ``None`` where none was chosen.

    ``snooze.over`` when there is none left, else ``snooze.no_day``, ``snooze.past``, ``snooze.day_off`` or
    ``snooze.beyond`` the day from which no answer keeps it silent.
    """
    limit = snooze_limit(policy, calendar, due_on)
    if not snooze_days(policy, calendar, due_on, today, 1):
        raise refuse("snooze.over", due=due_on, limit=limit)
    if until is None:
        raise refuse("snooze.no_day")
    if until <= today:
        raise refuse("snooze.past", until=until)
    if until > limit:
        raise refuse("snooze.beyond", until=until, limit=limit)
    if not calendar.is_working_day(until):
        raise refuse("snooze.day_off", until=until)


def may_be_switched_off(policy: ReminderPolicy, names: Collection[str]) -> list[Topic]:
    """Those of the named topics that a person may switch off; refused (``topic.needed``) when none is."""
    found = [topic for topic in Topic if topic in names and policy.topics[topic].optional]
    if not found:
        raise refuse("topic.needed")
    return found
