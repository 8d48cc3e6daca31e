"""Sealing a quarter: its lines, the one hash over them, and the proof that nothing behind it was touched."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from engine.events import Event
from engine.indicator import ReportState
from engine.ports import SealLine
from engine.quarter import Quarter
from storage import tables as t
from storage.journal import GENESIS, canonical
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
    connection.execute(
        update(t.indicators)
        .where(t.indicators.c.fiscal_year == quarter.fiscal_year)
        .values(version=t.indicators.c.version + 1)
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
    of an indicator may have grown since: the sealed end of it must still be in its chain.
    """
    s = t.seals.c
    seal = connection.execute(
        select(s.sealed_at, s.previous_hash, s.hash).where(
            s.fiscal_year == quarter.fiscal_year, s.quarter == quarter.number
        )
    ).one_or_none()
    if seal is None:
        yield Tampered("", "no_seal")
        return
    digest = SealHash(quarter, instant_text(seal.sealed_at), seal.previous_hash)
    today = {line.indicator: line for line in recomputed}
    j = t.journal.c
    for line in kept_lines(connection, quarter):
        digest.add(line)
        now = today.get(line.indicator)
        if now is None:
            yield Tampered(line.code, "gone")
            continue
        if (now.claimed, now.claimed_fraction, now.verified, now.verified_fraction) != (
            line.claimed,
            line.claimed_fraction,
            line.verified,
            line.verified_fraction,
        ):
            yield Tampered(line.code, "level")
        if (now.workflow, now.workflow_version, now.workflow_hash) != (
            line.workflow,
            line.workflow_version,
            line.workflow_hash,
        ):
            yield Tampered(line.code, "rule")
        head = connection.execute(
            select(j.hash).where(j.stream == line.indicator, j.seq == line.journal_seq)
        ).scalar_one_or_none()
        if head != line.journal_head:
            yield Tampered(line.code, "journal")
    if digest.hexdigest() != seal.hash:
        yield Tampered("", "hash")
