"""Roles of people, given and taken, each with its event in the city's journal."""

from datetime import datetime

from sqlalchemy import delete, insert, select

from engine.actions import check_manager
from engine.events import Event, Happened
from engine.permissions import Grant, Person, Role
from engine.roles import check_given, check_taken
from storage import tables as t
from storage.transaction import Tx

_g = t.grants.c


def give_role(tx: Tx, person: int, grant: Grant, *, by: Person, now: datetime) -> None:
    """Give somebody a role; whatever is open on their pages follows at once."""
    check_manager(by)
    tx.lock_city()
    check_given(by, _person(tx, person), grant)
    row = {"person_id": person, "role": str(grant.role), "agency_id": grant.agency}
    tx.connection.execute(insert(t.grants).values(row))
    _record(tx, Happened.ROLE_GIVEN, person, grant, by, now)


def take_role(tx: Tx, person: int, grant: Grant, *, by: Person, now: datetime) -> None:
    """Take a role from somebody; never the city's last administrator."""
    check_manager(by)
    tx.lock_city()
    held = select(_g.person_id).distinct().where(_g.role == Role.ADMINISTRATOR)
    administrators = len(tx.connection.execute(held).all())
    check_taken(by, _person(tx, person), grant, administrators)
    there = _g.agency_id.is_not_distinct_from(grant.agency)
    tx.connection.execute(delete(t.grants).where(_g.person_id == person, _g.role == grant.role, there))
    _record(tx, Happened.ROLE_TAKEN, person, grant, by, now)


def _person(tx: Tx, person: int) -> Person:
    name = tx.connection.execute(select(t.people.c.name).where(t.people.c.id == person)).scalar_one()
    held = select(_g.role, _g.agency_id).where(_g.person_id == person).order_by(_g.id)
    grants = tuple(Grant(Role(row.role), row.agency_id) for row in tx.connection.execute(held))
    return Person(person, name, grants)


def _record(tx: Tx, what: Happened, person: int, grant: Grant, by: Person, now: datetime) -> None:
    data = {"person": person, "role": str(grant.role), "agency": grant.agency}
    tx.record(Event(what, now, by.id, data))
