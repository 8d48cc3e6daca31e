"""Machines in memory: from state to state with one guard, and what a model weighs beyond its own fields."""

import tracemalloc
from collections.abc import Callable

from benchmarks.measure import costs, ratio
from benchmarks.peers.machines import Machines, Model, PlainTable, PythonStatemachine, TransitionsShared
from benchmarks.radap_adapter import NAME as RADAP
from benchmarks.radap_adapter import RadapMachines
from benchmarks.results import Row, at_least, at_most
from benchmarks.size import Size

BENCH = "Machines in memory"
TRANSITIONS = "transitions, one shared machine"
STATEMACHINE = "python-statemachine, a machine for each model"
TABLE = "a plain dictionary"
PEERS: dict[str, type[Machines]] = {
    STATEMACHINE: PythonStatemachine,
    TRANSITIONS: TransitionsShared,
    TABLE: PlainTable,
    RADAP: RadapMachines,
}
MODELS = 500


def run(size: Size) -> list[Row]:
    """Measure speed and weight."""
    machines = {name: factory() for name, factory in PEERS.items()}
    weights = {name: _weight(each) for name, each in machines.items()}
    found = costs({name: _cycles(each) for name, each in machines.items()}, size.rounds)
    return [
        *(_speed(found, name, None) for name in (TABLE, TRANSITIONS)),
        _speed(found, RADAP, 5),
        *(
            Row(BENCH, f"bytes a model: {name}", weights[name], "bytes")
            for name in (STATEMACHINE, TRANSITIONS)
        ),
        Row(BENCH, f"bytes a model: {RADAP}", weights[RADAP], "bytes", at_most(64)),
    ]


def _speed(found: dict[str, list[float]], name: str, bound: float | None) -> Row:
    # Costs are seconds: whoever takes less is faster.
    value = ratio(found[STATEMACHINE], found[name])
    return Row(BENCH, f"{name} / {STATEMACHINE}", value, target=None if bound is None else at_least(bound))


def _weight(machines: Machines) -> float:
    """Bytes that a living model takes beyond its own fields."""
    models = [Model() for _ in range(MODELS)]
    kept: list[object] = [None] * MODELS
    tracemalloc.start()
    try:
        # The first one builds what all share.
        kept[0] = machines.enliven(models[0])
        machines.cycle(models[0], kept[0])
        before, _peak = tracemalloc.get_traced_memory()
        for number, model in enumerate(models[1:], 1):
            kept[number] = machines.enliven(model)
            machines.cycle(model, kept[number])
        return max(0, tracemalloc.get_traced_memory()[0] - before) / (MODELS - 1)
    finally:
        tracemalloc.stop()


def _cycles(machines: Machines) -> Callable[[], None]:
    models = [Model() for _ in range(MODELS)]
    living = [(model, machines.enliven(model)) for model in models]

    def cycles() -> None:
        for model, beside in living:
            machines.cycle(model, beside)
        assert all(model.state == "open" for model in models)

    return cycles
