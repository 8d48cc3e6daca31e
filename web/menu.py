"""Which parts of the pages lie at hand for whom, as one table."""

from functools import lru_cache
from typing import NamedTuple

from engine.permissions import Person, Role

_ALL = frozenset(Role)
_CITY = frozenset({Role.DIRECTOR, Role.OWNER, Role.EVALUATOR, Role.ADMINISTRATOR, Role.VIEWER})


class Part(NamedTuple):
    """A part of the pages: the end of its word's kind, its path, and the roles at whose hand it lies."""

    key: str
    path: str
    roles: frozenset[Role]


#: In the order in which they are shown. It opens nothing: the rule of a route does (:mod:`web.doors`).
PARTS: tuple[Part, ...] = (
    Part("work", "/", _ALL),
    Part("indicators", "/indicators", _ALL),
    Part("city", "/city", _CITY),
    Part("matrix", "/matrix", _CITY),
    Part("review", "/review", frozenset({Role.EVALUATOR})),
    Part("reports", "/reports", _ALL),
    Part("seals", "/seals", frozenset({Role.EVALUATOR, Role.ADMINISTRATOR})),
    Part("administration", "/administration", frozenset({Role.ADMINISTRATOR})),
)


@lru_cache(256)  # asked for by every page
def menu_of(person: Person) -> tuple[Part, ...]:
    """The parts for this person; who has no role yet is shown what everybody is."""
    held = {grant.role for grant in person.grants}
    return tuple(part for part in PARTS if part.roles == _ALL or part.roles & held)
