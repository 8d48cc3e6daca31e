"""What the engine says when it refuses: data, never a sentence.

The sentence for each ``kind`` stands in ``locale/`` in Thai and English; ``params`` fill its places.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.permissions import Role


@dataclass(frozen=True, slots=True)
class Unmet:
    """One condition that is not met: what it is, its particulars, and the roles that can lift it."""

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)
    who: tuple[Role, ...] = ()


class Refusal(Exception):
    """An action was refused; ``conditions`` holds every unmet condition once, never only the first."""

    def __init__(self, conditions: Iterable[Unmet]) -> None:
        found: list[Unmet] = []
        for condition in conditions:
            if condition not in found:
                found.append(condition)
        self.conditions = tuple(found)
        super().__init__(", ".join(condition.kind for condition in self.conditions))


def refuse(kind: str, *, who: tuple[Role, ...] = (), **params: Any) -> Refusal:
    """A refusal with a single unmet condition, to be raised by the caller."""
    return Refusal([Unmet(kind, params, who)])


def unless(conditions: Iterable[Unmet | None]) -> None:
    """Raise one :class:`Refusal` with every condition that is not ``None``; return when all are met."""
    unmet = [condition for condition in conditions if condition is not None]
    if unmet:
        raise Refusal(unmet)
