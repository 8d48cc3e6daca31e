"""The index of search: the folded text of whatever can be found, in one table that the writers of texts keep.

SQLite looks it through by FTS5, PostgreSQL by pg_trgm where that can be had. Facts are written too often for
that: theirs are put there with the news of their indicator, and until then looked through where they lie. Why
it is like this: decision 0024.
"""

from collections.abc import Collection, Iterator, Mapping
from enum import IntEnum

from sqlalchemy import Executable, and_, bindparam, delete, func, insert, literal_column, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ColumnElement

from engine.indicator import Indicator
from engine.ports import Change
from engine.searching import folded
from storage import tables as t
from storage.among import among

_INDICATOR_BITS, _KIND_BITS, _NUMBER_BITS = 28, 2, 20
#: So many indicators are held at once when the index is made or compared.
_PORTION = 100


class Kind(IntEnum):
    """What a text belongs to; of one indicator the higher come first."""

    FACT = 0
    EVIDENCE = 1
    REPORT = 2
    INDICATOR = 3


def place_of(fiscal_year: int, indicator: int, kind: int, number: int) -> int:
    """Where a text stands among all of them, as one number: by year, indicator, kind and number."""
    place = fiscal_year
    for part, bits in ((indicator, _INDICATOR_BITS), (kind, _KIND_BITS), (number, _NUMBER_BITS)):
        place = place << bits | part
    return place


def indicator_of(place: ColumnElement[int]) -> ColumnElement[int]:
    """The indicator of a place, as the database computes it."""
    return _part(place, _KIND_BITS + _NUMBER_BITS, _INDICATOR_BITS)


def kind_of(place: ColumnElement[int]) -> ColumnElement[int]:
    """The kind of a place, likewise."""
    return _part(place, _NUMBER_BITS, _KIND_BITS)


def number_of(place: ColumnElement[int]) -> ColumnElement[int]:
    """The number of a place, likewise."""
    return _part(place, 0, _NUMBER_BITS)


def _part(place: ColumnElement[int], below: int, bits: int) -> ColumnElement[int]:
    found: ColumnElement[int] = place.op(">>")(text(str(below))).op("&")(text(str((1 << bits) - 1)))
    return found


# -- what writers put there ---------------------------------------------------------------------------------

#: A row of ``search_texts``: place, indicator, kind, number, folded text.
Row = tuple[int, int, int, int, str]
NAMES = tuple(column.name for column in t.search_texts.columns)


def row_of(fiscal_year: int, indicator: int, kind: Kind, number: int, *parts: str | None) -> Row:
    said = folded("\n".join(filter(None, parts)))
    # With an end: FTS5 knows three letters together, and the last two are to be found as well.
    text_ = f"{said}\n" if said else ""
    return place_of(fiscal_year, indicator, kind, number), indicator, int(kind), number, text_


def first_row(indicator: Indicator) -> Row:
    """The row of an indicator that was just created."""
    year, title = indicator.fiscal_year.year, indicator.title
    return row_of(year, indicator.id, Kind.INDICATOR, 0, indicator.code, title.th, title.en)


def rows_of(change: Change) -> Iterator[Row]:
    """The rows of the texts that a change writes, but for its facts."""
    year, owner = change.indicator.fiscal_year.year, change.indicator.id
    for evidence in change.evidence:
        yield row_of(year, owner, Kind.EVIDENCE, evidence.number, evidence.file_name, evidence.link)
    for report in change.reports:
        yield row_of(year, owner, Kind.REPORT, report.quarter, report.narrative)


def put(dialect: Dialect) -> Executable:
    """Insert a row, or replace its text where that has become another."""
    make_one = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    statement = make_one(t.search_texts)
    new = statement.excluded.text
    return statement.on_conflict_do_update(
        index_elements=["place"], set_={"text": new}, where=t.search_texts.c.text != new
    )


_HAS_WORDS = or_(t.occurrences.c.document_number.is_not(None), t.occurrences.c.note != "")
_FACTS = (
    select(
        t.indicators.c.fiscal_year,
        t.occurrences.c.indicator_id,
        literal_column(str(int(Kind.FACT))),
        t.occurrences.c.number,
        t.occurrences.c.document_number,
        t.occurrences.c.note,
    )
    .join_from(t.indicators, t.occurrences)
    .where(_HAS_WORDS)
)
#: The facts that wait: (fiscal year, indicator, kind, number, texts ...).
WAITING = _FACTS.where(t.UNTOLD)
_FACTS_OF = _FACTS.where(among(t.indicators.c.id, "indicators"))


def take_facts(connection: Connection, indicators: Collection[int]) -> None:
    """Put the facts of the indicators there; to be done by whoever says that their news was told."""
    rows = sorted(row_of(*found) for found in connection.execute(_FACTS_OF, {"indicators": indicators}))
    if rows:
        connection.execute(put(connection.dialect), [dict(zip(NAMES, row, strict=True)) for row in rows])


# -- the texts there are ------------------------------------------------------------------------------------

_i, _d, _r, _o, _e = (
    t.indicators.c,
    t.indicator_details.c,
    t.reports.c,
    t.occurrences.c,
    t.evidence.c,
)
_THESE = and_(_i.fiscal_year == bindparam("year"), _i.id.between(bindparam("first"), bindparam("last")))
#: All texts of the indicators of a year from ``first`` to ``last``: (indicator, number, texts …) by kind.
SOURCES: Mapping[Kind, Executable] = {
    Kind.INDICATOR: select(_i.id, literal_column("0"), _i.code, _d.title_th, _d.title_en)
    .join_from(t.indicators, t.indicator_details)
    .where(_THESE),
    Kind.REPORT: select(_r.indicator_id, _r.quarter, _r.narrative)
    .join_from(t.indicators, t.reports)
    .where(_THESE),
    Kind.EVIDENCE: select(_e.indicator_id, _e.number, _e.file_name, _e.link)
    .join_from(t.indicators, t.evidence)
    .where(_THESE),
    Kind.FACT: select(_o.indicator_id, _o.number, _o.document_number, _o.note)
    .join_from(t.indicators, t.occurrences)
    .where(_THESE),
}
_YEARS = (
    select(_i.fiscal_year, func.min(_i.id), func.max(_i.id)).group_by(_i.fiscal_year).order_by(_i.fiscal_year)
)


def portions(connection: Connection) -> Iterator[tuple[int, int, int]]:
    """A year with the first and the last of some of its indicators, in the order of places."""
    for year, lowest, highest in connection.execute(_YEARS).all():
        for first in range(lowest, highest + 1, _PORTION):
            yield year, first, first + _PORTION - 1


def rows_there(
    connection: Connection, sources: Mapping[Kind, Executable], year: int, first: int, last: int
) -> Iterator[Row]:
    given = {"year": year, "first": first, "last": last}
    for kind, query in sources.items():
        for owner, number, *parts in connection.execute(query, given):
            row = row_of(year, owner, kind, number, *parts)
            if row[-1]:
                yield row


# -- what the database is asked to keep ---------------------------------------------------------------------

_INTO_THE_INDEX = "INSERT INTO search (rowid, text) VALUES (new.place, new.text);"
_OUT_OF_THE_INDEX = "INSERT INTO search (search, rowid, text) VALUES ('delete', old.place, old.text);"
_MADE_ON_SQLITE = (
    """CREATE VIRTUAL TABLE search USING fts5(
        text, content='search_texts', content_rowid='place', tokenize='trigram case_sensitive 1')""",
    "CREATE VIRTUAL TABLE search_terms USING fts5vocab(search, row)",
    f"""CREATE TRIGGER search_text_added AFTER INSERT ON search_texts BEGIN
        {_INTO_THE_INDEX}
    END""",
    f"""CREATE TRIGGER search_text_changed AFTER UPDATE OF text ON search_texts BEGIN
        {_OUT_OF_THE_INDEX}
        {_INTO_THE_INDEX}
    END""",
    f"""CREATE TRIGGER search_text_removed AFTER DELETE ON search_texts BEGIN
        {_OUT_OF_THE_INDEX}
    END""",
)
_UNMADE_ON_SQLITE = (
    *(f"DROP TRIGGER IF EXISTS search_text_{what}" for what in ("added", "changed", "removed")),
    *(f"DROP TABLE IF EXISTS {name}" for name in ("search_terms", "search")),
)
#: The tables on SQLite that no page knows: FTS5 has some of its own.
HIDDEN_TABLES = frozenset(
    {"search", *(f"search_{end}" for end in ("terms", "data", "idx", "docsize", "config"))}
)
_MADE_ON_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX IF NOT EXISTS ix_search_texts_text ON search_texts USING gin (text gin_trgm_ops)",
)


def make(connection: Connection, sources: Mapping[Kind, Executable] = SOURCES) -> None:
    """Make the index anew from the texts there are, a portion of them at a time."""
    if connection.dialect.name == "sqlite":
        for statement in _UNMADE_ON_SQLITE:
            connection.exec_driver_sql(statement)
        connection.execute(delete(t.search_texts))
        for statement in _MADE_ON_SQLITE:
            connection.exec_driver_sql(statement)
    else:
        connection.execute(delete(t.search_texts))
        _index_by_trigrams(connection)
    for portion in portions(connection):
        rows = sorted(rows_there(connection, sources, *portion))
        if rows:
            connection.execute(insert(t.search_texts), [dict(zip(NAMES, row, strict=True)) for row in rows])


def _index_by_trigrams(connection: Connection) -> None:
    """On PostgreSQL, where the extension is there or may be made; elsewhere all texts are looked through."""
    try:
        with connection.begin_nested():
            for statement in _MADE_ON_POSTGRESQL:
                connection.exec_driver_sql(statement)
    except DBAPIError:
        return
