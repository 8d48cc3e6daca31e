"""A petition: an agency asks for a milestone later or not at all, a longer quarter, an end, a correction."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from engine.permissions import Action


class PetitionKind(StrEnum):
    """What is asked for."""

    POSTPONEMENT = "postponement"  # a milestone later in the year
    WAIVER = "waiver"  # to be excused from a milestone until a day
    EXTENSION = "extension"  # longer for the work of a quarter
    CANCELLATION = "cancellation"  # the whole indicator; after its day the question has run out
    CORRECTION = "correction"  # of a sealed quarter: by a fact that is missing in it, or by taking one back


class PetitionState(StrEnum):
    PENDING = "pending"
    GRANTED = "granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


#: Whoever may do the thing itself decides on it.
DECIDED_BY: dict[PetitionKind, Action] = {
    PetitionKind.POSTPONEMENT: Action.POSTPONE,
    PetitionKind.WAIVER: Action.WAIVE,
    PetitionKind.EXTENSION: Action.EXTEND,
    PetitionKind.CANCELLATION: Action.CANCEL,
    PetitionKind.CORRECTION: Action.CORRECT,
}


@dataclass(slots=True)
class Petition:
    """What was asked for, numbered within its indicator from 1, and what became of it.

    ``milestone`` is empty and ``quarter`` 0 where it is about none. ``until`` is the day asked for, of a
    cancellation the last one on which it can be granted, of a correction the day of the fact. The last four
    are of corrections alone: the number of the fact to be taken back, or what is known of a missing one.
    Mutable because the state machine writes ``state``.
    """

    number: int
    kind: PetitionKind
    milestone: str
    quarter: int
    until: date
    reason: str
    asked_at: datetime
    asked_by: int
    state: str = PetitionState.PENDING.value
    decided_at: datetime | None = None
    decided_by: int | None = None
    answer: str = ""
    occurrence: int | None = None
    fact_kind: str | None = None
    value: Decimal | None = None
    document_number: str | None = None
