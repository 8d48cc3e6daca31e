"""Who holds which duty where, who stands in for whom, and who can be told at all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from engine.permissions import Role
from engine.reminders.policy import Topic


class Contact(NamedTuple):
    """A person as far as reminders care.

    ``email`` is ``None`` without a usable address: none was given, or it bounced for good. ``hour`` is the
    local hour that the person chose, ``None`` where they chose none. ``line`` is where they are told instead
    of by mail, if they wish so and the house can.
    """

    id: int
    name: str
    email: str | None
    language: str
    hour: int | None
    switched_off: frozenset[Topic]
    line: str | None = None

    @property
    def can_be_told(self) -> bool:
        return bool(self.email or self.line)


class Away(NamedTuple):
    """A dated substitution: from the first day through the last somebody else does the person's work."""

    person: int
    substitute: int
    first_on: date
    last_on: date


class Why(StrEnum):
    """Why nobody of a rung can be told."""

    NOBODY = "nobody"  # nobody holds the role there, or their substitute is not known
    NO_ADDRESS = "no_address"  # whoever does the work has no usable address
    CIRCLE = "circle"  # substitutes stand in for each other


class Gap(NamedTuple):
    """A rung that could not be told, so that its part passed up."""

    agency: int
    role: Role
    why: str


class OnDuty(NamedTuple):
    """Somebody who is told for a role on a day; ``instead_of`` names the holder whom they stand in for.

    ``off`` are the topics that they, or the holder, have switched off.
    """

    person: int
    instead_of: int | None
    off: frozenset[Topic]


class Roster:
    """Everybody with their duties and absences.

    ``duties`` are (person, role, agency), the agency ``None`` for who serves every one of them. Where two
    absences of a person overlap, the one that was given last stands.
    """

    def __init__(
        self,
        contacts: Iterable[Contact],
        duties: Iterable[tuple[int, Role, int | None]],
        away: Iterable[Away] = (),
    ) -> None:
        self._contacts = {contact.id: contact for contact in contacts}
        self._duties: defaultdict[tuple[Role, int | None], set[int]] = defaultdict(set)
        for person, role, agency in duties:
            self._duties[role, agency].add(person)
        self._away = tuple(away)

    def contact(self, person: int) -> Contact | None:
        """The person, if we know them."""
        return self._contacts.get(person)

    def holders(self, role: Role, agency: int) -> tuple[Contact, ...]:
        """Who holds the role at the agency, or everywhere, by id; away or not."""
        nobody: set[int] = set()
        serving = self._duties.get((role, agency), nobody) | self._duties.get((role, None), nobody)
        return tuple(self._contacts[person] for person in sorted(serving) if person in self._contacts)

    def substitutes(self, on: date) -> dict[int, int]:
        """Everybody who is away on the day, with who does their work then."""
        return {one.person: one.substitute for one in self._away if one.first_on <= on <= one.last_on}

    def on_duty(
        self, role: Role, agency: int, substitutes: Mapping[int, int]
    ) -> tuple[tuple[OnDuty, ...], tuple[Why, ...]]:
        """Who can be told for the role, and, when nobody can, every reason why.

        Who is told in their own right stands before who stands in for somebody.
        """
        told, reasons = [], set()
        for holder in self.holders(role, agency):
            contact = self._doing_the_work_of(holder.id, substitutes)
            if isinstance(contact, Why):
                reasons.add(contact)
            else:
                instead_of = None if contact.id == holder.id else holder.id
                told.append(OnDuty(contact.id, instead_of, contact.switched_off | holder.switched_off))
        told.sort(key=lambda one: one.instead_of is not None)
        return tuple(told), () if told else tuple(sorted(reasons or {Why.NOBODY}))

    def _doing_the_work_of(self, person: int, substitutes: Mapping[int, int]) -> Contact | Why:
        """The last in the chain of substitutes, or why there is nobody to be told."""
        met = {person}
        while person in substitutes:
            person = substitutes[person]
            if person in met:
                return Why.CIRCLE
            met.add(person)
        contact = self._contacts.get(person)
        if contact is None:
            return Why.NOBODY
        return contact if contact.can_be_told else Why.NO_ADDRESS
