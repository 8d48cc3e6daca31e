"""The peers: other good ways to do the same piece of work, one module each."""

from typing import Protocol


class Peer(Protocol):
    """One way to advance indicators durably."""

    def fill(self, url: str, indicators: int) -> None:
        """Fill an empty database (a SQLite path or a PostgreSQL URL) with running indicators."""

    def open(self, url: str, indicators: int) -> None:
        """Get ready to advance them; in each of the processes that share the database."""

    def advance(self, i: int) -> None:
        """Record the i-th fact and commit; callable from any thread if the peer is measured with threads."""

    def outcome(self) -> list[tuple[int, str | None]]:
        """Level and journal head of each indicator, read back (see `measure.assert_left`)."""

    def close(self) -> None:
        """Let go of the database."""
