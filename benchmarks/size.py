"""How much a run measures: all of it, or just enough to see that every bench works."""

from dataclasses import dataclass

from benchmarks.work import STEPS

THREADS = 8
JOBS = 2
"""Processes that share the connections of the PostgreSQL bench, one for each core of a small machine."""
WARM_UP = 6 * THREADS
"""Advances that a subject does before it is timed; once more on threads."""


@dataclass(frozen=True, slots=True)
class Size:
    """Rounds, running indicators in the database, and the sizes of the city.

    ``swept`` are the indicators of the city that is swept, with five open milestones each; ``mails`` is how
    many mails are delivered in a round, ``narratives`` how many search looks through,
    ``imported`` how many pages are imported.
    """

    rounds: int
    indicators: int
    cities: tuple[int, ...]
    swept: int
    mails: int
    narratives: int
    imported: int

    def advances(self, subjects_on_one_database: int = 1) -> int:
        """How many advances each subject does in a round, so that every indicator ends near its last step.

        A multiple of the threads, so that each indicator always stays with the same thread.
        """
        steps = len(STEPS) * self.indicators - 2 * WARM_UP
        return steps // (self.rounds * subjects_on_one_database * THREADS) * THREADS


FULL = Size(
    rounds=7,
    indicators=1_000,
    cities=(10_000, 100_000, 1_000_000),
    swept=200_000,
    mails=160,
    narratives=20_000,
    imported=10_000,
)
QUICK = Size(
    rounds=3, indicators=160, cities=(1_000, 10_000), swept=2_000, mails=40, narratives=2_000, imported=300
)
