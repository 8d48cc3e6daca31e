"""Engines and connections that are used again: most of what a test pays for a database is getting to know it.

With an engine goes what SQLAlchemy worked out for each statement; with a connection to PostgreSQL what its
process read of the tables, which costs more than the statements of a test. The programs that tests start keep
nothing: they have children, which must not find the connections of their parent.
"""

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine, make_url

from storage.store import connect

#: Engines that were disposed of, by the kind of database and how long they wait for it.
_engines: dict[tuple[str, float], list[Engine]] = {}
#: Connections that were closed, by their database; as many as a test needs of most.
_connections: dict[URL, list[psycopg.Connection[Any]]] = {}
_KEPT = 2
_keeping = False


def keep_from_now_on() -> None:
    global _keeping  # noqa: PLW0603 - of the process, as what is kept is
    _keeping = True


def engine_at(url: str, busy_seconds: float = 10.0) -> Engine:
    """An engine for the database at the URL: one of its kind that was disposed of before, if there is one."""
    if not _keeping:
        return connect(url, busy_seconds=busy_seconds)
    kind = url.partition(":")[0], busy_seconds
    engine = _engines[kind].pop() if _engines.get(kind) else _new(kind, url)
    engine.url = make_url(url)
    return engine


def let_go(url: str) -> None:
    """Close what is kept of the database."""
    for connection in _connections.pop(make_url(url), ()):
        connection.close()


def let_all_go() -> None:
    for url in list(_connections):
        let_go(url.render_as_string(hide_password=False))


def _new(kind: tuple[str, float], url: str) -> Engine:
    engine = connect(url, busy_seconds=kind[1])
    close = engine.dialect.do_close

    @event.listens_for(engine, "do_connect")
    def connect_there(dialect: Any, _record: object, args: list[Any], named: dict[str, Any]) -> Any:
        if kept := _connections.get(engine.url):
            return kept.pop()
        args[:], now = dialect.create_connect_args(engine.url)
        named.update(now)
        return None

    def keep(connection: Any) -> None:
        kept = _connections.setdefault(engine.url, [])
        if len(kept) < _KEPT and _is_at_rest(connection):
            connection.isolation_level = connection.read_only = None
            kept.append(connection)
        else:
            close(connection)

    @event.listens_for(engine, "engine_disposed")
    def free_again(engine: Engine) -> None:
        _engines.setdefault(kind, []).append(engine)

    engine.dialect.do_close = keep  # type: ignore[assignment, method-assign]  # it keeps
    return engine


def _is_at_rest(connection: Any) -> bool:
    return (
        isinstance(connection, psycopg.Connection)
        and connection.info.transaction_status is TransactionStatus.IDLE
        and not connection.autocommit
    )
