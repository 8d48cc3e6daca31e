"""One durable advance on PostgreSQL: beside psycopg on one connection, and beside pgbench on eight."""

from benchmarks import postgres
from benchmarks.measure import Subject, rates, ratio
from benchmarks.peers import Peer, pgbench
from benchmarks.peers.handwritten_postgres import PsycopgByStatement, PsycopgTwoStatements
from benchmarks.radap_adapter import NAME as RADAP
from benchmarks.radap_adapter import RadapPostgres
from benchmarks.results import Row, Target, at_least
from benchmarks.size import JOBS, THREADS, Size
from benchmarks.workers import OnThreads, Workers

ONE_CONNECTION = "One durable advance, PostgreSQL, one connection"
MANY_CONNECTIONS = f"One durable advance, PostgreSQL, {THREADS} connections from {JOBS} processes"

BY_STATEMENT = "psycopg, statement by statement"
TWO_STATEMENTS = "psycopg, two statements"
PGBENCH_BY_STATEMENT = "pgbench, statement by statement"
PGBENCH_TWO_STATEMENTS = "pgbench, two statements"
PEERS: dict[str, type[Peer]] = {
    BY_STATEMENT: PsycopgByStatement,
    TWO_STATEMENTS: PsycopgTwoStatements,
    RADAP: RadapPostgres,
}
PGBENCH_SCRIPTS = {PGBENCH_BY_STATEMENT: pgbench.BY_STATEMENT, PGBENCH_TWO_STATEMENTS: pgbench.TWO_STATEMENTS}


def run(size: Size) -> list[Row]:
    """Measure both on one server, one after the other."""
    with postgres.server() as running:
        one = _rates(running, size, 1)
        many = _rates(running, size, THREADS)
    return [
        _row(ONE_CONNECTION, one, BY_STATEMENT, PGBENCH_BY_STATEMENT),
        _row(ONE_CONNECTION, one, TWO_STATEMENTS, PGBENCH_TWO_STATEMENTS),
        _row(ONE_CONNECTION, one, TWO_STATEMENTS, BY_STATEMENT),
        _row(ONE_CONNECTION, one, RADAP, BY_STATEMENT, at_least(0.7)),
        # The harder of the two: as few trips to the server as there can be, but no action that people read.
        _row(ONE_CONNECTION, one, RADAP, TWO_STATEMENTS),
        _row(MANY_CONNECTIONS, many, BY_STATEMENT, PGBENCH_BY_STATEMENT),
        _row(MANY_CONNECTIONS, many, TWO_STATEMENTS, PGBENCH_TWO_STATEMENTS),
        _row(MANY_CONNECTIONS, many, TWO_STATEMENTS, PGBENCH_BY_STATEMENT),
        _row(MANY_CONNECTIONS, many, RADAP, PGBENCH_BY_STATEMENT, at_least(0.5)),
        _row(MANY_CONNECTIONS, many, RADAP, PGBENCH_TWO_STATEMENTS),
    ]


def _row(
    bench: str, found: dict[str, list[float]], name: str, other: str, target: Target | None = None
) -> Row:
    return Row(bench, f"{name} / {other}", ratio(found[name], found[other]), target=target)


def _rates(running: postgres.PostgresServer, size: Size, connections: int) -> dict[str, list[float]]:
    # As many processes as pgbench has jobs: the threads of one Python process share one core.
    processes = min(JOBS, connections)
    program = running.bin_path / "pgbench"
    subjects: dict[str, Subject] = {
        name: pgbench.Pgbench(program, script, postgres.new_database(running), connections, size.indicators)
        for name, script in PGBENCH_SCRIPTS.items()
    }
    for name, factory in PEERS.items():
        workers = Workers(factory, postgres.new_database(running), size.indicators, processes)
        subjects[name] = OnThreads(workers, connections // processes)
    return rates(subjects, size.rounds, size.advances())
