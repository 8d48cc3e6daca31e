"""What stands in a person's private calendar: all that is due at the agencies they work for."""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from engine.permissions import Role
from engine.ports import Policy
from engine.reminders import Subject, Topic
from storage import duty, owed
from storage import tables as t
from storage.contents import Words, Workflows, words_of
from storage.deadlines import read_deadlines
from storage.owed_statements import RUNNING

_i, _g, _p = t.indicators.c, t.grants.c, t.people.c

#: Whose calendar shows the work of their agency.
_WORKERS = (Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD)
#: What is to be done by a day, and what is planned for one. Reviews and extensions are no days of its own
#: work: a review is to be done as soon as it can be, and an extension only moves the day of a report.
_TOPICS = (
    Topic.MILESTONE,
    Topic.REPORT,
    Topic.RETURNED_MILESTONE,
    Topic.RETURNED_REPORT,
    Topic.MEETING,
)


class Calendar(NamedTuple):
    """A person's calendar: their language, and what is owed now, each with its words, by due day."""

    language: str
    entries: list[tuple[Subject, Words]]


def calendar_of(
    connection: Connection, workflows: Workflows, policy: Policy, review_days: int, token: str
) -> Calendar | None:
    """The calendar that is served under that secret, ``None`` if none is.

    A coordinator, deputy or section head of an agency sees its work; whoever serves no agency in particular,
    nothing. About fifteen statements for up to 500 indicators, whatever they owe.
    """
    owner = duty.calendar_owner(connection, token)
    if owner is None:
        return None
    language = connection.execute(select(_p.language).where(_p.id == owner)).scalar_one()
    agencies = select(_g.agency_id).where(_g.person_id == owner, _g.role.in_(map(str, _WORKERS)))
    running = select(_i.id).where(_i.agency_id.in_(agencies), RUNNING)
    indicators = list(connection.execute(running).scalars())
    deadlines = read_deadlines(connection, policy, review_days)
    subjects = owed.owed_of(connection, deadlines, indicators, _TOPICS) if indicators else []
    words = words_of(connection, workflows, subjects)
    ordered = sorted(subjects, key=lambda one: (one.due_on, one.indicator, one.topic, one.key))
    return Calendar(language, [(one, words[one]) for one in ordered])
