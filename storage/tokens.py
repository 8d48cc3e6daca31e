"""Personal tokens: made once and kept as a hash, found by it, counted as they are used, and ended."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, insert, select, update
from sqlalchemy.engine import Connection

from engine.errors import refuse
from engine.events import Event, Happened
from engine.permissions import Grant, Person, Role
from engine.tokens import WINDOW, NewToken, Scope, Use, check_new, window_of
from storage import door
from storage import tables as t
from storage.door import AtTheDoor
from storage.sessions import Client
from storage.token_tables import tokens
from storage.transaction import Tx

_k, _p, _g = tokens.c, t.people.c, t.grants.c
#: By this programs that look for lost secrets know ours.
PREFIX = "radap_"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its person sees it; the secret itself is told once and never again."""

    id: int
    name: str
    scopes: frozenset[Scope]
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.ends_at


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever a live token stands for, as they are now, and what it narrows them to."""

    token: int
    person: Person
    email: str
    language: str
    scopes: frozenset[Scope]


def make(
    tx: Tx, person: int, new: NewToken, client: Client, now: datetime, *, by: int | None = None
) -> tuple[str, Token]:
    """A new token and its secret; ``by`` is who makes it for another, which is journaled."""
    live = [one for one in of_person(tx.connection, person) if one.is_live(now)]
    scopes = check_new(new, len(live))
    secret, ends_at = PREFIX + secrets.token_urlsafe(32), now + timedelta(days=new.days)
    name = " ".join(new.name.split())
    row = insert(tokens).values(
        token_hash=_hash(secret),
        person_id=person,
        name=name,
        scopes=" ".join(scope for scope in Scope if scope in scopes),
        made_at=now,
        made_by=by or person,
        ends_at=ends_at,
        asked=0,
    )
    number = int(tx.connection.execute(row.returning(_k.id)).scalar_one())
    door.log(tx, AtTheDoor.TOKEN_MADE, person, client, now, detail=name)
    if by is not None:
        tx.record(Event(Happened.TOKEN_MADE, now, by, {"person": person, "token": number}))
    return secret, Token(number, name, scopes, now, ends_at, None, None)


def revoke(tx: Tx, person: int, token: int, client: Client, now: datetime, *, by: int | None = None) -> None:
    """End a token of that person; refused (``token.unknown``) where they have no such live one."""
    live = (_k.person_id == person, _k.revoked_at.is_(None), _k.ends_at > now)
    ended = update(tokens).where(_k.id == token, *live).values(revoked_at=now).returning(_k.name)
    name = tx.connection.execute(ended).scalar_one_or_none()
    if name is None:
        raise refuse("token.unknown", number=token)
    door.log(tx, AtTheDoor.TOKEN_REVOKED, person, client, now, detail=name)
    if by is not None:
        tx.record(Event(Happened.TOKEN_REVOKED, now, by, {"person": person, "token": token}))


def revoke_all(tx: Tx, person: int, client: Client, now: datetime, *, by: int | None = None) -> int:
    """End every live token of the person; returns how many that were.

    ``by`` is who brought it about without naming each of them: that is journaled, a line a token.
    """
    live = [one.id for one in of_person(tx.connection, person) if one.is_live(now)]
    for one in live:
        revoke(tx, person, one, client, now, by=by)
    return len(live)


def count_live(connection: Connection, person: int, now: datetime) -> int:
    """How many tokens of the person come in."""
    return sum(one.is_live(now) for one in of_person(connection, person))


def of_person(connection: Connection, person: int) -> list[Token]:
    """Every token of the person, the newest first."""
    rows = connection.execute(
        select(_k.id, _k.name, _k.scopes, _k.made_at, _k.ends_at, _k.used_at, _k.revoked_at)
        .where(_k.person_id == person)
        .order_by(_k.id.desc())
    )
    return [Token(row.id, row.name, _scopes(row.scopes), *row[3:]) for row in rows]


# Asked by every request: built once, for building one takes ten times as long as asking it.
_FOUND = (
    select(_k.id, _k.scopes, _k.ends_at, _k.person_id, _p.name, _p.email, _p.language)
    .join_from(tokens, t.people, _p.id == _k.person_id)
    .where(_k.token_hash == bindparam("token_hash"), _k.revoked_at.is_(None))
)
_GRANTED = select(_g.role, _g.agency_id).where(_g.person_id == bindparam("person")).order_by(_g.id)


def find(connection: Connection, secret: str, now: datetime) -> Bearer | None:
    """Whom the live token of that secret stands for: two statements.

    Whoever has no role any more is here no more, and nor are their programs.
    """
    row = connection.execute(_FOUND, {"token_hash": _hash(secret)}).one_or_none()
    if row is None or row.ends_at <= now:
        return None
    grants = tuple(
        Grant(Role(role), agency) for role, agency in connection.execute(_GRANTED, {"person": row.person_id})
    )
    if not grants:
        return None
    person = Person(row.person_id, row.name, grants)
    return Bearer(row.id, person, row.email, row.language, _scopes(row.scopes))


def count(tx: Tx, token: int, now: datetime) -> Use:
    """Count that the token asks once more: on the row, so that all processes count together."""
    window = window_of(now)
    again = case((_k.window_at == window, _k.asked + 1), else_=1)
    counted = update(tokens).where(_k.id == token).values(asked=again, window_at=window, used_at=now)
    asked = tx.connection.execute(counted.returning(_k.asked)).scalar_one()
    return Use(asked, window + WINDOW)


def _scopes(kept: str) -> frozenset[Scope]:
    return frozenset(map(Scope, kept.split()))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
