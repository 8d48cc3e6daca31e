"""One durable advance on SQLite: beside hand-written SQL and other libraries, eight threads beside one."""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Subject, rates, ratio
from benchmarks.peers import Peer
from benchmarks.peers.dbos_sqlite import DbosSqlite
from benchmarks.peers.django_fsm import DjangoFsm
from benchmarks.peers.handwritten_sqlite import HandwrittenSqlite
from benchmarks.peers.spiffworkflow import SpiffWorkflowJson
from benchmarks.radap_adapter import NAME as RADAP
from benchmarks.radap_adapter import RadapSqlite
from benchmarks.results import Row, at_least
from benchmarks.size import THREADS, Size
from benchmarks.workers import OnThreads, Workers

ONE_THREAD = "One durable advance, SQLite"
MANY_THREADS = f"One durable advance, SQLite, {THREADS} threads"

BY_HAND = "hand-written SQL"
DJANGO = "Django ORM + django-fsm-2"
SPIFF = "SpiffWorkflow + JSON"
DBOS = "DBOS"
PEERS: dict[str, type[Peer]] = {
    BY_HAND: HandwrittenSqlite,
    DJANGO: DjangoFsm,
    SPIFF: SpiffWorkflowJson,
    DBOS: DbosSqlite,
    RADAP: RadapSqlite,
}
TARGETS = {BY_HAND: 0.7, DJANGO: 3.5, SPIFF: 3.5, DBOS: 15}
THREADS_TARGET = 1.3


def run(size: Size) -> list[Row]:
    """Measure both."""
    return [*_one_thread(size), *_many_threads(size)]


def _one_thread(size: Size) -> list[Row]:
    with TemporaryDirectory() as folder:
        started = _started(folder, list(PEERS), size)
        subjects: dict[str, Subject] = {name: OnThreads(workers) for name, workers in started.items()}
        found = rates(subjects, size.rounds, size.advances())
    peers = [
        Row(ONE_THREAD, f"{name} / {BY_HAND}", ratio(found[name], found[BY_HAND]))
        for name in (DJANGO, SPIFF, DBOS)
    ]
    ours = [
        Row(ONE_THREAD, f"{RADAP} / {name}", ratio(found[RADAP], found[name]), target=at_least(bound))
        for name, bound in TARGETS.items()
    ]
    return peers + ours


def _many_threads(size: Size) -> list[Row]:
    subjects: dict[str, Subject] = {}
    with TemporaryDirectory() as folder:
        for name, workers in _started(folder, [BY_HAND, RADAP], size).items():
            subjects |= {_on(name, 1): OnThreads(workers), _on(name, THREADS): OnThreads(workers, THREADS)}
        found = rates(subjects, size.rounds, size.advances(subjects_on_one_database=2))
    return [_threads_row(found, BY_HAND, None), _threads_row(found, RADAP, THREADS_TARGET)]


def _threads_row(found: dict[str, list[float]], name: str, bound: float | None) -> Row:
    value = ratio(found[_on(name, THREADS)], found[_on(name, 1)])
    what = f"{name}, {THREADS} threads / 1 thread"
    return Row(MANY_THREADS, what, value, target=None if bound is None else at_least(bound))


def _on(name: str, threads: int) -> str:
    return f"{name} on {threads}"


def _started(folder: str, names: list[str], size: Size) -> dict[str, Workers]:
    """Each peer with a database of its own."""
    return {
        name: Workers(PEERS[name], str(Path(folder) / f"{number}.db"), size.indicators)
        for number, name in enumerate(names)
    }
