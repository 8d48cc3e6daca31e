"""Migrations lead from nothing and from every released schema to the tables; other schemas are refused."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from engine import actions
from engine.errors import Refusal
from storage import checks, schema
from storage.backup import _plain
from storage.search_index import HIDDEN_TABLES
from storage.store import connect
from storage.tables import UNTOLD, city, indicators, metadata
from tests.cast import CODE, COORDINATOR, YEAR, at, open_store

#: Every row of the story's year, written by the first release.
FIRST = Path(__file__).parents[1] / "data" / "story_0001.json"


@pytest.fixture
def engine(database_url):
    made = connect(database_url)
    yield made
    made.dispose()


def is_of_the_tables(name, kind, _parents) -> bool:
    """What search keeps on SQLite besides its table is no table of the toolkit's (see test_search)."""
    return not (kind == "table" and name in HIDDEN_TABLES)


def differences(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_of_the_tables}
        )
        return compare_metadata(context, metadata)


def stamp(engine, revision: str) -> None:
    with engine.connect() as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_revisions_are_those_that_the_files_declare():
    script = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))

    assert schema.revisions() == [one.revision for one in reversed(list(script.walk_revisions()))]
    assert schema.newest() == script.get_current_head()


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


@pytest.fixture
def first_city(engine):
    """The year of the story as the first release kept it, in the schema of that release."""
    return fill_first(engine)


def fill_first(engine):
    schema.upgrade(engine, "0001")
    rows = json.loads(FIRST.read_text(encoding="utf-8"))
    with schema.rebuilding(engine) as connection:
        for table, kept in rows.items():
            columns = ", ".join(f'"{column}"' for column in kept[0])
            places = ", ".join(f":{column}" for column in kept[0])
            connection.execute(text(f'INSERT INTO "{table}" ({columns}) VALUES ({places})'), kept)
    return rows


def kept_in(engine, rows):
    """The same columns of the same tables as they are now, as text."""
    with engine.connect() as connection:
        return {
            table: sorted(
                [_plain(value) for value in row]
                for row in connection.execute(select(*(metadata.tables[table].c[name] for name in kept[0])))
            )
            for table, kept in rows.items()
        }


def test_upgrade_of_a_filled_first_schema_keeps_every_row(engine, first_city):
    schema.upgrade(engine)

    assert kept_in(engine, first_city) == {
        table: sorted(list(row.values()) for row in kept) for table, kept in first_city.items()
    }
    assert differences(engine) == []


def test_upgrade_counts_what_happened_before_it_as_told(engine, first_city):
    schema.upgrade(engine)

    i, c = indicators.c, city.c
    with engine.connect() as connection:
        told = connection.execute(select(i.told_seq, i.journal_seq).order_by(i.id)).all()
        of_city = connection.execute(select(c.told_seq, c.journal_seq, c.swept_on)).one()
    assert [pair.told_seq for pair in told] == [one["journal_seq"] for one in first_city["indicators"]]
    assert all(pair.told_seq == pair.journal_seq > 0 for pair in told)
    assert tuple(of_city) == (16, 16, None)


def test_upgrade_makes_a_secret_of_its_own_for_each_city(engine, first_city, tmp_path):
    other = connect(f"sqlite:///{tmp_path / 'other.db'}")
    fill_first(other)
    for one in (engine, other):
        schema.upgrade(one)

    found = {secret_of(engine), secret_of(other)}
    other.dispose()

    assert [len(bytes.fromhex(secret)) for secret in found] == [32, 32]


def secret_of(engine) -> str:
    with engine.connect() as connection:
        secret: str = connection.execute(select(city.c.link_secret)).scalar_one()
    return secret


def test_upgraded_city_cannot_lose_its_secret(engine, first_city):
    schema.upgrade(engine)

    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text("UPDATE city SET link_secret = NULL"))


def test_upgraded_city_still_has_one_row(engine, first_city):
    schema.upgrade(engine)

    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text("INSERT INTO city VALUES (2, 0, '', 0, NULL, 'ab')"))


def test_store_of_this_release_goes_on_with_the_upgraded_city(engine, first_city, database_url):
    schema.upgrade(engine)
    store = open_store(database_url)
    now = at(date(2021, 10, 1))

    with store.begin() as tx:
        actions.write_report(tx, CODE, YEAR, 3, narrative="รายงานไตรมาส 3", by=COORDINATOR, now=now)
    with store.read() as tx:
        broken = [one for _, one in checks.journal(tx) if one]
        untold = tx.connection.execute(select(indicators.c.code).where(UNTOLD)).scalars().all()
    store.close()

    assert broken == []
    assert untold == [CODE]


def definitions_of_indexes(engine):
    """Every index as the database itself writes it down, with the rows that it holds."""
    asked = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    with engine.connect() as connection:
        found = connection.execute(text(asked[engine.dialect.name])).all()
    plain = ((name, re.sub(r'"|\s+', " ", sql).replace(" ", "")) for name, sql in found)
    return {name: sql for name, sql in plain if name != "alembic_version_pkc"}


def test_migrated_indexes_are_those_of_the_tables(engine, request, tmp_path):
    """The comparison above looks at columns only, and a partial index with other rows serves nobody."""
    schema.upgrade(engine)
    migrated = definitions_of_indexes(engine)
    if engine.dialect.name == "sqlite":
        fresh = connect(f"sqlite:///{tmp_path / 'fresh.db'}")
    else:
        fresh = connect(request.getfixturevalue("postgres").create())
    metadata.create_all(fresh)

    expected = definitions_of_indexes(fresh)
    fresh.dispose()

    assert migrated == expected
    assert "ix_milestones_undone" in migrated


def test_empty_database_is_refused_as_missing(engine):
    with pytest.raises(Refusal) as refused:
        schema.require_current(engine)

    assert kind_of(refused) == "schema.missing"


def test_database_of_another_program_is_refused_and_left_as_it_was(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE indicators (name TEXT)")

    with pytest.raises(Refusal) as refused:
        schema.upgrade(engine)

    assert refused.value.conditions[0].kind == "schema.foreign"
    assert inspect(engine).get_table_names() == ["indicators"]


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

    with pytest.raises(Exception, match="already exists"), schema.rebuilding(engine) as connection:
        schema.upgrade_within(connection)

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
