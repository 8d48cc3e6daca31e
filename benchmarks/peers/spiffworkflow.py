"""SpiffWorkflow: a BPMN process of five manual tasks, its state and the facts as JSON in one SQLite row."""

import sqlite3
from pathlib import Path

from SpiffWorkflow.bpmn.parser import BpmnParser  # type: ignore[import-untyped]  # ships no types
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer  # type: ignore[import-untyped]  # ships no types
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow  # type: ignore[import-untyped]  # ships no types
from SpiffWorkflow.util.task import TaskState  # type: ignore[import-untyped]  # ships no types

from benchmarks import schema
from benchmarks.peers import Outcome
from benchmarks.peers import handwritten_sqlite as by_hand
from benchmarks.work import (
    DUE_ON,
    FISCAL_YEAR,
    MILESTONES,
    YEAR_AS_TEXT,
    Decision,
    Fact,
    Indicator,
    Milestone,
    Occurrence,
    Read,
    Refused,
    Waiver,
    Writes,
    decide,
    fact_of,
)

# In the place of milestones, occurrences, decisions, waivers, evidence and reports.
TABLE = """
CREATE TABLE processes (indicator_id INTEGER PRIMARY KEY REFERENCES indicators (id), process TEXT NOT NULL)
"""
ADD = "INSERT INTO processes SELECT id, ? FROM indicators"
READ = "SELECT process FROM processes WHERE indicator_id = ?"
SET = "UPDATE processes SET process = ? WHERE indicator_id = ?"


class SpiffWorkflowJson:
    """Load, deserialise, complete a task, serialise, save, journal."""

    def __init__(self) -> None:
        self._serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())

    def fill(self, url: str, indicators: int) -> None:
        schema.fill_sqlite(url, indicators)
        connection = schema.connect_sqlite(url)
        connection.execute(TABLE)
        connection.execute(ADD, (self._serializer.serialize_json(_new_process()),))
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
    milestones = zip(MILESTONES, DUE_ON, strict=True)
    process.data.update(
        occurrences=[],
        milestones=[
            Milestone(0, key, "open", due.isoformat(), None, "", None, "") for key, due in milestones
        ],
        decisions=[],
        waivers=[],
        evidence=[],
        reports=[],
    )
    process.do_engine_steps()
    return process


def _record(connection: sqlite3.Connection, serializer: BpmnWorkflowSerializer, fact: Fact) -> None:
    indicator = Indicator(*connection.execute(by_hand.READ_INDICATOR, (fact.code, FISCAL_YEAR)).fetchone())
    (stored,) = connection.execute(READ, (indicator.id,)).fetchone()
    process = serializer.deserialize_json(stored)
    writes = _complete(process, indicator, fact)
    if connection.execute(by_hand.SET_INDICATOR, by_hand.moved(indicator, writes)).rowcount != 1:
        raise Refused("somebody else changed the indicator meanwhile")
    connection.execute(SET, (serializer.serialize_json(process), indicator.id))
    connection.execute(by_hand.ADD_EVENT, writes.entry)


def _complete(process: BpmnWorkflow, indicator: Indicator, fact: Fact) -> Writes:
    """Complete the waiting task with the fact; the facts of the indicator live in the process's data."""
    name = fact.milestone
    task = process.get_next_task(state=TaskState.READY, manual=True)
    if task is None or task.task_spec.name != name:
        raise Refused(f"{name} is not waiting")
    read = _read(process, indicator)
    writes = decide(read, fact, YEAR_AS_TEXT)
    process.data["occurrences"].append(writes.occurrence)
    task.data["meetings"] = sum(each[2] == "meetings_held" for each in process.data["occurrences"])
    task.run()
    process.do_engine_steps()

    waiting = process.get_next_task(state=TaskState.READY, manual=True)
    again = waiting is not None and waiting.task_spec.name == name
    (moved,) = writes.milestones
    assert moved.state == ("in_progress" if again else "achieved"), "the process went another way"
    process.data["milestones"][MILESTONES.index(name)] = moved
    return writes


def _read(process: BpmnWorkflow, indicator: Indicator) -> Read:
    data = process.data
    return Read(
        indicator,
        [Milestone(*row) for row in data["milestones"]],
        [Occurrence(*row) for row in data["occurrences"]],
        [Decision(*row) for row in data["decisions"]],
        [Waiver(*row) for row in data["waivers"]],
    )
