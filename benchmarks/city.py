"""A city of up to 1,000,000 indicators on SQLite: counts, roll-up, an agency's quarter, levels recomputed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from math import nan
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.city_building import (
    AGENCIES,
    INDICATORS_OF_AN_AGENCY,
    WRONG_EVERY,
    agency_of,
    build,
    merge,
    stored_level,
)
from benchmarks.measure import cost, costs, ratio
from benchmarks.peers.city import City, HandwrittenCity
from benchmarks.radap_adapter import NAME as RADAP
from benchmarks.radap_adapter import RadapCity
from benchmarks.recompute import Recompute, in_a_process_of_its_own
from benchmarks.results import Row, Target, at_most
from benchmarks.size import Size

BENCH = "The whole city"
BY_HAND = "by hand"
CITIES: dict[str, type[City]] = {BY_HAND: HandwrittenCity, RADAP: RadapCity}
LOOKUPS = 200
COUNTS, AGENCY, PEAK, FLAT = at_most(1.5), at_most(5), at_most(300), at_most(1.2)


def run(size: Size) -> list[Row]:
    """Measure each reader in turn on the same cities, one city after the other."""
    found: dict[str, _Found] = {name: _Found() for name in CITIES}
    with TemporaryDirectory() as folder:
        for indicators in size.cities:
            path = str(Path(folder) / f"{indicators}.db")
            build(path, indicators)
            for name, factory in CITIES.items():
                if indicators == size.cities[-1]:
                    found[name].counts, found[name].agency = _reads(factory(), path, indicators, size.rounds)
                found[name].recomputes[indicators] = _recompute(factory, path, indicators, size)
            if indicators == size.cities[-1]:
                merge(path)
                for name, factory in CITIES.items():
                    found[name].rolled = _rolled(factory(), path, indicators, size.rounds)
            Path(path).unlink()
    return [row for name in CITIES for row in _rows(name, size, found[name])]


@dataclass(slots=True)
class _Found:
    """What one reader took: counts and roll-up beside a plain scan, an agency's milliseconds, recomputes."""

    counts: float = nan
    rolled: float = nan
    agency: float = nan
    recomputes: dict[int, list[Recompute]] = field(default_factory=dict)


def _rows(name: str, size: Size, found: _Found) -> list[Row]:
    def row(what: str, value: float, unit: str, target: Target | None) -> Row:
        return Row(BENCH, f"{name}: {what}", value, unit, target if name == RADAP else None)

    peaks = {n: max(run.peak_megabytes for run in runs) for n, runs in found.recomputes.items()}
    each = {n: median(run.seconds for run in runs) / n for n, runs in found.recomputes.items()}
    largest, smallest = size.cities[-1], size.cities[0]
    return [
        row(f"level counts of {largest:,} / plain scan", found.counts, "times", COUNTS),
        row(f"roll-up of {largest:,} in {AGENCIES} agencies / plain scan", found.rolled, "times", COUNTS),
        row("one agency and quarter", found.agency, "ms", AGENCY),
        *(row(f"recompute of {n:,}, peak memory", peaks[n], "MB", PEAK) for n in size.cities),
        *(
            row(
                f"recompute, cost of each at {n:,} / at {smallest:,}", each[n] / each[smallest], "times", FLAT
            )
            for n in size.cities[1:]
        ),
        row(f"recompute of {largest:,}", each[largest] * largest, "seconds", None),
    ]


def _reads(city: City, path: str, indicators: int, rounds: int) -> tuple[float, float]:
    """How many times a plain scan the level counts take, and milliseconds for one agency and quarter."""
    city.open(path)
    assert city.level_counts() == Counter(stored_level(id_) for id_ in range(1, indicators + 1))
    found = costs({"scan": city.plain_scan, "counts": city.level_counts}, rounds)
    lookup = _lookup(city, indicators)
    agency = median(cost(lookup) for _ in range(LOOKUPS)) * 1000
    city.close()
    return ratio(found["counts"], found["scan"]), agency


def _rolled(city: City, path: str, indicators: int, rounds: int) -> float:
    """How many times a plain scan the weighted roll-up takes, over the agencies up to the city."""
    city.open(path)
    assert city.roll_up() == _mean_of_agencies(indicators)
    found = costs({"scan": city.plain_scan, "rolled": city.roll_up}, rounds)
    city.close()
    return ratio(found["rolled"], found["scan"])


def _mean_of_agencies(indicators: int) -> Fraction:
    sums, counts = Counter[int](), Counter[int]()
    for id_ in range(1, indicators + 1):
        sums[agency_of(id_)] += stored_level(id_)
        counts[agency_of(id_)] += 1
    return sum((Fraction(sums[one], counts[one]) for one in sums), Fraction()) / len(sums)


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
