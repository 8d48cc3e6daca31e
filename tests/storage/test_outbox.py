"""A message goes its way once: each is held by one worker, and whoever has lost it changes nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select, update

from engine.errors import Refusal
from engine.outbox import STEPS, NewMessage, State, Step, Way
from storage import outbox, told
from storage import tables as t
from tests.cast import COORDINATOR, EVALUATOR, at, open_store
from tests.counting import statements
from tests.storage.plans import plan_of

NOW = at(date(2021, 3, 1))
LATER = NOW + timedelta(hours=1)
#: A lease that is over the moment it begins, and one that outlasts every test.
OVER, LONG = -1.0, 3600.0


def new(name: str = "digest", **more) -> NewMessage:
    given = {
        "key": f"{name}:mail:2:2021-03-01",
        "channel": "mail",
        "kind": "digest",
        "person": COORDINATOR.id,
    }
    return NewMessage(**{**given, "not_before": NOW, "message_ref": f"<{name}@radap.example>", **more})


def put(store, *messages: NewMessage) -> None:
    with store.begin() as tx:
        outbox.enqueue(tx.connection, messages, NOW)


def claim(store, n=10, *, way=Way.MAIL, lease=LONG, token="ours", now=NOW):
    with store.begin() as tx:
        return outbox.claim(tx.connection, way, n, lease_seconds=lease, token=token, now=now)


#: What a holder can do, each with everything that it is told beside message and token.
HOLDERS: dict[Step, tuple[Callable[..., bool], dict[str, Any]]] = {
    Step.SENDING: (
        outbox.sending,
        {"to_address": "a@b.example", "subject": "สวัสดี", "content": b"words", "lease_seconds": LONG},
    ),
    Step.SENT: (outbox.sent, {"answer": "250 ok"}),
    Step.DEFERRED: (outbox.deferred, {"answer": "451 later", "not_before": LATER}),
    Step.FAILED: (outbox.failed, {"answer": "550 no such user"}),
    Step.UNCERTAIN: (outbox.uncertain, {"answer": "cut off", "resend": False, "not_before": LATER}),
    Step.WITHDRAWN: (outbox.withdrawn, {"why": "all done"}),
}


def take(store, step: Step, message: int = 1, token: str = "ours", **more) -> bool:
    act, given = HOLDERS[step]
    with store.begin() as tx:
        return act(tx.connection, message, token, **{**given, **more}, now=NOW)


def rows(store):
    """Everything in the queue and its log."""
    with store.read() as tx:
        return [
            [tuple(row) for row in tx.connection.execute(select(table).order_by(table.c.id))]
            for table in (t.outbox, t.outbox_log)
        ]


def message(store, number: int = 1) -> told.Message:
    with store.read() as tx:
        return told.message_of(tx.connection, number)


def steps(store, number: int = 1) -> list[str]:
    with store.read() as tx:
        return [one.what for one in told.log_of(tx.connection, number)]


def test_message_is_put_into_the_queue_once(city):
    put(city, new(), new("changes"))
    put(city, new(message_ref="<another@radap.example>"), new("third"))

    with city.read() as tx:
        found = told.messages(tx.connection)
    assert [(one.key, one.message_ref, one.state) for one in found] == [
        ("third:mail:2:2021-03-01", "<third@radap.example>", "pending"),
        ("changes:mail:2:2021-03-01", "<changes@radap.example>", "pending"),
        ("digest:mail:2:2021-03-01", "<digest@radap.example>", "pending"),
    ]


def test_enqueue_says_how_many_are_new(city):
    with city.begin() as tx:
        counts = [
            outbox.enqueue(tx.connection, given, NOW)
            for given in ([new(), new("changes")], [new(), new("third")], [])
        ]

    assert counts == [2, 1, 0]


def test_oldest_messages_are_claimed_first_and_none_before_its_time(city):
    put(
        city,
        new("third", not_before=NOW),
        new("first", not_before=NOW - timedelta(days=1)),
        new("tomorrow", not_before=NOW + timedelta(seconds=1)),
        new("second", not_before=NOW - timedelta(hours=1)),
    )

    assert [one.key.partition(":")[0] for one in claim(city, 2)] == ["first", "second"]
    assert [one.key.partition(":")[0] for one in claim(city, 2)] == ["third"]
    assert claim(city) == []


def test_claim_keeps_to_a_channel(city):
    put(city, new(), new("other", channel="line"))

    assert [one.channel for one in claim(city, way=Way.LINE)] == [Way.LINE]
    assert [one.channel for one in claim(city)] == [Way.MAIL]


def test_message_on_its_way(city):
    put(city, new())
    (held,) = claim(city)

    assert take(city, Step.SENDING)
    assert take(city, Step.SENT)

    found = message(city)
    with city.read() as tx:
        assert told.content_of(tx.connection, 1) == b"words"
        log = told.log_of(tx.connection, 1)
    assert (held.attempts, held.person, held.message_ref) == (0, COORDINATOR.id, found.message_ref)
    assert (found.state, found.to_address, found.subject) == ("sent", "a@b.example", "สวัสดี")
    assert (found.attempts, found.answer, found.sent_at) == (1, "250 ok", NOW)
    assert log == [(NOW, "claimed", "ours"), (NOW, "sending", "a@b.example"), (NOW, "sent", "250 ok")]


def test_nobody_holds_what_has_come_to_its_end(city):
    for number, step in enumerate((Step.SENT, Step.FAILED, Step.WITHDRAWN, Step.DEFERRED), start=1):
        put(city, new(str(step)))
        claim(city)
        if step is Step.SENT:
            take(city, Step.SENDING, number)
        assert take(city, step, number)

    with city.read() as tx:
        held = select(t.outbox.c.state, t.outbox.c.token, t.outbox.c.lease_until).order_by(t.outbox.c.id)
        found = [tuple(row) for row in tx.connection.execute(held)]
    assert found == [(state, None, None) for state in ("sent", "failed", "withdrawn", "pending")]


def test_deferred_message_comes_again_when_its_time_has_come(city):
    put(city, new())
    claim(city)
    take(city, Step.SENDING)
    assert take(city, Step.DEFERRED)

    assert claim(city) == []
    (again,) = claim(city, now=LATER)
    assert (again.attempts, message(city).answer) == (1, "451 later")


def held_in(store, state: State) -> None:
    """Bring the one message into a state, held by the token where it can be."""
    put(store, new())
    claim(store)
    with store.begin() as tx:
        tx.connection.execute(update(t.outbox).values(state=str(state)))


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("step", list(HOLDERS))
def test_holders_step_is_taken_only_from_its_states(city, step, state):
    held_in(city, state)
    before = rows(city)

    done = take(city, step)

    sources, dest = STEPS[step]
    assert done is (state in sources)
    assert (rows(city) == before) is not done
    assert message(city).state == (dest if done else state)
    assert steps(city) == ["claimed", *([step] if done else [])]


@pytest.mark.parametrize("step", list(HOLDERS))
def test_another_token_changes_nothing(city, step):
    held_in(city, STEPS[step][0][0])
    before = rows(city)

    assert not take(city, step, token="theirs")

    assert rows(city) == before


@pytest.mark.parametrize("step", list(HOLDERS))
def test_holder_whose_lease_was_taken_changes_nothing(city, step):
    """Stopped past its lease and woken again, while another has claimed the message."""
    put(city, new())
    claim(city, lease=OVER, token="old")
    if STEPS[step][0] == (State.SENDING,):
        take(city, Step.SENDING, token="old", lease_seconds=OVER)
    with city.begin() as tx:
        outbox.expire(tx.connection, Way.MAIL, resend=True, now=NOW)
    claim(city, token="new")
    if STEPS[step][0] == (State.SENDING,):
        take(city, Step.SENDING, token="new")
    before = rows(city)

    assert not take(city, step, token="old")

    assert rows(city) == before
    assert take(city, step, token="new")


def test_expired_claim_is_pending_again(city):
    put(city, new())
    claim(city, lease=OVER)

    with city.begin() as tx:
        expired = outbox.expire(tx.connection, Way.MAIL, resend=False, now=NOW)

    assert expired == ([1], [])
    assert steps(city) == ["claimed", "lease_expired"]
    assert [one.attempts for one in claim(city, token="next")] == [0]


def test_expired_sending_waits_for_a_person_where_it_is_to_be_held(city):
    put(city, new())
    claim(city)
    take(city, Step.SENDING, lease_seconds=OVER)

    with city.begin() as tx:
        expired = outbox.expire(tx.connection, Way.MAIL, resend=False, now=NOW)

    assert expired == ([], [1])
    assert (message(city).state, steps(city)[2:]) == ("uncertain", ["uncertain"])
    assert claim(city) == []


def test_expired_sending_is_sent_again_under_its_name_and_the_log_says_so(city):
    put(city, new())
    claim(city)
    take(city, Step.SENDING, lease_seconds=OVER)

    with city.begin() as tx:
        outbox.expire(tx.connection, Way.MAIL, resend=True, now=NOW)
    (again,) = claim(city, token="next")

    assert (again.message_ref, again.attempts) == ("<digest@radap.example>", 1)
    assert steps(city) == ["claimed", "sending", "uncertain", "possible_duplicate", "claimed"]


@pytest.mark.parametrize(("resend", "state"), [(True, "pending"), (False, "uncertain")])
def test_reply_that_was_lost_leaves_it_uncertain(city, resend, state):
    put(city, new())
    claim(city)
    take(city, Step.SENDING)

    assert take(city, Step.UNCERTAIN, resend=resend)

    assert (message(city).state, message(city).answer) == (state, "cut off")
    assert message(city).not_before == (LATER if resend else NOW)
    assert steps(city)[2:] == ["uncertain", *(["possible_duplicate"] if resend else [])]


def ready(store) -> dict[Way, int]:
    with store.read() as tx:
        return dict(outbox.ready(tx.connection, NOW))


def test_ready_is_what_whoever_delivers_then_finds(city):
    """What waits, what a worker that is gone held or was sending, and what was put off by a wrong clock."""
    for number in range(5):
        put(city, new(f"claimed{number}"))
    claim(city, 1, lease=OVER)
    claim(city, 1)
    claim(city, 1)
    take(city, Step.SENDING, 3, lease_seconds=OVER)
    claim(city, 1)
    take(city, Step.SENDING, 4)
    take(city, Step.SENT, 4)
    put(city, new("later", not_before=LATER), new("astray", not_before=NOW + timedelta(days=365)))
    put(city, new("line", channel="line"), new("line_later", channel="line", not_before=LATER))

    found = ready(city)

    with city.begin() as tx:
        for way in Way:
            outbox.expire(tx.connection, way, resend=True, now=NOW)
    taken = {way: len(claim(city, way=way, token="next")) for way in Way}
    assert found == {Way.MAIL: 4, Way.LINE: 1}
    assert taken == {Way.MAIL: 4, Way.LINE: 1, Way.WEBHOOK: 0, Way.PROGRAM: 0}
    assert ready(city) == {}


def test_ready_is_told_by_the_index_of_what_waits(city):
    with city.read() as tx:
        with statements(city.engine) as run:
            outbox.ready(tx.connection, NOW)
        plans = "\n".join(plan_of(tx.connection, *one) for one in run)

    for index in ("ix_outbox_pending", "ix_outbox_leased"):
        assert index in plans
    assert "SCAN outbox\n" not in plans + "\n"
    assert "Seq Scan" not in plans


def test_lease_that_runs_is_nobody_elses(city):
    put(city, new(), new("other"))
    claim(city)
    take(city, Step.SENDING)
    before = rows(city)

    with city.begin() as tx:
        assert outbox.expire(tx.connection, Way.MAIL, resend=True, now=NOW + timedelta(days=365)) == ([], [])

    assert rows(city) == before


def test_what_another_channel_takes_back_is_left_to_it(city):
    """Both look at once: what one has taken back and not committed, the other could neither see nor send."""
    year_ahead = NOW + timedelta(days=365)
    put(city, new(), new("deferred", not_before=year_ahead))
    claim(city, 1, lease=OVER)
    before = rows(city)

    with city.begin() as tx:
        assert outbox.expire(tx.connection, Way.LINE, resend=True, now=NOW) == ([], [])
    assert rows(city) == before

    with city.begin() as tx:
        assert outbox.expire(tx.connection, Way.MAIL, resend=True, now=NOW) == ([1], [])
    assert [one.id for one in claim(city, token="next")] == [1, 2]


def test_renewed_lease_outlasts_the_first(city):
    put(city, new(), new("other"))
    claim(city, 1, lease=OVER, token="one")
    claim(city, 1, lease=OVER, token="two")

    with city.begin() as tx:
        assert outbox.renew(tx.connection, "one", LONG) == 1
        expired = outbox.expire(tx.connection, Way.MAIL, resend=True, now=NOW)

    assert expired == ([2], [])


def test_end_of_one_and_beginning_of_the_next_are_one_commit(city):
    put(city, new(), new("next"))
    claim(city)
    take(city, Step.SENDING)
    before = rows(city)
    begin_next = HOLDERS[Step.SENDING][1]

    def both(*, broken: bool) -> None:
        with city.begin() as tx:
            assert outbox.sent(tx.connection, 1, "ours", answer="250 ok", now=NOW)
            assert outbox.sending(tx.connection, 2, "ours", **begin_next, now=NOW)
            if broken:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        both(broken=True)
    assert rows(city) == before
    both(broken=False)

    assert (message(city, 1).state, message(city, 2).state) == ("sent", "sending")


# --- what an operator does -------------------------------------------------------------------------------

OPERATORS = {Step.HELD: outbox.hold, Step.RELEASED: outbox.release, Step.RETRIED: outbox.retry}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("step", list(OPERATORS))
def test_operators_step_is_taken_from_its_states_and_refused_from_all_others(city, step, state):
    held_in(city, state)
    before = rows(city)
    sources, dest = STEPS[step]

    if state in sources:
        with city.begin() as tx:
            OPERATORS[step](tx.connection, 1, why="asked by phone", now=LATER)
        assert (message(city).state, message(city).not_before) == (dest, LATER)
        doubt = ["possible_duplicate"] if state is State.UNCERTAIN else []
        assert steps(city) == ["claimed", step, *doubt]
        return
    with pytest.raises(Refusal) as refused, city.begin() as tx:
        OPERATORS[step](tx.connection, 1, why="asked by phone", now=LATER)
    (condition,) = refused.value.conditions
    assert (condition.kind, condition.params["state"]) == ("message.wrong_state", state)
    assert rows(city) == before


@pytest.mark.parametrize("act", OPERATORS.values())
def test_message_that_is_not_there_is_refused(city, act):
    with pytest.raises(Refusal) as refused, city.begin() as tx:
        act(tx.connection, 7, why="", now=NOW)

    (condition,) = refused.value.conditions
    assert (condition.kind, condition.params) == ("message.unknown", {"number": 7})


def test_message_that_is_not_there_cannot_be_looked_at(city):
    with pytest.raises(Refusal) as refused, city.read() as tx:
        told.message_of(tx.connection, 7)

    (condition,) = refused.value.conditions
    assert condition.kind == "message.unknown"


def test_held_message_is_not_claimed_until_it_is_let_go(city):
    put(city, new())
    with city.begin() as tx:
        outbox.hold(tx.connection, 1, why="wrong wording", now=NOW)
    assert claim(city) == []

    with city.begin() as tx:
        outbox.release(tx.connection, 1, why="mended", now=NOW)

    assert [one.id for one in claim(city)] == [1]


# --- lists -----------------------------------------------------------------------------------------------


def test_lists_show_states_people_and_pages(city):
    put(city, new("a"), new("b", person=EVALUATOR.id), new("c"), new("d", person=None))
    claim(city, 2)
    take(city, Step.FAILED, 1)

    with city.read() as tx:

        def ids(*given, **more):
            return [one.id for one in told.messages(tx.connection, *given, **more)]

        assert ids() == [4, 3, 2, 1]
        assert ids([State.FAILED, State.PENDING]) == [4, 3, 1]
        assert ids(person=COORDINATOR.id) == [3, 1]
        assert ids(limit=2) == [4, 3]
        assert ids(limit=2, before=3) == [2, 1]
        assert told.counts(tx.connection) == {State.PENDING: 2, State.CLAIMED: 1, State.FAILED: 1}


# --- many at once ----------------------------------------------------------------------------------------

MESSAGES, PORTION = 400, 7


def take_all(url: str) -> list[int]:
    """Claim in small portions until nothing is left; what a process of its own does."""
    store = open_store(url)
    found: list[int] = []
    while portion := claim(store, PORTION, token=uuid4().hex):
        found += [one.id for one in portion]
    store.close()
    return found


def fill(store) -> None:
    with store.begin() as tx:
        rows = [
            {"key": str(number), "not_before": NOW - timedelta(microseconds=number % 50)}
            for number in range(MESSAGES)
        ]
        same = {
            "channel": "mail", "kind": "digest", "person_id": None, "state": "pending", "created_at": NOW,
            "attempts": 0, "message_ref": "", "to_address": "", "subject": "", "answer": "",
        }  # fmt: skip # one row, one line
        tx.connection.execute(insert(t.outbox), [{**same, **row} for row in rows])


def check_shares(store, shares: list[list[int]]) -> None:
    assert sorted(number for share in shares for number in share) == list(range(1, MESSAGES + 1))
    with store.read() as tx:
        tokens = tx.connection.execute(select(func.count(t.outbox.c.token.distinct()))).scalar_one()
        logged = tx.connection.execute(select(func.count()).select_from(t.outbox_log)).scalar_one()
    assert logged == MESSAGES
    assert tokens >= MESSAGES // PORTION


def test_workers_claim_each_message_once(city):
    """Four threads with connections of their own on PostgreSQL, three processes on one file of SQLite."""
    fill(city)
    url = city.engine.url.render_as_string(hide_password=False)

    if city.is_sqlite:
        with get_context("spawn").Pool(3) as processes:
            shares = processes.map(take_all, [url] * 3, chunksize=1)
    else:
        with ThreadPoolExecutor(4) as threads:
            shares = list(threads.map(take_all, [url] * 4))

    check_shares(city, shares)
