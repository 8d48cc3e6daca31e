"""Many numbers or words as one parameter: however many they are, the statement stays the same, built once."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Column, String, Text, bindparam, select
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeDecorator, TypeEngine


def as_text(given: Collection[object]) -> str:
    """The numbers, or the words, as SQLite is given them."""
    return json.dumps(list(given))


class Numbers(TypeDecorator[Collection[int]]):
    """An array on PostgreSQL, a text of JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(BigInteger))

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        return as_text(value or ()) if dialect.name == "sqlite" else list(value or ())


class Words(Numbers):
    """The same of words."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Text))


class _Each(FunctionElement[int]):
    """Each of the numbers in a parameter, as a row with one column."""

    name = "each"
    inherit_cache = True


@compiles(_Each, "sqlite")
def _on_sqlite(element: _Each, compiler: Any, **how: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **how)})"


@compiles(_Each, "postgresql")
def _on_postgresql(element: _Each, compiler: Any, **how: Any) -> str:
    return f"(SELECT unnest({compiler.process(element.clauses, **how)}) AS value)"


def each(name: str) -> TableValuedAlias:
    """The numbers that the parameter of that name holds as a table, whose column is ``value``."""
    return _Each(bindparam(name, type_=Numbers())).table_valued(Column("value", BigInteger))


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The condition that the column is one of those that the parameter of that name holds."""
    if not isinstance(column.type, String):
        return column.in_(select(each(name).c.value))
    words = _Each(bindparam(name, type_=Words())).table_valued(Column("value", Text))
    return column.in_(select(words.c.value))
