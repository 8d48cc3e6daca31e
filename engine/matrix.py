"""The matrix: which indicators share a column, what stands out of a cell, and how two readings differ."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from engine.indicator import Indicator
from engine.levels import Basis, LevelResult, level_of
from engine.workflow import Text, Workflow

#: What stands before or in a title and tells nothing of the work: its place in somebody's list.
_NUMBERING = re.compile(r"\([\d๐-๙.]+\)|มิติที่\s*[\d๐-๙]+")
_BLANKS = re.compile(r"\s+")


class Cell(NamedTuple):
    """One indicator in the matrix.

    With a quarter the levels are those of its last day, or of the last change while it runs; without one
    those of today. ``trail`` has the claimed level at the end of each quarter, ``None`` where nothing was
    kept yet. ``self_reported`` is what the agency typed for the quarter, or for the last one it reported.
    ``blocked``, ``returned`` and what is due are always of today; ``handed_in`` and ``extended_until`` are
    of the quarter whose report is looked at, ``running`` tells whether anybody still works on it. Of a
    sealed quarter ``sealed_claimed`` and ``sealed_verified`` are the levels in its seal.
    """

    id: int
    code: str
    agency_id: int
    agency_code: str | None
    agency_th: str
    agency_en: str
    title_th: str
    title_en: str
    unit: str
    workflow: str
    workflow_version: int
    target: Decimal | None
    life: str
    claimed: int
    claimed_fraction: float | None
    verified: int
    next_due_on: date | None
    self_reported: Decimal | None
    q1: int | None
    q2: int | None
    q3: int | None
    q4: int | None
    blocked: bool
    returned: bool
    running: bool
    handed_in: bool
    extended_until: date | None
    sealed_claimed: int | None = None
    sealed_verified: int | None = None

    @property
    def agency(self) -> Text:
        return Text(self.agency_th, self.agency_en)

    @property
    def title(self) -> Text:
        return Text(self.title_th, self.title_en)

    @property
    def trail(self) -> tuple[int | None, ...]:
        return self.q1, self.q2, self.q3, self.q4

    @property
    def corrected(self) -> tuple[int, int] | None:
        """The claimed and the verified level in the seal, where what came after it gives others."""
        if self.sealed_claimed is None or self.sealed_verified is None:
            return None
        sealed = self.sealed_claimed, self.sealed_verified
        return None if sealed == (self.claimed, self.verified) else sealed


class CellState(StrEnum):
    """What of a cell may be asked for."""

    BLOCKED = "blocked"
    RETURNED = "returned"
    LATE = "late"
    AT_TARGET = "at_target"
    BELOW_TARGET = "below_target"
    CORRECTED = "corrected"


class Sort(StrEnum):
    """In which order agencies stand; within the same by their codes."""

    AGENCY = "agency"
    LEVEL = "level"  # the lowest first
    DUE = "due"  # the soonest first


def target_level(workflow: Workflow, target: Decimal | None) -> int | None:
    """The level that a target means: itself for a ladder of milestones, the top for a measure."""
    if any(milestone.measure is not None for milestone in workflow.milestones):
        return workflow.top_level
    return None if target is None else int(target)


def due_of(cell: Cell, report_due: date) -> date | None:
    """The day by which something is due next: an undone milestone, or the report that is looked at.

    ``report_due`` is the day of agencies without an extension. Nothing is due where nobody works any more.
    """
    if not cell.running:
        return None
    if cell.handed_in:
        return cell.next_due_on
    report = report_due if cell.extended_until is None else max(report_due, cell.extended_until)
    return report if cell.next_due_on is None else min(report, cell.next_due_on)


@lru_cache(4096)
def reached_by(trail: tuple[int | None, ...], quarters: int) -> tuple[int, ...]:
    """The levels at the ends of so many quarters: one in which nothing was written keeps that before it."""
    found: list[int] = []
    for kept in trail[:quarters]:
        found.append(kept if kept is not None else found[-1] if found else 0)
    return tuple(found)


def as_of(cell: Cell, indicator: Indicator, on: date, known_at: datetime | None) -> Cell:
    """The cell with the levels of that day as known then, computed from the facts alone."""

    def level(day: date, basis: Basis = Basis.CLAIMED) -> LevelResult:
        return level_of(indicator.workflow, indicator.facts, day, known_at, basis)

    claimed = level(on)
    trail = [
        level(quarter.last_day).level if quarter.last_day < on else claimed.level
        for quarter in indicator.fiscal_year.quarters
        if quarter.first_day <= on
    ]
    q1, q2, q3, q4 = [*trail, None, None, None, None][:4]
    return cell._replace(
        claimed=claimed.level,
        claimed_fraction=claimed.fraction,
        verified=level(on, Basis.VERIFIED).level,
        q1=q1,
        q2=q2,
        q3=q3,
        q4=q4,
    )


# --- where it stands -------------------------------------------------------------------------------------

#: What indicators of one column have in common: the definition, and the title without its numbering.
Shared = tuple[str, str]


@lru_cache(4096)  # a city has few titles, and each agency one of every kind
def _shared(workflow: str, title: str) -> Shared:
    return workflow, _BLANKS.sub("", _NUMBERING.sub("", title)).casefold()


def shared(cell: Cell) -> Shared:
    """By what the indicator is found again at other agencies, and in other years."""
    return _shared(cell.workflow, cell.title_th)


class Column(NamedTuple):
    """Work that several agencies do."""

    workflow: str
    title: Text


class Row(NamedTuple):
    """An agency with its cells in the order of the columns; of what it does not do there is none."""

    first: Cell
    cells: tuple[tuple[Cell, ...], ...]


class Grid(NamedTuple):
    """Agencies by what several of them do, and beside it what only one does, by agency."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    alone: tuple[tuple[Cell, ...], ...]


def laid_out(cells: Iterable[Cell], sort: Sort = Sort.AGENCY) -> Grid:
    """The cells as a grid; they come by agency. The work that most agencies do stands first."""
    agencies: dict[int, list[Cell]] = {}
    doing: dict[Shared, dict[int, list[Cell]]] = {}
    for cell in cells:
        agencies.setdefault(cell.agency_id, []).append(cell)
        doing.setdefault(shared(cell), {}).setdefault(cell.agency_id, []).append(cell)
    by_all = sorted((one for one in doing.values() if len(one) > 1), key=len, reverse=True)
    heads = [next(iter(own.values()))[0] for own in by_all]
    order = sorted(agencies.values(), key=_ORDERS[sort])
    rows = []
    for own in order:
        agency = own[0].agency_id
        found = tuple([tuple(column.get(agency, ())) for column in by_all])
        if any(found):
            rows.append(Row(own[0], found))
    alone = [tuple([cell for cell in own if len(doing[shared(cell)]) == 1]) for own in order]
    return Grid(
        tuple(Column(head.workflow, head.title) for head in heads),
        tuple(rows),
        tuple(own for own in alone if own),
    )


_ORDERS: Mapping[Sort, Callable[[list[Cell]], tuple[float, ...]]] = {
    Sort.AGENCY: lambda _own: (),
    Sort.LEVEL: lambda own: (sum(cell.claimed for cell in own) / len(own),),
    Sort.DUE: lambda own: (min((cell.next_due_on or date.max).toordinal() for cell in own),),
}


# --- beside another reading ------------------------------------------------------------------------------


class Difference(NamedTuple):
    """How much further the levels are than in another reading, and where the claimed one was there."""

    claimed: int
    verified: int
    was: int


def differences(cells: Iterable[Cell], others: Iterable[Cell]) -> dict[int, Difference]:
    """By the indicator's id, for those that the other reading has as well.

    In another year it is the agency's indicator of the same code, or else the only one for the same work.
    """
    by_code: dict[tuple[int, str], Cell] = {}
    by_work: dict[tuple[int, Shared], list[Cell]] = {}
    for one in others:
        by_code[one.agency_id, one.code] = one
        by_work.setdefault((one.agency_id, shared(one)), []).append(one)
    found = {}
    for cell in cells:
        other = by_code.get((cell.agency_id, cell.code))
        if other is None:
            alike = by_work.get((cell.agency_id, shared(cell)), [])
            other = alike[0] if len(alike) == 1 else None
        if other is not None:
            further = cell.claimed - other.claimed, cell.verified - other.verified
            found[cell.id] = Difference(*further, other.claimed)
    return found
