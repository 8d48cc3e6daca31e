"""A petition: an agency asks for a milestone later, to be excused from it, or for a longer quarter."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from engine.permissions import Action


class PetitionKind(StrEnum):
    """What is asked for."""

    POSTPONEMENT = "postponement"  # a milestone later in the year
    WAIVER = "waiver"  # to be excused from a milestone until a day
    EXTENSION = "extension"  # longer for the work of a quarter


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
}


@dataclass(slots=True)
class Petition:
    """What was asked for, numbered within its indicator from 1, and what became of it.

    ``milestone`` is empty for an extension, ``quarter`` is 0 for anything else. ``until`` is the day asked
    for. Mutable because the state machine writes ``state`` on it.
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
