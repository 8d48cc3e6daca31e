"""People as administrators look for them and look at them: plain statements, page by page."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.engine import Connection

from engine.permissions import Grant, Person, Role
from engine.workflow import Text
from storage import tables as t
from storage.registry import OPERATOR_EMAIL

_p, _g, _a, _s = t.people.c, t.grants.c, t.agencies.c, t.substitutions.c


class Sought(NamedTuple):
    """Who is looked for: words of the name or the address, a role, an agency; nothing for any."""

    words: str = ""
    role: str = ""
    agency: int | None = None


class Held(NamedTuple):
    """A role with the agency at which it is held, if it is held at one."""

    grant: Grant
    agency: Text | None


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody as a list shows them."""

    id: int
    name: str
    email: str
    unreachable: bool
    roles: list[Held] = field(default_factory=list)


_LISTED = (
    select(_p.id, _p.name, _p.email, _p.unreachable_at.is_not(None).label("lost"))
    .where(_p.email != OPERATOR_EMAIL)
    .order_by(_p.name, _p.id)
)
_HELD = (
    select(_g.person_id, _g.role, _g.agency_id, _a.name_th, _a.name_en)
    .join_from(t.grants, t.agencies, _a.id == _g.agency_id, isouter=True)
    .order_by(_g.id)
)


def search(connection: Connection, sought: Sought, after: int | None = None, limit: int = 50) -> list[Listed]:
    """Those who fit, by name, behind the person ``after``; two statements however many they are."""
    query = _sought(_LISTED, sought).limit(limit)
    if after is not None:
        last = select(_p.name).where(_p.id == after).scalar_subquery()
        query = query.where(or_(_p.name > last, and_(_p.name == last, _p.id > after)))
    found = {row.id: Listed(*row) for row in connection.execute(query)}
    for person, held in _held(connection, found):
        found[person].roles.append(held)
    return list(found.values())


def _sought(query: Select[Any], sought: Sought) -> Select[Any]:
    if sought.words:
        words = sought.words.lower()
        name, email = func.lower(_p.name), func.lower(_p.email)
        query = query.where(
            or_(name.contains(words, autoescape=True), email.contains(words, autoescape=True))
        )
    if sought.role or sought.agency is not None:
        of_role = [_g.role == sought.role] if sought.role else []
        at = [_g.agency_id == sought.agency] if sought.agency is not None else []
        query = query.where(exists().where(_g.person_id == _p.id, *of_role, *at))
    return query


def _held(connection: Connection, people: Iterable[int]) -> list[tuple[int, Held]]:
    rows = connection.execute(_HELD.where(_g.person_id.in_(list(people))))
    return [
        (
            row.person_id,
            Held(
                Grant(Role(row.role), row.agency_id),
                None if row.agency_id is None else Text(row.name_th, row.name_en),
            ),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody with their roles, as they stand now; ``unreachable`` is why their address takes no mail."""

    person: Person
    email: str
    roles: list[Held]
    unreachable: str


def known(connection: Connection, person: int) -> Known | None:
    """The person of that id; ``None`` where there is none, and for the operator, who is nobody."""
    query = select(_p.name, _p.email, _p.unreachable_why).where(_p.id == person, _p.email != OPERATOR_EMAIL)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    roles = [held for _, held in _held(connection, [person])]
    grants = tuple(held.grant for held in roles)
    return Known(Person(person, row.name, grants), row.email, roles, row.unreachable_why)


class Away(NamedTuple):
    """Somebody stands in for a person from one day through another."""

    id: int
    substitute: str
    first_on: date
    last_on: date


def away(connection: Connection, person: int, today: date) -> list[Away]:
    """Who stands in for the person today and later, by day."""
    query = (
        select(_s.id, _p.name, _s.first_on, _s.last_on)
        .join_from(t.substitutions, t.people, _p.id == _s.substitute_id)
        .where(_s.person_id == person, _s.withdrawn_at.is_(None), _s.last_on >= today)
        .order_by(_s.first_on, _s.id)
    )
    return [Away(*row) for row in connection.execute(query)]


class Counted(NamedTuple):
    """An agency with the one above it, and how many people serve it."""

    id: int
    code: str | None
    name: Text
    kind: str
    parent: int | None
    people: int


_SERVING = select(func.count(_g.person_id.distinct())).where(_g.agency_id == _a.id).scalar_subquery()
_AGENCIES = select(
    _a.id, _a.code, _a.name_th, _a.name_en, _a.kind, _a.parent_id, _SERVING.label("people")
).order_by(_a.code.is_(None), _a.code, _a.id)


def agencies(connection: Connection) -> list[Counted]:
    """Every agency by code, those without one last."""
    return [
        Counted(row.id, row.code, Text(row.name_th, row.name_en), row.kind, row.parent_id, row.people)
        for row in connection.execute(_AGENCIES)
    ]
