"""A petition: an agency asks for a milestone later, or not at all, for a longer quarter, or for an end."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from engine.permissions import Action


class PetitionKind(StrEnum):
    """What is asked for."""

    POSTPONEMENT = "postponement"  # a milestone later in the year
    WAIVER = "waiver"  # to be excused from a milestone until a day
    EXTENSION = "extension"  # longer for the work of a quarter
    CANCELLATION = "cancellation"  # the whole indicator; after its day the question has run out


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
}


@dataclass(slots=True)
class Petition:
    """What was asked for, numbered within its indicator from 1, and what became of it.

    ``milestone`` is empty and ``quarter`` 0 where it is about none. ``until`` is the day asked for, of a
    cancellation the last one on which it can be granted. Mutable because the state machine writes ``state``.
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
