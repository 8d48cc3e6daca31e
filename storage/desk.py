"""What a person's desk is made from: all that is owed or waits at the agencies they serve, and its words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, Select, and_, bindparam, exists, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from engine.desk import Asked, Disputed, Lacking, Owing, Undated
from engine.indicator import MilestoneState
from engine.permissions import Person, Role, who_may
from engine.permissions import Subject as Whose
from engine.petition import DECIDED_BY, PetitionKind
from engine.quarter import FiscalYear
from engine.reminders import Subject, Topic
from engine.workflow import Text, Workflow
from storage import owed
from storage import tables as t
from storage.among import among
from storage.asking import Lookup
from storage.contents import Workflows
from storage.deadlines import Deadlines
from storage.naming import one_of
from storage.owed_statements import RUNNING

_i, _d, _a, _m, _o, _e, _p, _r, _c, _v = (
    t.indicators.c,
    t.indicator_details.c,
    t.agencies.c,
    t.milestones.c,
    t.occurrences.c,
    t.evidence.c,
    t.petitions.c,
    t.reports.c,
    t.appeals.c,
    t.verdicts.c,
)

#: Whoever serves the whole city is shown so many of each kind that waits for them, the oldest first.
MOST = 50
_DECIDED_BY_ADMINISTRATORS = [
    kind for kind, action in DECIDED_BY.items() if Role.ADMINISTRATOR in who_may(action)
]
_AT_ONE_AGENCY = (Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD, Role.DIRECTOR)


@dataclass(frozen=True, slots=True)
class Head:
    """What an indicator is known by, and where it stands by the kept columns."""

    id: int
    code: str
    fiscal_year: FiscalYear
    agency: int
    agency_name: Text
    owner: int | None
    title: Text
    unit: str
    workflow: Workflow
    target: Decimal | None
    life: str
    claimed: int
    claimed_fraction: float
    verified: int
    next_due_on: date | None

    def title_of(self, milestone: str) -> Text:
        """The title of the milestone of that key; of no milestone the indicator's own."""
        definition = self.workflow.milestone(milestone)
        return self.title if definition is None else definition.title


_HEADS = (
    select(
        _i.id,
        _i.code,
        _i.fiscal_year,
        _i.agency_id,
        _a.name_th,
        _a.name_en,
        _i.owner_id,
        _d.title_th,
        _d.title_en,
        _d.unit,
        _i.workflow_version_id,
        _i.target,
        _i.life,
        _i.claimed_level,
        _i.claimed_fraction,
        _i.verified_level,
        _i.next_due_on,
    )
    .join_from(t.indicators, t.indicator_details)
    .join(t.agencies, _a.id == _i.agency_id)
    .order_by(_i.fiscal_year.desc(), _i.code)
)


_RUNNING_AT = Lookup(_HEADS.where(_i.agency_id == bindparam("agency"), RUNNING))
_RUNNING_OF_THESE = Lookup(_HEADS.where(among(_i.id, "indicators"), RUNNING))


def _heads(connection: Connection, workflows: Workflows, rows: Iterable[Any]) -> list[Head]:
    return [
        Head(
            row.id,
            row.code,
            FiscalYear(row.fiscal_year),
            row.agency_id,
            Text(row.name_th, row.name_en),
            row.owner_id,
            Text(row.title_th, row.title_en),
            row.unit,
            workflows(row.workflow_version_id, connection),
            row.target,
            row.life,
            row.claimed_level,
            row.claimed_fraction,
            row.verified_level,
            row.next_due_on,
        )
        for row in rows
    ]


def years(connection: Connection, person: Person) -> list[int]:
    """The fiscal years that have indicators which the person may see, the newest first."""
    query = select(_i.fiscal_year).distinct().order_by(_i.fiscal_year.desc())
    return list(connection.execute(seen_by(query, person)).scalars())


def indicators_of_year(
    connection: Connection, workflows: Workflows, person: Person, fiscal_year: int, agency: int | None
) -> list[Head]:
    """The indicators of the year that the person may see, of the one agency or of all, by code."""
    query = seen_by(_HEADS, person).where(_i.fiscal_year == fiscal_year)
    if agency is not None:
        query = query.where(_i.agency_id == agency)
    return _heads(connection, workflows, connection.execute(query).all())


def seen_by(query: Select[Any], person: Person) -> Select[Any]:
    """Only what the person may see: the permissions' table, as a condition."""
    condition = is_seen_by(person)
    return query if condition is None else query.where(condition)


def is_seen_by(person: Person) -> ColumnElement[bool] | None:
    """Whether the person may see an indicator; ``None`` where they see all of them."""
    if any(one.agency is None and one.role is not Role.OWNER for one in person.grants):
        return None
    at = [one.agency for one in person.grants if one.role in _AT_ONE_AGENCY]
    owned = [one.agency for one in person.grants if one.role is Role.OWNER]
    return or_(_i.agency_id.in_(at), _i.owner_id.in_(owned))


def desk_of(
    connection: Connection,
    workflows: Workflows,
    deadlines: Deadlines,
    person: Person,
    agency: int | None,
    today: date,
) -> tuple[Owing, dict[int, Head]]:
    """All that is owed or waits at the agency, or for somebody without one all that waits for them.

    The same number of statements however much that is.
    """
    if agency is None:
        waiting = list(_waiting_for(connection, person))
        rows = _RUNNING_OF_THESE.all(connection, {"indicators": waiting})
    else:
        rows = _RUNNING_AT.all(connection, {"agency": agency})
    heads = _heads(connection, workflows, rows)
    found = {one.id: one for one in heads}
    subjects = owed.owed_of(connection, deadlines, list(found), _TOPICS) if found else []
    states = _states(connection, subjects)
    if agency is None:
        subjects = [one for one in subjects if one.topic is Topic.EVALUATION or _is_blocked(one, states)]
    return (
        Owing(
            subjects,
            {one.id: Whose(one.agency, one.owner) for one in heads},
            states,
            _plans(connection, subjects),
            _undated(connection, found),
            _lacking(connection, found, today) if agency is not None else [],
            _asked(connection, found),
            _disputed(connection, found, deadlines),
        ),
        found,
    )


# Appeals are read with whose verdict they dispute.
_TOPICS = tuple(topic for topic in Topic if topic not in (Topic.EXTENSION, Topic.APPEAL))


def _waiting_for(connection: Connection, person: Person) -> set[int]:
    """The indicators on which something waits for somebody who serves no agency, the oldest of each kind."""
    found: set[int] = set()
    if person.has(Role.EVALUATOR):
        for query in (
            select(_r.indicator_id).where(t.ENDORSED).order_by(_r.endorsed_at),
            select(_p.indicator_id).where(t.PENDING).order_by(_p.asked_at),
            select(_c.indicator_id).where(t.APPEALED).order_by(_c.made_at),
        ):
            found.update(connection.execute(query.limit(MOST)).scalars())
    elif person.has(Role.ADMINISTRATOR):
        query = select(_p.indicator_id).where(t.PENDING, _p.kind.in_(_DECIDED_BY_ADMINISTRATORS))
        found.update(connection.execute(query.order_by(_p.asked_at).limit(MOST)).scalars())
    owned = [one.agency for one in person.grants if one.role is Role.OWNER]
    if owned:
        blocked = (
            select(_m.indicator_id)
            .join_from(t.milestones, t.indicators, _i.id == _m.indicator_id)
            .where(_m.state == MilestoneState.BLOCKED, _i.owner_id.in_(owned), RUNNING)
            .limit(MOST)
        )
        found.update(connection.execute(blocked).scalars())
    return found


# Built once, for building one takes ten times as long as asking it.
_STATES = Lookup(
    select(_m.indicator_id, _m.key, _m.state, _m.blocked_by).where(among(_m.indicator_id, "indicators"))
)
_PLANS = Lookup(
    select(_o.indicator_id, _o.number, _o.milestone, _o.note).where(
        among(_o.indicator_id, "indicators"), t.PLANNED
    )
)
_UNDATED = Lookup(
    select(_o.indicator_id, _o.number, _o.milestone, _o.recorded_by, _o.quarter)
    .where(among(_o.indicator_id, "indicators"), _o.counts, _o.counts_on.is_(None), _o.voided_at.is_(None))
    .order_by(_o.indicator_id, _o.number)
)
_ACHIEVED = Lookup(
    select(_m.indicator_id, _m.key)
    .where(among(_m.indicator_id, "indicators"), one_of(_m.state, "achieved"))
    .order_by(_m.indicator_id, _m.key)
)
_newer = t.evidence.alias("newer")
#: Whatever proves something today: not withdrawn, not replaced, not run out, and of no voided fact.
_ATTACHED = Lookup(
    select(_e.indicator_id, _e.milestone, _e.request).where(
        among(_e.indicator_id, "indicators"),
        _e.withdrawn_at.is_(None),
        or_(_e.expires_on.is_(None), _e.expires_on >= bindparam("today", type_=Date)),
        ~exists().where(
            _o.indicator_id == _e.indicator_id, _o.number == _e.occurrence, _o.voided_at.is_not(None)
        ),
        ~exists().where(
            _newer.c.indicator_id == _e.indicator_id,
            _newer.c.replaces == _e.number,
            _newer.c.withdrawn_at.is_(None),
        ),
    )
)
_ASKED = Lookup(
    select(_p.indicator_id, _p.number, _p.kind, _p.milestone, _p.quarter, _p.until, _p.asked_by)
    .where(among(_p.indicator_id, "indicators"), t.PENDING)
    .order_by(_p.asked_at, _p.indicator_id, _p.number)
)


_DISPUTED = Lookup(
    select(_c.indicator_id, _c.number, _c.quarter, _v.given_by, _c.made_by, _c.made_at)
    .join_from(t.appeals, t.verdicts, and_(_v.indicator_id == _c.indicator_id, _v.number == _c.verdict))
    .where(among(_c.indicator_id, "indicators"), t.APPEALED)
    .order_by(_c.made_at, _c.indicator_id, _c.number)
)


def _is_blocked(subject: Subject, states: Mapping[tuple[int, str], tuple[str, str]]) -> bool:
    state, _ = states.get((subject.indicator, subject.key), ("", ""))
    return subject.topic is Topic.MILESTONE and state == MilestoneState.BLOCKED


def _states(connection: Connection, subjects: Iterable[Subject]) -> dict[tuple[int, str], tuple[str, str]]:
    owners = {one.indicator for one in subjects if one.topic in (Topic.MILESTONE, Topic.RETURNED_MILESTONE)}
    rows = _STATES.all(connection, {"indicators": list(owners)})
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def _plans(connection: Connection, subjects: Iterable[Subject]) -> dict[tuple[int, str], tuple[str, str]]:
    owners = {one.indicator for one in subjects if one.topic is Topic.MEETING}
    rows = _PLANS.all(connection, {"indicators": list(owners)})
    return {(row[0], str(row[1])): (row[2], row[3]) for row in rows}


def _undated(connection: Connection, heads: dict[int, Head]) -> list[Undated]:
    rows = _UNDATED.all(connection, {"indicators": list(heads)})
    return [
        Undated(owner, number, milestone, by, heads[owner].fiscal_year.quarters[quarter - 1].last_day)
        for owner, number, milestone, by, quarter in rows
    ]


def _lacking(connection: Connection, heads: dict[int, Head], today: date) -> list[Lacking]:
    """The achieved milestones that a required document is missing of."""
    given = {"indicators": list(heads), "today": today}
    achieved = _ACHIEVED.all(connection, given)
    there = {(row[0], row[1], row[2]) for row in _ATTACHED.all(connection, given)}
    found = []
    for owner, key in achieved:
        definition = heads[owner].workflow.milestone(key)
        asked: Sequence[str] = [one.key for one in definition.required_evidence] if definition else ()
        if any((owner, key, one) not in there for one in asked):
            found.append(Lacking(owner, key))
    return found


def _asked(connection: Connection, heads: Collection[int]) -> list[Asked]:
    rows = _ASKED.all(connection, {"indicators": list(heads)})
    return [Asked(owner, number, PetitionKind(kind), *rest) for owner, number, kind, *rest in rows]


def _disputed(connection: Connection, heads: Collection[int], deadlines: Deadlines) -> list[Disputed]:
    rows = _DISPUTED.all(connection, {"indicators": list(heads)})
    return [
        Disputed(
            row.indicator_id,
            row.number,
            row.quarter,
            row.given_by,
            row.made_by,
            deadlines.review_due(row.made_at),
        )
        for row in rows
    ]
