"""Every statement that a database is asked, whichever way it goes there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from storage.asking import Lookup
from storage.store import Store


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []
    with _listening(store.engine, lambda statement, _parameters: sent.append(statement)):
        yield sent


@contextmanager
def statements(engine: Any) -> Iterator[list[tuple[str, object]]]:
    """Every statement that is run meanwhile, with its parameters."""
    seen: list[tuple[str, object]] = []
    with _listening(engine, lambda *one: seen.append(one)):
        yield seen


@contextmanager
def _listening(engine: Any, note: Callable[[str, object], None]) -> Iterator[None]:
    """By the toolkit's event, and at the lookups, which go past it."""

    def execute(_connection: Any, _cursor: Any, statement: str, parameters: object, *_: Any) -> None:
        note(statement, parameters)

    def look_up(lookup: Lookup, connection: Any, values: Any = None) -> list[Any]:
        prepared = lookup._prepared(connection.dialect)
        note(prepared.sql, tuple(prepared.parameters(values or {})))
        return run(lookup, connection, values)

    run = Lookup.all
    event.listen(engine, "before_cursor_execute", execute)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Lookup, "all", look_up)
            yield
    finally:
        event.remove(engine, "before_cursor_execute", execute)
