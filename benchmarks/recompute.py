"""Recompute every level of one city in a process of its own, and say what time and memory that took."""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from benchmarks.memory import peak_megabytes
from benchmarks.peers.city import City, HandwrittenCity
from benchmarks.radap_adapter import RadapCity

CITIES: dict[str, type[City]] = {city.__name__: city for city in (HandwrittenCity, RadapCity)}


@dataclass(frozen=True, slots=True)
class Recompute:
    """What one pass over a city took, and how many stored levels it found wrong."""

    seconds: float
    peak_megabytes: float
    wrong: int


def in_a_process_of_its_own(city: type[City], path: str) -> Recompute:
    """Run this module on the city, so that the peak of memory is the recompute's own."""
    command = [sys.executable, "-m", "benchmarks.recompute", city.__name__, path]
    return Recompute(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def main() -> None:
    name, path = sys.argv[1:]
    city = CITIES[name]()
    began = time.perf_counter()
    wrong = city.recompute(path)
    print(json.dumps(asdict(Recompute(time.perf_counter() - began, peak_megabytes(), wrong))))


if __name__ == "__main__":
    main()
