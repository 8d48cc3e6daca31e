"""DBOS on SQLite: each advance a durable workflow of one transaction step, checkpoints in the same file."""

from collections.abc import Callable

from dbos import DBOS, DBOSConfig, SetWorkflowID, SQLAlchemyDatasource
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

from benchmarks import schema
from benchmarks.peers import handwritten_sqlite as by_hand
from benchmarks.work import RECORDED_AT, Fact, Refused, chained, check_guards, decide, event_of, fact_of


class DbosSqlite:
    """The workflow's name is the advance's number, so an advance asked for twice happens once."""

    def fill(self, url: str, indicators: int) -> None:
        schema.fill_sqlite(url, indicators)

    def open(self, url: str, indicators: int) -> None:
        self._path = url
        self._indicators = indicators
        config: DBOSConfig = {
            "name": "benchmark",
            "system_database_url": f"sqlite:///{url}",
            "system_database_engine": _engine(url),
            "log_level": "ERROR",
        }
        DBOS(config=config)
        datasource = SQLAlchemyDatasource.create(f"sqlite:///{url}", engine=_engine(url))
        self._advance = _workflow(datasource)
        DBOS.launch()

    def advance(self, i: int) -> None:
        with SetWorkflowID(f"advance-{i}"):
            self._advance(i, self._indicators)

    def outcome(self) -> list[tuple[int, str | None]]:
        return schema.outcome_sqlite(self._path)

    def close(self) -> None:
        DBOS.destroy()


def _workflow(datasource: SQLAlchemyDatasource) -> Callable[[int, int], None]:
    def record_fact(i: int, indicators: int) -> int:
        return record(datasource.sql_session(), fact_of(i, indicators))

    @DBOS.workflow()
    def advance(i: int, indicators: int) -> None:
        datasource.run_tx_step({"name": "record"}, record_fact, i, indicators)

    return advance


def _engine(path: str) -> Engine:
    """An engine with DBOS's own connection settings and our durable ones."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _set(connection: object, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"  # type: ignore[attr-defined]
        for pragma in schema.DURABLE:
            connection.execute(pragma)  # type: ignore[attr-defined]

    return engine


def record(session: Session, fact: Fact) -> int:
    """The hand-written statements on the connection of DBOS's own transaction; returns the level."""
    execute = session.connection().exec_driver_sql
    key = (fact.indicator,)
    state, starts_on, ends_on, version, length, head = execute(by_hand.READ_INDICATOR, key).one()
    milestones = [row[0] for row in execute(by_hand.READ_MILESTONES, key)]
    recorded = [(row[0], row[1]) for row in execute(by_hand.READ_OCCURRENCES, key)]
    check_guards(state, starts_on, ends_on, milestones[fact.position], recorded, fact)
    made = decide(milestones, recorded, fact)

    execute(
        by_hand.ADD_OCCURRENCE, (fact.indicator, fact.position, fact.occurred_on, RECORDED_AT, fact.document)
    )
    achieved_on = fact.occurred_on if made.state == "achieved" else None
    execute(by_hand.SET_MILESTONE, (made.state, achieved_on, fact.indicator, fact.position))
    text = event_of(fact, made.state, made.level, length + 1)
    hash_ = chained(head, text)
    execute(by_hand.ADD_EVENT, (fact.indicator, length + 1, head, hash_, text))
    values = (made.level, made.fraction, length + 1, hash_, fact.indicator, version)
    if execute(by_hand.SET_INDICATOR, values).rowcount != 1:
        raise Refused("somebody else changed the indicator meanwhile")
    return made.level
