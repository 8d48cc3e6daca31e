"""A city of up to 1,000,000 indicators on SQLite: counts, one agency's quarter, recomputing every level."""

from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.measure import cost, costs, ratio
from benchmarks.peers.city import INDICATORS_OF_AN_AGENCY, WRONG_EVERY, City, HandwrittenCity, stored_level
from benchmarks.radap_adapter import NAME as RADAP
from benchmarks.radap_adapter import NotPluggedIn, RadapCity
from benchmarks.recompute import Recompute, in_a_process_of_its_own
from benchmarks.results import Row, Target, at_most
from benchmarks.size import Size

BENCH = "The whole city"
BY_HAND = "by hand"
CITIES: dict[str, type[City]] = {BY_HAND: HandwrittenCity, RADAP: RadapCity}
LOOKUPS = 200
COUNTS, AGENCY, PEAK, FLAT = at_most(1.5), at_most(5), at_most(300), at_most(1.2)


def run(size: Size) -> list[Row]:
    """Measure each city in turn: two of a million at once would only compete for the disk cache."""
    return [row for name, factory in CITIES.items() for row in _city(name, factory, size)]


def _city(name: str, factory: type[City], size: Size) -> list[Row]:
    largest = size.cities[-1]
    with TemporaryDirectory() as folder:
        paths = {indicators: str(Path(folder) / f"{indicators}.db") for indicators in size.cities}
        try:
            for indicators, path in paths.items():
                factory().build(path, indicators)
        except NotPluggedIn:
            return _rows(name, size, None, None, {})
        counts, agency = _reads(factory(), paths[largest], largest, size.rounds)
        recomputes = {
            indicators: _recompute(factory, path, indicators, size) for indicators, path in paths.items()
        }
    return _rows(name, size, counts, agency, recomputes)


def _rows(
    name: str, size: Size, counts: float | None, agency: float | None, recomputes: dict[int, list[Recompute]]
) -> list[Row]:
    def row(what: str, value: float | None, unit: str, target: Target) -> Row:
        return Row(BENCH, f"{name}: {what}", value, unit, target if name == RADAP else None)

    peaks = {indicators: max(run.peak_megabytes for run in runs) for indicators, runs in recomputes.items()}
    each = {
        indicators: median(run.seconds for run in runs) / indicators
        for indicators, runs in recomputes.items()
    }
    largest, smallest = size.cities[-1], size.cities[0]
    return [
        row(f"level counts of {largest:,} / plain scan", counts, "times", COUNTS),
        row("one agency and quarter", agency, "ms", AGENCY),
        *(row(f"recompute of {n:,}, peak memory", peaks.get(n), "MB", PEAK) for n in size.cities),
        *(
            row(
                f"recompute, cost of each at {n:,} / at {smallest:,}",
                each[n] / each[smallest] if each else None,
                "times",
                FLAT,
            )
            for n in size.cities[1:]
        ),
    ]


def _reads(city: City, path: str, indicators: int, rounds: int) -> tuple[float | None, float]:
    """How many times a plain scan the level counts take, and milliseconds for one agency and quarter."""
    city.open(path)
    assert city.level_counts() == Counter(stored_level(id_) for id_ in range(1, indicators + 1))
    found = costs({"scan": city.plain_scan, "counts": city.level_counts}, rounds)
    lookup = _lookup(city, indicators)
    agency = median(cost(lookup) for _ in range(LOOKUPS)) * 1000
    city.close()
    return ratio(found["counts"], found["scan"]), agency


def _lookup(city: City, indicators: int) -> Callable[[], None]:
    """Another agency and quarter at every call."""
    agencies = indicators // INDICATORS_OF_AN_AGENCY
    numbers = count()

    def lookup() -> None:
        number = next(numbers)
        found = city.agency_quarter(number * 7919 % agencies + 1, number % 4 + 1)
        assert found == INDICATORS_OF_AN_AGENCY

    return lookup


def _recompute(factory: type[City], path: str, indicators: int, size: Size) -> list[Recompute]:
    """Several passes over a small city, where one alone would be over in a moment; one over the largest."""
    runs = 1 if indicators == size.cities[-1] else 3
    found = [in_a_process_of_its_own(factory, path) for _ in range(runs)]
    assert all(run.wrong == indicators // WRONG_EVERY for run in found), "the recompute missed a wrong level"
    return found
