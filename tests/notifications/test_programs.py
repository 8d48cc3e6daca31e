"""Programs are told every event once, in the order of the journal, signed, and until they take it."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import func, select, update

from engine.endpoints import GIVE_UP_AFTER, KEPT_FOR, EndpointState
from engine.errors import Refusal
from engine.outbox import Step, Way
from engine.reminders.ports import Begun
from engine.workflow import Text
from notifications.channels import Outcome
from notifications.programs import outcome_at_program
from storage import endpoints, registry, told
from storage import tables as t
from storage.endpoint_queue import EndpointQueue
from tests.conftest import Copies
from tests.counting import statements
from tests.notifications.http_servers import HttpServer
from tests.office import found_town, open_town
from tests.programs import Programs, heard, ids

STEPS = [f"step_{number}" for number in range(1, 6)]


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, copy_of: Copies) -> Iterator[Programs]:
    store = open_town(copy_of(request.param, found_town, 2, 1, 5))
    yield Programs(store)
    store.close()


def test_every_event_of_every_stream_is_told_as_the_journal_has_it(town):
    with HttpServer() as server:
        number, secret = town.add(server)
        town.happen("step_1")
        with town.store.begin() as tx:
            registry.add_agency(tx, Text("สำนัก", "Office"), "office", by=1, now=town.clock.now)

        assert town.tell() == {Step.SENT: 3}
        assert town.tell() == {}

    journal = town.journal()
    added = {row.what: id_ for id_, row in journal.items() if row.seq > 1 and row.stream == 0}
    assert ids(server) == [added["endpoint_added"], added["agency_added"], "1:2"]
    for one in heard(server):
        row = journal[one["id"]]
        kept = {**row._asdict(), "data": json.loads(row.data), "event": row.what, "id": one["id"]}
        del kept["what"]
        assert {name: one[name] for name in kept} == kept
    about = {name: heard(server)[2][name] for name in ("code", "fiscal_year", "agency")}
    names = {"th": "สำนักงานเขตที่ 1", "en": "District 1"}
    assert about == {
        "code": "0001-0001",
        "fiscal_year": 2564,
        "agency": {"id": 1, "code": None, "name": names},
    }
    assert heard(server)[1]["agency"] is None
    for request in server.received:
        at, proof = (part.partition("=")[2] for part in request.headers["Radap-Signature"].split(","))
        signed = f"{at}.".encode() + request.body
        assert proof == hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        assert secret not in request.body.decode()
    assert {state for _, state in town.states(number)} == {"sent"}


def test_secret_and_address_are_in_no_event(town):
    with HttpServer() as server:
        number, secret = town.add(server)
        for act in (endpoints.pause, endpoints.resume, endpoints.remove):
            with town.store.begin() as tx:
                act(tx, number, by=1, now=town.clock.now)

    data = [row.data for row in town.journal().values() if row.what.startswith("endpoint_")]
    assert len(data) == 4
    assert not any(secret in one or "/hook" in one for one in data)
    with town.store.read() as tx:
        assert tx.connection.execute(select(t.endpoints.c.secret)).scalar_one() == ""


def test_action_writes_nothing_for_programs(town):
    """What is told is found in the journal afterwards, so that nobody's work waits for it."""
    with HttpServer() as server:
        town.add(server)
        town.tell()
        town.happen("step_1")

        with town.store.read() as tx:
            assert tx.connection.execute(select(func.count()).select_from(t.outbox)).scalar_one() == 1


def test_endpoint_hears_only_the_events_and_the_agency_it_asks_for(town):
    with HttpServer() as some, HttpServer() as of_two, HttpServer() as neither:
        town.add(some, events=("occurrence_recorded",))
        town.add(of_two, agency=2)
        town.add(neither, events=("agency_added",), agency=1)
        town.happen("step_1")
        town.happen("step_1", agency=2)
        town.tell()

    assert [(one["event"], one["code"]) for one in heard(some)] == [
        ("occurrence_recorded", "0001-0001"),
        ("occurrence_recorded", "0002-0001"),
    ]
    assert [one["event"] for one in heard(of_two)] == ["endpoint_added", "occurrence_recorded"]
    assert heard(neither) == []


def test_unknown_kind_of_event_is_refused_with_the_nearest(town):
    with HttpServer() as server, pytest.raises(Refusal) as refused:
        town.add(server, events=("ocurrence_recorded",))

    (condition,) = refused.value.conditions
    assert condition.kind == "endpoint.unknown_event"
    assert "occurrence_recorded" in condition.params["nearest"]


def test_nothing_overtakes_what_was_not_taken(town):
    with HttpServer(status=500) as server:
        number, _ = town.add(server)
        for step in STEPS[:3]:
            town.happen(step)
        assert town.tell()[Step.DEFERRED] >= 1
        failing = town.one(number)
        assert (failing.state, failing.failing_since) == (EndpointState.ACTIVE, town.clock.now)
        assert failing.answer == "HTTP 500 Internal Server Error"
        assert town.tell() == {}  # it is left in peace for a while
        town.clock.advance(seconds=90)
        server.status = 200
        town.tell()

    first, *rest = ids(server)
    assert rest[0] == first
    assert rest[1:] == ["1:2", "1:3", "1:4"]
    assert town.one(number).failing_since is None
    assert {state for _, state in town.states(number)} == {"sent"}


def test_one_that_is_refused_for_good_lets_the_next_go_and_can_be_told_again(town):
    with HttpServer(status=422) as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        town.tell()
        server.status = 200
        town.happen("step_2")
        town.tell()
        assert town.states(number) == [("1:2", "failed"), ("1:3", "sent")]
        with town.store.begin() as tx:
            assert endpoints.repeat(tx, number, None, by=1, now=town.clock.now) == 1
        town.tell()

    assert ids(server) == ["1:2", "1:3", "1:2"]
    assert {state for _, state in town.states(number)} == {"sent"}


def test_what_was_taken_can_be_told_again(town):
    with HttpServer() as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        town.tell()
        with town.store.read() as tx:
            (message,) = told.messages(tx.connection, endpoint=number)
        with town.store.begin() as tx:
            endpoints.repeat(tx, number, message.id, by=1, now=town.clock.now)
        with town.store.begin() as tx, pytest.raises(Refusal, match=r"message\.wrong_state"):
            endpoints.repeat(tx, number, message.id, by=1, now=town.clock.now)
        with town.store.begin() as tx, pytest.raises(Refusal, match=r"message\.unknown"):
            endpoints.repeat(tx, number, 10_000, by=1, now=town.clock.now)
        town.tell()

    assert ids(server) == ["1:2", "1:2"]


def mails_to_administrators(town: Programs) -> list[str]:
    with town.store.read() as tx:
        return [one.key for one in told.messages(tx.connection) if one.kind == "stopped"]


def test_endpoint_that_says_it_is_gone_is_stopped_at_once_and_loses_nothing(town):
    with HttpServer(status=410) as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        for step in STEPS[:2]:
            town.happen(step)
        town.tell()
        stopped = town.one(number)
        assert (stopped.state, stopped.waiting) == (EndpointState.STOPPED, 2)
        assert len(mails_to_administrators(town)) == 1
        (row,) = [row for row in town.journal().values() if row.what == "endpoint_stopped"]
        assert json.loads(row.data) == {"id": number, "name": "hub", "why": "HTTP 410 Gone"}
        town.happen("step_3")
        assert town.tell() == {}
        server.status = 200
        with town.store.begin() as tx:
            endpoints.resume(tx, number, by=1, now=town.clock.now)
        town.tell()

    assert ids(server) == ["1:2", "1:2", "1:3", "1:4"]


def test_endpoint_that_takes_nothing_for_days_is_stopped_and_administrators_have_a_mail(town):
    with HttpServer(status=503) as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        began = town.clock.now
        while town.one(number).state is EndpointState.ACTIVE:
            town.tell()
            town.clock.advance(hours=2)
        assert town.clock.now - began < GIVE_UP_AFTER + timedelta(hours=8)
        tried = len(server.received)

    assert tried < 40  # it waits longer and longer
    (key,) = mails_to_administrators(town)
    office = town.office()
    with town.store.read() as tx:
        (message,) = [one for one in told.messages(tx.connection) if one.key == key]
    (claimed,) = [
        one for one in office.queue.claim(Way.MAIL, 50, "x", town.clock.now) if one.id == message.id
    ]
    (contents,) = office.queue.contents([claimed], town.clock.now)
    written = office.letters.write(claimed, contents, town.clock.now)
    assert written is not None
    assert "hub" in written.subject
    body = message_from_bytes(written.letter.content, policy=default).get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert f"/administration/webhooks/{number}" in text
    assert "HTTP 503 Service Unavailable" in text
    with town.store.begin() as tx:
        endpoints.resume(tx, number, by=1, now=town.clock.now)
    (contents,) = office.queue.contents([claimed], town.clock.now)
    assert office.letters.write(claimed, contents, town.clock.now) is None


def test_reply_that_is_lost_means_that_it_is_told_again_under_the_same_id(town):
    with HttpServer(raw=b"") as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        town.happen("step_2")
        assert town.tell() == {Step.UNCERTAIN: 1, Step.DEFERRED: 1}
        server.raw = None
        town.clock.advance(seconds=90)
        town.tell()

    assert ids(server) == ["1:2", "1:2", "1:3"]
    with town.store.read() as tx:
        first = told.messages(tx.connection, endpoint=number)[-1]
        assert "possible_duplicate" in [one.what for one in told.log_of(tx.connection, first.id)]


def test_endpoint_that_hangs_is_left_in_time(town):
    town.timeout = 0.3
    with HttpServer(raw=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200, trickle=True) as server:
        town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        assert town.tell() == {Step.UNCERTAIN: 1}


def test_redirect_is_not_followed(town):
    with HttpServer() as elsewhere, HttpServer(status=307) as server:
        server.headers = {"Location": f"http://127.0.0.1:{elsewhere.port}/"}
        number, _ = town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        assert town.tell() == {Step.DEFERRED: 1}

    assert elsewhere.received == []
    assert town.one(number).waiting == 1


def test_private_address_is_not_gone_to_unless_the_settings_say_so(town):
    with HttpServer() as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        town.networks = ()
        assert town.tell() == {Step.DEFERRED: 1}
        assert town.one(number).answer == "channel.private_address: 127.0.0.1"
        assert server.received == []


def test_paused_endpoint_misses_nothing_and_removed_one_is_told_nothing_more(town):
    with HttpServer() as server, HttpServer() as other:
        one, _ = town.add(server, events=("occurrence_recorded",))
        two, _ = town.add(other, events=("occurrence_recorded",))
        town.happen("step_1")
        town.look()
        with town.store.begin() as tx:
            endpoints.pause(tx, one, by=1, now=town.clock.now)
            endpoints.remove(tx, two, by=1, now=town.clock.now)
        town.happen("step_2")
        assert town.tell() == {}
        with town.store.begin() as tx:
            endpoints.resume(tx, one, by=1, now=town.clock.now)
        town.tell()

    assert (ids(server), ids(other)) == (["1:2", "1:3"], [])
    assert town.states(two) == [("1:2", "withdrawn")]
    for act in (endpoints.pause, endpoints.resume, endpoints.remove):
        with town.store.begin() as tx, pytest.raises(Refusal, match=r"endpoint\.unknown"):
            act(tx, two, by=1, now=town.clock.now)


def queue_of(town: Programs, number: int) -> EndpointQueue:
    return EndpointQueue(town.store, number, lease_seconds=600, host="radap.example", goes_on=lambda: True)


def test_pausing_takes_from_its_holder_what_is_not_being_sent(town):
    with HttpServer() as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        town.look()
        queue = queue_of(town, number)
        (claimed,) = queue.claim(Way.PROGRAM, 5, "mine", town.clock.now)
        with town.store.begin() as tx:
            endpoints.pause(tx, number, by=1, now=town.clock.now)
        assert not queue.settle("mine", town.clock.now, None, Begun(claimed, "h", "s", b"{}"))
    assert town.states(number) == [("1:2", "pending")]


def test_worker_that_died_after_it_had_sent_is_followed_by_one_that_tells_it_again(town):
    with HttpServer() as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        town.happen("step_2")
        town.look()
        dead = queue_of(town, number)
        first, second = dead.claim(Way.PROGRAM, 5, "dead", town.clock.now)
        assert dead.settle("dead", town.clock.now, None, Begun(first, "h", "s", b"{}"))
        assert town.tell() == {}  # nobody else tells it while the lease runs
        with town.store.begin() as tx:
            tx.connection.execute(update(t.outbox).values(lease_until=0.0).where(t.outbox.c.token == "dead"))
        assert town.tell() == {Step.SENT: 2}

        assert not dead.settle("dead", town.clock.now, None, Begun(second, "h", "s", b"{}"))
    assert ids(server) == ["1:2", "1:3"]


def test_two_workers_at_once_tell_each_event_once_and_in_order(town):
    with HttpServer() as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        for agency in (1, 2):
            for step in STEPS:
                town.happen(step, agency)
        offices = [town.office() for _ in range(3)]

        def work(office):
            deadline = time.monotonic() + 20
            while town.one(number).waiting or not server.received:
                office.reminders.catch_up(town.clock.now)
                office.tell_programs(threading.Event())
                assert time.monotonic() < deadline

        threads = [threading.Thread(target=work, args=(office,)) for office in offices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(ids(server)) == len(set(ids(server))) == 10
    for stream in (1, 2):
        assert [one["seq"] for one in heard(server) if one["stream"] == stream] == [2, 3, 4, 5, 6]


def test_slow_program_is_left_until_the_next_time(town):
    goes_on = iter([True, True, False])
    with HttpServer() as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        for step in STEPS:
            town.happen(step)
        town.look()
        queue = EndpointQueue(
            town.store, number, lease_seconds=60, host="radap.example", goes_on=lambda: next(goes_on)
        )
        now = town.clock.now
        assert len(queue.claim(Way.PROGRAM, 5, "a", now)) == 5
        assert queue.claim(Way.PROGRAM, 5, "a", now) == []
        assert queue.claim(Way.PROGRAM, 5, "a", now) == []


def test_old_deliveries_are_forgotten(town):
    with HttpServer() as server:
        number, _ = town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        town.tell()
        town.clock.advance(days=KEPT_FOR.days + 1)
        town.happen("step_2")
        town.look()
        with town.store.begin() as tx:
            assert endpoints.sweep(tx.connection, town.clock.now) == 1
    assert town.states(number) == [("1:3", "pending")]


def test_test_message_goes_through_the_queue(town):
    with HttpServer() as server:
        number, _ = town.add(server, events=("agency_added",))
        with town.store.begin() as tx:
            endpoints.try_(tx, number, town.clock.now)
        assert town.tell() == {Step.SENT: 1}

    (one,) = heard(server)
    assert (one["event"], one["id"].partition(":")[0]) == ("test", "test")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SENT),
        (204, Outcome.SENT),
        (301, Outcome.LATER),
        (400, Outcome.REFUSED),
        (401, Outcome.LATER),
        (404, Outcome.LATER),
        (410, Outcome.BOUNCED),
        (422, Outcome.REFUSED),
        (429, Outcome.LATER),
        (500, Outcome.LATER),
    ],
)
def test_answer_means(status, outcome):
    assert outcome_at_program(status) is outcome


# --- when nothing waits ----------------------------------------------------------------------------------


def test_where_nothing_waits_for_a_channel_nothing_is_begun(town):
    """A worker that looks each minute keeps nobody from writing."""
    office = town.office()
    office.deliver(threading.Event())

    with statements(town.store.engine) as run:
        delivered = office.deliver(threading.Event())

    assert delivered.steps == {}
    assert [statement.split()[0] for statement, _ in run] == ["SELECT"]
