"""What is looked at before a quarter is sealed: what must be settled first, and what needs a reason."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from engine.errors import Unmet
from engine.indicator import Occurrence
from engine.permissions import Action, Person, Role
from engine.quarter import Quarter


class Check(StrEnum):
    """What may still be open in a quarter. The first three stop its sealing."""

    UNEVALUATED = "unevaluated"  # a report was handed in and nobody has evaluated it
    APPEALED = "appealed"  # a verdict on a report is disputed and nobody has decided
    UNDECIDED = "undecided"  # longer was asked for this quarter and nobody has answered
    UNREPORTED = "unreported"  # no report was handed in
    CONTRADICTING = "contradicting"  # the agency reports another result than the facts give
    UNVERIFIED = "unverified"  # more is claimed than was verified
    UNDATED = "undated"  # a fact without a day that nobody has approved
    PETITIONED = "petitioned"  # something else was asked for and nobody has answered


#: After the seal nobody could do these any more, and what an agency did or asked would be left unanswered.
STOPS = (Check.UNEVALUATED, Check.APPEALED, Check.UNDECIDED)
#: How much of each check is still open; a check that is not named has nothing.
Counts = Mapping[Check, int]


def unsettled(quarter: Quarter, counts: Counts, reason: str, by: Person) -> Iterator[Unmet]:
    """What forbids the seal: what stops it, or that the rest is open and no reason is given.

    An operator is not held up: the journal names them, with all that was open.
    """
    if by.has(Role.OPERATOR):
        return
    for check in STOPS:
        if counts.get(check):
            yield Unmet(f"sealing.{check}", {"count": counts[check], "quarter": quarter})
    if any(counts.get(check) for check in Check if check not in STOPS) and not reason.strip():
        yield Unmet("reason.missing", {"action": Action.SEAL})


def recorded_after(
    fact: Occurrence, sealed: Mapping[int, datetime], accepted_at: datetime | None = None
) -> bool:
    """Whether the fact came to be known, was taken back, or accepted, after the seal of its quarter.

    ``sealed`` are the instants of the seals of its year, by the number of the quarter.
    """
    at, known = sealed.get(fact.quarter), fact.known_since
    return at is not None and max(known, fact.voided_at or known, accepted_at or known) > at
