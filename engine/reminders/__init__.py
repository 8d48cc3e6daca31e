"""Who is to be told of what is due, when and why: decided from what is handed in, and from nothing else."""

from engine.reminders.answers import (
    check_acknowledgement,
    check_snooze,
    may_be_switched_off,
    snooze_days,
)
from engine.reminders.planning import (
    Owed,
    Plan,
    Quiet,
    QuietKey,
    Subject,
    forecast,
    is_silenced,
    plan,
    quiet_key,
)
from engine.reminders.policy import (
    DEFAULT,
    ReminderPolicy,
    Rung,
    Topic,
    TopicPolicy,
    ladder_fault,
    narrowed,
)
from engine.reminders.roster import Away, Contact, Gap, OnDuty, Roster, Why
from engine.reminders.steps import due_range, due_windows, snooze_limit, step_day, step_reached, steps

__all__ = [
    "DEFAULT",
    "Away",
    "Contact",
    "Gap",
    "OnDuty",
    "Owed",
    "Plan",
    "Quiet",
    "QuietKey",
    "ReminderPolicy",
    "Roster",
    "Rung",
    "Subject",
    "Topic",
    "TopicPolicy",
    "Why",
    "check_acknowledgement",
    "check_snooze",
    "due_range",
    "due_windows",
    "forecast",
    "is_silenced",
    "ladder_fault",
    "may_be_switched_off",
    "narrowed",
    "plan",
    "quiet_key",
    "snooze_days",
    "snooze_limit",
    "step_day",
    "step_reached",
    "steps",
]
