"""What pages ask again and again: built once, and compiled once for each kind of database."""

from collections import namedtuple
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import Select
from sqlalchemy.engine import Connection

from storage.statements import Prepared, once_for_each_kind


class Lookup:
    """A SELECT run on the bare cursor: the toolkit's way around it costs more than most of them take.

    Its rows have the names of its columns. A list of constants in it is to be written out, as by
    :func:`storage.naming.one_of`.
    """

    def __init__(self, query: Select[Any]) -> None:
        self.query = query
        row: Any = namedtuple("_row", query.selected_columns.keys(), rename=True)  # type: ignore[misc]  # noqa: PYI024 - made of the query
        self._row = row._make
        self._prepared = once_for_each_kind(partial(Prepared, query))

    def all(self, connection: Connection, values: Mapping[str, Any] | None = None) -> list[Any]:
        """All of its rows."""
        prepared = self._prepared(connection.dialect)
        cursor: Any = connection.connection.cursor()
        prepared.run(cursor, values or {})
        return list(map(self._row, prepared.rows(cursor)))

    def one(self, connection: Connection, values: Mapping[str, Any] | None = None) -> Any:
        """Its only row, or ``None`` where there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None
