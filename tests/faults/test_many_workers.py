"""Any number of workers at once: each reminder is owed once, told once; who oversleeps changes nothing."""

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from email.message import Message

import pytest
from sqlalchemy import func, select, text

from engine.outbox import State, Way
from engine.permissions import Role
from engine.reminders import Owed, Subject, Topic
from engine.reminders.ports import Begun, Follows
from engine.workflow import Text
from storage import outbox, registry, told
from storage import tables as t
from storage.ledger import StoredLedger
from storage.store import Store
from tests.cast import at
from tests.conftest import Postgres
from tests.faults.deliverer import Orders
from tests.faults.moody_server import Mood, MoodyServer
from tests.faults.test_delivery_killed import ROOT, let_loose
from tests.office import COORDINATOR, DUE_ON, FIRST_DAY, REVIEW_DAYS, Clock, Office, found_town, open_town

MILESTONES = 5
INDICATORS = 2


@pytest.fixture(scope="module")
def agencies(request) -> int:
    """So many that there are 1,000 reminders, or 5,000."""
    return 500 if request.config.getoption("--long") else 100


@pytest.fixture(scope="module")
def town_on_a_server(postgres: Postgres, agencies: int) -> str:
    """The URL of a town from which databases are copied."""
    url = postgres.create()
    found_town(url, agencies, INDICATORS, MILESTONES)
    return url


def reminders_in(letter: Message) -> list[int]:
    """The ids of the reminders that a letter tells of: each has a link of its own in the text."""
    (text,) = (part for part in letter.walk() if part.get_content_type() == "text/plain")
    content = text.get_payload(decode=True)
    assert isinstance(content, bytes)
    return [int(number) for number in re.findall(r"/links/snooze\.\d+\.(\d+)\.", content.decode())]


def tell_everybody(url: str, workers: int, agencies: int) -> None:
    """All of them tick until nothing is left; then each reminder was told in one mail that was sent once."""
    owed = agencies * INDICATORS * MILESTONES
    with MoodyServer(keep=True) as server:
        let_loose(Orders(url, server.port, owed, workers=workers, lease_seconds=600))

    store = open_town(url)
    r, log = t.reminders.c, t.outbox_log.c
    with store.read() as tx:
        ids = list(tx.connection.execute(select(r.id).order_by(r.id)).scalars())
        subjects = tx.connection.execute(
            select(func.count()).select_from(select(r.indicator_id, r.key).distinct().subquery())
        ).scalar_one()
        by_state = told.counts(tx.connection)
        claims = select(log.detail).where(log.what == "claimed").distinct()
        tokens = len(tx.connection.execute(claims).all())
    store.close()
    assert server.letters is not None
    assert len(ids) == subjects == owed
    assert by_state == {State.SENT: agencies}
    assert sorted(number for letter in server.letters for number in reminders_in(letter)) == ids
    assert set(Counter(one.ref for one in server.arrived).values()) == {1}
    assert len(server.arrived) == agencies
    assert tokens > 1  # or one worker did it all, and nothing was shown


@pytest.mark.parametrize("workers", [2, 4, 8])
def test_workers_on_one_postgresql_tell_everybody_once(workers, postgres, town_on_a_server, agencies):
    url = postgres.create(template=town_on_a_server)

    tell_everybody(url, workers, agencies)

    postgres.drop(url)


def test_three_processes_on_one_sqlite_tell_everybody_once(tmp_path, agencies):
    url = f"sqlite:///{tmp_path / 'radap.db'}"
    found_town(url, agencies, INDICATORS, MILESTONES)

    tell_everybody(url, 3, agencies)


def test_news_and_the_end_of_a_sweep_do_not_wait_for_each_other_in_a_circle(postgres):
    """One worker deals with news of the city while another ends its sweep, and both find the same owed."""
    url = postgres.create()
    found_town(url, agencies=1)
    store = open_town(url)
    with store.begin() as tx:
        registry.add_agency(tx, Text("สำนัก", "Office"), "office", by=1, now=at(FIRST_DAY))
    ledger = StoredLedger(store, REVIEW_DAYS)
    subject = Subject(Topic.MILESTONE, 1, 1, "step_1", DUE_ON)
    owed = Owed(subject, 1, COORDINATOR, Role.COORDINATOR, FIRST_DAY, None)
    sweeping: list[Future[int]] = []

    with ThreadPoolExecutor(1) as thread:

        def decide(*_: object) -> Follows:
            sweeping.append(thread.submit(ledger.end_sweep, FIRST_DAY, [owed]))
            wait_until_somebody_waits(store)
            return Follows([], [owed], [])

        news = ledger.catch_up(100, FIRST_DAY, decide, at(FIRST_DAY))
        added = sweeping[0].result()

    swept_on = ledger.swept_on()
    with store.read() as tx:
        kept = tx.connection.execute(select(func.count()).select_from(t.reminders)).scalar_one()
    store.close()
    postgres.drop(url)
    assert (news, added, kept, swept_on) == (1, 0, 1, FIRST_DAY)


def test_late_holder_and_whoever_takes_back_do_not_wait_for_each_other_in_a_circle(postgres):
    """A holder writes down its first message while others take back the second, and then wants the second."""
    url = postgres.create()
    found_town(url, agencies=2)
    store = open_town(url)
    office = Office(store, 25, Clock(), lease_seconds=0.0)
    office.prepare()
    first, second = office.queue.claim(Way.MAIL, 2, "late", office.clock())
    assert office.queue.settle("late", office.clock(), None, Begun(first, "a@b.example", "เรื่อง", b"mail"))

    with ThreadPoolExecutor(1) as thread, store.begin() as tx:
        assert outbox.sent(tx.connection, first.id, "late", answer="250 ok", now=office.clock())
        expired = thread.submit(office.queue.expire, Way.MAIL, office.clock()).result(timeout=10)
        held = outbox.sending(
            tx.connection,
            second.id,
            "late",
            to_address="a@b.example",
            subject="เรื่อง",
            content=b"mail",
            lease_seconds=1.0,
            now=office.clock(),
        )

    with store.read() as tx:
        states = told.counts(tx.connection)
    store.close()
    postgres.drop(url)
    assert expired == ([second.id], [])
    assert not held
    assert states == {State.SENT: 1, State.PENDING: 1}


def wait_until_somebody_waits(store: Store) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with store.engine.connect() as connection:
        while not connection.execute(waiting).scalar_one():
            connection.rollback()
            time.sleep(0.01)


# --- asleep past the lease -------------------------------------------------------------------------------

LEASE_SECONDS = 0.1


def everything(store: Store) -> list[list[tuple[object, ...]]]:
    """Every row that a worker writes."""
    with store.read() as tx:
        return [
            [tuple(row) for row in tx.connection.execute(select(table).order_by(table.c.id))]
            for table in (t.outbox, t.outbox_log, t.reminders)
        ]


def steps(store: Store, message: int) -> list[str]:
    with store.read() as tx:
        return [one.what for one in told.log_of(tx.connection, message)]


def sleeper(url: str, port: int, *, resend: bool) -> "subprocess.Popen[bytes]":
    """A worker that does one tick, in a process that can be put to sleep."""
    orders = Orders(url, port, owed=2, resend=resend, lease_seconds=LEASE_SECONDS, alone=True)
    words = [sys.executable, "-m", "tests.faults.deliverer", json.dumps(asdict(orders))]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


# When the worker falls asleep, its first mail was taken or not, and it holds a second one.
@pytest.mark.parametrize("asleep", [Mood.WAIT, Mood.HESITATE], ids=["after_the_letter", "before_the_letter"])
@pytest.mark.parametrize("resend", [True, False], ids=["resend", "hold"])
def test_worker_that_slept_past_its_lease_changes_nothing(database_url, resend, asleep):
    found_town(database_url, agencies=2)
    store = open_town(database_url)
    moods: Iterator[Mood] = iter([asleep, Mood.ACCEPT, Mood.ACCEPT])
    with MoodyServer(lambda: next(moods)) as server:
        old = sleeper(database_url, server.port, resend=resend)
        assert server.waiting.wait(60)
        old.send_signal(signal.SIGSTOP)
        time.sleep(2 * LEASE_SECONDS)
        with closing(Office(store, server.port, Clock(at(FIRST_DAY, 10)), resend=resend)) as office:
            office.deliver()
        left = everything(store)

        old.send_signal(signal.SIGCONT)
        server.release()
        _, complaints = old.communicate(timeout=60)
        found = everything(store)
        sent = Counter(one.to for one in server.arrived)

    assert (old.returncode, complaints) == (0, b"")
    assert found == left
    again = ["possible_duplicate", "claimed", "sending", "sent"] if resend else []
    assert steps(store, 1) == ["claimed", "sending", "uncertain", *again]
    assert steps(store, 2) == ["claimed", "lease_expired", "claimed", "sending", "sent"]
    assert sorted(sent.values()) == ([1, 2] if resend else [1, 1])
    assert len({one.ref for one in server.arrived}) == 2
    store.close()
