"""The jobs of the background: each is claimed by one worker under a lease, and taken up again when it died.

A worker holds a job by its token. Every step is an UPDATE that asks for the id, the state and the token, so
whoever has lost the lease changes nothing and is told so (``False``). Leases run on the database's clock.
"""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Float, and_, bindparam, case, func, insert, null, or_, select, update
from sqlalchemy.engine import Connection

from engine.errors import refuse, unless
from engine.events import Event, Happened
from engine.guards import not_permitted
from engine.jobs import JOB_MOVES, KEPT_FOR, MOST_ATTEMPTS, Job, JobState, Result, Wanted
from engine.permissions import Action, Person, Subject
from engine.workflow import Text
from storage import tables as t
from storage.clock import DatabaseClock
from storage.job_tables import RUNNING, WAITING, jobs
from storage.journal import canonical
from storage.transaction import Tx

_j = jobs.c
_LEASE = DatabaseClock() + bindparam("lease", type_=Float())
_COLUMNS = (
    _j.id,
    _j.parameters,
    _j.name_th,
    _j.name_en,
    _j.asked_by,
    _j.asked_at,
    _j.state,
    _j.done,
    _j.total,
    _j.attempts,
    _j.started_at,
    _j.ended_at,
    _j.expires_at,
    _j.error,
    _j.file_name,
    _j.media_type,
    _j.sha256,
    _j.size,
)
_FREE = {"token": null(), "lease_until": null()}
#: So many of a person's jobs are listed, and may wait at a time.
LISTED, MOST_WAITING = 30, 10


def ask(
    connection: Connection, wanted: Wanted, name: Text, person: int, now: datetime, *, by_mail: bool = False
) -> int:
    """Put a job into the queue; the one that waits for the same thing already is the same. Returns its id."""
    parameters = canonical(wanted.as_data())
    open_one = select(_j.id).where(or_(WAITING, RUNNING), _j.asked_by == person, _j.parameters == parameters)
    there = connection.execute(open_one.limit(1)).scalar_one_or_none()
    if there is not None:
        return int(there)
    row = {
        "kind": str(wanted.product),
        "parameters": parameters,
        "name_th": name.th,
        "name_en": name.en,
        "asked_by": person,
        "asked_at": now,
        "state": str(JobState.WAITING),
        "done": 0,
        "total": 0,
        "attempts": 0,
        "by_mail": by_mail,
        "error": "",
        "file_name": "",
        "media_type": "",
    }
    return int(connection.execute(insert(jobs).values(row).returning(_j.id)).scalar_one())


_TO_BE_DONE = select(_j.id).where(or_(WAITING, and_(RUNNING, _j.lease_until < DatabaseClock()))).limit(1)


def is_any(connection: Connection) -> bool:
    """Whether a job waits, or is held by nobody who lives."""
    return connection.execute(_TO_BE_DONE).first() is not None


def waiting_of(connection: Connection, person: int) -> int:
    """How many jobs of the person are not done."""
    query = select(func.count()).where(or_(WAITING, RUNNING), _j.asked_by == person)
    return int(connection.execute(query).scalar_one())


def job(connection: Connection, number: int) -> Job | None:
    """The job of that id."""
    row = connection.execute(select(*_COLUMNS).where(_j.id == number)).one_or_none()
    return None if row is None else _job(row)


def jobs_of(connection: Connection, person: int) -> list[Job]:
    """The newest jobs of the person."""
    query = select(*_COLUMNS).where(_j.asked_by == person).order_by(_j.id.desc()).limit(LISTED)
    return [_job(row) for row in connection.execute(query)]


def jobs_among(connection: Connection, numbers: Collection[int]) -> dict[int, Job]:
    """The jobs of these ids: one statement."""
    query = select(*_COLUMNS).where(_j.id.in_(list(numbers)))
    return {row.id: _job(row) for row in connection.execute(query)}


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        wanted=Wanted.from_data(json.loads(row.parameters)),
        name=Text(row.name_th, row.name_en),
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        state=JobState(row.state),
        done=row.done,
        total=row.total,
        attempts=row.attempts,
        started_at=row.started_at,
        ended_at=row.ended_at,
        expires_at=row.expires_at,
        error=row.error,
        result=Result(row.file_name, row.media_type, row.sha256, row.size) if row.sha256 else None,
    )


# --- by administrators -------------------------------------------------------------------------------------


class Listed(NamedTuple):
    """A job among everybody's, with who asked for it."""

    job: Job
    by: str


_BY = t.people.c.name.label("by")
_LISTED = select(*_COLUMNS, _BY).join(t.people, t.people.c.id == _j.asked_by)


def listed(
    connection: Connection, states: Collection[JobState], *, before: int | None = None, limit: int = 100
) -> list[Listed]:
    """The newest jobs of everybody in these states, those before the id ``before``."""
    query = _LISTED.where(_j.state.in_(map(str, states))).order_by(_j.id.desc()).limit(limit)
    if before is not None:
        query = query.where(_j.id < before)
    return [Listed(_job(row), row.by) for row in connection.execute(query)]


def listed_one(connection: Connection, number: int) -> Listed:
    """The job of that id with who asked for it; refused as ``job.unknown``."""
    row = connection.execute(_LISTED.where(_j.id == number)).one_or_none()
    if row is None:
        raise refuse("job.unknown", number=number)
    return Listed(_job(row), row.by)


def move(tx: Tx, name: str, number: int, *, said: str = "", by: Person, now: datetime) -> None:
    """Cancel it, or put it into the queue once more; its event is in the city's journal.

    A worker that makes it meanwhile has lost it, and learns that with its next beat. ``said`` is what whoever
    asked reads of a job that was cancelled.
    """
    unless([not_permitted(by, Action.MANAGE_PEOPLE, Subject())])
    allowed = JOB_MOVES[name]
    found = listed_one(tx.connection, number).job
    values: dict[str, Any] = {"state": JobState.WAITING, "attempts": 0, "error": "", "ended_at": null()}
    if name == "cancel":
        values = {"state": JobState.CANCELLED, "error": said, "ended_at": now}
    moved = update(jobs).where(_j.id == number, _j.state.in_(map(str, allowed))).values(**values, **_FREE)
    if tx.connection.execute(moved).rowcount != 1:
        raise refuse("job.wrong_state", number=number, state=str(found.state))
    tx.record(Event(Happened.JOB_MOVED, now, by.id, {"job": number, "step": name}))


# --- by whoever does them ----------------------------------------------------------------------------------


def _claim() -> Any:
    """The oldest that waits; on PostgreSQL one that somebody else is just taking is passed by."""
    next_one = (
        select(_j.id)
        .where(WAITING)
        .order_by(_j.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("next_one")
    )
    return (
        update(jobs)
        .where(_j.id.in_(select(next_one.c.id)))
        .values(
            state=JobState.RUNNING,
            token=bindparam("holder"),
            lease_until=_LEASE,
            attempts=_j.attempts + 1,
            done=0,
            total=0,
            started_at=bindparam("now", type_=_j.started_at.type),
        )
        .returning(*_COLUMNS)
    )


_CLAIM = _claim()
_GIVE_BACK = (
    update(jobs)
    .where(RUNNING, _j.lease_until < DatabaseClock(), _j.attempts < MOST_ATTEMPTS)
    .values(state=JobState.WAITING, token=null(), lease_until=null())
)
_GIVE_UP = (
    update(jobs)
    .where(RUNNING, _j.lease_until < DatabaseClock(), _j.attempts >= MOST_ATTEMPTS)
    .values(
        state=JobState.FAILED,
        token=null(),
        lease_until=null(),
        error=bindparam("said", type_=_j.error.type),
        ended_at=bindparam("now", type_=_j.ended_at.type),
    )
)


def expire(connection: Connection, said: str, now: datetime) -> int:
    """Take back what is held by workers that died; what killed too many of them fails, as is ``said``."""
    given_up = connection.execute(_GIVE_UP, {"said": said, "now": now}).rowcount
    return given_up + connection.execute(_GIVE_BACK).rowcount


def claim(connection: Connection, token: str, lease_seconds: float, now: datetime) -> Job | None:
    """The oldest job that waits, now held by the token."""
    given = {"holder": token, "lease": lease_seconds, "now": now}
    row = connection.execute(_CLAIM, given).one_or_none()
    return None if row is None else _job(row)


_HELD = (_j.id == bindparam("job"), RUNNING, _j.token == bindparam("holder"))
_BEAT = (
    update(jobs).where(*_HELD).values(lease_until=_LEASE, done=bindparam("so_far"), total=bindparam("in_all"))
)
_RELEASE = update(jobs).where(*_HELD).values(state=JobState.WAITING, attempts=_j.attempts - 1, **_FREE)
_ENDED = update(jobs).where(*_HELD)


def beat(
    connection: Connection, number: int, token: str, lease_seconds: float, done: int, total: int
) -> bool:
    """Hold it for so long from now, and tell how far it is; ``False`` when it is held no longer."""
    given = {"job": number, "holder": token, "lease": lease_seconds, "so_far": done, "in_all": total}
    return connection.execute(_BEAT, given).rowcount == 1


def release(connection: Connection, number: int, token: str) -> bool:
    """Give it back: the worker was told to stop, and somebody else takes it up."""
    return connection.execute(_RELEASE, {"job": number, "holder": token}).rowcount == 1


def finish(connection: Connection, number: int, token: str, result: Result, now: datetime) -> bool:
    """It is done: the file can be fetched for some days."""
    done = _ENDED.values(
        state=JobState.DONE,
        done=case((_j.total > _j.done, _j.total), else_=_j.done),
        ended_at=now,
        expires_at=now + KEPT_FOR,
        **result._asdict(),
        **_FREE,
    )
    return connection.execute(done, {"job": number, "holder": token}).rowcount == 1


def fail(connection: Connection, number: int, token: str, said: str, now: datetime) -> bool:
    """It cannot be done, and why."""
    failed = _ENDED.values(state=JobState.FAILED, error=said, ended_at=now, **_FREE)
    return connection.execute(failed, {"job": number, "holder": token}).rowcount == 1


def wants_mail(connection: Connection, number: int) -> bool:
    """Whether whoever asked for the job asked to be told by mail."""
    return bool(connection.execute(select(_j.by_mail).where(_j.id == number)).scalar_one())


def sweep(connection: Connection, now: datetime) -> int:
    """Let go of results that nobody fetched in time; their files go with what nothing points to."""
    late = (
        update(jobs)
        .where(_j.sha256.is_not(None), _j.expires_at <= now)
        .values(sha256=null(), file_name="", media_type="", size=null())
    )
    return connection.execute(late).rowcount
