"""Sealed results as files: written a portion at a time, however many there are and however slowly they go."""

import json
from collections.abc import Callable, Iterator

from engine.quarter import FiscalYear
from storage import published
from storage.published import Result, Seal
from storage.store import Store
from web.public.columns import COLUMNS
from web.spreadsheets import comma

#: So many results are read and held at once. Between two portions nothing is open at the database.
_PORTION = 500


def file_name(seal: Seal, kind: str) -> str:
    """What a file of a sealed quarter is called."""
    return f"results-{FiscalYear(seal.quarter.fiscal_year).be}-{seal.quarter.number}.{kind}"


Write = Callable[[Store, Seal], Iterator[str]]


def as_csv(store: Store, seal: Seal) -> Iterator[str]:
    """A table with a line of names (RFC 4180)."""
    yield comma.MARK + comma.line([column.key for column in COLUMNS])
    for portion in _portions(store, seal):
        yield "".join(comma.line([column.value(seal, one) for column in COLUMNS]) for one in portion)


def as_json(store: Store, seal: Seal) -> Iterator[str]:
    """The seal, and its results with the names of the table's columns."""
    head = {
        "fiscal_year": seal.quarter.fiscal_year,
        "quarter": seal.quarter.number,
        "sealed_at": seal.sealed_at.isoformat(timespec="microseconds"),
        "previous_hash": seal.previous_hash,
        "hash": seal.hash,
    }
    yield json.dumps(head, ensure_ascii=False).removesuffix("}") + ', "results": ['
    before = "\n"
    for portion in _portions(store, seal):
        for one in portion:
            values = {column.key: column.value(seal, one) for column in COLUMNS}
            yield before + json.dumps(values, ensure_ascii=False)
            before = ",\n"
    yield "\n]}\n"


def _portions(store: Store, seal: Seal) -> Iterator[list[Result]]:
    after = 0
    while True:
        with store.read() as tx:
            found = published.results(tx.connection, store.workflow, seal.quarter, after=after, most=_PORTION)
        if not found:
            return
        yield found
        after = found[-1].indicator


#: The files of a quarter by the end of their names: the type of each, and who writes it.
FILES: dict[str, tuple[str, Write]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "json": ("application/json", as_json),
}
