"""The endpoints of programs: added, paused, removed, each with its event; whose turn it is, and who fails."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from engine.endpoints import KEPT_FOR, MOVES, STOPPED, TEST, EndpointState, Stopped, Wish, message_to
from engine.errors import refuse
from engine.events import Event, Happened
from engine.nearest import nearest
from engine.outbox import LONGEST_WAIT, NewMessage, State, Way
from engine.permissions import Role
from engine.workflow import Text
from storage import outbox as queue
from storage import tables as t
from storage.clock import DatabaseClock
from storage.outbox_tables import LEASED, PENDING, TO_PROGRAM, outbox, outbox_log
from storage.transaction import Tx
from storage.types import instant_text

_e, _o, _a, _p = t.endpoints.c, outbox.c, t.agencies.c, t.people.c
#: So many a city has at most, beside those that were removed.
MOST = 100
_THERE = _e.state != EndpointState.REMOVED


class New(NamedTuple):
    """An endpoint to come; no ``events`` for all of them, no ``agency`` for the whole city."""

    url: str
    name: str
    events: tuple[str, ...] = ()
    agency: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as lists show it, with how many messages wait for it and how many it refused for good."""

    id: int
    name: str
    url: str
    events: tuple[str, ...]
    agency: int | None
    agency_name: Text | None
    state: EndpointState
    added_at: datetime
    added_by: str
    failing_since: datetime | None
    not_before: datetime | None
    answer: str
    waiting: int
    failed: int


def _counted(*states: State) -> Any:
    of_it = select(func.count()).where(_o.endpoint_id == _e.id, TO_PROGRAM)
    return of_it.where(_o.state.in_(map(str, states))).correlate(t.endpoints).scalar_subquery()


_ENDPOINTS = (
    select(
        _e.id,
        _e.name,
        _e.url,
        _e.events,
        _e.agency_id,
        _a.name_th,
        _a.name_en,
        _e.state,
        _e.added_at,
        _p.name.label("added_by"),
        _e.failing_since,
        _e.not_before,
        _e.answer,
        _counted(State.PENDING, State.CLAIMED, State.SENDING).label("waiting"),
        _counted(State.FAILED).label("failed"),
    )
    .join_from(t.endpoints, t.people, _p.id == _e.added_by)
    .join(t.agencies, _a.id == _e.agency_id, isouter=True)
    .where(_THERE)
    .order_by(_e.id)
)


def endpoints(connection: Connection) -> list[Endpoint]:
    """Every endpoint that was not removed, by number."""
    return [_endpoint(row) for row in connection.execute(_ENDPOINTS)]


def endpoint(connection: Connection, number: int) -> Endpoint:
    """The endpoint of that number; refused as ``endpoint.unknown``."""
    row = connection.execute(_ENDPOINTS.where(_e.id == number)).one_or_none()
    if row is None:
        raise refuse("endpoint.unknown", number=number)
    return _endpoint(row)


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(
        id=row.id,
        name=row.name,
        url=row.url,
        events=_kinds(row.events),
        agency=row.agency_id,
        agency_name=None if row.agency_id is None else Text(row.name_th, row.name_en),
        state=EndpointState(row.state),
        added_at=row.added_at,
        added_by=row.added_by,
        failing_since=row.failing_since,
        not_before=row.not_before,
        answer=row.answer,
        waiting=row.waiting,
        failed=row.failed,
    )


def wishes(connection: Connection) -> tuple[Wish, ...]:
    """What each endpoint wants to hear; for one that is paused it is kept."""
    columns = (_e.id, _e.events, _e.agency_id, _e.added_at)
    rows = connection.execute(select(*columns).where(_THERE).order_by(_e.id))
    return tuple(
        Wish(number, frozenset(_kinds(events)), agency, instant_text(added_at))
        for number, events, agency, added_at in rows
    )


def _kinds(events: str) -> tuple[str, ...]:
    return tuple(filter(None, events.split(",")))


def signed_with(connection: Connection, number: int) -> tuple[str, str]:
    """The address of an endpoint, and its secret; refused as ``endpoint.unknown``."""
    row = connection.execute(select(_e.url, _e.secret).where(_e.id == number, _THERE)).one_or_none()
    if row is None:
        raise refuse("endpoint.unknown", number=number)
    return row.url, row.secret


# --- what administrators do ------------------------------------------------------------------------------


def add(tx: Tx, new: New, *, by: int, now: datetime) -> tuple[int, str]:
    """Add an endpoint with its event; returns its number, and its secret, which is not shown again.

    It hears of what happens from now on. Refused: ``endpoint.unknown_event``, ``endpoint.too_many``.
    """
    known = list(map(str, Happened))
    for event in new.events:
        if event not in known:
            raise refuse("endpoint.unknown_event", given=event, nearest=nearest(event, known))
    tx.lock_city()
    there = tx.connection.execute(select(func.count()).select_from(t.endpoints).where(_THERE)).scalar_one()
    if there >= MOST:
        raise refuse("endpoint.too_many", most=MOST)
    secret = _new_secret()
    row = {
        "name": new.name,
        "url": new.url,
        "secret": secret,
        "events": ",".join(new.events),
        "agency_id": new.agency,
        "state": EndpointState.ACTIVE,
        "added_at": now,
        "added_by": by,
        "answer": "",
    }
    number = int(tx.connection.execute(insert(t.endpoints).values(row).returning(_e.id)).scalar_one())
    # Its address may hold a secret of the other side, and the journal is for ever.
    data = {"id": number, "name": new.name, "events": list(new.events), "agency": new.agency}
    tx.record(Event(Happened.ENDPOINT_ADDED, now, by, data))
    return number, secret


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def renew(tx: Tx, number: int, *, by: int, now: datetime) -> str:
    """Give it another secret, which is not shown again; from now on nothing is signed with the old one.

    Refused as ``endpoint.unknown``.
    """
    secret = _new_secret()
    row = update(t.endpoints).where(_e.id == number, _THERE).values(secret=secret).returning(_e.name)
    name = tx.connection.execute(row).scalar_one_or_none()
    if name is None:
        raise refuse("endpoint.unknown", number=number)
    tx.record(Event(Happened.ENDPOINT_RENEWED, now, by, {"id": number, "name": name}))
    return secret


def pause(tx: Tx, number: int, *, by: int, now: datetime) -> None:
    """Tell it nothing for a while; what happens meanwhile waits for it."""
    data = _move(tx, number, EndpointState.PAUSED)
    queue.take_back(tx.connection, number, now)
    tx.record(Event(Happened.ENDPOINT_PAUSED, now, by, data))


def resume(tx: Tx, number: int, *, by: int, now: datetime) -> None:
    """Tell it again, what has waited first."""
    data = _move(tx, number, EndpointState.ACTIVE, failing_since=None, not_before=None, answer="")
    tx.record(Event(Happened.ENDPOINT_RESUMED, now, by, data))


def remove(tx: Tx, number: int, *, by: int, now: datetime) -> None:
    """Tell it nothing any more, also not what waits for it, and forget its secret."""
    data = _move(tx, number, EndpointState.REMOVED, secret="")
    queue.drop(tx.connection, number, "endpoint.removed", now)
    tx.record(Event(Happened.ENDPOINT_REMOVED, now, by, data))


def _move(tx: Tx, number: int, state: EndpointState, **more: Any) -> dict[str, Any]:
    """What the event says of it. Its row is locked before its messages are.

    Refused as ``endpoint.unknown`` or ``endpoint.wrong_state``.
    """
    row = select(_e.state, _e.name).where(_e.id == number, _THERE).with_for_update(key_share=True)
    found = tx.connection.execute(row).one_or_none()
    if found is None:
        raise refuse("endpoint.unknown", number=number)
    if found.state not in MOVES[state]:
        raise refuse("endpoint.wrong_state", number=number, state=found.state)
    tx.connection.execute(update(t.endpoints).where(_e.id == number).values(state=state, **more))
    return {"id": number, "name": found.name}


def try_(tx: Tx, number: int, now: datetime) -> None:
    """Put a message into the queue by which somebody sees whether the endpoint is there."""
    endpoint(tx.connection, number)
    name = f"{TEST}:{secrets.token_hex(8)}"
    queue.enqueue(tx.connection, [message_to(number, name, TEST, now)], now)


def repeat(tx: Tx, number: int, message: int | None, *, by: int, now: datetime) -> int:
    """Tell it again what that message told it, or all that it refused; returns how many messages that is.

    Refused: ``endpoint.unknown``, ``message.unknown``, ``message.wrong_state``.
    """
    endpoint(tx.connection, number)
    of_it = select(_o.id).where(_o.endpoint_id == number, TO_PROGRAM).order_by(_o.id)
    wanted = _o.state == State.FAILED if message is None else _o.id == message
    found = list(tx.connection.execute(of_it.where(wanted)).scalars())
    if message is not None and not found:
        raise refuse("message.unknown", number=message)
    for one in found:
        queue.repeat(tx.connection, one, why="", now=now)
    if found:
        data = {"endpoint": number, "messages": found, "step": "repeated"}
        tx.record(Event(Happened.MESSAGE_MOVED, now, by, data))
    return len(found)


# --- who is told -----------------------------------------------------------------------------------------


class Ready(NamedTuple):
    """An endpoint for which something waits, and whose time has come."""

    id: int
    url: str
    secret: str


_WAITS = exists().where(_o.endpoint_id == _e.id, PENDING, TO_PROGRAM)
_LEFT_BEHIND = exists().where(LEASED, _o.lease_until < DatabaseClock(), _o.endpoint_id == _e.id)
_ACTIVE = _e.state == EndpointState.ACTIVE
_READY = (
    select(_e.id, _e.url, _e.secret, _e.not_before).where(_ACTIVE, or_(_WAITS, _LEFT_BEHIND)).order_by(_e.id)
)


def ready(connection: Connection, now: datetime) -> list[Ready]:
    """Whom to tell something."""
    return [Ready(*row[:3]) for row in connection.execute(_READY) if _is_due(row.not_before, now)]


def _is_due(not_before: datetime | None, now: datetime) -> bool:
    """What is to wait for longer than anything may was set while a clock was ahead."""
    return not_before is None or not now < not_before <= now + 2 * LONGEST_WAIT


class Held(NamedTuple):
    """An endpoint whose row the caller holds until the transaction ends: since when it takes nothing."""

    name: str
    failing_since: datetime | None


_HELD = select(_e.name, _e.failing_since, _e.not_before, _e.state)
_IN_HANDS = select(_o.id).where(LEASED).limit(1)


def hold_free(connection: Connection, number: int, now: datetime) -> Held | None:
    """The endpoint, if it may be told something now and nobody else is telling it.

    One at a time is told, in the order of the journal; so it is enough to see whether anything is on its way.
    """
    row = connection.execute(
        _HELD.where(_e.id == number).with_for_update(skip_locked=True, key_share=True)
    ).one_or_none()
    if row is None or row.state != EndpointState.ACTIVE or not _is_due(row.not_before, now):
        return None
    if connection.execute(_IN_HANDS.where(_o.endpoint_id == number)).first() is not None:
        return None
    return Held(row.name, row.failing_since)


def recovered(connection: Connection, number: int) -> None:
    """It took something."""
    well = {"failing_since": None, "not_before": None, "answer": ""}
    connection.execute(update(t.endpoints).where(_e.id == number).values(well))


def failed(
    connection: Connection, number: int, answer: str, not_before: datetime | None, now: datetime
) -> Held:
    """It took nothing: it is left in peace until then. Returns since when that is so."""
    row = connection.execute(_HELD.where(_e.id == number).with_for_update(key_share=True)).one()
    since = row.failing_since or now
    fails = {"failing_since": since, "not_before": not_before, "answer": answer}
    connection.execute(update(t.endpoints).where(_e.id == number).values(fails))
    return Held(row.name, since)


def stop(tx: Tx, number: int, name: str, answer: str, host: str, now: datetime) -> None:
    """Tell it nothing more until somebody has looked, and tell the administrators so; once."""
    stopping = update(t.endpoints).where(_e.id == number, _ACTIVE).values(state=EndpointState.STOPPED)
    if tx.connection.execute(stopping).rowcount != 1:
        return
    entry = tx.record(Event(Happened.ENDPOINT_STOPPED, now, 0, {"id": number, "name": name, "why": answer}))
    administrators = (
        select(t.grants.c.person_id)
        .distinct()
        .join_from(t.grants, t.people, _p.id == t.grants.c.person_id)
        .where(t.grants.c.role == Role.ADMINISTRATOR, _p.unreachable_at.is_(None))
    )
    mails = [
        _mail(number, entry.seq, person, host, now)
        for person in tx.connection.execute(administrators).scalars()
    ]
    queue.enqueue(tx.connection, mails, now)


def _mail(number: int, seq: int, person: int, host: str, now: datetime) -> NewMessage:
    key = f"{STOPPED}:{number}:{seq}:{person}"
    return NewMessage(key, Way.MAIL, STOPPED, person, now, f"<{key.replace(':', '-')}@{host}>")


def stopped(connection: Connection, keys: Collection[str]) -> dict[str, Stopped]:
    """What such mails tell, by their keys: only of endpoints that are stopped still."""
    found = {key: int(key.split(":")[1]) for key in keys}
    query = select(_e.id, _e.name, _e.failing_since, _e.answer)
    rows = connection.execute(query.where(_e.id.in_(set(found.values())), _e.state == EndpointState.STOPPED))
    told = {row.id: Stopped(*row) for row in rows}
    return {key: told[number] for key, number in found.items() if number in told}


# --- what they were told ---------------------------------------------------------------------------------


def sweep(connection: Connection, now: datetime) -> int:
    """Forget what was told long ago, and what has waited for too long; returns how many messages that is."""
    old = and_(TO_PROGRAM, _o.created_at < now - KEPT_FOR, ~LEASED)
    of_them = select(_o.id).where(old)
    connection.execute(delete(outbox_log).where(outbox_log.c.message_id.in_(of_them)))
    return connection.execute(delete(outbox).where(old)).rowcount
