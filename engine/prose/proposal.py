"""A fact that a piece of a narrative may tell of, for a person to accept, change or refuse."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.prose.reasons import Confidence, Reason
from engine.prose.standing import ProposalStanding


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a piece of the narrative of ``quarter`` says, and why it is read so.

    ``start`` and ``end`` are places in the narrative, in code points, and ``text`` is what stands there.
    ``milestone`` and ``kind`` are keys of the workflow, ``None`` where nothing fits; ``counts`` is the
    kind's. ``occurred_on`` is its day, of a range that is over its last one. Where only months are known, or
    days that were still to come, it is ``None`` and ``first`` and ``last`` tell them: a person has to give
    the day. Without any date all three are. ``note`` is what is kept of the text.
    ``value`` is what was measured, in the indicator's unit; ``count`` is how many of ``count_unit`` the
    text counts, which no rule uses.
    """

    quarter: int
    start: int
    end: int
    text: str
    standing: ProposalStanding
    milestone: str | None = None
    kind: str | None = None
    counts: bool = True
    occurred_on: date | None = None
    first: date | None = None
    last: date | None = None
    document_number: str | None = None
    note: str = ""
    value: Decimal | None = None
    count: Decimal | None = None
    count_unit: str = ""
    confidence: Confidence = Confidence.HIGH
    why: tuple[Reason, ...] = ()

    @property
    def done(self) -> bool:
        """Whether it may be recorded as it is: something that was done, at a known milestone."""
        return self.standing is ProposalStanding.DONE and self.milestone is not None

    @property
    def undated(self) -> bool:
        """Whether it counts only once a person approves it, from the end of its quarter."""
        return self.done and self.last is None
