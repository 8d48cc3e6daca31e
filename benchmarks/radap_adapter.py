"""Radap itself, the public way: what a page or a command calls, no short cuts."""

from contextlib import ExitStack
from fractions import Fraction
from zoneinfo import ZoneInfo

from benchmarks import schema
from benchmarks.peers import Outcome
from benchmarks.peers.city import PLAIN_SCAN
from benchmarks.peers.machines import TRIGGERS, Machines, Model
from benchmarks.work import CREATED_AT, CREATED_ON, FISCAL_YEAR, Fact, fact_of
from engine import guards
from engine.actions import NewOccurrence, record_occurrence
from engine.guards import Attempt
from engine.indicator import Indicator
from engine.levels import Basis, Tally
from engine.machine import Rules, Transition, fire
from engine.permissions import Action, Grant, Person, Role
from engine.ports import Policy
from engine.quarter import DaysAre, DeadlinePolicy, FiscalYear, Shift, Side, WorkCalendar
from engine.scores import Method, ScoreScale
from storage import checks, rollup, views
from storage.store import Store, connect
from workflows.catalogue import parse

NAME = "Radap"

POLICY = Policy(
    zone=ZoneInfo("Asia/Bangkok"),
    calendar=WorkCalendar(),
    deadlines=DeadlinePolicy(10, Side.AFTER, Shift.NONE, DaysAre.CALENDAR),
    scale=ScoreScale(),
)


def store_on(url: str) -> Store:
    """A store as `cli.bootstrap` makes it."""
    return Store(connect(url), POLICY, parse)


def record(store: Store, fact: Fact) -> None:
    """Record one fact in a transaction of its own."""
    new = NewOccurrence(fact.milestone, fact.occurred_on, document_number=fact.document)
    by = Person(fact.by, "ผู้ประสานงาน", (Grant(Role.COORDINATOR, fact.agency),))
    with store.begin() as tx:
        record_occurrence(tx, fact.code, FISCAL_YEAR, new, by=by, now=fact.recorded_at)


class RadapSqlite:
    """`engine.actions.record_occurrence` on a store on SQLite, called from up to 8 threads."""

    def fill(self, url: str, indicators: int) -> None:
        schema.fill_sqlite(url, indicators)

    def open(self, url: str, indicators: int) -> None:
        self._url = url
        self._indicators = indicators
        self._store = store_on(schema.sqlite_url(url))

    def advance(self, i: int) -> None:
        record(self._store, fact_of(i, self._indicators))

    def outcome(self) -> Outcome:
        return schema.outcome_sqlite(self._url)

    def close(self) -> None:
        self._store.close()


class RadapPostgres:
    """The same on PostgreSQL."""

    def fill(self, url: str, indicators: int) -> None:
        schema.fill_postgres(url, indicators)

    def open(self, url: str, indicators: int) -> None:
        self._url = url
        self._indicators = indicators
        self._store = store_on(schema.postgres_url(url))

    def advance(self, i: int) -> None:
        record(self._store, fact_of(i, self._indicators))

    def outcome(self) -> Outcome:
        return schema.outcome_postgres(self._url)

    def close(self) -> None:
        self._store.close()


#: The life that every library is given, with a real guard of the engine on each transition.
_LIFE = (
    Transition("begin", ("open",), "in_progress", (guards.complete,)),
    Transition("achieve", ("in_progress",), "achieved", (guards.complete,)),
    Transition("reopen", ("achieved",), "open", (guards.complete,)),
)


class RadapMachines(Machines):
    """`engine.machine`: a table of the engine's form on its shared machine, moved by `fire`."""

    def __init__(self) -> None:
        self._rules = Rules("milestone", ("open", "in_progress", "achieved"), _LIFE)
        workflow = schema.workflow()
        year = FiscalYear(FISCAL_YEAR)
        self._indicator = Indicator(1, "5001-2017", year, 1, workflow, workflow.title)
        self._definition = workflow.milestones[0]
        self._by = Person(1, "ผู้ประสานงาน", (Grant(Role.COORDINATOR, 1),))
        self._tally = Tally(waived=True)

    def enliven(self, model: Model) -> object:  # noqa: ARG002  one machine serves all: a model needs nothing
        return None

    def cycle(self, model: Model, beside: object) -> None:  # noqa: ARG002  as above
        for trigger in TRIGGERS:
            # An attempt is somebody's: an action makes one for each trigger that it fires.
            attempt = Attempt(
                self._indicator,
                Action.RECORD,
                self._by,
                CREATED_AT,
                CREATED_ON,
                self._definition,
                self._tally,
            )
            fire(self._rules, model, trigger, attempt)


class RadapCity:
    """`storage.views` and the recompute of `radap doctor`."""

    def open(self, path: str) -> None:
        self._store = store_on(schema.sqlite_url(path))
        self._reading = ExitStack()
        self._connection = self._reading.enter_context(self._store.read()).connection

    def plain_scan(self) -> object:
        return self._connection.exec_driver_sql(PLAIN_SCAN).fetchone()

    def level_counts(self) -> dict[int, int]:
        return views.level_counts(self._connection, FISCAL_YEAR)

    def roll_up(self) -> Fraction:
        names = rollup.nodes(self._connection, rollup.Tree.AGENCIES)
        of_all = Person(1, "operator", (Grant(Role.OPERATOR),))
        asked = (FISCAL_YEAR, rollup.Tree.AGENCIES, Basis.CLAIMED, None)
        counted = rollup.alike(self._connection, self._store.workflow, of_all, *asked)
        found = rollup.rolled(names, counted, Method.WEIGHTED).exact
        assert found is not None
        return found

    def agency_quarter(self, agency: int, quarter: int) -> int:
        return len(views.agency_quarter(self._connection, agency, FISCAL_YEAR, quarter))

    def close(self) -> None:
        self._reading.close()
        self._store.close()

    def recompute(self, path: str) -> int:
        store = store_on(schema.sqlite_url(path))
        with store.read() as tx:
            wrong = sum(finding is not None for finding in checks.levels(tx))
        store.close()
        return wrong
