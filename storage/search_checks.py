"""Whether the index of search has every text as it is written, as ``radap doctor`` asks."""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.engine import Connection

from storage import tables as t
from storage.checks import Finding
from storage.search_index import SOURCES, WAITING, Kind, place_of, portions, rows_there

_s = t.search_texts.c
_WITHIN = select(_s.place, _s.indicator_id, _s.kind, _s.number, _s.text).where(
    _s.place.between(bindparam("low"), bindparam("high"))
)


_WAITING = WAITING.where(t.indicators.c.id.between(bindparam("first"), bindparam("last")))
_CODE = select(t.indicators.c.code).where(t.indicators.c.id == bindparam("indicator"))
_BROKEN = Finding("search.broken", "")


def search(connection: Connection) -> Iterator[Finding | None]:
    """Compare the index with all texts; a finding for each fault, ``None`` for a portion."""
    compared = 0
    for year, first, last in portions(connection):
        span = {"low": place_of(year, first, 0, 0), "high": place_of(year, last + 1, 0, 0) - 1}
        kept = {tuple(row) for row in connection.execute(_WITHIN, span)}
        compared += len(kept)
        written = set(rows_there(connection, SOURCES, year, first, last))
        waiting = {row[1:4] for row in connection.execute(_WAITING, {"first": first, "last": last})}
        missing = {row[1:4] for row in written - kept} - waiting
        for owner, kind, number in sorted(missing | {row[1:4] for row in kept - written if row[-1]}):
            code = connection.execute(_CODE, {"indicator": owner}).scalar_one()
            yield Finding("search.differs", code, f"{Kind(kind).name.lower()} {number}", year)
        yield None
    count = connection.execute(select(func.count()).select_from(t.search_texts)).scalar_one()
    if compared != count or (connection.dialect.name == "sqlite" and not _is_whole(connection)):
        yield _BROKEN


_PARTED = text(
    "SELECT count(*) FROM search_texts s LEFT JOIN search_docsize d ON d.id = s.place WHERE d.id IS NULL"
)
_OVER = text("SELECT (SELECT count(*) FROM search_docsize) - (SELECT count(*) FROM search_texts)")
_INDEXED = text("SELECT text FROM search_texts")
_TERMS = text("SELECT term, cnt FROM search_terms")


def _is_whole(connection: Connection) -> bool:
    """Whether FTS5 has each text once, and every three letters as often as they stand there."""
    if any(connection.execute(query).scalar_one() for query in (_PARTED, _OVER)):
        return False
    counted: Counter[str] = Counter()
    for (said,) in connection.execute(_INDEXED, execution_options={"yield_per": 1000}):
        counted.update(map("".join, zip(said, said[1:], said[2:], strict=False)))
    kept = {row.term: row.cnt for row in connection.execute(_TERMS)}
    return counted == kept
