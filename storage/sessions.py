"""Sessions: begun with a secret that only the browser keeps, found by it, listed and ended."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection

from engine.permissions import Grant, Person, Role
from engine.signing_in import ends_at, is_live
from storage import tables as t
from storage.account_tables import sessions
from storage.asking import Lookup
from storage.transaction import Tx

_s, _p, _g = sessions.c, t.people.c, t.grants.c
#: That somebody is there is written down no more often than this.
SEEN_EVERY = timedelta(minutes=1)


class Client(NamedTuple):
    """Where a request comes from: the network address and what the browser calls itself."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, and with what their forms are signed; ``agency`` is the one they chose.

    While the ``code_due`` is not given, nobody is signed in.
    """

    id: int
    person: Person
    email: str
    language: str
    form_token: str
    agency: int | None
    seen_at: datetime
    kept: bool
    code_due: bool


def begin(
    tx: Tx, person: int, client: Client, now: datetime, *, kept: bool = False, code_due: bool = False
) -> str:
    """A new session; returns its secret, of which only a hash is kept."""
    token = secrets.token_urlsafe(32)
    tx.connection.execute(
        insert(sessions).values(
            token_hash=_hash(token),
            form_token=secrets.token_urlsafe(24),
            person_id=person,
            begun_at=now,
            seen_at=now,
            ends_at=ends_at(now, kept=kept, code_due=code_due),
            kept=kept,
            code_due=code_due,
            address=client.address,
            agent=client.agent,
        )
    )
    tx.connection.execute(delete(sessions).where(_s.ends_at < now))
    return token


# Asked by every page: built once, for building one takes ten times as long as asking it.
_FOUND = Lookup(
    select(
        _s.id,
        _s.person_id,
        _s.form_token,
        _s.agency_id,
        _s.seen_at,
        _s.ends_at,
        _s.kept,
        _s.code_due,
        _p.name,
        _p.email,
        _p.language,
    )
    .join_from(sessions, t.people, _p.id == _s.person_id)
    .where(_s.token_hash == bindparam("token_hash"))
)
_GRANTED = Lookup(select(_g.role, _g.agency_id).where(_g.person_id == bindparam("person")).order_by(_g.id))


def find(connection: Connection, token: str, now: datetime) -> Session | None:
    """The live session with that secret, and its person as they stand now: two statements."""
    row = _FOUND.one(connection, {"token_hash": _hash(token)})
    if row is None or not is_live(row.seen_at, row.ends_at, now, kept=row.kept):
        return None
    grants = _GRANTED.all(connection, {"person": row.person_id})
    person = Person(row.person_id, row.name, tuple(Grant(Role(role), agency) for role, agency in grants))
    return Session(
        row.id,
        person,
        row.email,
        row.language,
        row.form_token,
        row.agency_id,
        row.seen_at,
        row.kept,
        row.code_due,
    )


def see(tx: Tx, session: int, now: datetime) -> None:
    """The person is there."""
    tx.connection.execute(update(sessions).where(_s.id == session).values(seen_at=now))


def renew(tx: Tx, session: int) -> str:
    """Give the session another secret, so that a copy of the old one opens nothing; returns the new one."""
    token = secrets.token_urlsafe(32)
    given = {"token_hash": _hash(token), "form_token": secrets.token_urlsafe(24)}
    tx.connection.execute(update(sessions).where(_s.id == session).values(given))
    return token


def choose_agency(tx: Tx, session: int, agency: int) -> None:
    """From now on the pages are those of that agency."""
    tx.connection.execute(update(sessions).where(_s.id == session).values(agency_id=agency))


class Open(NamedTuple):
    """A session as its person sees it."""

    id: int
    begun_at: datetime
    seen_at: datetime
    address: str
    agent: str


def of_person(connection: Connection, person: int, now: datetime) -> list[Open]:
    """The sessions in which a person is signed in, the last used first."""
    rows = connection.execute(
        select(_s.id, _s.begun_at, _s.seen_at, _s.address, _s.agent, _s.ends_at, _s.kept)
        .where(_s.person_id == person, _s.ends_at > now, _s.code_due.is_(False))
        .order_by(_s.seen_at.desc(), _s.id.desc())
    )
    return [Open(*row[:5]) for row in rows if is_live(row.seen_at, row.ends_at, now, kept=row.kept)]


def end(tx: Tx, person: int, session: int) -> bool:
    """End a session of that person; ``False`` where there is none such."""
    gone = delete(sessions).where(_s.id == session, _s.person_id == person)
    return tx.connection.execute(gone).rowcount == 1


def end_others(tx: Tx, person: int, but: int | None) -> int:
    """End every session of the person but that one; returns how many that were."""
    gone = delete(sessions).where(_s.person_id == person, _s.id != (but or 0))
    return tx.connection.execute(gone).rowcount


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
