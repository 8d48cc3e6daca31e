"""`python -m benchmarks [--quick] [names...]`: run the benches, show them, and write RESULTS.md."""

import argparse
from collections.abc import Callable

from rich.console import Console

from benchmarks import (
    advance_postgres,
    advance_sqlite,
    city,
    dates,
    delivery,
    importing,
    memory_machine,
    pages,
    printing,
    results,
    search,
    spreadsheets,
    sweep,
    uploads,
)
from benchmarks.size import FULL, QUICK, Size

BENCHES: dict[str, Callable[[Size], list[results.Row]]] = {
    "memory_machine": memory_machine.run,
    "advance_sqlite": advance_sqlite.run,
    "advance_postgres": advance_postgres.run,
    "city": city.run,
    "sweep": sweep.run,
    "delivery": delivery.run,
    "pages": pages.run,
    "search": search.run,
    "importing": importing.run,
    "uploads": uploads.run,
    "printing": printing.run,
    "spreadsheets": spreadsheets.run,
    "dates": dates.run,
}


def main() -> None:
    wanted = _arguments()
    console = Console()
    rows: list[results.Row] = []
    for name in wanted.names or BENCHES:
        with console.status(f"{name} …"):
            found = BENCHES[name](QUICK if wanted.quick else FULL)
        results.show(found, console)
        rows += found
    console.print(results.machine())
    if wanted.quick or wanted.names:
        console.print("RESULTS.md is written by a whole run only.")
    else:
        results.write(rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure Radap beside its peers."
    )
    parser.add_argument("--quick", action="store_true", help="small and few: to see that every bench works")
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"benches to run: {', '.join(BENCHES)} (default all)"
    )
    wanted = parser.parse_args()
    if unknown := sorted(set(wanted.names) - set(BENCHES)):
        parser.error(f"no bench is called {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    return wanted


if __name__ == "__main__":
    main()
