"""The city's records: agencies, people and their roles, plan nodes, and the registered definitions."""

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import String, bindparam, insert, or_, select, update
from sqlalchemy.engine import Connection

from engine.errors import refuse
from engine.events import Event, Happened
from engine.nearest import nearest
from engine.permissions import Grant, Person, Role
from engine.workflow import Text, Workflow
from storage import tables as t
from storage.among import among
from storage.asking import Lookup
from storage.journal import GENESIS
from storage.transaction import Tx

#: The address of the account that acts when a script names nobody.
OPERATOR_EMAIL = "operator@localhost"


_CITY_LIST = Path(__file__).parent / "city_agencies.json"

#: What an agency can be.
AGENCY_KINDS = ("district", "department")


@dataclass(frozen=True, slots=True)
class Agency:
    """A district office or a department; ``code`` is ``None`` where it is not known."""

    id: int
    code: str | None
    name: Text
    kind: str


def found_city(tx: Tx, now: datetime, link_secret: str | None = None) -> Person:
    """Write the first rows of an empty database: the city's journal and the operator; safe to repeat.

    ``link_secret`` signs the links in mails. A random one is made here unless one is given, as whoever moves
    a city and wants links in mails already sent to go on working does: no door has to remember it.
    """
    if tx.connection.execute(select(t.city.c.id)).scalar_one_or_none() is None:
        secret = link_secret or secrets.token_hex(32)
        row = {"id": 1, "journal_seq": 0, "journal_head": GENESIS, "link_secret": secret}
        tx.connection.execute(insert(t.city).values(row))
        add_person(tx, OPERATOR_EMAIL, "operator", "th", [Grant(Role.OPERATOR)], by=0, now=now)
    return person(tx.connection, OPERATOR_EMAIL)


def add_agency(
    tx: Tx,
    name: Text,
    kind: str,
    *,
    code: str | None = None,
    parent: int | None = None,
    by: int,
    now: datetime,
) -> int:
    """Add an agency with its event; returns its id. A code that is taken is refused."""
    if code is not None:
        taken = tx.connection.execute(select(t.agencies.c.id).where(t.agencies.c.code == code))
        if taken.scalar_one_or_none() is not None:
            raise refuse("agency.exists", code=code)
    row = (
        insert(t.agencies)
        .values(code=code, name_th=name.th, name_en=name.en, kind=kind, parent_id=parent)
        .returning(t.agencies.c.id)
    )
    added = int(tx.connection.execute(row).scalar_one())
    data = {"id": added, "code": code, "name": {"th": name.th, "en": name.en}, "kind": kind}
    below = {} if parent is None else {"parent": parent}
    tx.record(Event(Happened.AGENCY_ADDED, now, by, {**data, **below}))
    return added


def change_agency(tx: Tx, agency: int, given: Mapping[str, Any], *, by: int, now: datetime) -> None:
    """Give an agency other names, or the code that was not known; with its event."""
    tx.connection.execute(update(t.agencies).where(t.agencies.c.id == agency).values(given))
    tx.record(Event(Happened.AGENCY_CHANGED, now, by, {"id": agency, **given}))


_a = t.agencies.c
_AGENCIES = select(_a.id, _a.code, _a.name_th, _a.name_en, _a.kind).order_by(_a.id)


_THESE_AGENCIES = Lookup(_AGENCIES.where(among(_a.id, "agencies")))


def agencies(connection: Connection) -> list[Agency]:
    """Every agency by id."""
    return _agencies(connection.execute(_AGENCIES))


def these_agencies(connection: Connection, ids: Collection[int]) -> list[Agency]:
    """The agencies of these ids, by id."""
    return _agencies(_THESE_AGENCIES.all(connection, {"agencies": ids}))


def _agencies(found: Iterable[Any]) -> list[Agency]:
    return [Agency(row.id, row.code, Text(row.name_th, row.name_en), row.kind) for row in found]


def agency(connection: Connection, given: str) -> Agency:
    """The agency by its code or either of its names; an unknown one is refused with the nearest."""
    every = agencies(connection)
    for one in every:
        if given in (one.code, one.name.th, one.name.en):
            return one
    names = [name for one in every for name in (one.code, one.name.th, one.name.en) if name]
    raise refuse("agency.unknown", given=given, nearest=nearest(given, names))


_CALLED = select(_a.id).where(
    or_(_a.code == bindparam("code", type_=String), _a.name_th == bindparam("name"))
)


def agency_called(connection: Connection, code: str | None, name: str) -> int | None:
    """The id of the agency of that code, or of that name in Thai, if it is there."""
    return connection.execute(_CALLED.limit(1), {"code": code, "name": name}).scalar_one_or_none()


def city_list() -> list[dict[str, Any]]:
    """The city's own list of its agencies, with the codes that were seen: ``code`` is ``None`` for others."""
    found: list[dict[str, Any]] = json.loads(_CITY_LIST.read_text(encoding="utf-8"))
    return found


def add_person(
    tx: Tx, email: str, name: str, language: str, grants: list[Grant], *, by: int, now: datetime
) -> int:
    """Add a person with their roles and the event; returns their id. An address that is taken is refused."""
    email = email.strip().lower()
    taken = tx.connection.execute(select(t.people.c.id).where(t.people.c.email == email))
    if taken.scalar_one_or_none() is not None:
        raise refuse("person.exists", email=email)
    row = (
        insert(t.people)
        .values(email=email, name=name, language=language, added_at=now)
        .returning(t.people.c.id)
    )
    added = int(tx.connection.execute(row).scalar_one())
    if grants:
        tx.connection.execute(
            insert(t.grants),
            [{"person_id": added, "role": str(grant.role), "agency_id": grant.agency} for grant in grants],
        )
    roles = [[str(grant.role), grant.agency] for grant in grants]
    tx.record(Event(Happened.PERSON_ADDED, now, by, {"id": added, "email": email, "roles": roles}))
    return added


def rename_person(tx: Tx, person: int, name: str, *, by: int, now: datetime) -> None:
    """Call a person by another name, with its event: histories show who they are today."""
    tx.connection.execute(update(t.people).where(t.people.c.id == person).values(name=name))
    tx.record(Event(Happened.PERSON_RENAMED, now, by, {"id": person, "name": name}))


def person(connection: Connection, email: str) -> Person:
    """The person of that address with their roles; an unknown address is refused with the nearest."""
    p, g = t.people.c, t.grants.c
    row = connection.execute(select(p.id, p.name).where(p.email == email.strip().lower())).one_or_none()
    if row is None:
        known = list(connection.execute(select(p.email).order_by(p.email)).scalars())
        raise refuse("person.unknown", email=email, nearest=nearest(email, known))
    granted = connection.execute(select(g.role, g.agency_id).where(g.person_id == row.id).order_by(g.id))
    return Person(row.id, row.name, tuple(Grant(Role(one.role), one.agency_id) for one in granted))


def reader(connection: Connection, person: int) -> tuple[Person, str] | None:
    """The person of that id with their roles, and the language that they read."""
    p, g = t.people.c, t.grants.c
    row = connection.execute(select(p.id, p.name, p.language).where(p.id == person)).one_or_none()
    if row is None:
        return None
    granted = connection.execute(select(g.role, g.agency_id).where(g.person_id == row.id).order_by(g.id))
    grants = tuple(Grant(Role(one.role), one.agency_id) for one in granted)
    return Person(row.id, row.name, grants), row.language


@dataclass(frozen=True, slots=True)
class Listed:
    """A person as lists show them."""

    id: int
    email: str
    name: str
    language: str
    roles: tuple[tuple[str, Text | None], ...]


def people(connection: Connection) -> list[Listed]:
    """Everybody with their roles, by id."""
    p, g, a = t.people.c, t.grants.c, t.agencies.c
    found: dict[int, Listed] = {}
    for row in connection.execute(
        select(p.id, p.email, p.name, p.language, g.role, a.name_th, a.name_en)
        .join_from(t.people, t.grants, g.person_id == p.id, isouter=True)
        .join(t.agencies, a.id == g.agency_id, isouter=True)
        .order_by(p.id, g.id)
    ):
        role = ((row.role, Text(row.name_th, row.name_en) if row.name_th else None),) if row.role else ()
        before = found[row.id].roles if row.id in found else ()
        found[row.id] = Listed(row.id, row.email, row.name, row.language, before + role)
    return list(found.values())


def register_workflow(tx: Tx, workflow: Workflow, source: str, *, by: int, now: datetime) -> bool:
    """Keep a definition as indicators will use it; ``False`` when this very text is kept already.

    A text that changed without a new version number is refused: running indicators rest on it.
    """
    kept = t.workflow_versions.c
    found = tx.connection.execute(
        select(kept.hash).where(kept.key == workflow.key, kept.version == workflow.version)
    ).scalar_one_or_none()
    if found == workflow.source_hash:
        return False
    if found is not None:
        raise refuse("workflow.changed_without_version", key=workflow.key, version=workflow.version)
    tx.connection.execute(
        insert(t.workflow_versions).values(
            key=workflow.key,
            version=workflow.version,
            hash=workflow.source_hash,
            source=source,
            registered_at=now,
        )
    )
    data = {"key": workflow.key, "version": workflow.version, "hash": workflow.source_hash}
    tx.record(Event(Happened.WORKFLOW_REGISTERED, now, by, data))
    return True


@dataclass(frozen=True, slots=True)
class Details:
    """The long texts of an indicator, as the existing page carries them; ``None`` where it has none."""

    kind: str | None = None
    result_kind: str | None = None
    definition: str | None = None
    method: str | None = None
    evidence_asked: str | None = None
    plan_node: int | None = None
    source_note: str | None = None


_DESCRIBE = update(t.indicator_details).where(t.indicator_details.c.indicator_id == bindparam("described"))


def describe(tx: Tx, indicator: int, details: Details) -> None:
    """Keep the long texts of an indicator just created; they belong to its creation and carry no event."""
    tx.connection.execute(
        _DESCRIBE,
        {
            "described": indicator,
            "kind": details.kind,
            "result_kind": details.result_kind,
            "definition": details.definition,
            "method": details.method,
            "evidence_asked": details.evidence_asked,
            "plan_node_id": details.plan_node,
            "source_note": details.source_note,
        },
    )


def add_plan_node(tx: Tx, code: str, title: str, parent: int | None) -> int:
    """The id of the plan node of that code, added when it is new."""
    n = t.plan_nodes.c
    found = tx.connection.execute(select(n.id).where(n.code == code)).scalar_one_or_none()
    if found is not None:
        return int(found)
    row = insert(t.plan_nodes).values(code=code, title=title, parent_id=parent).returning(t.plan_nodes.c.id)
    return int(tx.connection.execute(row).scalar_one())
