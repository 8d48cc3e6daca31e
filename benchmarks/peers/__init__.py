"""The peers: other good ways to do the same piece of work, one module each."""

from typing import NamedTuple, Protocol


class Outcome(NamedTuple):
    """What the advances left.

    `levels` has level and journal head of each indicator. `rows` is a digest of every row of Radap's own
    tables that advances write, the same for every peer; None for a peer that keeps tables of its own.
    """

    levels: list[tuple[int, str]]
    rows: str | None


class Peer(Protocol):
    """One way to advance indicators durably."""

    def fill(self, url: str, indicators: int) -> None:
        """Fill an empty database (a SQLite path or a PostgreSQL URL) with running indicators."""

    def open(self, url: str, indicators: int) -> None:
        """Get ready to advance them; in each of the processes that share the database."""

    def advance(self, i: int) -> None:
        """Record the i-th fact and commit; callable from any thread if the peer is measured with threads."""

    def outcome(self) -> Outcome:
        """What the advances left, read back."""

    def close(self) -> None:
        """Let go of the database."""
