"""Delivery on real databases and mail servers: each fault has its end, its answer and its next time."""

import email
import email.policy
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from engine.outbox import State, Step, Way
from engine.permissions import Role
from engine.reminders import Rung, Subject, Topic
from notifications.channels import Answer, Letter, Meanwhile, Outcome, nothing
from notifications.delivery import Terms, on_threads
from notifications.pace import Pace
from storage import duty, quiets, told
from storage import tables as t
from storage.store import Store
from tests.cast import at
from tests.cli.conftest import Terminal
from tests.faults.moody_server import Mood, MoodyServer
from tests.notifications.smtp_servers import CUT, SLOWLY, MailServer, ScriptedServer
from tests.office import (
    COORDINATOR,
    DUE_ON,
    FIRST_DAY,
    Clock,
    Office,
    coordinator_of,
    found_town,
    head_of,
    open_town,
    reminding,
)

SOON = timedelta(minutes=1)


@dataclass
class Town:
    """Districts on a database of the test's own, at nine on the first day on which something is owed."""

    store: Store
    clock: Clock
    terminal: Terminal

    def office(self, port: int, **more: Any) -> Office:
        return Office(self.store, port, self.clock, **more)

    def shown(self, number: int = 1) -> dict[str, Any]:
        """The message as `radap remind outbox` shows it."""
        said = self.terminal("remind", "outbox", "--json", at=self.clock.now)
        assert said.code == 0, said.err
        (found,) = (one for one in said.data["messages"] if one["id"] == number)
        return {**found, "not_before": datetime.fromisoformat(found["not_before"])}

    def listed(self) -> str:
        """What `radap remind outbox` says to people, on one line."""
        return " ".join(self.terminal("remind", "outbox", at=self.clock.now).out.split())

    def message(self, number: int = 1) -> told.Message:
        """The same without the command, for where it is looked at often."""
        with self.store.read() as tx:
            return told.message_of(tx.connection, number)

    def states(self) -> list[str]:
        with self.store.read() as tx:
            return [one.state for one in reversed(told.messages(tx.connection))]

    def log(self, number: int = 1) -> list[str]:
        with self.store.read() as tx:
            return [one.what for one in told.log_of(tx.connection, number)]


@pytest.fixture(params=["sqlite", "postgresql"])
def town_of(request, copy_of, tmp_path, monkeypatch) -> Iterator[Callable[[int], Town]]:
    monkeypatch.chdir(tmp_path)  # there is no config.toml
    made: list[Town] = []

    def copy(districts: int) -> Town:
        url = copy_of(request.param, found_town, districts)
        made.append(Town(open_town(url), Clock(), Terminal(url, tmp_path, columns=300)))
        return made[-1]

    yield copy
    for town in made:
        town.store.close()


@pytest.fixture
def town(town_of: Callable[[int], Town]) -> Town:
    """A town of one district: one reminder, one message."""
    return town_of(1)


def test_digest_is_sent_and_shown(town):
    with MailServer() as server, closing(town.office(server.port)) as office:
        delivered = office.tick()

    shown = town.shown()
    assert delivered.steps == {Step.SENT: 1}
    assert [envelope.rcpt_tos for envelope in server.received] == [[coordinator_of(1)]]
    assert (shown["state"], shown["answer"], shown["attempts"]) == ("sent", "250 2.0.0 kept", 1)
    with town.store.read() as tx:
        assert told.content_of(tx.connection, 1) == server.contents[0]
    assert town.log() == ["claimed", "sending", "sent"]


# --- how a server can fail -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """How a server fails, and what becomes of the message: tried again in ``again``, if it is."""

    script: dict[str, str]
    state: str
    answer: str
    again: timedelta | None = None
    server: dict[str, Any] | None = None
    client: dict[str, Any] | None = None
    halted: bool = False
    resend: bool = True


_SIGNS_IN = {"user": "radap", "password": "wrong"}
_SLOW = SLOWLY + "250 " + "slow " * 100
FAULTS = {
    "421": Fault({"MAIL": "421 4.3.2 closing"}, "pending", "421 4.3.2 closing", SOON),
    "421_after_the_letter": Fault({"END": "421 4.3.2 closing"}, "pending", "421 4.3.2 closing", SOON),
    "450": Fault({"RCPT": "450 4.2.0 greylisted"}, "pending", "450 4.2.0 greylisted", SOON),
    "451": Fault({"END": "451 4.3.0 try later"}, "pending", "451 4.3.0 try later", SOON),
    "452": Fault({"MAIL": "452 4.3.1 no room"}, "pending", "452 4.3.1 no room", SOON),
    "550": Fault({"RCPT": "550 5.7.1 not wanted"}, "failed", "550 5.7.1 not wanted"),
    "552": Fault({"END": "552 5.3.4 too large"}, "failed", "552 5.3.4 too large"),
    "554": Fault({"END": "554 5.6.0 rejected"}, "failed", "554 5.6.0 rejected"),
    "reply_lost_and_sent_again": Fault({"END": CUT}, "pending", "channel.reply_lost", SOON),
    "reply_lost_and_held": Fault({"END": CUT}, "uncertain", "channel.reply_lost", resend=False),
    "a_byte_at_a_time": Fault(
        {"RCPT": _SLOW}, "pending", "channel.too_slow", SOON, client={"timeout_seconds": 0.5}
    ),
    # All of a small letter is on its way before the server takes its first byte: nobody can call it back.
    "takes_a_byte_a_second": Fault(
        {},
        "uncertain",
        "channel.reply_lost",
        server={"sip": (1, 1.0)},
        client={"timeout_seconds": 0.5},
        resend=False,
    ),
    "starttls_stripped": Fault(
        {}, "pending", "channel.no_starttls", SOON, client={"security": "starttls"}, halted=True
    ),
    "auth_refused": Fault(
        {"EHLO": "250-x\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 wrong password"},
        "pending",
        "535 5.7.8 wrong password",
        SOON,
        client=_SIGNS_IN,
        halted=True,
    ),
    "sender_refused": Fault(
        {"MAIL": "550 5.7.1 not yours"}, "pending", "550 5.7.1 not yours", SOON, halted=True
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault_has_its_state_its_answer_and_its_next_time(town, fault):
    with (
        ScriptedServer(fault.script, **fault.server or {}) as server,
        closing(town.office(server.port, resend=fault.resend, **fault.client or {})) as office,
    ):
        delivered = office.tick()

    shown = town.shown()
    again = town.clock.now + fault.again if fault.again else town.clock.now
    assert (shown["state"], shown["answer"]) == (fault.state, fault.answer)
    assert shown["not_before"] == again
    assert delivered.halted == (fault.answer if fault.halted else "")
    with town.store.read() as tx:
        assert duty.unreachable(tx.connection) == []


def test_letter_that_is_cut_off_in_the_middle_is_sent_again(town):
    """So small a letter may be on its way with its last dot before the cut is seen: then nobody can know."""
    with ScriptedServer(cut_after=500) as server, closing(town.office(server.port)) as office:
        office.tick()

    shown = town.shown()
    assert (shown["state"], shown["not_before"]) == ("pending", town.clock.now + SOON)
    said = {"channel.cut_off": "deferred", "channel.reply_lost": "possible_duplicate"}[shown["answer"]]
    assert town.log()[-1] == said
    assert server.letters == []


def test_server_that_is_down_is_shown_as_such(town):
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        with closing(town.office(nobody_listens.getsockname()[1])) as office:
            office.tick()

    assert town.shown()["answer"] == "channel.unreachable: Connection refused"
    assert "The server could not be reached: Connection refused." in town.listed()
    assert "11 Jan 2021, 09:01" in town.listed()


def test_thai_address_fails_where_no_server_takes_it(town):
    with town.store.begin() as tx:
        thai = update(t.people).where(t.people.c.id == COORDINATOR).values(email="ผู้ประสานงาน@เขต.example")
        tx.connection.execute(thai)
    with MailServer(utf8=False) as server, closing(town.office(server.port)) as office:
        office.tick()

    shown = town.shown()
    assert (shown["state"], server.received) == ("failed", [])
    assert shown["answer"].startswith("channel.no_smtputf8: ผู้ประสานงาน@")
    assert "(it has no SMTPUTF8)" in town.listed()


@pytest.mark.parametrize("resend", [True, False], ids=["resend", "hold"])
def test_lost_reply_is_sent_again_under_its_name_or_held(town, resend):
    with (
        MoodyServer(iter([Mood.LOSE, Mood.ACCEPT]).__next__) as server,
        closing(town.office(server.port, resend=resend)) as office,
    ):
        office.tick()
        town.clock.advance(minutes=2)
        office.tick()

    refs = [one.ref for one in server.arrived]
    ref = town.shown()["message_ref"]
    if resend:
        assert refs == [ref, ref]
        assert town.log()[2:5] == ["uncertain", "possible_duplicate", "claimed"]
        assert town.states() == ["sent"]
    else:
        assert refs == [ref]
        assert town.log() == ["claimed", "sending", "uncertain"]
        assert town.states() == ["uncertain"]


def test_server_that_always_loses_its_reply_is_not_sent_to_for_ever(town):
    with MoodyServer(lambda: Mood.LOSE) as server, closing(town.office(server.port)) as office:
        office.tick()
        for _ in range(60):
            town.clock.advance(hours=3)
            office.deliver()

    last_sent = len(server.arrived)
    assert town.states() == ["uncertain"]
    assert last_sent == town.log().count("possible_duplicate") + 1
    assert 40 <= last_sent < 50  # five days of every three hours


# --- coming again ----------------------------------------------------------------------------------------


def next_waits(town: Town, office: Office, times: int) -> list[float]:
    """Deliver whenever it is time to; after how many seconds each next time comes."""
    waits = []
    for _ in range(times):
        office.deliver()
        next_time = town.message().not_before
        waits.append((next_time - town.clock.now).total_seconds())
        town.clock.now = next_time
    return waits


def test_back_off_grows_and_is_spread_by_jitter(town):
    spread = [0.8, 1.2, 1.0, 0.9, 1.1, 1.0, 0.8]
    with (
        ScriptedServer({"RCPT": "450 4.2.0 greylisted"}) as server,
        closing(town.office(server.port, jitter=iter(spread).__next__)) as office,
    ):
        office.prepare()
        waits = next_waits(town, office, len(spread))

    steps = [60, 300, 900, 3600, 10_800, 10_800, 10_800]
    assert waits == pytest.approx([step * part for step, part in zip(steps, spread, strict=True)])


def test_message_is_given_up_after_five_days(town):
    with (
        ScriptedServer({"END": "451 4.3.0 try later"}) as server,
        closing(town.office(server.port)) as office,
    ):
        office.prepare()
        while town.message().state == "pending":
            town.clock.now = town.message().not_before
            office.deliver()

    shown = town.shown()
    passed = town.clock.now - at(FIRST_DAY)
    assert (shown["state"], shown["answer"]) == ("failed", "451 4.3.0 try later")
    assert timedelta(days=5) < passed < timedelta(days=5, hours=4)


def test_message_that_waited_for_us_for_days_has_its_chances_yet(town):
    """The worker was stopped for nine days, and the server greylists whom it has not seen for long."""
    with (
        ScriptedServer({"RCPT": ["450 4.2.0 greylisted", "250 2.1.5 ok"]}) as server,
        closing(town.office(server.port)) as office,
    ):
        office.prepare()
        town.clock.advance(days=9)
        office.deliver()
        first = town.states()
        town.clock.advance(minutes=1)
        office.deliver()

    assert (first, town.states()) == (["pending"], ["sent"])


def test_server_down_for_three_days_loses_nothing(town_of):
    town = town_of(3)
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        with closing(town.office(place.getsockname()[1])) as office:
            office.prepare()
            for _ in range(3 * 24):
                office.deliver()
                town.clock.advance(hours=1)
    down = town.states()

    with MailServer() as server, closing(town.office(server.port)) as office:
        town.clock.advance(hours=3)
        office.deliver()

    assert down == ["pending"] * 3
    assert town.states() == ["sent"] * 3
    assert sorted(envelope.rcpt_tos[0] for envelope in server.received) == [
        coordinator_of(agency) for agency in (1, 2, 3)
    ]
    assert "possible_duplicate" not in town.log()


# --- addresses that take no mail -------------------------------------------------------------------------


def test_hard_bounce_marks_the_person_and_the_next_rung_is_told_at_the_next_sweep(town):
    ladder = reminding(Rung(Role.COORDINATOR), Rung(Role.SECTION_HEAD, after=30))
    with (
        ScriptedServer({"RCPT": ["550 5.1.1 no such user", "250 2.1.5 ok"]}) as server,
        closing(town.office(server.port, policy=ladder)) as office,
    ):
        office.tick()
        first = town.shown()
        town.clock.advance(minutes=1)
        office.tick()

    with town.store.read() as tx:
        (lost,) = duty.unreachable(tx.connection)
    assert (first["state"], first["answer"]) == ("failed", "550 5.1.1 no such user")
    assert (lost.person, lost.why, lost.since) == (COORDINATOR, first["answer"], at(FIRST_DAY))
    assert (town.message(2).state, town.message(2).to_address) == ("sent", head_of(1))
    assert len(server.letters) == 1


def test_nothing_goes_to_an_address_that_bounced(town):
    with MailServer() as server, closing(town.office(server.port)) as office:
        office.prepare()
        with town.store.begin() as tx:
            duty.mark_unreachable(tx, COORDINATOR, "550 5.1.1 no such user", by=0, now=town.clock.now)
        office.deliver()

    assert (town.states(), server.received) == (["failed"], [])
    assert "the reader has no usable e-mail address" in town.listed()


def test_reader_whom_a_missing_rung_passed_up_to_is_told_which(town):
    """The coordinator is there and was told; it is the deputy, whose turn it is, that there is not."""
    ladder = reminding(Rung(Role.COORDINATOR), Rung(Role.DEPUTY, after=1), Rung(Role.SECTION_HEAD, after=3))
    with MailServer() as server, closing(town.office(server.port, policy=ladder)) as office:
        office.tick()

    bodies = {
        envelope.rcpt_tos[0]: words_in(envelope.original_content or b"") for envelope in server.received
    }
    assert "เหตุที่แจ้งท่าน: ไม่มีผู้ประสานงานสำรองที่แจ้งได้ จึงแจ้งท่านแทน" in bodies[head_of(1)]
    assert "เหตุที่แจ้งท่าน" not in bodies[coordinator_of(1)]


def words_in(mail: bytes) -> str:
    message = email.message_from_bytes(mail, policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


# --- looked at again before it is sent -------------------------------------------------------------------


def test_message_whose_work_was_done_meanwhile_is_withdrawn(town):
    with MailServer() as server, closing(town.office(server.port)) as office:
        office.prepare()
        with town.store.begin() as tx:
            tx.connection.execute(update(t.milestones).values(state="verified"))
        delivered = office.deliver()

    with town.store.read() as tx:
        withdrawn_at = tx.connection.execute(select(t.reminders.c.withdrawn_at)).scalar_one()
    assert (delivered.steps, server.connections) == ({Step.WITHDRAWN: 1}, 0)
    assert (town.states(), withdrawn_at) == (["withdrawn"], town.clock.now)
    assert "nothing was left to tell" in town.listed()


def test_letter_that_cannot_be_written_fails_alone(town_of, caplog):
    town = town_of(3)
    with town.store.begin() as tx:
        unknown = update(t.people).where(t.people.c.email == coordinator_of(2)).values(language="xx")
        tx.connection.execute(unknown)
    with MailServer() as server, closing(town.office(server.port)) as office:
        delivered = office.tick()

    assert delivered.steps == {Step.SENT: 2, Step.FAILED: 1}
    assert (town.states(), len(server.received)) == (["sent", "failed", "sent"], 2)
    assert "it could not be written (KeyError): tell the operator" in town.listed()
    assert [record.message for record in caplog.records if record.name.startswith("notifications")] == [
        "message 2 cannot be written"
    ]


def test_message_that_cannot_be_read_waits_alone_and_leaves_no_other_in_doubt(town_of, caplog):
    """Its agency is gone, which cannot be: something has reached into the database."""
    town = town_of(3)
    with MailServer() as server, closing(town.office(server.port)) as office:
        office.prepare()
        with town.store.begin() as tx:
            of_second = select(t.reminders.c.indicator_id).where(t.reminders.c.message_id == 2)
            broken = update(t.indicators).where(t.indicators.c.id.in_(of_second))
            tx.connection.execute(broken.values(fiscal_year=-1))
        delivered = office.deliver()

    assert (town.states(), len(server.received)) == (["sent", "pending", "sent"], 2)
    assert delivered.steps == {Step.SENT: 2, Step.DEFERRED: 1}
    assert town.shown(2)["not_before"] == town.clock.now + SOON
    assert "and is tried again: tell the operator" in town.listed()


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (lambda connection, subject, now: quiets.acknowledge(connection, COORDINATOR, subject, now), "sent"),
        (
            lambda connection, subject, now: quiets.snooze(
                connection, COORDINATOR, subject, FIRST_DAY + timedelta(days=1), now
            ),
            "withdrawn",
        ),
    ],
    ids=["seen, but overdue", "snoozed"],
)
def test_answer_that_came_after_the_message_was_made_is_heard(town, answer, left):
    ladder = reminding(Rung(Role.COORDINATOR))
    daily = replace(ladder.topics[Topic.MILESTONE], overdue=(1, 5))
    policy = replace(ladder, topics=MappingProxyType({**ladder.topics, Topic.MILESTONE: daily}))
    with MailServer() as server, closing(town.office(server.port, policy=policy)) as office:
        office.prepare()
        with town.store.begin() as tx:
            answer(tx.connection, Subject(Topic.MILESTONE, 1, 1, "step_1", DUE_ON), town.clock.now)
        office.deliver()
        first = town.states()
        town.clock.advance(days=1)
        office.tick()

    assert first == [left]
    assert len(server.received) == 1


# --- what a server would not take in time ----------------------------------------------------------------


def test_digest_that_the_server_did_not_take_is_told_by_the_next_one(town):
    said = ["451 4.3.0 try later", "250 ok"]
    with ScriptedServer({"END": said}) as server, closing(town.office(server.port)) as office:
        office.tick()
        town.clock.advance(days=1)
        office.tick()

    assert town.states() == ["withdrawn", "sent"]
    assert town.log(1)[-1] == "merged"
    assert len(server.letters) == 2  # the first of which it refused
    assert town.message(2).created_at == at(FIRST_DAY)
    assert "the later message 2 tells it" in town.listed()


def test_digest_that_may_have_arrived_is_merged_with_no_other(town):
    with (
        ScriptedServer({"END": [CUT, "250 ok", "250 ok"]}) as server,
        closing(town.office(server.port)) as office,
    ):
        office.tick()
        town.clock.advance(days=1)
        office.tick()

    assert town.states() == ["sent", "sent"]
    assert "possible_duplicate" in town.log(1)


# --- asked to stop, or to go slowly ----------------------------------------------------------------------


def test_worker_that_is_asked_to_stop_gives_back_what_it_claimed(town_of):
    town = town_of(25)
    stopping = threading.Event()

    def stop_at_the_third() -> Mood:
        if server.moods.total() == 2:
            stopping.set()
        return Mood.ACCEPT

    with MoodyServer(stop_at_the_third) as server, closing(town.office(server.port)) as office:
        office.prepare()
        delivered = office.deliver(stopping)
        after_the_stop = town.states()
        held = waiting(town)
        rest = office.deliver()

    assert delivered.steps == {Step.SENT: 3, Step.DEFERRED: 17}  # of a batch of 20
    assert after_the_stop == ["sent"] * 3 + ["pending"] * 22
    assert held == [("message.given_back", at(FIRST_DAY), 0)] * 17 + [("", at(FIRST_DAY), 0)] * 5
    assert rest.steps == {Step.SENT: 22}
    assert len({one.ref for one in server.arrived}) == len(server.arrived) == 25


def waiting(town: Town) -> list[tuple[str, datetime, int]]:
    """Of each message that waits its answer, from when it may go out, and how often it was begun."""
    with town.store.read() as tx:
        found = told.messages(tx.connection, [State.PENDING])
    return [(one.answer, one.not_before, one.attempts) for one in reversed(found)]


def test_nobody_sends_any_more_when_the_settings_are_wrong(town_of):
    town = town_of(25)
    with (
        ScriptedServer({"EHLO": "250-x\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 wrong password"}) as server,
        closing(town.office(server.port, **_SIGNS_IN)) as office,
    ):
        delivered = office.tick()

    assert delivered.halted == "535 5.7.8 wrong password"
    assert server.connections == 1
    assert town.states() == ["pending"] * 25
    assert [attempts for _, _, attempts in waiting(town)] == [1] + [0] * 24


def test_no_more_go_out_than_the_pace_allows(town_of):
    town = town_of(25)
    slowly = {"pace": Pace(20, 0), "monotonic": town.clock.monotonic, "terms": Terms(patience=0)}
    with MailServer() as server, closing(town.office(server.port, **slowly)) as office:
        delivered = office.tick()
        (answer, next_time, attempts), listed = waiting(town)[0], town.listed()
        for _ in range(9):
            town.clock.advance(seconds=6)
            office.deliver()
        in_a_minute = len(server.received)

    assert delivered.steps == {Step.SENT: 2, Step.DEFERRED: 23}
    assert (answer, attempts) == ("message.paced", 0)
    assert timedelta(seconds=3) < next_time - at(FIRST_DAY) < timedelta(seconds=4)
    assert "waits because as many as allowed went out this minute" in listed
    assert 15 <= in_a_minute <= 20


def test_short_wait_for_the_pace_is_sat_out_with_no_answer_in_hand(town_of):
    """Whoever is killed while waiting has written down what was sent before."""
    town = town_of(3)
    seen: list[list[str]] = []

    class Waiting(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            seen.append(town.states())
            town.clock.advance(seconds=timeout or 0)
            return self.is_set()

    with (
        MailServer() as server,
        closing(
            town.office(
                server.port, pace=Pace(10, 0), monotonic=town.clock.monotonic, terms=Terms(patience=10)
            )
        ) as office,
    ):
        office.prepare()
        delivered = office.deliver(Waiting())

    assert delivered.steps == {Step.SENT: 3}
    assert seen == [["sent", "claimed", "claimed"], ["sent", "sent", "claimed"]]


# --- on several threads ----------------------------------------------------------------------------------


def test_threads_share_the_work(town_of):
    town = town_of(25)
    with (
        MailServer() as server,
        closing(town.office(server.port, terms=Terms(batch=1))) as one,
        closing(town.office(server.port, terms=Terms(batch=1))) as other,
    ):
        one.prepare()
        delivered = on_threads([one.delivery, other.delivery], threading.Event())

    assert delivered.steps == {Step.SENT: 25}
    assert server.connections == 2
    assert len({envelope.rcpt_tos[0] for envelope in server.received}) == len(server.received) == 25


def test_what_a_thread_raised_is_raised(tmp_path):
    store = open_town(f"sqlite:///{tmp_path / 'empty.db'}")
    office = Office(store, 25, Clock())

    with pytest.raises(OperationalError, match="no such table: outbox"):
        on_threads([office.delivery, office.delivery], threading.Event())

    store.close()


class Listening:
    """A channel that takes every letter, and lets a test act while it reads one."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.after: Callable[[], object] = lambda: None

    def send(self, letter: Letter, meanwhile: Meanwhile = nothing) -> Answer:
        self.taken.append(letter.to)
        meanwhile()
        self.after()
        return Answer(Outcome.SENT, "250 kept")

    def close(self) -> None:
        pass


def deliver(office, channel):
    office.prepare()
    return office.by(Way.MAIL, channel).run(threading.Event()).steps


def do_the_work(town, agency):
    m = t.milestones.c
    with town.store.begin() as tx:
        done = update(t.milestones).where(m.indicator_id == agency)
        tx.connection.execute(done.values(state="verified"))


def test_next_one_is_written_while_the_server_reads_and_each_once(town_of, monkeypatch):
    town, channel = town_of(3), Listening()
    office = town.office(25)
    written: list[tuple[int, int]] = []
    write = office._letters.write

    def noted(message, contents, now):
        written.append((message.id, len(channel.taken)))
        return write(message, contents, now)

    monkeypatch.setattr(office._letters, "write", noted)

    assert deliver(office, channel) == {Step.SENT: 3}

    assert written == [(1, 0), (2, 1), (3, 2)]
    assert channel.taken == [coordinator_of(agency) for agency in (1, 2, 3)]


def test_one_that_was_written_ahead_is_looked_at_again_where_the_server_took_long(town_of):
    town, channel = town_of(2), Listening()

    def done_meanwhile() -> None:
        do_the_work(town, 2)
        town.clock.advance(seconds=2)

    channel.after = done_meanwhile

    steps = deliver(town.office(25, monotonic=town.clock.monotonic), channel)

    assert steps == {Step.SENT: 1, Step.WITHDRAWN: 1}
    assert channel.taken == [coordinator_of(1)]


def test_one_that_was_written_ahead_is_given_back_when_the_worker_is_to_stop(town_of):
    town, channel, stopping = town_of(2), Listening(), threading.Event()
    channel.after = stopping.set
    office = town.office(25)
    office.prepare()

    steps = office.by(Way.MAIL, channel).run(stopping).steps

    assert steps == {Step.SENT: 1, Step.DEFERRED: 1}
    assert town.states() == ["sent", "pending"]
