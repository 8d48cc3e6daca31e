"""Who is told of what has changed: decided from one event of the journal, and from nothing else."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from engine.events import Happened
from engine.permissions import Role
from engine.petition import PetitionKind
from engine.reminders.roster import Roster


class Happening(NamedTuple):
    """One event of an agency's indicator: its number in the journal, what, by whom, and its particulars.

    ``indicator`` is 0, and ``seq`` a number of the city's own journal, where it belongs to no indicator.
    """

    agency: int
    indicator: int
    seq: int
    what: str
    by: int
    data: Mapping[str, Any]
    at: str = ""  # the instant as the journal has it


class Notice(NamedTuple):
    """Somebody is to be told of an event."""

    person: int
    indicator: int
    seq: int
    what: str


_WORK = (Role.COORDINATOR, Role.DEPUTY)
_AGENCY = (*_WORK, Role.SECTION_HEAD)

#: Who is told of what. What is not named here is told only where it moves a level.
TOLD: Mapping[Happened, tuple[Role, ...]] = {
    Happened.MILESTONE_RETURNED: _AGENCY,
    Happened.MILESTONE_VERIFIED: _WORK,
    Happened.MILESTONE_REOPENED: _WORK,
    Happened.MILESTONE_POSTPONED: _WORK,
    Happened.MILESTONE_WAIVED: _WORK,
    Happened.REPORT_SUBMITTED: (Role.SECTION_HEAD,),
    Happened.REPORT_ENDORSED: _WORK,
    Happened.REPORT_ACCEPTED: _AGENCY,
    Happened.REPORT_RETURNED: _AGENCY,
    Happened.APPEAL_MADE: (Role.EVALUATOR,),
    Happened.APPEAL_UPHELD: (*_AGENCY, Role.EVALUATOR),
    Happened.APPEAL_DISMISSED: (*_AGENCY, Role.EVALUATOR),
    Happened.EXTENSION_GRANTED: _AGENCY,
    Happened.PETITION_MADE: (Role.EVALUATOR,),
    Happened.PETITION_DECLINED: _WORK,
    Happened.CANCELLATION_DECLINED: _AGENCY,
    Happened.INDICATOR_CANCELLED: _AGENCY,
    Happened.INDICATOR_MIGRATED: _AGENCY,
}


#: Of these whoever did it has a receipt.
RECEIPTS = frozenset({Happened.REPORT_SUBMITTED})


def level_moved(data: Mapping[str, Any]) -> tuple[int, int] | None:
    """The claimed level before and after the event, where it moved."""
    moved = data.get("claimed")
    return (moved[0], moved[1]) if moved else None


def is_news(event: Happening) -> bool:
    """Whether anybody would be told of the event, if there is anybody to be told."""
    return bool(_roles(event)) or level_moved(event.data) is not None


def _roles(event: Happening) -> tuple[Role, ...]:
    """Who is told of the event itself. What grants a petition is told by what it does; a correction is not,
    unless it moves a level."""
    is_correction = event.data.get("kind") == PetitionKind.CORRECTION
    if event.what == Happened.PETITION_GRANTED and is_correction:
        return _WORK
    return TOLD.get(Happened(event.what), ())


def notices_of(event: Happening, roster: Roster, today: date) -> Iterator[Notice]:
    """Everybody who is told of the event, each once; the one who did it only where there is a receipt.

    A person who is away is stood in for, as with reminders. Nobody is told twice of one event, and a rung
    that cannot be told is left out: a change is news, not work that somebody must see to.
    """
    roles = _roles(event)
    if level_moved(event.data):
        roles = _AGENCY
    substitutes = roster.substitutes(today)
    told = {event.by}
    author = roster.contact(event.by)
    if event.what in RECEIPTS and author is not None and author.can_be_told:
        yield Notice(event.by, event.indicator, event.seq, event.what)
    for role in roles:
        for one in roster.on_duty(role, event.agency, substitutes)[0]:
            if one.person not in told:
                told.add(one.person)
                yield Notice(one.person, event.indicator, event.seq, event.what)
