"""A database of PostgreSQL that is put back as it was, which is quicker than a new one.

What its tables held is kept beside them. A test that changes more than rows, or leaves something running,
spoils its database: it is dropped, and the next test gets a new one.
"""

from collections.abc import Iterator

import psycopg
from psycopg import sql

_SCHEMA = """
CREATE SCHEMA kept;
CREATE TABLE kept.spoilt ();
CREATE FUNCTION kept.spoil() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO kept.spoilt DEFAULT VALUES; END $$;
"""
#: Last, for it would see what is done above.
_WATCH = "CREATE EVENT TRIGGER spoil ON ddl_command_end EXECUTE FUNCTION kept.spoil()"
_COLUMNS = """
SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = 'public' AND is_generated = 'NEVER'
    AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public')
GROUP BY table_name ORDER BY table_name
"""
_SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
#: Nobody else may be in the middle of something.
_IS_SPOILT = """
SELECT EXISTS (SELECT FROM kept.spoilt) OR EXISTS (
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend' AND state <> 'idle')
"""

#: A connection to each database, of the one who restores it.
_restorers: dict[str, psycopg.Connection] = {}


def keep(url: str) -> None:
    """Keep what the database holds, so that `restore` can put it back."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(_SCHEMA)
        steps: list[sql.Composable] = [sql.SQL("SET LOCAL session_replication_role = replica;")]
        for table, columns in connection.execute(_COLUMNS).fetchall():
            steps.extend(_put_back(connection, table, columns))
        for name, value in connection.execute(_SEQUENCES).fetchall():
            called = sql.Literal(value is not None)
            steps.append(sql.SQL("PERFORM setval({}, {}, {});").format(f"public.{name}", value or 1, called))
        body = sql.SQL("BEGIN {} END").format(sql.SQL(" ").join(steps)).as_string(connection)
        make = "CREATE FUNCTION kept.restore() RETURNS void LANGUAGE plpgsql AS {}"
        connection.execute(sql.SQL(make).format(sql.Literal(body)))
        connection.execute(_WATCH)


def _put_back(connection: psycopg.Connection, table: str, columns: list[str]) -> Iterator[sql.Composable]:
    now, then = sql.Identifier("public", table), sql.Identifier("kept", table)
    connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(then, now))
    yield sql.SQL("DELETE FROM {};").format(now)
    if connection.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(then)).fetchall():
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        every = sql.SQL("INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE SELECT {1} FROM {2};")
        yield every.format(now, names, then)


def restore(url: str) -> bool:
    """Put back what the database held; whether that could be done."""
    if url not in _restorers:
        _restorers[url] = psycopg.connect(plain(url), autocommit=True)
    spoilt = _restorers[url].execute(_IS_SPOILT).fetchone() != (False,)
    if spoilt:
        _restorers.pop(url).close()
    else:
        _restorers[url].execute("SELECT kept.restore()")
    return not spoilt


def close() -> None:
    """Close the connection to each database."""
    while _restorers:
        _restorers.popitem()[1].close()


def plain(url: str) -> str:
    """The URL without the name of the driver, as libpq reads it."""
    return url.replace("postgresql+psycopg", "postgresql")
