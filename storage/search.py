"""Finds texts by words that stand in them, of what the person may see: the newest year first."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Integer,
    Select,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from engine.permissions import Person
from engine.quarter import FiscalYear
from engine.workflow import Text, Workflow
from storage import tables as t
from storage.among import each
from storage.contents import Workflows
from storage.desk import seen_by
from storage.search_index import WAITING, Kind, indicator_of, kind_of, number_of, row_of

_s, _i, _d, _a, _r, _o, _e = (
    t.search_texts.c,
    t.indicators.c,
    t.indicator_details.c,
    t.agencies.c,
    t.reports.c,
    t.occurrences.c,
    t.evidence.c,
)
#: What SQLite has besides: the index.
_INDEX = table("search", column("rowid", Integer))
_TERMS = text("SELECT term FROM search_terms WHERE term BETWEEN :first AND :last")
#: So many letters the index of SQLite knows together.
_TRIGRAM = 3
#: No place lies behind it.
_END = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Hit:
    """A text in which all the words stand, as it was written, and what it belongs to.

    ``place`` is where it stands among all of them. ``milestone`` is that of a fact or a piece of evidence, of
    which it is told whether it still holds.
    """

    place: int
    kind: Kind
    number: int
    code: str
    fiscal_year: FiscalYear
    agency: Text
    title: Text
    workflow: Workflow
    said: str
    milestone: str
    holds: bool


def find(
    connection: Connection,
    workflows: Workflows,
    person: Person,
    words: Sequence[str],
    *,
    most: int,
    before: int | None = None,
) -> list[Hit]:
    """At most so many texts with all of the words, folded ones, that lie before a place.

    The newest year comes first, in it the newest indicator, of which the texts stand together.
    """
    end = _END if before is None else min(before, _END)
    found = {*_indexed(connection, person, words, end, most), *_waiting(connection, person, words, end)}
    if not found:
        return []
    first = sorted(found, reverse=True)[:most]
    return [_hit(row, workflows, connection) for row in connection.execute(_WHOLE, {"places": first})]


def _indexed(
    connection: Connection, person: Person, words: Sequence[str], end: int, most: int
) -> Iterable[int]:
    """The last places before the end whose texts hold the words, of what the person may see."""
    is_sqlite = connection.dialect.name == "sqlite"
    places = (_by_fts5 if is_sqlite else _by_like)(connection, person, words)
    if places is None:
        return ()
    last = places.order_by(literal_column("place").desc()).limit(bindparam("most"))
    return connection.execute(last, {"before": end, "most": most}).scalars()


def _waiting(connection: Connection, person: Person, words: Sequence[str], end: int) -> Iterator[int]:
    """Those of facts that no index has yet. They are few, for a worker takes them in every minute."""
    for found in connection.execute(seen_by(WAITING, person)):
        place, *_, said = row_of(*found)
        if place < end and all(word in said for word in words):
            yield place


def _by_like(_connection: Connection, person: Person, words: Sequence[str]) -> Select[Any]:
    """On PostgreSQL: by the index where there is one; what is typed as a wildcard is a letter."""
    plain = (word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words)
    query = select(_s.place).join_from(t.search_texts, t.indicators, _i.id == _s.indicator_id)
    query = query.where(_s.place < bindparam("before"), *(_s.text.like(f"%{word}%") for word in plain))
    return seen_by(query, person)


def _by_fts5(connection: Connection, person: Person, words: Sequence[str]) -> Select[Any] | None:
    """On SQLite: by the index; nothing where it has no letters like those of a word.

    Other tables are asked for each place that it finds, by what the place is made of or added to nothing: a
    place that stood alone would let the planner begin with them. A text is long: it is read only to look into
    it for single letters, which the index does not know.
    """
    parts = [_expression(connection, word) for word in words if len(word) > 1]
    if not all(parts):
        return None
    place = _INDEX.c.rowid
    joined = _INDEX.join(t.indicators, _i.id == indicator_of(place))
    letters = [word for word in words if len(word) == 1]
    if letters:
        joined = joined.join(t.search_texts, _s.place == place + literal_column("0"))
    query = select(place.label("place")).select_from(joined)
    match = text("search MATCH :match").bindparams(match=" AND ".join(parts))
    looked_into = (func.instr(_s.text, letter) > 0 for letter in letters)
    return seen_by(query.where(match, place < bindparam("before"), *looked_into), person)


def _expression(connection: Connection, word: str) -> str:
    """A word for FTS5, which knows three letters together: of two, all that begin so; nothing for none."""
    terms: Sequence[str] = [word]
    if len(word) < _TRIGRAM:
        given = {"first": word, "last": word + chr(sys.maxunicode)}
        terms = connection.execute(_TERMS, given).scalars().all()
    quoted = (f'"{term.replace(chr(34), chr(34) * 2)}"' for term in terms)
    return f"({' OR '.join(quoted)})" if terms else ""


def _whole() -> Select[Any]:
    """The texts at the places as they were written, with what they belong to."""
    places = each("places")
    place = places.c.value
    owner, kind, number = indicator_of(place), kind_of(place), number_of(place)

    def of(wanted: Kind, its_owner: Column[Any], its_number: Column[Any]) -> ColumnElement[bool]:
        return and_(kind == text(str(int(wanted))), its_owner == owner, its_number == number)

    return (
        select(
            place.label("place"),
            kind.label("kind"),
            number.label("number"),
            _i.code,
            _i.fiscal_year,
            _i.workflow_version_id,
            _a.name_th,
            _a.name_en,
            _d.title_th,
            _d.title_en,
            _r.narrative,
            _o.document_number,
            _o.note,
            _o.milestone,
            _o.voided_at,
            _e.file_name,
            _e.link,
            _e.milestone.label("evidence_of"),
            _e.withdrawn_at,
        )
        .join_from(places, t.indicators, _i.id == owner)
        .join(t.indicator_details, _d.indicator_id == _i.id)
        .join(t.agencies, _a.id == _i.agency_id)
        .outerjoin(t.reports, of(Kind.REPORT, _r.indicator_id, _r.quarter))
        .outerjoin(t.occurrences, of(Kind.FACT, _o.indicator_id, _o.number))
        .outerjoin(t.evidence, of(Kind.EVIDENCE, _e.indicator_id, _e.number))
        .order_by(place.desc())
    )


_WHOLE = _whole()


def _hit(row: Any, workflows: Workflows, connection: Connection) -> Hit:
    kind = Kind(row.kind)
    said = {
        Kind.FACT: (row.document_number, row.note),
        Kind.EVIDENCE: (row.file_name, row.link),
        Kind.REPORT: (row.narrative,),
        Kind.INDICATOR: (row.title_th, row.title_en),
    }[kind]
    return Hit(
        row.place,
        kind,
        row.number,
        row.code,
        FiscalYear(row.fiscal_year),
        Text(row.name_th, row.name_en),
        Text(row.title_th, row.title_en),
        workflows(row.workflow_version_id, connection),
        " · ".join(filter(None, said)),
        row.milestone or row.evidence_of or "",
        row.voided_at is None and row.withdrawn_at is None,
    )
