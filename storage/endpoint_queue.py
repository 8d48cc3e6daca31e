"""What whoever tells programs is handed: the queue of one endpoint, told in the journal's order."""

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from engine.endpoints import EVENT, GIVE_UP_AFTER
from engine.outbox import Claimed, Expired, Step, Way
from engine.quarter import FiscalYear
from engine.reminders.ports import About, Begun, Contents, Ended, Heard
from engine.workflow import Text
from storage import endpoints, outbox
from storage import tables as t
from storage.among import among
from storage.queue import NOBODY
from storage.store import Store
from storage.transaction import Tx

_j, _i, _a = t.journal.c, t.indicators.c, t.agencies.c


class EndpointQueue:
    """Implements :class:`engine.reminders.ports.Queue` for one endpoint.

    ``goes_on`` is asked before more is claimed; ``host`` ends the Message-IDs of mails to administrators.
    """

    def __init__(
        self, store: Store, endpoint: int, *, lease_seconds: float, host: str, goes_on: Callable[[], bool]
    ) -> None:
        self._store = store
        self._endpoint = endpoint
        self._lease = lease_seconds
        self._host = host
        self._goes_on = goes_on
        self._after = 0  # what was looked at in this run, and did not go, waits for the next
        self._is_failing = False
        self._asked: int | None = None

    def expire(self, way: Way, now: datetime) -> Expired:
        """What may have arrived is told again: under the same id, by which the program knows it."""
        with self._store.begin() as tx:
            return outbox.expire(tx.connection, way, resend=True, now=now)

    def claim(self, way: Way, n: int, token: str, now: datetime) -> list[Claimed]:  # noqa: ARG002 - it has one way
        if not self._goes_on():
            return []
        with self._store.begin() as tx:
            held = endpoints.hold_free(tx.connection, self._endpoint, now)
            if held is None:
                return []
            self._is_failing = held.failing_since is not None
            claimed = outbox.claim_of_program(
                tx.connection,
                self._endpoint,
                self._after,
                n,
                lease_seconds=self._lease,
                token=token,
                now=now,
            )
        if claimed:
            self._after = claimed[-1].id
        return claimed

    def contents(self, messages: Sequence[Claimed], now: datetime) -> list[Contents]:  # noqa: ARG002 - what happened has no time
        with self._store.read() as tx:
            heard = _heard(tx.connection, [one.message_ref for one in messages if one.kind == EVENT])
        return [Contents(NOBODY, (), (), heard=heard.get(one.message_ref)) for one in messages]

    def settle(self, token: str, now: datetime, ended: Ended | None, begun: Begun | None) -> bool:
        with self._store.begin() as tx:
            if ended is not None:
                self._end(tx, token, now, ended)
            if begun is None:
                return False
            self._asked = begun.message.id
            return outbox.sending(
                tx.connection,
                begun.message.id,
                token,
                to_address=begun.to_address,
                subject=begun.subject,
                content=begun.content,
                lease_seconds=self._lease,
                now=now,
            )

    def _end(self, tx: Tx, token: str, now: datetime, ended: Ended) -> None:
        """The endpoint's row comes first, as with everybody: no two wait for each other in a circle."""
        connection, message, answer = tx.connection, ended.message, ended.answer
        took_nothing = ended.unreachable or ended.step in (Step.DEFERRED, Step.UNCERTAIN)
        if took_nothing and message.id == self._asked:
            self._failed(tx, now, ended)
        elif ended.step is Step.SENT and self._is_failing:
            endpoints.recovered(connection, self._endpoint)
            self._is_failing = False
        match ended.step:
            case Step.SENT:
                outbox.sent(connection, message.id, token, answer=answer, now=now)
            case Step.UNCERTAIN:
                outbox.uncertain(
                    connection, message.id, token, answer=answer, resend=True, not_before=now, now=now
                )
            case Step.FAILED if not ended.unreachable:
                outbox.failed(connection, message.id, token, answer=answer, now=now)
            case _:  # nothing overtakes it: the endpoint waits, not the message
                outbox.deferred(connection, message.id, token, not_before=now, answer=answer, now=now)

    def _failed(self, tx: Tx, now: datetime, ended: Ended) -> None:
        held = endpoints.failed(tx.connection, self._endpoint, ended.answer, ended.not_before, now)
        too_long = held.failing_since is not None and now - held.failing_since > GIVE_UP_AFTER
        if ended.unreachable or too_long:
            endpoints.stop(tx, self._endpoint, held.name, ended.answer, self._host, now)


_EVENTS = select(t.journal).where(among(_j.stream, "streams"), among(_j.seq, "numbers"))
_ABOUT = (
    select(_i.id, _i.code, _i.fiscal_year, _a.id.label("agency"), _a.code.label("of"), _a.name_th, _a.name_en)
    .join_from(t.indicators, t.agencies, _a.id == _i.agency_id)
    .where(among(_i.id, "indicators"))
)
_AGENCIES = select(_a.id, _a.code, _a.name_th, _a.name_en).where(among(_a.id, "agencies"))


def _heard(connection: Connection, ids: Collection[str]) -> dict[str, Heard]:
    """The events of these ids: the same three statements for one as for many."""
    wanted = {id_: tuple(map(int, id_.split(":"))) for id_ in ids}
    asked = {
        "streams": {stream for stream, _ in wanted.values()},
        "numbers": {seq for _, seq in wanted.values()},
    }
    rows = {(row.stream, row.seq): row for row in connection.execute(_EVENTS, asked)}
    indicators = _indicators(connection, asked["streams"])
    data = {event: json.loads(row.data) for event, row in rows.items() if event in wanted.values()}
    agencies = _agencies(connection, {_agency_in(one) for (stream, _), one in data.items() if not stream})
    found = {}
    for id_, (stream, seq) in wanted.items():
        row, told = rows[stream, seq], data[stream, seq]
        about = indicators.get(stream) if stream else agencies.get(_agency_in(told))
        found[id_] = Heard(stream, seq, row.what, row.at, row.by, told, row.previous_hash, row.hash, about)
    return found


def _agency_in(data: object) -> int:
    agency = data.get("agency") if isinstance(data, dict) else None
    return agency if isinstance(agency, int) else 0


def _indicators(connection: Connection, numbers: Collection[int]) -> dict[int, About]:
    return {
        row.id: About(
            row.agency, row.of, Text(row.name_th, row.name_en), row.code, FiscalYear(row.fiscal_year)
        )
        for row in connection.execute(_ABOUT, {"indicators": numbers})
    }


def _agencies(connection: Connection, numbers: Collection[int]) -> dict[int, About]:
    return {
        row.id: About(row.id, row.code, Text(row.name_th, row.name_en))
        for row in connection.execute(_AGENCIES, {"agencies": numbers})
    }
