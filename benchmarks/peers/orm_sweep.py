"""The sweep as a loop over objects: SQLAlchemy's ORM loads every open milestone, and Python decides."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, joinedload, load_only, registry, relationship

from engine.permissions import Role
from engine.quarter import WorkCalendar
from engine.reminders import ReminderPolicy, Topic, step_reached
from storage import tables as t

OPEN = ("open", "in_progress", "blocked")


class Milestone:
    """A row of `milestones`, on Radap's own table."""

    indicator_id: Any
    key: Any
    state: Any
    due_on: Any
    indicator: Any


class Indicator:
    """A row of `indicators`."""

    agency_id: Any
    life: Any


class Grant:
    """A row of `grants`."""

    person_id: Any
    role: Any
    agency_id: Any


class Reminder:
    """A row of `reminders`."""


_mapped = registry()
_mapped.map_imperatively(Indicator, t.indicators)
_mapped.map_imperatively(Milestone, t.milestones, properties={"indicator": relationship(Indicator)})
_mapped.map_imperatively(Grant, t.grants)
_mapped.map_imperatively(Reminder, t.reminders)


class OrmSweep:
    """Written as such a loop is usually written, and in its favour: only the columns that it needs are
    loaded, in portions, and the step of a due day is worked out once."""

    def __init__(self, engine: Engine, policy: ReminderPolicy, calendar: WorkCalendar) -> None:
        self._engine = engine
        self._policy = policy.topics[Topic.MILESTONE]
        self._calendar = calendar

    def sweep(self, since: date, today: date, last_indicator: int) -> int:
        """Write down what came to be owed after `since` of all indicators up to that one; how much it is."""
        step_on = lru_cache(None)(lambda due, on: step_reached(self._policy, self._calendar, due, on))
        added = 0
        with Session(self._engine) as session:
            holders: dict[tuple[str, int | None], list[int]] = {}
            for grant in session.scalars(select(Grant)):
                holders.setdefault((grant.role, grant.agency_id), []).append(grant.person_id)
            for milestone in session.scalars(_every_open_one(last_indicator)):
                step, before = step_on(milestone.due_on, today), step_on(milestone.due_on, since)
                if step is None or step == before:
                    continue
                for role in self._told_at(step):
                    for person in holders.get((str(role), milestone.indicator.agency_id), []):
                        session.add(_reminder(milestone, step, person, role, today))
                        added += 1
            session.commit()
        return added

    def _told_at(self, step: int) -> Iterator[Role]:
        return (rung.role for rung in self._policy.ladder if rung.after <= max(step, 0))


def _every_open_one(last_indicator: int) -> Any:
    return (
        select(Milestone)
        .where(Milestone.state.in_(OPEN), Milestone.due_on.is_not(None))
        .where(Milestone.indicator_id <= last_indicator)
        .options(
            load_only(Milestone.state, Milestone.due_on),
            joinedload(Milestone.indicator).load_only(Indicator.agency_id, Indicator.life),
        )
        .execution_options(yield_per=1000)
    )


def _reminder(milestone: Milestone, step: int, person: int, role: Role, today: date) -> Reminder:
    reminder: Any = Reminder()
    reminder.topic, reminder.rule, reminder.owed_on = str(Topic.MILESTONE), "due", today
    reminder.agency_id, reminder.indicator_id = milestone.indicator.agency_id, milestone.indicator_id
    reminder.key, reminder.due_on, reminder.step = milestone.key, milestone.due_on, step
    reminder.person_id, reminder.role = person, str(role)
    return reminder  # type: ignore[no-any-return]  # its columns are given by the mapping
