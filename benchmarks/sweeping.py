"""A city swept in a process of its own, and facts recorded in another meanwhile."""

import json
import subprocess
import sys
import threading
import time
from array import array
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from benchmarks import sweep_city as city
from benchmarks import work
from benchmarks.memory import held_megabytes, peak_megabytes
from benchmarks.radap_adapter import record
from cli import bootstrap
from cli.post import PostOffice


class Sweep(NamedTuple):
    """One sweep: how much it found, when it began and ended on the machine's clock, and what it weighed."""

    owed: int
    began: float
    ended: float
    megabytes_before: float
    megabytes_at_most: float


class Recorded(NamedTuple):
    """One fact: when it was begun, and how many seconds it took until it was durable."""

    began: float
    seconds: float


class Process:
    """One of the tasks below in a process of its own, ready to begin when it is told to."""

    def __init__(self, task: str, path: str, given: object) -> None:
        command = [sys.executable, "-m", "benchmarks.sweeping", task, path, str(given)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._said()

    def tell(self) -> None:
        """Let it begin; a recorder that has begun is told to end."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def result(self) -> Any:
        """Wait for what it found, and for its end."""
        found = json.loads(self._said())
        self._process.communicate()
        return found

    def _said(self) -> str:
        assert self._process.stdout
        said = self._process.stdout.readline()
        assert said, "the process has ended before its time"
        return said


def sweep_in_a_process(path: str, day: date) -> Sweep:
    """Sweep the city once."""
    process = Process("sweep", path, day)
    process.tell()
    return Sweep(*process.result())


def sweep_beside_a_recorder(path: str, day: date, alone: float) -> tuple[Sweep, list[Recorded]]:
    """Sweep the city while facts are recorded one after another, which began so many seconds before."""
    recorder, sweeper = Process("record", path, 0), Process("sweep", path, day)
    recorder.tell()
    time.sleep(alone)
    sweeper.tell()
    swept = Sweep(*sweeper.result())
    recorder.tell()
    return swept, [Recorded(*one) for one in recorder.result()]


# What follows runs in a process of its own.


def main() -> None:
    task, path, given = sys.argv[1:]
    print(json.dumps(_sweep(path, date.fromisoformat(given)) if task == "sweep" else _record(path)))


def _begin() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def _sweep(path: str, day: date) -> Sweep:
    """As `radap worker` does it, with its pauses."""
    house = city.house(path)
    reminders = PostOffice(house).reminders
    bootstrap.keep_what_is_there(house)
    _begin()
    before, began = held_megabytes(), time.perf_counter()
    swept = reminders.sweep(city.at(day))
    ended = time.perf_counter()
    house.close()
    return Sweep(swept.owed, began, ended, before, peak_megabytes())


def _set_when_told(event: threading.Event) -> None:
    sys.stdin.readline()
    event.set()


def _record(path: str) -> list[Recorded]:
    """The first fact of one indicator after the other, as a page does it, until told to stop."""
    house = city.house(path)
    with house.store.read() as tx:
        indicators = sum(1 for _ in tx.connection.exec_driver_sql("SELECT id FROM indicators"))
    _begin()
    stopped = threading.Event()
    threading.Thread(target=_set_when_told, args=(stopped,), daemon=True).start()
    bootstrap.keep_what_is_there(house)
    begun, seconds = array("d"), array("d")
    for i in range(indicators):
        if stopped.is_set():
            break
        agency = city.agency_of(i + 1)
        fact = replace(work.fact_of(i, indicators), agency=agency, by=work.coordinator_of(agency))
        began = time.perf_counter()
        record(house.store, fact)
        seconds.append(time.perf_counter() - began)
        begun.append(began)
    house.close()
    return [Recorded(*one) for one in zip(begun, seconds, strict=True)]


if __name__ == "__main__":
    main()
