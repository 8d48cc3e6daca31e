"""Many rows at once, each unless it is there already: by executemany on SQLite, by arrays on PostgreSQL."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import ARRAY, Date, Executable, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def add_once(
    connection: Connection, table: Table, names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
) -> int:
    """Insert the rows; those that a unique constraint knows already are left. Returns how many are new.

    ``names`` are columns in the order in which the table has them: numbers, texts and days.
    """
    given = list(rows)
    if not given:
        return 0
    add = _on_sqlite if connection.dialect.name == "sqlite" else _on_postgresql
    return add(connection, table, names, given)


def _on_sqlite(
    connection: Connection, table: Table, names: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> int:
    """On the driver's own cursor: the toolkit would look at every value of every row."""
    columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
    text_of = cache(date.isoformat)  # many rows have few days
    for place, name in enumerate(names):
        if isinstance(table.c[name].type, Date):
            columns[place] = map(text_of, columns[place])
    cursor = connection.connection.cursor()
    cursor.executemany(_one_by_one(table, names), list(zip(*columns, strict=True)))
    return int(cursor.rowcount)


def _on_postgresql(
    connection: Connection, table: Table, names: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> int:
    """In order, so that two who write the same ones wait for each other and never in a circle."""
    never_null = [place for place, name in enumerate(names) if not table.c[name].nullable]
    rows.sort(key=itemgetter(*never_null))
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    counted = {"preserve_rowcount": True}  # else the toolkit forgets how many rows an INSERT wrote
    return connection.execute(_by_arrays(table, names), columns, execution_options=counted).rowcount


@cache
def _one_by_one(table: Table, names: tuple[str, ...]) -> str:
    statement = sqlite.insert(table).on_conflict_do_nothing()
    compiled = statement.compile(dialect=sqlite.dialect(), column_keys=names)
    assert tuple(compiled.positiontup or ()) == names
    return str(compiled)


@cache
def _by_arrays(table: Table, names: tuple[str, ...]) -> Executable:
    """One statement for any number of rows: a parameter is a whole column."""
    arrays = [bindparam(name, type_=ARRAY(table.c[name].type)) for name in names]
    rows = func.unnest(*arrays).table_valued(*names, name="given").render_derived()
    return postgresql.insert(table).from_select(list(names), select(rows)).on_conflict_do_nothing()
