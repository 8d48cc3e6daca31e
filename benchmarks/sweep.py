"""The sweep over 1,000,000 open milestones: what it costs and weighs, and how long others wait for it."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, Self

from benchmarks import schema
from benchmarks import sweep_city as city
from benchmarks.measure import cost, ratio
from benchmarks.peers.orm_sweep import OrmSweep
from benchmarks.radap_adapter import NAME as RADAP
from benchmarks.results import Row, at_least, at_most
from benchmarks.size import FULL, Size
from benchmarks.sweeping import Recorded, Sweep, sweep_beside_a_recorder, sweep_in_a_process
from cli.bootstrap import House
from cli.post import PostOffice

BENCH = "The sweep"
NOTHING, SOME, ORM, MEMORY, WAIT = at_most(5), at_most(3), at_least(100), at_most(60), at_most(100)
PART = 10
"""The loop over objects goes through this part of the milestones, and its time is multiplied."""
ALONE_SECONDS = 2.0
"""How long facts are recorded alone before the sweep begins beside them."""

_COLUMNS = "topic, agency_id, indicator_id, key, due_on, step, rule, person_id, role, instead_of, owed_on"
_INSERT = f"INSERT INTO reminders ({_COLUMNS}) VALUES ({', '.join('?' * 11)})"
Rows = list[tuple[Any, ...]]


def run(size: Size) -> list[Row]:
    """Sweep a city in turns with its peers, then in a process of its own, then beside a writer."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "city.db")
        city.build(path, size.swept)
        found = _costs(path, size)
        with _Table(path) as table:
            table.back_to(city.QUIET)
            lean = sweep_in_a_process(path, city.BUSY)
            table.back_to(city.BUSY)
            alone = ALONE_SECONDS if size == FULL else ALONE_SECONDS / 10
            flood, recorded = sweep_beside_a_recorder(path, city.FLOOD, alone)
        assert (lean.owed, flood.owed) == (size.swept // city.BUSY_EVERY, size.swept)
    return [*_cost_rows(found, size), *_memory_rows(lean, flood), *_wait_rows(flood, recorded)]


class _Table:
    """The table that sweeps write, by hand: looked at, emptied, and filled plainly."""

    def __init__(self, path: str) -> None:
        self._connection = schema.connect_sqlite(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def back_to(self, day: date) -> None:
        """Nothing is owed, and that day was the last to be swept."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("DELETE FROM reminders")
        self._connection.execute("UPDATE city SET swept_on = ?", (day.isoformat(),))
        self._connection.execute("COMMIT")

    def rows(self, last_indicator: int) -> Rows:
        """What is there of all indicators up to that one, in the order in which it was written."""
        query = f"SELECT {_COLUMNS} FROM reminders WHERE indicator_id <= ? ORDER BY id"
        return self._connection.execute(query, (last_indicator,)).fetchall()

    def insert(self, rows: Rows) -> None:
        """Plainly insert these."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(_INSERT, rows)
        self._connection.execute("COMMIT")


# --- what it costs ---------------------------------------------------------------------------------------


def _costs(path: str, size: Size) -> dict[str, list[float]]:
    """Seconds in every round: of a sweep that finds nothing, of one that finds some, and of its peers."""
    house = city.house(path)
    with _Table(path) as table:
        rows = _checked(house, table, size.swept)
        sweep = PostOffice(house).reminders.sweep
        jobs: dict[str, tuple[date, Callable[[], object]]] = {
            "nothing": (city.EVE, partial(sweep, city.at(city.QUIET))),
            "some": (city.QUIET, partial(sweep, city.at(city.BUSY))),
            "plain": (city.QUIET, partial(table.insert, rows)),
            "orm": (city.QUIET, partial(_orm(house).sweep, city.QUIET, city.BUSY, size.swept // PART)),
        }
        found: dict[str, list[float]] = {name: [] for name in jobs}
        for _round in range(-1, size.rounds):  # the first one warms up
            for name, (day, job) in jobs.items():
                table.back_to(day)
                found[name].append(cost(job))
    house.close()
    return {name: seconds[1:] for name, seconds in found.items()}


def _orm(house: House) -> OrmSweep:
    return OrmSweep(house.engine, house.reminders, house.policy.calendar)


def _checked(house: House, table: _Table, indicators: int) -> Rows:
    """Everybody finds what the city was built to have: those rows."""
    table.back_to(city.EVE)
    reminders = PostOffice(house).reminders
    assert reminders.sweep(city.at(city.QUIET)).owed == 0, "something is due on the quiet day"
    assert reminders.sweep(city.at(city.BUSY)).owed == indicators // city.BUSY_EVERY
    found = table.rows(indicators)
    due = {(indicator, key, due_on) for _, _, indicator, key, due_on, *_ in found}
    assert due == set(city.newly_due(indicators)), "what is owed is not what is due"
    part = table.rows(indicators // PART)
    table.back_to(city.QUIET)
    _orm(house).sweep(city.QUIET, city.BUSY, indicators // PART)
    assert sorted(table.rows(indicators), key=str) == sorted(part, key=str), "the loop over objects differs"
    return found


def _cost_rows(found: dict[str, list[float]], size: Size) -> list[Row]:
    milestones, some = size.swept * city.MILESTONES, size.swept // city.BUSY_EVERY
    whole = [seconds * PART for seconds in found["orm"]]
    what = f"{RADAP}: {milestones:,} open, nothing newly due"
    return [
        Row(BENCH, what, median(found["nothing"]) * 1000, "ms", NOTHING),
        Row(
            BENCH,
            f"{some:,} newly due / plainly inserting these rows",
            ratio(found["some"], found["plain"]),
            target=SOME,
        ),
        Row(
            BENCH,
            f"SQLAlchemy ORM, a {PART}th of the milestones times {PART} / {RADAP}, {some:,} newly due",
            ratio(whole, found["some"]),
            target=ORM,
        ),
        Row(BENCH, f"{RADAP}: {some:,} newly due", median(found["some"]) * 1000, "ms"),
    ]


# --- what it weighs, and who waits -----------------------------------------------------------------------


def _memory_rows(*sweeps: Sweep) -> list[Row]:
    return [
        row
        for one in sweeps
        for row in (
            Row(
                BENCH,
                f"{RADAP}: {one.owed:,} newly due, peak memory above an idle process",
                one.megabytes_at_most - one.megabytes_before,
                "MB",
                MEMORY,
            ),
            Row(
                BENCH,
                f"{RADAP}: {one.owed:,} newly due, peak memory with everything imported",
                one.megabytes_at_most,
                "MB",
            ),
        )
    ]


def _wait_rows(flood: Sweep, recorded: list[Recorded]) -> list[Row]:
    """How much longer than usual each fact took that was recorded while the sweep went on."""
    usual = median(one.seconds for one in recorded if one.began + one.seconds < flood.began)
    beside = [one for one in recorded if one.began < flood.ended and one.began + one.seconds > flood.began]
    waits = [(one.seconds - usual) * 1000 for one in beside]
    what = f"a fact recorded beside a sweep of {flood.owed:,} newly due"
    return [
        Row(BENCH, f"{what}: the longest wait of {len(waits):,}", max(waits), "ms", WAIT),
        Row(BENCH, f"{what}: the 99th percentile", quantiles(waits, n=100)[-1], "ms"),
        Row(BENCH, f"{what}: usual time", usual * 1000, "ms"),
        Row(BENCH, f"{RADAP}: that sweep, with its pauses", flood.ended - flood.began, "seconds"),
    ]
