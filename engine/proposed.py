"""A fact that a text proposes, as it is kept: what was read, from which words, and what became of it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from engine.prose.reasons import CONTRADICTS, Confidence, Reason


class ProposalState(StrEnum):
    """What became of a proposal."""

    PENDING = "pending"
    SET_ASIDE = "set_aside"  # by the rules: a plan, a reference, no milestone of ours
    ACCEPTED = "accepted"
    REFUSED = "refused"
    OUTDATED = "outdated"  # the words from which it was read are gone


#: What somebody can still decide on.
OPEN = (ProposalState.PENDING, ProposalState.SET_ASIDE)


class Proposed(NamedTuple):
    """A proposal, numbered within its indicator from 1.

    ``begins`` and ``ends`` are places in the narrative of ``quarter``; both are 0 where the result of the
    quarter itself is proposed as what was measured. ``page`` is the number of the imported page that it was
    read from, ``None`` for a report written here. ``occurrence`` is the number of the fact it became.
    """

    number: int
    quarter: int
    begins: int
    ends: int
    text: str
    standing: str
    milestone: str | None
    kind: str | None
    counts: bool
    occurred_on: date | None
    first_on: date | None
    last_on: date | None
    document_number: str | None
    note: str
    value: Decimal | None
    confidence: str
    why: tuple[Reason, ...]
    page: int | None
    made_at: datetime
    made_by: int
    state: str = ProposalState.PENDING.value
    decided_at: datetime | None = None
    decided_by: int | None = None
    reason: str = ""
    occurrence: int | None = None

    @property
    def is_certain(self) -> bool:
        """Whether it may be accepted together with others: nothing about it is in doubt."""
        return self.state == ProposalState.PENDING and self.confidence == Confidence.HIGH and self.is_dated

    @property
    def is_dated(self) -> bool:
        return self.occurred_on is not None

    @property
    def needs_day(self) -> bool:
        """Whether the words name only months, or days of which none is the day: a person has to give it."""
        return self.occurred_on is None and self.last_on is not None

    @property
    def is_contradicted(self) -> bool:
        """Whether its report states another value as well: one of them has to be chosen."""
        return any(one.kind == CONTRADICTS for one in self.why)

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two readings of the same words the same proposal, whatever day of a range is taken."""
        when = self.last_on or self.occurred_on
        return self.quarter, self.text, self.milestone, self.kind, when, self.value
