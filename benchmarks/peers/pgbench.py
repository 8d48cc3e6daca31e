"""PostgreSQL's own pgbench running the same statements: the limit of the server on this machine."""

import re
import subprocess
from pathlib import Path

import psycopg

from benchmarks import schema
from benchmarks.measure import assert_left
from benchmarks.size import JOBS, WARM_UP
from benchmarks.work import STEPS

BY_STATEMENT = Path(__file__).with_name("by_statement.pgbench")
TWO_STATEMENTS = Path(__file__).with_name("two_statements.pgbench")
STEPS_TABLE = Path(__file__).with_name("bench_steps.sql")


class Pgbench:
    """The same advances in the same order, from so many connections, with prepared statements."""

    def __init__(self, program: Path, script: Path, url: str, clients: int, indicators: int) -> None:
        schema.fill_postgres(url, indicators)
        with psycopg.connect(url) as connection:
            connection.execute(STEPS_TABLE.read_text(encoding="utf-8"))  # type: ignore[call-overload]  # our own file
        self._program = program
        self._script = script
        self._url = url
        self._clients = clients
        self._indicators = indicators
        self._done = 0
        self.rate(WARM_UP)

    def rate(self, count: int) -> float:
        """Do the next `count` advances; return advances per second without the time to connect."""
        assert count % self._clients == 0
        assert self._done + count <= len(STEPS) * self._indicators
        ran = subprocess.run(self._command(count), check=False, capture_output=True, text=True)
        found = re.search(r"tps = ([\d.]+) \(without initial connection time\)", ran.stdout)
        if found is None or ran.returncode != 0 or "failed transactions: 0 " not in ran.stdout:
            raise RuntimeError(ran.stdout + ran.stderr)
        self._done += count
        return float(found[1])

    def check(self) -> str | None:
        """Raise AssertionError unless pgbench left what the other peers leave."""
        return assert_left(schema.outcome_postgres(self._url), self._done, self._indicators)

    def close(self) -> None:
        """Nothing stays open between rounds."""

    def _command(self, count: int) -> list[str]:
        variables = {"first": self._done, "turn": 0, "clients": self._clients, "indicators": self._indicators}
        return [
            str(self._program),
            "--no-vacuum",
            "--protocol=prepared",
            f"--file={self._script}",
            f"--client={self._clients}",
            f"--jobs={min(JOBS, self._clients)}",
            f"--transactions={count // self._clients}",
            *(f"--define={name}={value}" for name, value in variables.items()),
            self._url,
        ]
