"""What is read from an indicator's page of the existing site, before anybody judges it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Form(StrEnum):
    """How much of the page there is."""

    WHOLE = "whole"
    TEXT_ONLY = "text_only"  # title, code, table and headings of the quarters are lost


class PlanLine(NamedTuple):
    """A line of the plan: ``code`` in Arabic digits (``5.2.1``); ``is_cut`` where its text breaks off."""

    code: str
    title: str
    is_cut: bool = False


class ReadQuarter(NamedTuple):
    """What the page tells of one quarter; ``None`` where it tells nothing, 0 where it says 0.

    ``quality`` and ``timeliness`` are the pair 2.1 / 2.2 as shown; ``narrative`` is ``None`` where there is
    no place for a report, and empty where the place is empty.
    """

    number: int
    result: Decimal | None = None
    score: Decimal | None = None
    quality: Decimal | None = None
    timeliness: Decimal | None = None
    narrative: str | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether the narrative is missing, or a mere dash."""
        return not (self.narrative or "").strip(" -–—._\n")


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page as read: ``None`` is what it does not tell. Texts are kept as they are written there.

    ``by_order`` says that the quarters were told by the order of their paragraphs alone; ``numbers`` are
    the places whose number was written in a way of its own, with what stood there. ``unread`` are cells of
    the table that are no number, by quarter, and under 0 the columns that were not taken in; ``twice``
    are quarters with two rows that differ, the first of which is taken; ``is_several`` says
    that the text holds more than one page.
    """

    form: Form
    code: str | None = None
    title: str | None = None
    agency: str | None = None
    fiscal_year: int | None = None
    unit: str | None = None
    target: Decimal | None = None
    target_text: str = ""
    achieved: Decimal | None = None
    kind: str | None = None
    result_kind: str | None = None
    is_negotiated: bool = False
    evaluated_quarter: int | None = None
    evaluated_score: Decimal | None = None
    quarters: tuple[ReadQuarter, ...] = ()
    has_table: bool = False
    by_order: bool = False
    summary: str | None = None
    definition: str | None = None
    method: str | None = None
    evidence_asked: str | None = None
    plan: tuple[PlanLine, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    unread: tuple[tuple[int, str], ...] = ()
    twice: tuple[int, ...] = ()
    is_several: bool = False

    def quarter(self, number: int) -> ReadQuarter:
        """What is told of the quarter, perhaps nothing."""
        return next((one for one in self.quarters if one.number == number), ReadQuarter(number))


class ImportedPage(NamedTuple):
    """A page as it was imported, numbered within its indicator from 1; ``name`` is that of its file."""

    number: int
    name: str
    form: str
    sha256: str
    text: str
    imported_at: datetime
    imported_by: int
