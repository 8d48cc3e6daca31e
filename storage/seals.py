"""Sealing a quarter: its lines, the one hash over them, and the proof that nothing behind it was touched."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from engine.events import Event, Happened
from engine.indicator import ReportState
from engine.ports import SealLine
from engine.quarter import Quarter
from storage import tables as t
from storage.journal import GENESIS, Entry, canonical, first_break
from storage.types import instant_text

_PORTION = 500
_LINE_COLUMNS = (
    "indicator_id",
    "code",
    "claimed_level",
    "claimed_fraction",
    "verified_level",
    "verified_fraction",
    "workflow",
    "workflow_version",
    "workflow_hash",
    "journal_seq",
    "journal_head",
)


@dataclass(frozen=True, slots=True)
class Tampered:
    """A place where a sealed quarter and the database disagree, and about what."""

    code: str
    fault: str


class SealHash:
    """The hash of a seal, fed line by line in the order of the indicators' ids."""

    def __init__(self, quarter: Quarter, sealed_at: str, previous_hash: str) -> None:
        first = [quarter.fiscal_year, quarter.number, sealed_at, previous_hash]
        self._digest = hashlib.sha256(canonical(first).encode())

    def add(self, line: SealLine) -> None:
        self._digest.update(b"\n" + canonical(list(asdict(line).values())).encode())

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def write(connection: Connection, quarter: Quarter, lines: Iterable[SealLine], event: Event) -> str:
    """Keep the lines and the seal, seal the quarter's reports, move every indicator of the year on."""
    # First, because it waits for whoever is writing: the lines below are read from what they leave.
    connection.execute(
        update(t.indicators)
        .where(t.indicators.c.fiscal_year == quarter.fiscal_year)
        .values(version=t.indicators.c.version + 1)
    )
    key = {"fiscal_year": quarter.fiscal_year, "quarter": quarter.number}
    previous = _previous_hash(connection, quarter)
    digest = SealHash(quarter, instant_text(event.at), previous)
    waiting: list[dict[str, object]] = []
    for line in lines:
        digest.add(line)
        waiting.append({**key, **dict(zip(_LINE_COLUMNS, asdict(line).values(), strict=True))})
        if len(waiting) == _PORTION:
            connection.execute(insert(t.seal_lines), waiting)
            waiting = []
    if waiting:
        connection.execute(insert(t.seal_lines), waiting)
    connection.execute(
        insert(t.seals).values(
            **key,
            sealed_at=event.at,
            sealed_by=event.by,
            previous_hash=previous,
            hash=digest.hexdigest(),
        )
    )
    of_year = select(t.indicators.c.id).where(t.indicators.c.fiscal_year == quarter.fiscal_year)
    connection.execute(
        update(t.reports)
        .where(t.reports.c.quarter == quarter.number, t.reports.c.indicator_id.in_(of_year))
        .values(state=str(ReportState.SEALED))
    )
    return digest.hexdigest()


def _previous_hash(connection: Connection, quarter: Quarter) -> str:
    """The hash of the seal before this one, of whatever quarter."""
    s = t.seals.c
    found = connection.execute(
        select(s.hash)
        .where((s.fiscal_year * 4 + s.quarter) < quarter.fiscal_year * 4 + quarter.number)
        .order_by(s.fiscal_year.desc(), s.quarter.desc())
        .limit(1)
    ).scalar_one_or_none()
    return found or GENESIS


def kept_lines(connection: Connection, quarter: Quarter) -> Iterator[SealLine]:
    """The lines of a seal as kept, by indicator id."""
    line = t.seal_lines.c
    for row in connection.execute(
        select(*(line[name] for name in _LINE_COLUMNS))
        .where(line.fiscal_year == quarter.fiscal_year, line.quarter == quarter.number)
        .order_by(line.indicator_id)
    ):
        yield SealLine(*row)


def tampered(connection: Connection, quarter: Quarter, recomputed: Iterable[SealLine]) -> Iterator[Tampered]:
    """Everything that no longer agrees with the seal.

    ``recomputed`` are the lines as the facts known at the moment of sealing give them today. The journal
    of an indicator may have grown since: up to the sealed end of it the chain must be whole.
    """
    s = t.seals.c
    seal = connection.execute(
        select(s.sealed_at, s.sealed_by, s.previous_hash, s.hash).where(
            s.fiscal_year == quarter.fiscal_year, s.quarter == quarter.number
        )
    ).one_or_none()
    if seal is None:
        yield Tampered("", "no_seal")
        return
    digest = SealHash(quarter, instant_text(seal.sealed_at), seal.previous_hash)
    today = {line.indicator: line for line in recomputed}
    for line in kept_lines(connection, quarter):
        digest.add(line)
        now = today.get(line.indicator)
        if now is None:
            yield Tampered(line.code, "gone")
            continue
        for fault, names in _COMPARED.items():
            if any(getattr(now, name) != getattr(line, name) for name in names):
                yield Tampered(line.code, fault)
        entries = _entries(connection, line.indicator, line.journal_seq)
        if first_break(line.indicator, entries, line.journal_seq, line.journal_head):
            yield Tampered(line.code, "journal")
    if digest.hexdigest() != seal.hash:
        yield Tampered("", "hash")
    if not _witnessed(connection, quarter, instant_text(seal.sealed_at), seal.sealed_by, seal.hash):
        yield Tampered("", "journal")


#: What a line must still say, by the fault it is when it does not.
_COMPARED = {
    "code": ("code",),
    "level": ("claimed", "claimed_fraction", "verified", "verified_fraction"),
    "rule": ("workflow", "workflow_version", "workflow_hash"),
}


def _entries(connection: Connection, stream: int, through: int) -> Iterator[Entry]:
    j = t.journal
    rows = connection.execute(
        select(*j.columns).where(j.c.stream == stream, j.c.seq <= through).order_by(j.c.seq)
    )
    return (Entry(*row) for row in rows)


def _witnessed(connection: Connection, quarter: Quarter, at: str, by: int, digest: str) -> bool:
    """Whether the city's journal tells of this seal as it stands: whoever rewrites one leaves the other."""
    j = t.journal.c
    told = connection.execute(
        select(j.at, j.by, j.data).where(j.stream == t.CITY, j.what == str(Happened.QUARTER_SEALED))
    )
    sealed = {"fiscal_year": quarter.fiscal_year, "quarter": quarter.number, "hash": digest}
    return any(row.at == at and row.by == by and json.loads(row.data) == sealed for row in told)
