"""SpiffWorkflow: a BPMN process of five manual tasks, its state as JSON in one SQLite row."""

import sqlite3
from pathlib import Path

from SpiffWorkflow.bpmn.parser import BpmnParser  # type: ignore[import-untyped]  # ships no types
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer  # type: ignore[import-untyped]  # ships no types
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow  # type: ignore[import-untyped]  # ships no types
from SpiffWorkflow.util.task import TaskState  # type: ignore[import-untyped]  # ships no types

from benchmarks import schema
from benchmarks.peers import Outcome
from benchmarks.work import (
    MILESTONES,
    YEAR_AS_TEXT,
    Fact,
    Refused,
    chained,
    event_of,
    fact_of,
    first_entry,
)

TABLES = """
CREATE TABLE indicators (
    id INTEGER PRIMARY KEY, life TEXT NOT NULL, process TEXT NOT NULL, claimed_level INTEGER NOT NULL,
    version INTEGER NOT NULL, journal_seq INTEGER NOT NULL, journal_head TEXT NOT NULL
);
CREATE TABLE journal (
    stream INTEGER NOT NULL REFERENCES indicators (id), seq INTEGER NOT NULL, what TEXT NOT NULL,
    at TEXT NOT NULL, by INTEGER NOT NULL, data TEXT NOT NULL, previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL, PRIMARY KEY (stream, seq)
) WITHOUT ROWID;
"""
ADD_INDICATOR = "INSERT INTO indicators VALUES (?, 'active', ?, 0, 1, 1, ?)"
READ = "SELECT life, process, claimed_level, version, journal_seq, journal_head FROM indicators WHERE id = ?"
ADD_EVENT = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
SET = (
    "UPDATE indicators SET process = ?, claimed_level = ?, version = version + 1, journal_seq = ?, "
    "journal_head = ? WHERE id = ? AND version = ?"
)


class SpiffWorkflowJson:
    """Load, deserialise, complete a task, serialise, save, journal."""

    def __init__(self) -> None:
        self._serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())

    def fill(self, url: str, indicators: int) -> None:
        process = self._serializer.serialize_json(_new_process())
        ids = range(1, indicators + 1)
        connection = schema.connect_sqlite(url)
        connection.executescript(TABLES)
        connection.execute("BEGIN")
        connection.executemany(ADD_INDICATOR, ((id_, process, first_entry(id_).hash) for id_ in ids))
        connection.executemany(ADD_EVENT, map(first_entry, ids))
        connection.execute("COMMIT")
        connection.close()

    def open(self, url: str, indicators: int) -> None:
        self._path = url
        self._indicators = indicators
        self._connection = schema.connect_sqlite(url)

    def advance(self, i: int) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            _record(self._connection, self._serializer, fact_of(i, self._indicators, as_text=True))
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def outcome(self) -> Outcome:
        return Outcome(self._connection.execute(schema.OUTCOME).fetchall(), None)

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
    life, process_json, before, version, seq, head = row
    process = serializer.deserialize_json(process_json)
    number, quarter, states, level = _complete(process, life, fact)
    entry = chained(
        fact.indicator, seq + 1, fact, event_of(fact, number, quarter, states, (before, level)), head
    )
    connection.execute(ADD_EVENT, entry)
    values = (serializer.serialize_json(process), level, entry.seq, entry.hash, fact.indicator, version)
    if connection.execute(SET, values).rowcount != 1:
        raise Refused("somebody else changed the indicator meanwhile")


def _complete(
    process: BpmnWorkflow, life: str, fact: Fact
) -> tuple[int, int, dict[str, tuple[str, str]], int]:
    """Complete the waiting task with the fact.

    The fact's number and quarter, the milestone's state before and after, and the level.
    """
    name = fact.milestone
    task = process.get_next_task(state=TaskState.READY, manual=True)
    occurrences = process.data["occurrences"]
    if life != "active" or task is None or task.task_spec.name != name:
        raise Refused(f"{name} is not waiting")
    quarter = YEAR_AS_TEXT.quarter_of(fact.occurred_on)
    if fact.occurred_on > fact.today or [name, fact.document] in occurrences:
        raise Refused(f"{fact.occurred_on} or {fact.document} does not fit")
    occurrences.append([name, fact.document])
    task.data["meetings"] = sum(each[0] == "meetings_held" for each in occurrences)
    task.run()
    process.do_engine_steps()

    waiting = process.get_next_task(state=TaskState.READY, manual=True)
    again = waiting is not None and waiting.task_spec.name == name
    states = process.data["states"]
    position = MILESTONES.index(name)
    before, states[position] = states[position], "in_progress" if again else "achieved"
    level = next((at for at, state in enumerate(states) if state != "achieved"), len(states))
    return len(occurrences), quarter, {name: (before, states[position])}, level
