"""A file that is examined: read in pieces, wherever it lies."""

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from engine.errors import Refusal, refuse

_PIECE = 1 << 18
#: Longer than anything that is looked for, so that nothing is missed where two pieces meet.
_OVERLAP = 256


class File(NamedTuple):
    """Its content, how long it is, and what it is called in what is said about it."""

    content: BinaryIO
    size: int
    name: str

    @classmethod
    def of(cls, content: BinaryIO, name: str) -> "File":
        return cls(content, content.seek(0, io.SEEK_END), name)

    def at(self, place: int, size: int) -> bytes:
        """So many bytes from there on, fewer where it ends."""
        self.content.seek(place)
        return self.content.read(size)

    def refuse(self, kind: str, **params: Any) -> Refusal:
        """The refusal of this file, to be raised by the caller."""
        return refuse(kind, name=self.name, **params)

    def found(self, pattern: re.Pattern[bytes], start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Where the pattern is found, and what, from first to last; each place once."""
        place, last, begun = start, -1, b""
        while piece := self.at(place, _PIECE):
            text = begun + piece
            before = place - len(begun)
            for match in pattern.finditer(text):
                if before + match.start() > last:
                    last = before + match.start()
                    yield last, match[0]
            place += len(piece)
            begun = text[-_OVERLAP:]

    def holds(self, pattern: re.Pattern[bytes]) -> bool:
        """Whether the pattern is found anywhere."""
        return next(self.found(pattern), None) is not None
