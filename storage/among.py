"""Many numbers as one parameter: however many they are, the statement stays the same and is built once."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, Integer, Text, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


def given(numbers: Collection[int], dialect: Dialect) -> Any:
    """The numbers in the form in which the driver takes them."""
    return json.dumps(list(numbers)) if dialect.name == "sqlite" else list(numbers)


class Numbers(TypeDecorator[Collection[int]]):
    """An array on PostgreSQL, a text of JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Integer))

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        return given(value or (), dialect)


class _Each(FunctionElement[int]):
    """Each of the numbers in a parameter, as a subquery."""

    type = Integer()
    inherit_cache = True


@compiles(_Each, "sqlite")
def _on_sqlite(element: _Each, compiler: Any, **how: Any) -> str:
    given = compiler.process(element.clauses, **how)
    return f"(SELECT value FROM json_each({given}))"  # noqa: S608 - the place of a parameter


@compiles(_Each, "postgresql")
def _on_postgresql(element: _Each, compiler: Any, **how: Any) -> str:
    given = compiler.process(element.clauses, **how)
    return f"(SELECT unnest({given}))"


def among(column: ColumnElement[int], name: str) -> ColumnElement[bool]:
    """The condition that the column is one of the numbers which the parameter of that name holds."""
    return column.bool_op("IN")(_Each(bindparam(name, type_=Numbers())))
