"""Statements compiled once and run on the bare cursor: a write must not wait for its SQL to be built.

Compiling and result handling by the toolkit cost more than the work of a small statement (measured: 0.39
of hand-written SQL against 0.82 this way), so the few statements of every action go through here; the
rest of the house uses the toolkit as it is.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Boolean, Date, ScalarSelect, Select, Table, Text, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.types import TypeEngine

from storage import among
from storage.among import Numbers, Words
from storage.types import Exact, Instant, instant_text

Processor = Callable[[Any], Any]
_Made = TypeVar("_Made")

#: How SQLite keeps what it has no type for: the way in, and the way out. The toolkit's own types do the same
#: through three calls a value (held equal by a test).
_TURNS: dict[type[TypeEngine[Any]], tuple[Processor, Processor]] = {
    Boolean: (int, bool),
    Date: (date.isoformat, date.fromisoformat),
    Exact: (str, Decimal),
    Instant: (instant_text, datetime.fromisoformat),
    Numbers: (among.as_text, str),  # nothing gives them back
    Words: (among.as_text, str),
}
#: What psycopg does not take as it is.
_TURNS_OF_PSYCOPG: dict[type[TypeEngine[Any]], tuple[Processor, Processor]] = {
    Numbers: (list, list),
    Words: (list, list),
}


class Prepared:
    """One statement for one dialect: its text, the order of its parameters, and how values are turned."""

    def __init__(self, statement: Executable, dialect: Dialect, keys: Sequence[str] | None = None) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=keys)  # type: ignore[attr-defined]  # every executable compiles
        self.sql: str = compiled.string
        # Constants that the compiler turned into parameters of its own.
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        # psycopg takes and gives days, instants, decimals and booleans as they are; SQLite does not.
        turns = _TURNS if dialect.name == "sqlite" else _TURNS_OF_PSYCOPG
        #: What each parameter is called, in their order.
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._order = _in_order(self.names)
        bound = (compiled.binds[name] for name in self.names)
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        self._binds = _turns((bind.type for bind in bound), turns, 0)
        self._results = _turns((column.type for column in columns), turns, 1)

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """The values in the form the driver takes."""
        if self._fixed:
            values = {**self._fixed, **values}
        ordered = self._order(values)
        return _turned(ordered, self._binds) if self._binds else ordered

    def row(self, values: Sequence[Any]) -> Sequence[Any]:
        """The same from a whole row, whose values are in the order of the table's columns."""
        return _turned(values, self._binds) if self._binds else values

    def run(self, cursor: Any, values: Mapping[str, Any]) -> None:
        cursor.execute(self.sql, self.parameters(values))

    def rows(self, cursor: Any) -> list[Any]:
        """All rows of the cursor, values turned."""
        fetched = cursor.fetchall()
        return [_turned(row, self._results) for row in fetched] if self._results else fetched


def once_for_each_kind(make: Callable[[Dialect], _Made]) -> Callable[[Dialect], _Made]:
    """What is made of a dialect, made once in a process for each kind of database."""
    made: dict[tuple[str, str], _Made] = {}

    def made_for(dialect: Dialect) -> _Made:
        kind = dialect.name, dialect.paramstyle
        if kind not in made:
            made[kind] = make(dialect)
        return made[kind]

    return made_for


def _in_order(names: Sequence[str] | None) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """What takes the values of these names out of a mapping, in their order."""
    if not names:
        return lambda _values: ()
    take = itemgetter(*names)
    return take if len(names) > 1 else lambda values: (take(values),)


def _turned(row: Sequence[Any], processors: Iterable[tuple[int, Processor]]) -> list[Any]:
    values = list(row)
    _turn(values, processors)
    return values


def _turn(values: list[Any], processors: Iterable[tuple[int, Processor]]) -> None:
    for place, process in processors:
        value = values[place]
        if value is not None:
            values[place] = process(value)


def _turns(
    types: Iterable[TypeEngine[Any]],
    turns: Mapping[type[TypeEngine[Any]], tuple[Processor, Processor]],
    way: int,
) -> list[tuple[int, Processor]]:
    """The places of the values that are turned, each with what turns it; ``way`` is 0 in and 1 out."""
    return [(place, turns[type(of)][way]) for place, of in enumerate(types) if type(of) in turns]


def upsert(table: Table, dialect: Dialect) -> Executable:
    """Insert a whole row, or replace every column of the one with the same primary key."""
    make = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    keys = [column.name for column in table.primary_key.columns]
    changed = {
        column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def insert_once(table: Table, dialect: Dialect) -> sqlite.Insert | postgresql.Insert:
    """Insert a whole row, or leave the one that is there under the same key as it is."""
    make = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    return make(table).on_conflict_do_nothing()


def as_json(query: Select[Any], beside: Table, dialect: Dialect) -> ScalarSelect[str]:
    """All rows of the query, which may ask for those of ``beside``, as one value: a text of JSON."""
    rows = query.correlate(beside).subquery()
    if dialect.name == "sqlite":
        return select(func.json_group_array(func.json_array(*rows.c))).scalar_subquery()
    # A number of JSON is not exact.
    values = [cast(column, Text) if isinstance(column.type, Exact) else column for column in rows.c]
    return select(cast(func.json_agg(func.json_build_array(*values)), Text)).scalar_subquery()


class FromJson:
    """Makes the rows of a query of that text, the values as the query gives them."""

    def __init__(self, query: Select[Any]) -> None:
        self._results = _turns((column.type for column in query.selected_columns), _TURNS, 1)

    def __call__(self, text: str | None) -> list[list[Any]]:
        if text is None or text == "[]":  # as PostgreSQL and SQLite say that there are none
            return []
        rows: list[list[Any]]
        rows, _ = _decoder.raw_decode(text)
        for row in rows:
            _turn(row, self._results)
        return rows


_decoder = json.JSONDecoder()
