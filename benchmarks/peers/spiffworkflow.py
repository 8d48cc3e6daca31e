"""SpiffWorkflow: a BPMN process of five manual tasks, its state as JSON in one SQLite row."""

import sqlite3
from pathlib import Path

from SpiffWorkflow.bpmn.parser import BpmnParser  # type: ignore[import-untyped]
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer  # type: ignore[import-untyped]
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow  # type: ignore[import-untyped]
from SpiffWorkflow.util.task import TaskState  # type: ignore[import-untyped]

from benchmarks import schema
from benchmarks.work import (
    ENDS_ON,
    FIRST_HEAD,
    MILESTONES,
    STARTS_ON,
    Fact,
    Refused,
    chained,
    event_of,
    fact_of,
    level_of,
)

TABLES = """
CREATE TABLE indicators (
    id INTEGER PRIMARY KEY, state TEXT NOT NULL, process TEXT NOT NULL, claimed_level INTEGER NOT NULL,
    version INTEGER NOT NULL, journal_length INTEGER NOT NULL, journal_head TEXT NOT NULL
);
CREATE TABLE journal (
    id INTEGER PRIMARY KEY, indicator_id INTEGER NOT NULL REFERENCES indicators (id),
    sequence INTEGER NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL, event TEXT NOT NULL,
    UNIQUE (indicator_id, sequence)
);
"""
ADD_INDICATOR = "INSERT INTO indicators VALUES (?, 'active', ?, 0, 1, 0, ?)"
READ = "SELECT state, process, version, journal_length, journal_head FROM indicators WHERE id = ?"
ADD_EVENT = "INSERT INTO journal (indicator_id, sequence, previous, hash, event) VALUES (?, ?, ?, ?, ?)"
SET = (
    "UPDATE indicators SET process = ?, claimed_level = ?, version = version + 1, journal_length = ?, "
    "journal_head = ? WHERE id = ? AND version = ?"
)


class SpiffWorkflowJson:
    """Load, deserialise, complete a task, serialise, save, journal."""

    def __init__(self) -> None:
        self._serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())

    def fill(self, url: str, indicators: int) -> None:
        process = self._serializer.serialize_json(_new_process())
        rows = [(id_, process, FIRST_HEAD) for id_ in range(1, indicators + 1)]
        connection = schema.connect_sqlite(url)
        connection.executescript(TABLES)
        connection.execute("BEGIN")
        connection.executemany(ADD_INDICATOR, rows)
        connection.execute("COMMIT")
        connection.close()

    def open(self, url: str, indicators: int) -> None:
        self._path = url
        self._indicators = indicators
        self._connection = schema.connect_sqlite(url)

    def advance(self, i: int) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            _record(self._connection, self._serializer, fact_of(i, self._indicators))
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def outcome(self) -> list[tuple[int, str | None]]:
        return schema.outcome_sqlite(self._path)

    def close(self) -> None:
        self._connection.close()


def _new_process() -> BpmnWorkflow:
    parser = BpmnParser()
    parser.add_bpmn_file(str(Path(__file__).with_name("indicator.bpmn")))
    process = BpmnWorkflow(parser.get_spec("indicator"))
    process.data.update(occurrences=[], states=["open"] * len(MILESTONES))
    process.do_engine_steps()
    return process


def _record(connection: sqlite3.Connection, serializer: BpmnWorkflowSerializer, fact: Fact) -> None:
    row = connection.execute(READ, (fact.indicator,)).fetchone()
    state, process_json, version, length, head = row
    process = serializer.deserialize_json(process_json)
    milestone, level = _complete(process, state, fact)
    event = event_of(fact, milestone, level, length + 1)
    hash_ = chained(head, event)
    connection.execute(ADD_EVENT, (fact.indicator, length + 1, head, hash_, event))
    values = (serializer.serialize_json(process), level, length + 1, hash_, fact.indicator, version)
    if connection.execute(SET, values).rowcount != 1:
        raise Refused("somebody else changed the indicator meanwhile")


def _complete(process: BpmnWorkflow, state: str, fact: Fact) -> tuple[str, int]:
    """Complete the waiting task with the fact; return the milestone's new state and the level."""
    name = MILESTONES[fact.position]
    task = process.get_next_task(state=TaskState.READY, manual=True)
    occurrences = process.data["occurrences"]
    if state != "active" or task is None or task.task_spec.name != name:
        raise Refused(f"{name} is not waiting")
    if not STARTS_ON <= fact.occurred_on <= ENDS_ON or [name, fact.document] in occurrences:
        raise Refused(f"{fact.occurred_on} or {fact.document} does not fit")
    occurrences.append([name, fact.document])
    task.data["meetings"] = sum(each[0] == "meetings_held" for each in occurrences)
    task.run()
    process.do_engine_steps()

    waiting = process.get_next_task(state=TaskState.READY, manual=True)
    again = waiting is not None and waiting.task_spec.name == name
    states = process.data["states"]
    states[fact.position] = "in_progress" if again else "achieved"
    return states[fact.position], level_of(states)
