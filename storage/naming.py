"""The one collection of all tables: how their constraints are named, and what their partial indexes hold."""

from typing import Any

from sqlalchemy import Column, MetaData, literal_column
from sqlalchemy.sql.elements import ColumnElement

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def only(condition: ColumnElement[bool]) -> dict[str, Any]:
    """What an index is given so that it holds only these rows, on both databases.

    A statement is served by such an index when it asks for these rows in these very words, with constants:
    so the condition has a name, and statements use it.
    """
    return {"sqlite_where": condition, "postgresql_where": condition}


def one_of(column: Column[str], *words: str) -> ColumnElement[bool]:
    """The condition that the column holds one of the words, written out as constants."""
    return column.in_([literal_column(f"'{word}'") for word in words])
