"""Who is told: people with their roles, who stands in for whom, and what each has chosen or lost."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from engine.errors import refuse
from engine.events import Event, Happened
from engine.permissions import Role
from engine.reminders import Away, Contact, Roster, Topic
from storage import tables as t
from storage.transaction import Tx

_p, _g, _s = t.people.c, t.grants.c, t.substitutions.c


_CONTACTS = select(
    _p.id,
    _p.name,
    _p.email,
    _p.language,
    _p.hour,
    _p.switched_off,
    _p.line_id,
    _p.unreachable_at.is_(None).label("reachable"),
).order_by(_p.id)
_DUTIES = select(_g.person_id, _g.role, _g.agency_id).order_by(_g.id)
_AWAY = (
    select(_s.person_id, _s.substitute_id, _s.first_on, _s.last_on)
    .where(_s.withdrawn_at.is_(None))
    .order_by(_s.id)
)
_ROLES = {str(role): role for role in Role}


def contacts(
    connection: Connection, people: Collection[int] | None = None, *, by_line: bool = False
) -> list[Contact]:
    """Everybody (of these people) as they stand now, by id; an address that takes no mail is none.

    ``by_line`` says whether the house can tell anybody on LINE.
    """
    query = _CONTACTS if people is None else _CONTACTS.where(_p.id.in_(people))
    return [
        Contact(
            id_,
            name,
            (email or None) if reachable else None,
            language,
            hour,
            _topics(off),
            line if by_line else None,
        )
        for id_, name, email, language, hour, off, line, reachable in connection.execute(query).all()
    ]


def roster(connection: Connection, *, by_line: bool = False) -> Roster:
    """Everybody who can be told something, with their duties and absences, as they stand now."""
    duties = [(person, _ROLES[role], agency) for person, role, agency in connection.execute(_DUTIES).all()]
    return Roster(
        contacts(connection, by_line=by_line), duties, [Away(*row) for row in connection.execute(_AWAY)]
    )


@cache
def _topics(kept: str) -> frozenset[Topic]:
    return frozenset(Topic(name) for name in kept.split(",") if name)


# --- standing in -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Substitution:
    """Somebody stands in for a person from one day through another."""

    id: int
    person: int
    substitute: int
    first_on: date
    last_on: date
    withdrawn_at: datetime | None


def give_substitution(
    tx: Tx, person: int, substitute: int, first_on: date, last_on: date, *, by: int, now: datetime
) -> int:
    """Let somebody stand in for a person, both days included; returns its id.

    Refused for oneself, for days the wrong way round, and where another stands in on some of the days.
    """
    if person == substitute:
        raise refuse("substitution.oneself")
    if last_on < first_on:
        raise refuse("substitution.days_reversed", first=first_on, last=last_on)
    overlapping = tx.connection.execute(
        select(_s.first_on, _s.last_on, _p.name)
        .join_from(t.substitutions, t.people, _p.id == _s.substitute_id)
        .where(
            _s.person_id == person,
            _s.withdrawn_at.is_(None),
            _s.first_on <= last_on,
            _s.last_on >= first_on,
        )
        .order_by(_s.id)
        .limit(1)
    ).one_or_none()
    if overlapping is not None:
        raise refuse(
            "substitution.overlaps",
            substitute=overlapping.name,
            first=overlapping.first_on,
            last=overlapping.last_on,
        )
    row = insert(t.substitutions).values(
        person_id=person, substitute_id=substitute, first_on=first_on, last_on=last_on, added_at=now
    )
    added = int(tx.connection.execute(row.returning(_s.id)).scalar_one())
    data = {
        "id": added,
        "person": person,
        "substitute": substitute,
        "first_on": first_on.isoformat(),
        "last_on": last_on.isoformat(),
    }
    tx.record(Event(Happened.SUBSTITUTION_GIVEN, now, by, data))
    return added


def withdraw_substitution(tx: Tx, substitution: int, *, by: int, now: datetime) -> None:
    """The person is there again, or somebody else is to stand in; refused for one that does not hold."""
    withdrawn = (
        update(t.substitutions)
        .where(_s.id == substitution, _s.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )
    if tx.connection.execute(withdrawn).rowcount != 1:
        raise refuse("substitution.unknown", number=substitution)
    tx.record(Event(Happened.SUBSTITUTION_WITHDRAWN, now, by, {"id": substitution}))


def substitutions(connection: Connection) -> list[Substitution]:
    """Every substitution there ever was, by id."""
    found = connection.execute(
        select(_s.id, _s.person_id, _s.substitute_id, _s.first_on, _s.last_on, _s.withdrawn_at).order_by(
            _s.id
        )
    )
    return [Substitution(*row) for row in found]


# --- what a person chooses -------------------------------------------------------------------------------


def switch_topic(tx: Tx, person: int, topic: Topic, *, on: bool, by: int, now: datetime) -> bool:
    """Switch a topic on or off for a person; ``False`` where it is so already.

    Whether the topic may be switched off is the policy's to say, and asked before.
    """
    kept = _topics(tx.connection.execute(select(_p.switched_off).where(_p.id == person)).scalar_one())
    wanted = kept - {topic} if on else kept | {topic}
    happened = Happened.TOPIC_SWITCHED_ON if on else Happened.TOPIC_SWITCHED_OFF
    row = {"switched_off": ",".join(sorted(wanted))}
    return wanted != kept and _change(tx, person, row, happened, {"topic": str(topic)}, by, now)


def set_hour(tx: Tx, person: int, hour: int | None, *, by: int, now: datetime) -> bool:
    """The local hour from which mails may come, 0 to 23; ``None`` leaves it to the house."""
    if hour is not None and not 0 <= hour <= 23:
        raise refuse("hour.unknown", given=hour)
    return _change(tx, person, {"hour": hour}, Happened.HOUR_SET, {"hour": hour}, by, now)


def set_language(tx: Tx, person: int, language: str, *, by: int, now: datetime) -> bool:
    """The language in which a person is told."""
    given = {"language": language}
    return _change(tx, person, given, Happened.LANGUAGE_SET, given, by, now)


def set_line_id(tx: Tx, person: int, line_id: str | None, *, by: int, now: datetime) -> bool:
    """The LINE account at which a person is told; the journal keeps only whether there is one."""
    data = {"linked": line_id is not None}
    return _change(tx, person, {"line_id": line_id}, Happened.LINE_SET, data, by, now)


# --- addresses that take no mail -------------------------------------------------------------------------


def mark_unreachable(tx: Tx, person: int, why: str, *, by: int, now: datetime) -> bool:
    """The address refused mail for good: nothing is sent there until somebody has mended it."""
    if _is_unreachable(tx, person):
        return False
    row = {"unreachable_at": now, "unreachable_why": why}
    return _change(tx, person, row, Happened.PERSON_UNREACHABLE, {"why": why}, by, now)


def mark_reachable(tx: Tx, person: int, *, by: int, now: datetime) -> bool:
    """The address takes mail again."""
    row = {"unreachable_at": None, "unreachable_why": ""}
    return _is_unreachable(tx, person) and _change(tx, person, row, Happened.PERSON_REACHABLE, {}, by, now)


class Unreachable(NamedTuple):
    """Somebody whose address takes no mail, since when, and what its server said."""

    person: int
    name: str
    email: str
    since: datetime
    why: str


def unreachable(connection: Connection) -> list[Unreachable]:
    """Everybody whose address takes no mail, longest first."""
    query = (
        select(_p.id, _p.name, _p.email, _p.unreachable_at, _p.unreachable_why)
        .where(_p.unreachable_at.is_not(None))
        .order_by(_p.unreachable_at, _p.id)
    )
    return [Unreachable._make(row) for row in connection.execute(query)]


def _is_unreachable(tx: Tx, person: int) -> bool:
    since = tx.connection.execute(select(_p.unreachable_at).where(_p.id == person)).scalar_one()
    return since is not None


# --- the calendar feed -----------------------------------------------------------------------------------


def make_calendar(tx: Tx, person: int, *, by: int, now: datetime) -> str:
    """A new secret under which the person's calendar is served; one made before serves no more.

    Only its hash is kept, so it can be told once: here.
    """
    token = secrets.token_urlsafe(32)
    _change(tx, person, {"calendar_hash": _hash(token)}, Happened.CALENDAR_MADE, {}, by, now)
    return token


def revoke_calendar(tx: Tx, person: int, *, by: int, now: datetime) -> bool:
    """Serve the person's calendar no more."""
    return _change(tx, person, {"calendar_hash": None}, Happened.CALENDAR_REVOKED, {}, by, now)


def calendar_owner(connection: Connection, token: str) -> int | None:
    """Whose calendar is served under that secret; ``None`` for one that was never given or is revoked."""
    owner: int | None = connection.execute(
        select(_p.id).where(_p.calendar_hash == _hash(token))
    ).scalar_one_or_none()
    return owner


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# --- all of these ----------------------------------------------------------------------------------------


def _change(
    tx: Tx, person: int, row: dict[str, Any], happened: Happened, data: dict[str, Any], by: int, now: datetime
) -> bool:
    """Write it down with its event in the city's journal; ``False``, and neither, where it is so already."""
    kept = tx.connection.execute(select(*(_p[name] for name in row)).where(_p.id == person)).one()
    if kept._asdict() == row:
        return False
    tx.connection.execute(update(t.people).where(_p.id == person).values(row))
    tx.record(Event(happened, now, by, {"person": person, **data}))
    return True
