"""Sealing a quarter: its lines, the one hash over them, and the proof that nothing behind it was touched."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, insert, select, update
from sqlalchemy.engine import Connection

from engine.events import Event, Happened
from engine.indicator import Indicator, ReportState
from engine.ports import SealLine
from engine.quarter import Quarter
from engine.retelling import Altered, altered, as_event
from storage import tables as t
from storage.asking import Lookup
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


class Tampered(NamedTuple):
    """A place where a sealed quarter and the database disagree, and about what.

    ``number`` is that of the fact, the evidence, the decision or the quarter's report that was altered.
    """

    code: str
    fault: str
    number: int = 0


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


class Seal(NamedTuple):
    """A seal as it is kept."""

    quarter: Quarter
    sealed_at: datetime
    sealed_by: int
    previous_hash: str
    hash: str


_s = t.seals.c
_SEALS = select(_s.fiscal_year, _s.quarter, _s.sealed_at, _s.sealed_by, _s.previous_hash, _s.hash)
_OF_YEAR = _SEALS.where(_s.fiscal_year == bindparam("year")).order_by(_s.quarter)


def seals_of(connection: Connection, fiscal_year: int) -> dict[int, Seal]:
    """The seals of the year, by the number of their quarter."""
    rows = connection.execute(_OF_YEAR, {"year": fiscal_year})
    return {row[1]: Seal(Quarter(row[0], row[1]), *row[2:]) for row in rows}


class Tampering:
    """Holds a seal beside what is there now, line by line, and last the seal itself.

    ``rules`` has the hash of every kept definition as it is read now, by key and version.
    """

    def __init__(self, connection: Connection, seal: Seal, rules: Mapping[tuple[str, int], str]) -> None:
        self._connection = connection
        self._seal = seal
        self._rules = rules
        self._digest = SealHash(seal.quarter, instant_text(seal.sealed_at), seal.previous_hash)

    def of_line(self, line: SealLine, now: SealLine | None, indicator: Indicator | None) -> list[Tampered]:
        """What does not agree of one indicator; ``now`` is its line as today's facts give it.

        An indicator whose rules cannot be read any more has none; one that is gone neither. The journal may
        have grown since: up to the sealed end of it the chain must be whole.
        """
        self._digest.add(line)
        rule_altered = self._rules.get((line.workflow, line.workflow_version)) != line.workflow_hash
        if now is None or indicator is None:
            return [Tampered(line.code, "rule" if rule_altered else "gone")]
        found = [
            Tampered(line.code, fault)
            for fault, names in _COMPARED.items()
            if any(getattr(now, name) != getattr(line, name) for name in names)
            or (fault == "rule" and rule_altered)
        ]
        entries = list(_entries(self._connection, line.indicator))
        sealed = [one for one in entries if one.seq <= line.journal_seq]
        if first_break(line.indicator, sealed, line.journal_seq, line.journal_head):
            found.append(Tampered(line.code, "journal"))
        else:
            found += [Tampered(line.code, one.kind, one.number) for one in _retold(indicator, entries)]
        return found

    def of_seal(self) -> list[Tampered]:
        """What does not agree of the seal as a whole, once every line was held against it."""
        seal, found = self._seal, []
        if self._digest.hexdigest() != seal.hash:
            found.append(Tampered("", "hash"))
        if not _witnessed(self._connection, seal):
            found.append(Tampered("", "journal"))
        return found


#: What a line must still say, by the fault it is when it does not.
_COMPARED = {
    "code": ("code",),
    "level": ("claimed", "claimed_fraction", "verified", "verified_fraction"),
    "rule": ("workflow", "workflow_version", "workflow_hash"),
}


def _retold(indicator: Indicator, entries: Iterable[Entry]) -> list[Altered]:
    """The facts that are not as the journal tells them; nothing where it cannot be read, which is told."""
    try:
        events = [as_event(one.what, one.at, one.by, json.loads(one.data)) for one in entries]
        return list(altered(indicator, events))
    except (ValueError, KeyError, TypeError, ArithmeticError):
        # Somebody altered what came after the seal: the check of the whole journal names it.
        return []


_j = t.journal.c
_ENTRIES = select(*t.journal.columns).where(_j.stream == bindparam("stream")).order_by(_j.seq)


def _entries(connection: Connection, stream: int) -> Iterator[Entry]:
    return (Entry(*row) for row in connection.execute(_ENTRIES, {"stream": stream}))


def sealing_events(connection: Connection) -> list[tuple[str, int, dict[str, Any]]]:
    """(instant, by whom, particulars) of every seal, as the city's journal tells of it."""
    query = select(_j.at, _j.by, _j.data).where(_j.stream == t.CITY, _j.what == str(Happened.QUARTER_SEALED))
    return [(row.at, row.by, json.loads(row.data)) for row in connection.execute(query)]


def _witnessed(connection: Connection, seal: Seal) -> bool:
    """Whether the city's journal tells of this seal as it stands: whoever rewrites one leaves the other."""
    sealed = {"fiscal_year": seal.quarter.fiscal_year, "quarter": seal.quarter.number, "hash": seal.hash}
    return any(
        (at, by) == (instant_text(seal.sealed_at), seal.sealed_by) and sealed.items() <= data.items()
        for at, by, data in sealing_events(connection)
    )


def count_of_lines(connection: Connection, quarter: Quarter) -> int:
    """How many indicators a seal holds."""
    line = t.seal_lines.c
    query = select(func.count()).where(
        line.fiscal_year == quarter.fiscal_year, line.quarter == quarter.number
    )
    return int(connection.execute(query).scalar_one())


class SealedLevel(NamedTuple):
    """What a seal keeps of one indicator: under which hash, since when, at which levels."""

    hash: str
    sealed_at: datetime
    claimed: int
    verified: int


_l = t.seal_lines.c
_OF_INDICATOR = Lookup(
    select(_l.quarter, _s.hash, _s.sealed_at, _l.claimed_level, _l.verified_level)
    .join_from(t.seal_lines, t.seals, and_(_s.fiscal_year == _l.fiscal_year, _s.quarter == _l.quarter))
    .where(_l.indicator_id == bindparam("indicator"), _l.fiscal_year == bindparam("year"))
)


def sealed_levels(connection: Connection, indicator: int, fiscal_year: int) -> dict[int, SealedLevel]:
    """The levels of one indicator as they were sealed, by the number of the quarter: one statement."""
    rows = _OF_INDICATOR.all(connection, {"indicator": indicator, "year": fiscal_year})
    return {row[0]: SealedLevel(*row[1:]) for row in rows}
