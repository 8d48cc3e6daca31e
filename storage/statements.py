"""Statements compiled once and run on the bare cursor: a write must not wait for its SQL to be built.

Compiling and result handling by the toolkit cost more than the work of a small statement (measured: 0.39
of hand-written SQL against 0.82 this way), so the few statements of every action go through here; the
rest of the house uses the toolkit as it is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Table, and_, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ColumnElement

Processor = Callable[[Any], Any]


class Prepared:
    """One statement for one dialect: its text, the order of its parameters, and how values are turned."""

    def __init__(self, statement: Executable, dialect: Dialect, keys: Sequence[str] | None = None) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=keys)  # type: ignore[attr-defined]  # every executable compiles
        self.sql: str = compiled.string
        self._order: Sequence[str] | None = compiled.positiontup
        # Constants that the compiler turned into parameters of its own.
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._binds: list[tuple[Any, Processor]] = []
        self._results: list[tuple[Any, Processor]] = []
        # psycopg takes and gives days, instants, decimals and booleans as they are; SQLite does not.
        if dialect.name == "sqlite":
            columns = statement.selected_columns if isinstance(statement, Select) else ()
            self._binds = _processors(
                (name, bind.type.dialect_impl(dialect).bind_processor(dialect))
                for name, bind in compiled.binds.items()
            )
            self._results = _processors(
                (place, column.type.dialect_impl(dialect).result_processor(dialect, None))
                for place, column in enumerate(columns)
            )

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """The values in the form the driver takes."""
        turned = {**self._fixed, **values}
        for name, process in self._binds:
            turned[name] = process(turned[name])
        return turned if self._order is None else [turned[name] for name in self._order]

    def run(self, cursor: Any, values: Mapping[str, Any]) -> None:
        cursor.execute(self.sql, self.parameters(values))

    def run_many(self, cursor: Any, rows: Iterable[Mapping[str, Any]]) -> None:
        cursor.executemany(self.sql, [self.parameters(row) for row in rows])

    def rows(self, cursor: Any) -> list[Any]:
        """All rows of the cursor, values turned."""
        fetched = cursor.fetchall()
        if not self._results or not fetched:
            return fetched  # type: ignore[no-any-return]  # the driver's own list of tuples
        turned = []
        for row in fetched:
            values = list(row)
            for place, process in self._results:
                if values[place] is not None:
                    values[place] = process(values[place])
            turned.append(values)
        return turned


def _processors(pairs: Iterable[tuple[Any, Processor | None]]) -> list[tuple[Any, Processor]]:
    return [(key, process) for key, process in pairs if process is not None]


def upsert(table: Table, dialect: Dialect) -> Executable:
    """Insert a whole row, or replace every column of the one with the same primary key."""
    make = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    keys = [column.name for column in table.primary_key.columns]
    changed = {
        column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def insert_once(table: Table, dialect: Dialect) -> Executable:
    """Insert a whole row, or leave the one with the same primary key as it is."""
    make = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    return make(table).on_conflict_do_nothing()


def within(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that the column lies between the parameters ``low`` and ``high``, both included."""
    return and_(column >= bindparam("low"), column <= bindparam("high"))
