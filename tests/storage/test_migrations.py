"""Migrations lead from nothing and from every released schema to the tables; other schemas are refused."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from engine.errors import Refusal
from storage import schema
from storage.store import connect
from storage.tables import metadata
from tests.cast import open_store
from tests.storage.story import STORY, everything, take


@pytest.fixture
def engine(database_url):
    made = connect(database_url)
    yield made
    made.dispose()


def differences(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata)


def stamp(engine, revision: str) -> None:
    with engine.connect() as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def kind_of(refused):
    (condition,) = refused.value.conditions
    return condition.kind


def test_upgrade_from_nothing_makes_the_tables(engine):
    moved = schema.upgrade(engine)

    assert moved == (None, schema.newest())
    assert differences(engine) == []
    schema.require_current(engine)


def test_upgrade_of_a_current_schema_changes_nothing(engine):
    schema.upgrade(engine)

    assert schema.upgrade(engine) == (schema.newest(), schema.newest())


def test_comparison_notices_a_difference(engine):
    schema.upgrade(engine)
    with engine.connect() as connection, connection.begin():
        connection.execute(text("ALTER TABLE agencies ADD COLUMN spare TEXT"))

    ((what, *_),) = differences(engine)

    assert what == "remove_column"


def test_upgrade_of_a_filled_first_schema_keeps_every_row(engine, database_url):
    first = ScriptDirectory.from_config(schema._config()).get_base()
    assert first is not None
    schema.upgrade(engine, first)
    store = open_store(database_url)
    for step in STORY:
        take(store, step)
    with store.read() as tx:
        before = everything(tx.connection)

    schema.upgrade(engine)

    with store.read() as tx:
        after = everything(tx.connection)
    store.close()
    assert after == before
    assert differences(engine) == []


def test_empty_database_is_refused_as_missing(engine):
    with pytest.raises(Refusal) as refused:
        schema.require_current(engine)

    assert kind_of(refused) == "schema.missing"


def test_newer_schema_is_refused_by_reader_and_by_upgrade(engine):
    schema.upgrade(engine)
    stamp(engine, "9999")

    with pytest.raises(Refusal) as reading:
        schema.require_current(engine)
    with pytest.raises(Refusal) as upgrading:
        schema.upgrade(engine)

    assert (kind_of(reading), kind_of(upgrading)) == ("schema.newer", "schema.newer")
    assert schema.revision(engine) == "9999"


def test_older_schema_is_refused_until_it_is_upgraded(engine, monkeypatch):
    schema.upgrade(engine)
    monkeypatch.setattr(schema, "newest", lambda: "0099")

    with pytest.raises(Refusal) as refused:
        schema.require_current(engine)

    (condition,) = refused.value.conditions
    assert (condition.kind, condition.params["needed"]) == ("schema.older", "0099")


def test_failing_upgrade_leaves_an_empty_database(engine):
    """A table that is in the way stops the upgrade in its middle; on SQLite too nothing of it stays."""
    with engine.connect() as connection, connection.begin():
        connection.execute(text("CREATE TABLE waivers (id INTEGER)"))

    with pytest.raises(Exception, match="already exists"):
        schema.upgrade(engine)

    assert inspect(engine).get_table_names() == ["waivers"]
    with engine.connect() as connection, connection.begin():
        connection.execute(text("DROP TABLE waivers"))
    schema.upgrade(engine)
    assert differences(engine) == []


def test_pointers_are_kept_by_sqlite_after_an_upgrade(tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'radap.db'}", connections=1)
    schema.upgrade(engine)

    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    engine.dispose()
