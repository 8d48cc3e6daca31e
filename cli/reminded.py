"""What an indicator's people were reminded of over its year, and on which day each was answered."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from engine.events import Happened
from engine.indicator import Indicator, MilestoneState
from engine.permissions import Role
from engine.ports import Policy
from engine.quarter import Quarter, deadline_of
from engine.reminders import ReminderPolicy, Roster, Subject, Topic, forecast
from engine.workflow import Text
from storage.journal import Entry

_DONE = (MilestoneState.ACHIEVED, MilestoneState.VERIFIED, MilestoneState.WAIVED)


class Reminded(NamedTuple):
    """One thing that was due: on which days who was reminded (by their role), and when it was done."""

    what: Text | Quarter
    due_on: date
    told: tuple[tuple[date, Role], ...]
    done_on: date | None


def over_the_year(
    indicator: Indicator, history: list[Entry], policy: ReminderPolicy, house: Policy, roster: Roster
) -> Iterator[Reminded]:
    """Each milestone and quarter report of the year by due day; reminders go out until the day it is done."""
    due = [*_milestones(indicator, history, house), *_reports(indicator, history, house)]
    for what, subject, done in sorted(due, key=lambda one: one[1].due_on):
        done_on = min(done, default=None)
        told = forecast(
            policy,
            house.calendar,
            roster,
            [subject],
            indicator.fiscal_year.first_day,
            min(done_on or date.max, indicator.fiscal_year.last_day),
        )
        days = tuple((day, one.role) for day, owed in told for one in owed if day != done_on)
        yield Reminded(what, subject.due_on, days, done_on)


_Due = tuple[Text | Quarter, Subject, list[date]]


def _milestones(indicator: Indicator, history: list[Entry], house: Policy) -> Iterator[_Due]:
    for definition in indicator.workflow.milestones:
        due_on = indicator.milestones[definition.key].due_on
        if due_on is None:
            continue
        done = [
            house.day_of(datetime.fromisoformat(entry.at))
            for entry in history
            if json.loads(entry.data).get("states", {}).get(definition.key, ["", ""])[1] in _DONE
        ]
        subject = Subject(Topic.MILESTONE, indicator.agency, indicator.id, definition.key, due_on)
        yield definition.title, subject, done


def _reports(indicator: Indicator, history: list[Entry], house: Policy) -> Iterator[_Due]:
    for quarter in indicator.fiscal_year.quarters:
        due_on = deadline_of(quarter, house.deadlines, house.calendar)
        done = [
            house.day_of(datetime.fromisoformat(entry.at))
            for entry in history
            if entry.what == Happened.REPORT_SUBMITTED and json.loads(entry.data)["quarter"] == quarter.number
        ]
        key = str(quarter.number)
        yield quarter, Subject(Topic.REPORT, indicator.agency, indicator.id, key, due_on), done
