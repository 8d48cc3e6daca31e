"""What ``radap doctor`` and ``radap journal verify`` examine: stored against recomputed, chain by chain."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from engine.actions.quarters import seal_line
from engine.indicator import Indicator
from engine.quarter import Quarter
from engine.settling import disagreements
from storage import seals, views
from storage import tables as t
from storage.evidence import EvidenceStore, registered
from storage.journal import Broken, Entry, first_break
from storage.transaction import Tx


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be: what kind, where (and in which year), kept against found."""

    kind: str
    code: str
    detail: str = ""
    year: int = 0


def levels(tx: Tx) -> Iterator[Finding | None]:
    """Recompute every indicator; one result each, ``None`` where all that is stored is right."""
    changes = views.last_changes(tx.connection)
    change = next(changes, None)
    for indicator in tx.indicators():
        while change is not None and change[0] < indicator.id:
            change = next(changes, None)
        told = change is not None and change[0] == indicator.id
        yield _level_finding(indicator, _day(tx, change[1]) if change and told else None)


def _level_finding(indicator: Indicator, changed_on: date | None) -> Finding | None:
    day = None if changed_on is None else min(changed_on, indicator.fiscal_year.last_day)
    wrong = disagreements(indicator, day)
    if not wrong:
        return None
    return Finding("level.differs", indicator.code, "; ".join(wrong), indicator.fiscal_year.year)


def _day(tx: Tx, instant: str) -> date | None:
    """The day of an event; one that is no instant any more is for the journal's check to name."""
    try:
        return tx.policy.day_of(datetime.fromisoformat(instant))
    except ValueError:
        return None


def journal(tx: Tx) -> Iterator[tuple[str, Broken | None]]:
    """Walk every stream of the journal beside its owner; (code, first break) for each, ``""`` is the city.

    Reads both in the same order, so memory stays flat. Rows of a stream that nobody owns are a break.
    """
    entries = views.journal_entries(tx.connection)
    pending = next(entries, None)
    for stream, code, seq, head in views.journal_ends(tx.connection):
        while pending is not None and pending.stream < stream:
            yield "", Broken(pending.stream, pending.seq, "ownerless")
            pending = _skip(entries, pending.stream)
        own: list[Entry] = []
        while pending is not None and pending.stream == stream:
            own.append(pending)
            pending = next(entries, None)
        yield code, first_break(stream, own, seq, head)
    while pending is not None:
        yield "", Broken(pending.stream, pending.seq, "ownerless")
        pending = _skip(entries, pending.stream)


def stream(tx: Tx, number: int) -> Broken | None:
    """Walk one stream of the journal, an indicator's or the city's, and say where it breaks first."""
    i, c = t.indicators.c, t.city.c
    end = (
        select(c.journal_seq, c.journal_head)
        if number == t.CITY
        else select(i.journal_seq, i.journal_head).where(i.id == number)
    )
    seq, head = tx.connection.execute(end).one()
    return first_break(number, (line.entry for line in views.history(tx.connection, number)), seq, head)


def _skip(entries: Iterator[Entry], stream: int) -> Entry | None:
    """The first row of the next stream."""
    return next((entry for entry in entries if entry.stream != stream), None)


def files(tx: Tx, store: EvidenceStore) -> Iterator[Finding | None]:
    """Look at every registered evidence file; one result each."""
    for kept in registered(tx.connection):
        if store.intact(kept.sha256):
            yield None
        else:
            there = store.holds(kept.sha256)
            yield Finding("evidence.altered" if there else "evidence.vanished", kept.sha256)


def sealed_quarters(tx: Tx) -> list[Quarter]:
    """Every sealed quarter, oldest first."""
    s = t.seals.c
    found = tx.connection.execute(select(s.fiscal_year, s.quarter).order_by(s.fiscal_year, s.quarter))
    return [Quarter(row.fiscal_year, row.quarter) for row in found]


def seal(tx: Tx, quarter: Quarter) -> Iterator[seals.Tampered]:
    """Prove a sealed quarter against the facts, rules and journals as they are in the database now."""
    for found in seal_by_line(tx, quarter):
        yield from found


def seal_by_line(tx: Tx, quarter: Quarter) -> Iterator[list[seals.Tampered]]:
    """The same with one result for every indicator of the seal, and a last one for the seal itself.

    The kept lines and the indicators are walked side by side, so memory stays flat.
    """
    kept = seals.seals_of(tx.connection, quarter.fiscal_year).get(quarter.number)
    if kept is None:
        yield [seals.Tampered("", "no_seal")]
        return
    rules, unreadable = tx.store.rules_now(tx.connection)
    tampering = seals.Tampering(tx.connection, kept, rules)
    indicators = tx.indicators(quarter.fiscal_year, without=unreadable)
    now = next(indicators, None)
    for line in list(seals.kept_lines(tx.connection, quarter)):
        while now is not None and now.id < line.indicator:
            now = next(indicators, None)
        if now is None or now.id != line.indicator:
            yield tampering.of_line(line, None, None)
        else:
            yield tampering.of_line(line, seal_line(now, quarter, kept.sealed_at), now)
    yield tampering.of_seal()
