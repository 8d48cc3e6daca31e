"""DBOS on SQLite: each advance a durable workflow of one transaction step, checkpoints in the same file."""

from collections.abc import Callable

from dbos import DBOS, DBOSConfig, SetWorkflowID, SQLAlchemyDatasource
from sqlalchemy import Engine, create_engine, event

from benchmarks import schema
from benchmarks.peers import Outcome
from benchmarks.peers import handwritten_sqlite as by_hand
from benchmarks.work import fact_of


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

    def outcome(self) -> Outcome:
        return schema.outcome_sqlite(self._path)

    def close(self) -> None:
        DBOS.destroy()


def _workflow(datasource: SQLAlchemyDatasource) -> Callable[[int, int], None]:
    def record_fact(i: int, indicators: int) -> int:
        # The hand-written statements on the connection of DBOS's own transaction.
        execute = datasource.sql_session().connection().exec_driver_sql
        return by_hand.record(execute, fact_of(i, indicators, as_text=True))

    @DBOS.workflow()
    def advance(i: int, indicators: int) -> None:
        datasource.run_tx_step({"name": "record"}, record_fact, i, indicators)

    return advance


def _engine(path: str) -> Engine:
    """An engine with DBOS's own connection settings and our durable ones."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _set(connection: object, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"  # type: ignore[attr-defined]  # the driver's own
        for pragma in schema.DURABLE:
            connection.execute(pragma)  # type: ignore[attr-defined]  # the driver's own

    return engine
