"""A fault of a definition, as data: where it stands in the document and what is wrong there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Unmet

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where in the TOML document, what kind of fault, and its particulars."""

    path: Path
    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unmet(self) -> Unmet:
        """The same for who knows no place: what is not met."""
        return Unmet(self.kind, self.params)


def when(index: int) -> Path:
    """The place of the rule of the level that stands at ``index`` in the document."""
    return ("levels", index, "when")
