"""The queue of messages: each is claimed by one worker under a lease, sent, and every step is written down.

A worker holds a message by its token. Every step is an UPDATE that asks for the id, the state and the token,
so whoever has lost the lease changes nothing and is told so (``False``). Leases run on the database's clock,
which is the same for all workers; every other time is handed in.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    and_,
    bindparam,
    func,
    insert,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.engine import Connection, Dialect

from engine.errors import refuse
from engine.outbox import LONGEST_WAIT, STEPS, Claimed, Expired, NewMessage, State, Step, Way
from storage.clock import DatabaseClock
from storage.naming import one_of
from storage.outbox_tables import LEASED, PENDING, outbox, outbox_log
from storage.statements import Prepared, insert_once, once_for_each_kind

_o = outbox.c
_IS_TIME = _o.not_before <= bindparam("now", type_=_o.not_before.type)
_LEASE = DatabaseClock() + bindparam("lease", type_=Float())
#: How many keys one statement asks for.
_PORTION = 500
_FREE: Mapping[str, Any] = {"token": null(), "lease_until": null()}


def enqueue(connection: Connection, messages: Iterable[NewMessage], now: datetime) -> int:
    """Put messages into the queue, each key once; returns how many are new."""
    given = {new.key: new for new in messages}
    known = _known(connection, given)
    rows = [_row(new, now) for key, new in given.items() if key not in known]
    if not rows:
        return 0
    once = insert_once(outbox, connection.dialect)
    # The toolkit forgets how many rows an INSERT wrote unless it is asked.
    return connection.execute(once, rows, execution_options={"preserve_rowcount": True}).rowcount


def _known(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Those of the keys that are there: asked first, for on PostgreSQL each attempt uses up a number."""
    given = list(keys)
    found: set[str] = set()
    for first in range(0, len(given), _PORTION):
        query = select(_o.key).where(_o.key.in_(given[first : first + _PORTION]))
        found.update(connection.execute(query).scalars())
    return found


def _row(new: NewMessage, now: datetime) -> dict[str, Any]:
    return {
        "key": new.key,
        "channel": new.channel,
        "kind": new.kind,
        "person_id": new.person,
        "state": State.PENDING,
        "not_before": new.not_before,
        "created_at": now,
        "attempts": 0,
        "message_ref": new.message_ref,
        "to_address": "",
        "subject": "",
        "answer": "",
        "endpoint_id": new.endpoint,
    }


# --- by whoever delivers ---------------------------------------------------------------------------------


def _claim(*wanted: ColumnElement[bool], order: tuple[Column[Any], ...]) -> Any:
    """Whoever is first takes a row; on PostgreSQL the others pass it by, on SQLite they wait their turn."""
    next_ones = (
        select(_o.id)
        .where(PENDING, *wanted)
        .order_by(*order)
        .limit(bindparam("n"))
        .with_for_update(skip_locked=True)
        .cte("next_ones")
    )
    return (
        update(outbox)
        .where(_o.id.in_(select(next_ones.c.id)))
        .values(state=State.CLAIMED, token=bindparam("holder"), lease_until=_LEASE)
        .returning(
            _o.id,
            _o.key,
            _o.channel,
            _o.kind,
            _o.person_id,
            _o.attempts,
            _o.message_ref,
            _o.not_before,
            _o.created_at,
        )
    )


_CLAIM = _claim(_o.channel == bindparam("way"), _IS_TIME, order=(_o.not_before, _o.id))
_CLAIM_OF_PROGRAM = _claim(
    _o.endpoint_id == bindparam("endpoint"), _o.id > bindparam("after"), order=(_o.id,)
)


def claim(
    connection: Connection, way: Way, n: int, *, lease_seconds: float, token: str, now: datetime
) -> list[Claimed]:
    """Take up to ``n`` messages of a channel whose time has come, oldest first, until the lease ends."""
    wanted = {"way": way, "n": n, "now": now, "holder": token, "lease": lease_seconds}
    claimed = _claimed(connection, _CLAIM, wanted, now)
    return sorted(claimed, key=lambda one: (one.not_before, one.id))


def claim_of_program(
    connection: Connection,
    endpoint: int,
    after: int,
    n: int,
    *,
    lease_seconds: float,
    token: str,
    now: datetime,
) -> list[Claimed]:
    """Take up to ``n`` messages to one program behind the message ``after``, in the order of the journal.

    That they can be sent is for the caller to know, who holds the endpoint's row: when they were put into
    the queue says nothing about it.
    """
    wanted = {"endpoint": endpoint, "after": after, "n": n, "holder": token, "lease": lease_seconds}
    return sorted(_claimed(connection, _CLAIM_OF_PROGRAM, wanted, now), key=lambda one: one.id)


def _claimed(connection: Connection, statement: Any, wanted: dict[str, Any], now: datetime) -> list[Claimed]:
    found = connection.execute(statement, wanted).all()
    _log(connection, [row.id for row in found], Step.CLAIMED, now, wanted["holder"])
    return [Claimed(id_, key, Way(channel), *rest) for id_, key, channel, *rest in found]


def renew(connection: Connection, token: str, lease_seconds: float) -> int:
    """Hold everything that is held by the token for so long from now; returns how much that is."""
    held = update(outbox).where(LEASED, _o.token == bindparam("holder")).values(lease_until=_LEASE)
    return connection.execute(held, {"holder": token, "lease": lease_seconds}).rowcount


def _step(step: Step, **columns: Any) -> Any:
    """The holder's step; ``columns`` are set beside the state."""
    sources, dest = STEPS[step]
    return (
        update(outbox)
        .where(_o.id == bindparam("message"), one_of(_o.state, *sources), _o.token == bindparam("holder"))
        .values(state=dest, **columns)
    )


_ANSWER = bindparam("said", type_=_o.answer.type)
_LATER = bindparam("later", type_=_o.not_before.type)
_HOLDERS_STEPS = {
    Step.SENDING: _step(
        Step.SENDING,
        content=bindparam("body", type_=_o.content.type),
        to_address=bindparam("to"),
        subject=bindparam("title"),
        attempts=_o.attempts + 1,
        lease_until=_LEASE,
    ),
    Step.SENT: _step(Step.SENT, answer=_ANSWER, sent_at=bindparam("at", type_=_o.sent_at.type), **_FREE),
    Step.DEFERRED: _step(Step.DEFERRED, answer=_ANSWER, not_before=_LATER, **_FREE),
    Step.FAILED: _step(Step.FAILED, answer=_ANSWER, **_FREE),
    Step.UNCERTAIN: _step(Step.UNCERTAIN, answer=_ANSWER, **_FREE),
    Step.WITHDRAWN: _step(Step.WITHDRAWN, answer=_ANSWER, **_FREE),
    Step.REROUTED: _step(Step.REROUTED, channel=Way.MAIL, answer=_ANSWER, **_FREE),
}


_LOG = insert(outbox_log).inline()
_LOGGED = ("message_id", "at", "what", "detail")


class _EveryMail:
    """What is run twice for every mail, compiled for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.steps = {step: Prepared(statement, dialect) for step, statement in _HOLDERS_STEPS.items()}
        self.log = Prepared(_LOG, dialect, _LOGGED)


_every_mail = once_for_each_kind(_EveryMail)


def _take(
    connection: Connection, step: Step, message: int, token: str, now: datetime, detail: str, **values: Any
) -> bool:
    statements, cursor = _every_mail(connection.dialect), connection.connection.cursor()
    statements.steps[step].run(cursor, {"message": message, "holder": token, **values})
    held = cursor.rowcount == 1
    if held:
        logged = {"message_id": message, "at": now, "what": step, "detail": detail}
        statements.log.run(cursor, logged)
    cursor.close()
    return held


def sending(
    connection: Connection,
    message: int,
    token: str,
    *,
    to_address: str,
    subject: str,
    content: bytes,
    lease_seconds: float,
    now: datetime,
) -> bool:
    """Keep what is about to be sent, word for word. To be committed before the server is told anything."""
    given = {"to": to_address, "title": subject, "body": content, "lease": lease_seconds}
    return _take(connection, Step.SENDING, message, token, now, to_address, **given)


def sent(connection: Connection, message: int, token: str, *, answer: str, now: datetime) -> bool:
    """The server has taken it."""
    return _take(connection, Step.SENT, message, token, now, answer, said=answer, at=now)


def deferred(
    connection: Connection, message: int, token: str, *, not_before: datetime, answer: str, now: datetime
) -> bool:
    """The server has certainly not taken it, or was not asked: to be tried again, not before that instant."""
    return _take(connection, Step.DEFERRED, message, token, now, answer, said=answer, later=not_before)


def failed(connection: Connection, message: int, token: str, *, answer: str, now: datetime) -> bool:
    """It was refused for good."""
    return _take(connection, Step.FAILED, message, token, now, answer, said=answer)


def withdrawn(connection: Connection, message: int, token: str, *, why: str, now: datetime) -> bool:
    """Nothing was left to tell when it was looked at again."""
    return _take(connection, Step.WITHDRAWN, message, token, now, why, said=why)


def rerouted(connection: Connection, message: int, token: str, *, why: str, now: datetime) -> bool:
    """It did not reach its reader by its channel: from now on it is a mail."""
    return _take(connection, Step.REROUTED, message, token, now, why, said=why)


def uncertain(
    connection: Connection,
    message: int,
    token: str,
    *,
    answer: str,
    resend: bool,
    not_before: datetime,
    now: datetime,
) -> bool:
    """The connection broke when the server may have taken it: to be sent again, or looked at by a person."""
    if not _take(connection, Step.UNCERTAIN, message, token, now, answer, said=answer):
        return False
    if resend:
        _resend(connection, [message], not_before, now)
    return True


_OF_WAY = _o.channel == bindparam("way")
_TOO_LATE = _o.not_before > bindparam("too_late", type_=_o.not_before.type)
_IS_OVER = and_(LEASED, _o.lease_until < DatabaseClock())


def _over(step: Step) -> Any:
    """Rows that their late holder is just changing are passed by: waiting for them could make a circle."""
    sources, dest = STEPS[step]
    found = (
        select(_o.id)
        .where(one_of(_o.state, *sources), _IS_OVER, _OF_WAY)
        .with_for_update(skip_locked=True)
        .cte("found")
    )
    taken = update(outbox).where(_o.id.in_(select(found.c.id))).values(state=dest, **_FREE)
    return taken.returning(_o.id)


_OVER = {step: _over(step) for step in (Step.LEASE_EXPIRED, Step.UNCERTAIN)}


def _call_back() -> Any:
    """What waits for longer than anything may was deferred while a clock was ahead: its time is now."""
    found = select(_o.id).where(PENDING, _TOO_LATE, _OF_WAY).with_for_update(skip_locked=True).cte("found")
    now = bindparam("now", type_=_o.not_before.type)
    return update(outbox).where(_o.id.in_(select(found.c.id))).values(not_before=now)


_CALL_BACK = _call_back()


def _too_late(now: datetime) -> datetime:
    return now + 2 * LONGEST_WAIT


#: What waits for programs is asked for by their endpoints, and may be much while one of them is down.
_OF_NO_PROGRAM = one_of(_o.channel, *(way for way in Way if way is not Way.PROGRAM))


def _counted(*which: ColumnElement[bool]) -> Any:
    return select(_o.channel, func.count()).where(_OF_NO_PROGRAM, *which).group_by(_o.channel)


_READY = union_all(_counted(PENDING, or_(_IS_TIME, _TOO_LATE)), _counted(_IS_OVER))


def ready(connection: Connection, now: datetime) -> Counter[Way]:
    """How many messages of each channel whoever delivers now would find, what is taken back among them.

    Not of those to programs.
    """
    found: Counter[Way] = Counter()
    for channel, count in connection.execute(_READY, {"now": now, "too_late": _too_late(now)}):
        found[Way(channel)] += count
    return found


def expire(connection: Connection, way: Way, *, resend: bool, now: datetime) -> Expired:
    """Take back what is held by workers whose leases have run out, and call back what waits for too late.

    Only of one channel: whoever takes something back goes on to send it. What another channel's worker had
    just taken back, and not yet committed, would be passed by here and be sent by nobody this time.

    What was only claimed is pending again. What was being sent is uncertain: with ``resend`` it is pending
    again under the same Message-ID, and the log says that it may arrive twice; without, it waits for an
    operator.
    """
    connection.execute(_CALL_BACK, {"way": way, "now": now, "too_late": _too_late(now)})
    given_back = {
        step: list(connection.execute(over, {"way": way}).scalars()) for step, over in _OVER.items()
    }
    for step, ids in given_back.items():
        _log(connection, ids, step, now, "")
    if resend:
        _resend(connection, given_back[Step.UNCERTAIN], now, now)
    return Expired(given_back[Step.LEASE_EXPIRED], given_back[Step.UNCERTAIN])


def _resend(connection: Connection, messages: Collection[int], not_before: datetime, now: datetime) -> None:
    sources, dest = STEPS[Step.POSSIBLE_DUPLICATE]
    if messages:
        connection.execute(
            update(outbox)
            .where(_o.id.in_(messages), one_of(_o.state, *sources))
            .values(state=dest, not_before=not_before)
        )
        _log(connection, messages, Step.POSSIBLE_DUPLICATE, now, "")


def _log(connection: Connection, messages: Iterable[int], step: Step, now: datetime, detail: str) -> None:
    rows = [{"message_id": one, "at": now, "what": step, "detail": detail} for one in messages]
    if rows:
        connection.execute(_LOG, rows)


def merge(connection: Connection, earlier: Mapping[int, int], now: datetime) -> None:
    """Withdraw pending messages, each for the later one that tells what it was to tell."""
    for message, later in earlier.items():
        connection.execute(
            update(outbox)
            .where(_o.id == message, PENDING)
            .values(state=State.WITHDRAWN, answer=f"message.merged: {later}")
        )
        _log(connection, [message], Step.MERGED, now, str(later))


# --- by an operator --------------------------------------------------------------------------------------


def hold(connection: Connection, message: int, *, why: str, now: datetime) -> None:
    """Keep a pending message back."""
    _move(connection, Step.HELD, message, why, now)


def release(connection: Connection, message: int, *, why: str, now: datetime) -> None:
    """Let go a message that was kept back, or one of which nobody knows whether it arrived."""
    _move(connection, Step.RELEASED, message, why, now)


def retry(connection: Connection, message: int, *, why: str, now: datetime) -> None:
    """Try again what failed, or what may have arrived."""
    _move(connection, Step.RETRIED, message, why, now)


def repeat(connection: Connection, message: int, *, why: str, now: datetime) -> None:
    """Tell a program again what it was told."""
    _move(connection, Step.REPEATED, message, why, now)


def take_back(connection: Connection, endpoint: int, now: datetime) -> None:
    """What is held for a program and not being sent yet waits again: its holder finds it gone."""
    _recall(connection, endpoint, (State.CLAIMED,), Step.DEFERRED, "message.given_back", now)


def drop(connection: Connection, endpoint: int, why: str, now: datetime) -> None:
    """Nothing more goes to a program; what is being sent just now is left."""
    _recall(connection, endpoint, (State.PENDING, State.CLAIMED), Step.WITHDRAWN, why, now)


def _recall(
    connection: Connection, endpoint: int, states: tuple[State, ...], step: Step, why: str, now: datetime
) -> None:
    recalled = update(outbox).where(_o.endpoint_id == endpoint, one_of(_o.state, *states))
    taken = recalled.values(state=STEPS[step][1], answer=why, **_FREE).returning(_o.id)
    _log(connection, connection.execute(taken).scalars().all(), step, now, why)


def _move(connection: Connection, step: Step, message: int, why: str, now: datetime) -> None:
    """Refused as ``message.unknown`` or, where the state does not allow it, as ``message.wrong_state``."""
    sources, dest = STEPS[step]
    state = connection.execute(
        select(_o.state).where(_o.id == message).with_for_update()
    ).scalar_one_or_none()
    if state is None:
        raise refuse("message.unknown", number=message)
    if state not in sources:
        raise refuse(
            "message.wrong_state", number=message, state=state, allowed=[str(one) for one in sources]
        )
    connection.execute(
        update(outbox).where(_o.id == message, _o.state == state).values(state=dest, not_before=now)
    )
    _log(connection, [message], step, now, why)
    if state == State.UNCERTAIN:
        _log(connection, [message], Step.POSSIBLE_DUPLICATE, now, "")
