"""The schema's version: create it, upgrade it, and refuse a database that a newer release has written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import column, inspect, select, table, text
from sqlalchemy.engine import Connection, Engine

from engine.errors import refuse
from storage.tables import metadata

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, target: str = "head") -> tuple[str | None, str | None]:
    """Bring the schema to ``target``; returns the revision before and after."""
    before = revision(engine)
    refuse_newer(before)
    if before is None:
        refuse_foreign(engine)
    with rebuilding(engine) as connection:
        upgrade_within(connection, target)
    return before, revision(engine)


@contextmanager
def rebuilding(engine: Engine) -> Iterator[Connection]:
    """One transaction for all that is done to the schema and its rows: a crash leaves what was there before.

    SQLite's driver would commit each statement by itself, and a table that is built anew is dropped while
    others point to it: their pointers are checked at the end instead.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if dangling:
                raise ValueError(f"rows that point nowhere: {dangling[:5]}")
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def upgrade_within(connection: Connection, target: str = "head") -> None:
    """Bring the schema to ``target`` inside a transaction that :func:`rebuilding` opened."""
    # Imported when it is needed: every command asks for the revision, few move it.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def revision(engine: Engine) -> str | None:
    """The revision that the database is at; ``None`` for an empty one."""
    kept = table("alembic_version", column("version_num"))
    with engine.connect() as connection:
        if not inspect(connection).has_table(kept.name):
            return None
        found: str | None = connection.execute(select(kept.c.version_num)).scalar_one_or_none()
        return found


def revisions() -> list[str]:
    """Every revision that this release knows, oldest first: a migration's file begins with its own."""
    return sorted(file.stem.partition("_")[0] for file in (_FOLDER / "versions").glob("[0-9]*.py"))


def newest() -> str:
    """The revision that this release needs."""
    return revisions()[-1]


def require_current(engine: Engine) -> None:
    """Refuse an empty database, an older schema and a newer one, each with what to do."""
    found = revision(engine)
    if found is None:
        raise refuse("schema.missing")
    refuse_newer(found)
    if found != newest():
        raise refuse("schema.older", found=found, needed=newest())


def refuse_newer(found: str | None) -> None:
    """Refuse a revision that this release does not know: a newer one has written it."""
    if found is not None and found not in revisions():
        raise refuse("schema.newer", found=found, needed=newest())


def refuse_foreign(engine: Engine) -> None:
    """Refuse a database in which another program keeps something; on a server, under one of our names."""
    found = set(inspect(engine).get_table_names())
    if engine.dialect.name != "sqlite":
        found &= metadata.tables.keys()
    if found:
        raise refuse("schema.foreign", tables=sorted(found)[:5])


def follow_sequences(connection: Connection) -> None:
    """On PostgreSQL the number given to the next row must follow the rows that came in."""
    if connection.dialect.name != "postgresql":
        return
    for one in metadata.sorted_tables:
        if one.autoincrement_column is not None:
            follow = f"SELECT setval(pg_get_serial_sequence('{one.name}', 'id'), max(id)) FROM {one.name}"  # noqa: S608 - names come from our own tables
            connection.execute(text(follow))
