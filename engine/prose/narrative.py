"""A narrative as it was typed and as it is read, cut into statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from engine.prose.claims import Claim, Span, claim, plans, purposes, references
from engine.prose.dates import Found, Piece, dates_in
from engine.prose.plain import Plain, plain
from engine.prose.standing import ProposalStanding
from engine.prose.statements import Statement, statements
from engine.quarter import FiscalYear, Quarter

#: A note keeps so much of a statement.
_LONGEST_NOTE = 400


@dataclass(frozen=True, slots=True)
class Narrative:
    """A narrative as it was typed and in its even form, cut into statements."""

    typed: str
    even: Plain
    year: FiscalYear
    quarter: Quarter
    dates: tuple[Found, ...]
    statements: tuple[Statement, ...]
    plans: tuple[Span, ...]

    @property
    def text(self) -> str:
        """The text in its even form, in which all places but those of proposals are."""
        return self.even.text

    def place(self, start: int, end: int) -> tuple[int, int, str]:
        """The places and the text as they were typed."""
        first, last = self.even.origin(start), self.even.origin(end)
        return first, last, self.typed[first:last]

    def shown(self, span: Span | Statement) -> str:
        return " ".join(self.place(span.start, span.end)[2].split())

    def note(self, statement: Statement) -> str:
        text = self.shown(statement)
        return text if len(text) <= _LONGEST_NOTE else f"{text[: _LONGEST_NOTE - 1]}…"

    def claim(self, statement: Statement, main: str) -> Claim:
        """What a statement claims, by its main words or else by the heading over it."""
        said = claim(main)
        plan = next((one for one in self.plans if one.start <= statement.start < one.end), None)
        if said.standing is not ProposalStanding.DONE or plan is None:
            return said
        heading = self.text[plan.start : plan.end].strip().partition("\n")[0]
        return Claim(ProposalStanding.PLANNED, heading.partition(":")[0].strip())

    def main(self, statement: Statement) -> str:
        """What a statement says was done: without what it was for and what it refers to."""
        return self.without(statement, [*self.purposes(statement), *self.references(statement)])

    def purposes(self, statement: Statement) -> list[Span]:
        return list(purposes(self.text, statement.start, statement.end, statement.dates))

    def references(self, statement: Statement) -> list[Span]:
        place = statement.start, statement.end, statement.dates
        return list(references(self.text, *place, self.year.first_day))

    def without(self, statement: Statement, spans: Sequence[Span]) -> str:
        parts, start = [], statement.start
        for span in sorted(spans):
            parts.append(self.text[start : max(start, span.start)])
            start = max(start, span.end)
        return " ".join([*parts, self.text[start : statement.end]])

    def in_quarter(self, day: date) -> bool:
        return self.quarter.first_day <= day <= self.quarter.last_day

    def is_over(self, found: Found) -> bool:
        """Whether it is a range of days of this year that had passed when the quarter ended."""
        own = self.year.first_day <= found.first and found.last <= self.quarter.last_day
        return found.piece is Piece.RANGE and own

    def in_year(self, found: Found) -> bool:
        return self.year.first_day <= found.last and found.first <= self.year.last_day


@lru_cache(maxsize=16)
def read_narrative(typed: str, quarter: Quarter) -> Narrative:
    """The narrative of a quarter, read once: it is looked through for what is odd, and tried on workflows."""
    even, year = plain(typed), FiscalYear(quarter.fiscal_year)
    dates = dates_in(even.text, year)
    found = tuple(statements(even.text, dates))
    return Narrative(typed, even, year, quarter, dates, found, tuple(plans(even.text)))
