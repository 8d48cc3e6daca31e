"""What is reminded of, how early, how often and up which ladder: the policy of a house, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

from engine.permissions import Role
from engine.quarter import WorkCalendar

#: Half a year of work: longer than from a quarter's deadline to the next but one.
UNTIL = 120


class Topic(StrEnum):
    """What a reminder is about."""

    MILESTONE = "milestone"  # a milestone is due
    REPORT = "report"  # a quarter report is due: a draft, or not there
    ENDORSEMENT = "endorsement"  # a report was submitted and waits for the section head
    EVALUATION = "evaluation"  # a report was endorsed and waits for the evaluator
    APPEAL = "appeal"  # an agency disputes a verdict, and another evaluator is to decide
    RETURNED_MILESTONE = "returned_milestone"  # a milestone was returned, to be mended by a day
    RETURNED_REPORT = "returned_report"  # a report was
    EXTENSION = "extension"  # the longer time that an agency was given for a quarter runs out
    MEETING = "meeting"  # a planned occurrence is to take place


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung of the escalation ladder: who is told, and from how many working days overdue.

    The first rung is told from the first step on, so its ``after`` is 0.
    """

    role: Role
    after: int = 0


def ladder_fault(ladder: Sequence[Rung]) -> tuple[str, int] | None:
    """What is wrong with a ladder and at which rung, counted from 0; ``None`` when nothing is.

    ``no_rung``, ``first_rung_waits`` (it has an ``after``), ``role_twice`` (what passes up would come round
    in a circle), ``ladder_not_rising`` (a rung is not told later than the one below it).
    """
    if not ladder:
        return "no_rung", 0
    if ladder[0].after:
        return "first_rung_waits", 0
    roles = [rung.role for rung in ladder]
    for index, (below, rung) in enumerate(pairwise(ladder), start=1):
        if rung.role in roles[:index]:
            return "role_twice", index
        if rung.after <= below.after:
            return "ladder_not_rising", index
    return None


@dataclass(frozen=True, slots=True)
class TopicPolicy:
    """When a topic is reminded of, and whom.

    ``before`` counts working days before the due day (0 is the due day itself), ``overdue`` working days
    after it. After the last of these it is told again every ``repeat_every`` working days; 0 is no more.
    What is overdue for more than ``until`` working days nobody is told of any more: it is seen on the pages.
    An ``optional`` topic may be switched off by each person. Raises ``ValueError`` for what cannot be.
    """

    before: tuple[int, ...]
    overdue: tuple[int, ...]
    repeat_every: int
    ladder: tuple[Rung, ...]
    optional: bool = False
    until: int = UNTIL
    #: The steps that are named here, rising, and the last overdue one, from which it repeats: 0 where there
    #: is none. The working day from which a rung is told is a step, whether ``overdue`` names it or not.
    named_steps: tuple[int, ...] = field(init=False, repr=False, compare=False)
    last_overdue: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, offsets, least in (("before", self.before, 0), ("overdue", self.overdue, 1)):
            if len(set(offsets)) < len(offsets) or min(offsets, default=least) < least:
                raise ValueError(f"{name} is unlike numbers from {least} up, not {offsets}")
        if self.repeat_every < 0:
            raise ValueError(f"it is repeated every 0 or more working days, not {self.repeat_every}")
        if fault := ladder_fault(self.ladder):
            raise ValueError(f"no ladder is like this: {fault[0]} at rung {fault[1]}")
        rungs = (rung.after for rung in self.ladder[1:])
        named = sorted({*(-offset for offset in self.before), *self.overdue, *rungs})
        if self.until < max(named, default=0):
            raise ValueError(f"until is {self.until}, before the last step {named[-1]}")
        object.__setattr__(self, "named_steps", tuple(named))
        object.__setattr__(self, "last_overdue", max(self.overdue, default=0))


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """The policy of a house.

    ``hour`` is the local hour at which digests go out to whoever chose no other; ``review_days`` is how
    many working days an endorsement, an evaluation or an appeal may take, which makes its due day.
    """

    topics: Mapping[Topic, TopicPolicy]
    hour: int = 8
    review_days: int = 5

    def answers_from(self, calendar: WorkCalendar, today: date) -> date:
        """The due day from which on an answer still matters: what is further overdue nobody silences."""
        furthest = max(timed.last_overdue for timed in self.topics.values())
        return calendar.add_working_days(today, -furthest - 1)


def narrowed(policy: TopicPolicy, before: tuple[int, ...] | None) -> TopicPolicy:
    """The policy with only those of its days before that a workflow wants.

    A workflow chooses among the house's days and adds none. One that wants none of them was written for
    another house: it narrows nothing, for nobody shall go unwarned because two files disagree.
    """
    if before is None:
        return policy
    kept = tuple(offset for offset in policy.before if offset in before)
    return replace(policy, before=kept) if kept else policy


_WORK = (
    Rung(Role.COORDINATOR),
    Rung(Role.DEPUTY, after=1),
    Rung(Role.SECTION_HEAD, after=3),
    Rung(Role.DIRECTOR, after=7),
    Rung(Role.EVALUATOR, after=14),
)
_ENDORSING = (Rung(Role.SECTION_HEAD), Rung(Role.DIRECTOR, after=3), Rung(Role.EVALUATOR, after=7))
_EVALUATING = (Rung(Role.EVALUATOR), Rung(Role.ADMINISTRATOR, after=7))
_DUE = TopicPolicy((30, 14, 7, 3, 1, 0), (1, 3, 7), 5, _WORK)
_RETURNED = TopicPolicy((3, 1, 0), (1, 3, 7), 5, _WORK)

#: What a house does that says nothing else.
DEFAULT = ReminderPolicy(
    MappingProxyType(
        {
            Topic.MILESTONE: _DUE,
            Topic.REPORT: _DUE,
            Topic.ENDORSEMENT: TopicPolicy((1, 0), (1, 3, 7), 5, _ENDORSING),
            Topic.EVALUATION: TopicPolicy((1, 0), (1, 3, 7), 5, _EVALUATING),
            Topic.APPEAL: TopicPolicy((1, 0), (1, 3, 7), 5, _EVALUATING),
            Topic.RETURNED_MILESTONE: _RETURNED,
            Topic.RETURNED_REPORT: _RETURNED,
            Topic.EXTENSION: TopicPolicy(
                (3, 1), (), 0, (Rung(Role.COORDINATOR), Rung(Role.SECTION_HEAD, after=1)), optional=True
            ),
            Topic.MEETING: TopicPolicy((1,), (1, 3), 0, (Rung(Role.COORDINATOR),), optional=True),
        }
    )
)
