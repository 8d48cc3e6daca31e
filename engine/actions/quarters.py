"""What is done to a quarter as a whole: an agency is given longer, and the quarter is sealed."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from engine.actions._work import Work
from engine.errors import Unmet, unless
from engine.events import Event, Happened
from engine.guards import not_permitted
from engine.indicator import Indicator
from engine.levels import Basis, level_of
from engine.permissions import AT_AN_AGENCY, Action, Person, Subject, who_may
from engine.ports import SealLine, Transaction
from engine.quarter import Quarter, deadline_of
from engine.sealing import unsettled


def grant_extension(
    tx: Transaction,
    agency: int,
    quarter: Quarter,
    until: date,
    *,
    reason: str,
    by: Person,
    now: datetime,
) -> None:
    """Give one agency longer for one quarter; the milestones still due then move with it.

    Nobody gives it to the agency whose work they do themselves.
    """
    usual = deadline_of(quarter, tx.policy.deadlines, tx.policy.calendar, None)
    unless(
        [
            not_permitted(by, Action.EXTEND, Subject()) or _own(by, agency),
            None if reason.strip() else Unmet("reason.missing", {"action": Action.EXTEND}),
            None if until > usual else Unmet("extension.not_longer", {"until": until, "usual": usual}),
            _sealed(tx, quarter),
        ]
    )
    data = {
        "agency": agency,
        "fiscal_year": quarter.fiscal_year,
        "quarter": quarter.number,
        "until": until.isoformat(),
        "reason": reason.strip(),
    }
    tx.extend(agency, quarter, until, reason.strip(), Event(Happened.EXTENSION_GRANTED, now, by.id, data))
    for indicator in tx.indicators(quarter.fiscal_year, agency):
        _move_deadlines(tx, indicator, quarter, until, by, now)


def _own(by: Person, agency: int) -> Unmet | None:
    """The condition that is unmet where whoever decides works for the agency."""
    if any(one.agency == agency and one.role in AT_AN_AGENCY for one in by.grants):
        return Unmet("extension.own_agency", {"person": by.name}, who_may(Action.EXTEND))
    return None


def _move_deadlines(
    tx: Transaction, indicator: Indicator, quarter: Quarter, until: date, by: Person, now: datetime
) -> None:
    """The milestones of the quarter are due on the new day."""
    moved = [
        milestone
        for milestone in indicator.milestones.values()
        if (definition := indicator.workflow.milestone(milestone.key))
        and definition.due_quarter == quarter.number
        and milestone.due_on != until
    ]
    if not moved:
        return
    for milestone in moved:
        milestone.due_on = until
    work = Work(tx, indicator, Action.EXTEND, by, now, tx.policy.day_of(now))
    work.change.milestones += [milestone for milestone in moved if milestone not in work.change.milestones]
    data = {"milestones": [milestone.key for milestone in moved], "due_on": until.isoformat()}
    work.finish(Happened.DEADLINES_MOVED, data)


def seal_quarter(tx: Transaction, quarter: Quarter, *, reason: str = "", by: Person, now: datetime) -> str:
    """Freeze every level, rule version and journal end of the quarter under one hash, and return it.

    The levels are those of the quarter's last day as known now. Quarters are sealed in order, each only
    after its last day. What is still open then (:mod:`engine.sealing`) stops it or needs a ``reason``; the
    event keeps both.
    """
    today = tx.policy.day_of(now)
    done = tx.sealed_through(quarter.fiscal_year)
    ended = today > quarter.last_day
    in_turn = done == quarter.number - 1
    before = Quarter(quarter.fiscal_year, done + 1) if done < 4 else quarter
    still_open = tx.still_open(quarter)
    unless(
        [
            not_permitted(by, Action.SEAL, Subject()),
            _sealed(tx, quarter),
            None if ended else Unmet("quarter.not_ended", {"quarter": quarter, "last": quarter.last_day}),
            None
            if in_turn or done >= quarter.number
            else Unmet("quarter.not_in_turn", {"quarter": quarter, "before": before}),
            *unsettled(quarter, still_open, reason, by),
        ]
    )
    data: dict[str, Any] = {"fiscal_year": quarter.fiscal_year, "quarter": quarter.number}
    if still_open:
        data["open"] = {str(check): count for check, count in still_open.items()}
    if reason.strip():
        data["reason"] = reason.strip()
    return tx.seal(quarter, seal_lines(tx, quarter, now), Event(Happened.QUARTER_SEALED, now, by.id, data))


def seal_lines(tx: Transaction, quarter: Quarter, known_at: datetime) -> Iterator[SealLine]:
    """One line per indicator of the year: its levels on the quarter's last day, as known at ``known_at``."""
    return (seal_line(one, quarter, known_at) for one in tx.indicators(quarter.fiscal_year))


def seal_line(indicator: Indicator, quarter: Quarter, known_at: datetime) -> SealLine:
    """The line of one indicator."""
    claimed, verified = (
        level_of(indicator.workflow, indicator.facts, quarter.last_day, known_at, basis)
        for basis in (Basis.CLAIMED, Basis.VERIFIED)
    )
    return SealLine(
        indicator.id,
        indicator.code,
        claimed.level,
        claimed.fraction,
        verified.level,
        verified.fraction,
        indicator.workflow.key,
        indicator.workflow.version,
        indicator.workflow.source_hash,
        indicator.journal_seq,
        indicator.journal_head,
    )


def _sealed(tx: Transaction, quarter: Quarter) -> Unmet | None:
    if tx.sealed_through(quarter.fiscal_year) < quarter.number:
        return None
    return Unmet("quarter.sealed", {"quarter": quarter})
