"""Writers of one process on SQLite: in order, many to a commit, each answerable for its own work alone."""

import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import exc, insert, select

from engine import actions
from engine.actions import NewOccurrence
from engine.errors import Refusal
from storage import checks, writer
from storage import tables as t
from storage.store import Store, connect
from storage.writer import NotCommitted
from tests.cast import CODE, COORDINATOR, GUIDELINES, MEETINGS, POLICY, YEAR, at, found_city, new_store

DAY = date(2020, 12, 1)
LONG = 30


@pytest.fixture
def store(tmp_path):
    made = new_store(f"sqlite:///{tmp_path / 'radap.db'}")
    found_city(made)
    yield made
    made.close()


def add(tx, code: str) -> None:
    tx.connection.execute(insert(t.plan_nodes).values(code=code, title="แผน"))


def codes(store) -> list[str]:
    with store.read() as tx:
        return list(tx.connection.execute(select(t.plan_nodes.c.code).order_by(t.plan_nodes.c.id)).scalars())


def until(condition) -> None:
    """Look again and again, until it is so."""
    turn = threading.Event()
    for _ in range(LONG * 1000):
        if condition():
            return
        turn.wait(0.001)
    raise AssertionError("it never came so")


class Queue:
    """Holds the first writer inside its block until all the others wait in line behind it."""

    def __init__(self, store, pool: ThreadPoolExecutor) -> None:
        self.store, self.pool = store, pool
        self.entered, self.go = threading.Event(), threading.Event()
        self.first = pool.submit(self._hold)
        assert self.entered.wait(LONG)
        self.others = 0

    def _hold(self) -> None:
        with self.store.begin() as tx:
            add(tx, "first")
            self.entered.set()
            assert self.go.wait(LONG)

    def then(self, act) -> "Future[None]":
        """The next in line, who does ``act`` in a transaction."""

        def write() -> None:
            with self.store.begin() as tx:
                act(tx)

        done = self.pool.submit(write)
        self.others += 1
        until(lambda: len(self.store._writer._waiting) == self.others)
        return done

    def run(self) -> None:
        self.go.set()


@pytest.fixture
def queue(store):
    with ThreadPoolExecutor(40) as pool:
        made = Queue(store, pool)
        yield made
        made.run()


@pytest.fixture
def commits(store):
    """The COMMITs of the writer, as they come."""
    with store.begin() as tx:
        connection = tx.connection.connection.driver_connection
    seen: list[str] = []
    connection.set_trace_callback(lambda statement: seen.append(statement) if statement == "COMMIT" else None)
    return seen


def test_writers_in_line_share_one_commit_in_their_order(store, commits, queue):
    others = [queue.then(lambda tx, code=str(number): add(tx, code)) for number in range(5)]

    queue.run()
    for one in (queue.first, *others):
        one.result(LONG)

    assert codes(store) == ["first", "0", "1", "2", "3", "4"]
    assert commits == ["COMMIT"]


def test_batch_is_bounded(store, commits, queue, monkeypatch):
    monkeypatch.setattr(writer, "BATCH", 2)
    others = [queue.then(lambda tx, code=str(number): add(tx, code)) for number in range(5)]

    queue.run()
    for one in (queue.first, *others):
        one.result(LONG)

    assert commits == ["COMMIT"] * 3


def test_batch_is_bounded_although_its_members_fail(store, commits, queue, monkeypatch):
    monkeypatch.setattr(writer, "BATCH", 3)

    def fail(_tx) -> None:
        raise ZeroDivisionError

    fails = [queue.then(fail) for _ in range(2)]
    second = queue.then(lambda tx: add(tx, "second"))
    fails += [queue.then(fail) for _ in range(3)]

    queue.run()
    queue.first.result(LONG)
    second.result(LONG)

    assert [type(one.exception(LONG)) for one in fails] == [ZeroDivisionError] * 5
    # The last one is alone in its batch, and what was never done needs no commit.
    assert codes(store) == ["first", "second"]
    assert commits == ["COMMIT"] * 2


def test_raising_member_takes_back_only_itself(store, queue):
    def fail(tx) -> None:
        add(tx, "taken back")
        raise ZeroDivisionError

    before = queue.then(lambda tx: add(tx, "before"))
    failing = queue.then(fail)
    after = queue.then(lambda tx: add(tx, "after"))

    queue.run()
    for one in (queue.first, before, after):
        one.result(LONG)

    assert isinstance(failing.exception(LONG), ZeroDivisionError)
    assert codes(store) == ["first", "before", "after"]


def test_member_refused_by_the_database_takes_back_only_itself(store, queue):
    failing = queue.then(lambda tx: add(tx, "first"))
    after = queue.then(lambda tx: add(tx, "after"))

    queue.run()
    queue.first.result(LONG)
    after.result(LONG)

    assert isinstance(failing.exception(LONG), exc.IntegrityError)
    assert codes(store) == ["first", "after"]


def test_failed_commit_fails_every_member(store, queue):
    def dangle(tx) -> None:
        """What only the commit finds out."""
        tx.connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        tx.connection.execute(insert(t.plan_nodes).values(code="dangling", title="แผน", parent_id=999))

    others = [
        queue.then(lambda tx: add(tx, "before")),
        queue.then(dangle),
        queue.then(lambda tx: add(tx, "x")),
    ]

    queue.run()

    for one in (queue.first, *others):
        error = one.exception(LONG)
        assert isinstance(error, NotCommitted)
        assert str(error.__cause__) == "FOREIGN KEY constraint failed"
    assert codes(store) == []
    with store.begin() as tx:
        add(tx, "next")
    assert codes(store) == ["next"]


def test_full_disk_inside_a_member_fails_the_batch_and_not_those_behind(store, queue):
    def fill(tx) -> None:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for number in range(1000):
            add(tx, f"{number}" + "ก" * 500)

    filling = queue.then(fill)
    behind = queue.then(lambda tx: add(tx, "behind"))

    queue.run()

    assert isinstance(filling.exception(LONG), exc.OperationalError)
    first = queue.first.exception(LONG)
    assert isinstance(first, NotCommitted)
    assert "full" in str(first.__cause__)
    behind.result(LONG)
    assert codes(store) == ["behind"]


def test_nested_transaction_in_one_thread_is_refused_and_the_outer_goes_on(store):
    with store.begin() as tx:
        with pytest.raises(RuntimeError, match="do not nest"), store.begin():
            pass
        add(tx, "outer")

    assert codes(store) == ["outer"]


def test_database_held_by_another_process_is_an_error_and_later_writes_work(store, tmp_path):
    store.engine.dispose()
    impatient = new_store_with_timeout(tmp_path)
    with store.begin() as tx:
        add(tx, "held")
        with pytest.raises(Exception, match="locked"), impatient.begin():
            pass

    with impatient.begin() as tx:
        add(tx, "later")
    impatient.close()

    assert codes(store) == ["held", "later"]


def test_connection_left_inside_a_transaction_is_replaced(store):
    with store.begin() as tx:
        add(tx, "before")
        driver = tx.connection.connection.driver_connection
    driver.execute("BEGIN")  # as by Ctrl-C between this and what follows it

    with pytest.raises(Exception, match="within a transaction"), store.begin():
        pass
    with store.begin() as tx:
        add(tx, "after")

    assert codes(store) == ["before", "after"]


def new_store_with_timeout(tmp_path):
    return Store(connect(f"sqlite:///{tmp_path / 'radap.db'}", busy_seconds=0.01), POLICY, str)  # type: ignore[arg-type]  # no definition is read


def test_interrupted_wait_leaves_the_line(store):
    """Ctrl-C while waiting: whoever comes behind still gets the turn."""

    def interrupt(*_) -> None:
        raise KeyboardInterrupt

    entered, go = threading.Event(), threading.Event()

    def hold() -> None:
        with store.begin() as tx:
            add(tx, "holder")
            entered.set()
            assert go.wait(LONG)

    def write() -> None:
        with store.begin() as tx:
            add(tx, "behind")

    old = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with ThreadPoolExecutor(3) as pool:
            holder = pool.submit(hold)
            assert entered.wait(LONG)

            def interrupt_when_waiting() -> None:
                until(lambda: len(store._writer._waiting) == 1)
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

            interrupter = pool.submit(interrupt_when_waiting)
            with pytest.raises(KeyboardInterrupt), store.begin():
                pass
            interrupter.result(LONG)
            behind = pool.submit(write)
            until(lambda: len(store._writer._waiting) == 1)
            go.set()
            holder.result(LONG)
            behind.result(LONG)
    finally:
        signal.signal(signal.SIGUSR1, old)

    assert codes(store) == ["holder", "behind"]


def test_last_in_line_interrupted_leaves_no_commit_undone(store):
    """The holder leaves its commit to one who then stops waiting: it must still be made."""
    line = store._writer
    with store.begin() as tx:
        add(tx, "holder")
        gate = threading.Lock()
        gate.acquire()
        line._waiting.append(gate)
        leaver = threading.Thread(target=lambda: (gate.acquire(), line._leave(gate)))
        leaver.start()
    leaver.join(LONG)

    assert codes(store) == ["holder"]
    with store.begin() as tx:
        add(tx, "next")
    assert codes(store) == ["holder", "next"]


def test_one_who_leaves_the_line_just_as_the_commit_is_left_to_them_loses_nothing(store):
    """Between the look at the line and the turn of the next, the next is gone."""
    line = store._writer

    class Lock:
        """Lets the one in line leave the moment before the turn is given on."""

        def __enter__(self) -> None:
            line._waiting.clear()

        def __exit__(self, *_: object) -> None:
            pass

    with store.begin() as tx:
        add(tx, "left alone")
        line._waiting.append(threading.Lock())
        line._lock = Lock()

    assert codes(store) == ["left alone"]
    assert (line._busy, line._batch) == (False, None)


def test_eight_threads_write_and_fail_and_everything_told_done_is_there(store):
    rounds, threads = 25, 8

    def work(thread: int) -> list[str]:
        done = []
        for number in range(rounds):
            document = f"{thread}/{number}"
            try:
                with store.begin() as tx:
                    new = NewOccurrence(MEETINGS, DAY, document_number=document)
                    actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=at(DAY))
                    if number % 5 == 4:
                        actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=at(DAY))
            except Refusal:
                continue
            done.append(document)
        return done

    with ThreadPoolExecutor(threads) as pool:
        told = [document for done in pool.map(work, range(threads)) for document in done]

    with store.read() as tx:
        indicator = tx.indicator(CODE, YEAR)
        broken = [one for _, one in checks.journal(tx) if one]
        wrong = [one for one in checks.levels(tx) if one]
    assert len(told) == threads * rounds * 4 // 5
    assert sorted(one.document_number or "" for one in indicator.occurrences) == sorted(told)
    assert (indicator.version, broken, wrong) == (1 + len(told), [], [])


def test_readers_meet_only_whole_changes_while_writers_write(store):
    stop = threading.Event()

    def look() -> int:
        looked = 0
        while not stop.is_set():
            with store.read() as tx:
                indicator = tx.indicator(CODE, YEAR)
                assert len(indicator.occurrences) == indicator.version - 1 == indicator.journal_seq - 1
                assert [one for _, one in checks.journal(tx) if one] == []
            looked += 1
        return looked

    with ThreadPoolExecutor(2) as pool:
        reader = pool.submit(look)
        for _ in range(40):
            with store.begin() as tx:
                new = NewOccurrence(GUIDELINES, DAY)
                actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=at(DAY))
        stop.set()
        looked = reader.result(LONG)

    assert looked > 0
