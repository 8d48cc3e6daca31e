"""Snapshots: of one moment, unable to write, and on SQLite on connections that are kept."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date

import pytest
from sqlalchemy import insert, select

from engine import actions
from engine.actions import NewOccurrence
from storage import reader
from storage import tables as t
from tests.cast import CODE, COORDINATOR, GUIDELINES, YEAR, at, found_city, new_store

DAY = date(2020, 12, 1)


def versions(tx) -> int:
    return int(tx.connection.execute(select(t.indicators.c.version)).scalar_one())


def record(city) -> None:
    with city.begin() as tx:
        actions.record_occurrence(tx, CODE, YEAR, NewOccurrence(GUIDELINES, DAY), by=COORDINATOR, now=at(DAY))


def test_snapshot_shows_one_moment_and_the_next_one_what_came_after(city):
    with city.read() as tx:
        before = versions(tx)
        record(city)
        assert versions(tx) == before
    with city.read() as tx:
        assert versions(tx) == before + 1


def test_nothing_can_be_written_in_any_snapshot(city):
    for _ in range(2):
        with pytest.raises(Exception, match=r"read.?only"), city.read() as tx:
            tx.connection.execute(insert(t.plan_nodes).values(code="x", title="แผน"))

    record(city)


def test_snapshot_that_raises_leaves_nothing_behind(city):
    def look_and_fail() -> None:
        with city.read() as tx:
            versions(tx)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        look_and_fail()
    record(city)

    with city.read() as tx:
        assert versions(tx) == 2


def test_snapshots_side_by_side_are_each_of_their_own_moment(city):
    with city.read() as first, city.read() as second:
        before = versions(first)
        record(city)
        assert (versions(first), versions(second)) == (before, before + 1)


def test_many_threads_read_and_none_of_them_waits_for_a_connection(city):
    def look(_: int) -> int:
        with city.read() as tx:
            return versions(tx)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(look, range(80))) == {1}


# --- on SQLite -------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path):
    made = new_store(f"sqlite:///{tmp_path / 'radap.db'}")
    found_city(made)
    yield made
    made.close()


def driver_of(store):
    with store.read() as tx:
        return tx.connection.connection.driver_connection


def test_connection_is_kept_for_the_next_snapshot(kept):
    assert driver_of(kept) is driver_of(kept)


def test_no_more_connections_are_kept_than_there_is_room_for(kept):
    the_writers = kept.engine.pool.checkedout()
    with ExitStack() as stack:
        for _ in range(reader._KEPT + 2):
            versions(stack.enter_context(kept.read()))

    assert kept.engine.pool.checkedout() == the_writers + reader._KEPT


def test_connection_of_a_snapshot_is_given_to_nobody_who_writes(kept):
    driver_of(kept)
    kept.close()

    with kept.engine.begin() as connection:
        connection.execute(insert(t.plan_nodes).values(code="x", title="แผน"))
