"""Workers killed at any moment lose nothing, leave nothing stuck, and repeat nothing without saying so."""

import json
import random
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.outbox import STEPS, State, Step
from storage import tables as t
from storage.store import Store
from tests.faults.deliverer import Orders
from tests.faults.moody_server import Mood, MoodyServer
from tests.office import FIRST_DAY, coordinator_of, found_town, open_town

ROOT = Path(__file__).parents[2]
PEOPLE = 150
#: Of a hundred letters most are taken; the others fail in each of the ways that there are.
MOODS = {Mood.ACCEPT: 70, Mood.CLOSING: 5, Mood.GREYLISTED: 5, Mood.BUSY: 5, Mood.CUT: 7, Mood.LOSE: 8}


def let_loose(orders: Orders) -> dict[str, int]:
    """What the workers' parent says of them; none of them may have failed by itself."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.faults.deliverer", json.dumps(asdict(orders))],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert found.stderr == ""
    did: dict[str, int] = json.loads(found.stdout)
    return did


def moods(seed: int) -> MoodyServer:
    chance = random.Random(seed)
    return MoodyServer(lambda: chance.choices(list(MOODS), list(MOODS.values()))[0])


def reminders_and_messages(store: Store) -> list[tuple[str, str, str, bool]]:
    """For each reminder to whom and when it was owed, the state of its message, and whether it stands.

    One that waits until a later one of the same milestone is told goes without saying, and stands no more.
    """
    r, o, p = t.reminders.c, t.outbox.c, t.people.c
    query = (
        select(p.email, r.owed_on, o.state, r.withdrawn_at)
        .join_from(t.reminders, t.people, p.id == r.person_id)
        .join(t.outbox, o.id == r.message_id, isouter=True)
    )
    with store.read() as tx:
        return sorted(
            (row.email, row.owed_on.isoformat(), row.state or "", row.withdrawn_at is None)
            for row in tx.connection.execute(query)
        )


def outbox(store: Store) -> dict[str, State]:
    """The state of every message, by its Message-ID."""
    o = t.outbox.c
    with store.read() as tx:
        return {row[0]: State(row[1]) for row in tx.connection.execute(select(o.message_ref, o.state))}


def logs(store: Store) -> dict[str, list[Step]]:
    """The steps of every message, by its Message-ID."""
    o, log = t.outbox.c, t.outbox_log.c
    found = defaultdict(list)
    query = select(o.message_ref, log.what).join_from(t.outbox, t.outbox_log, log.message_id == o.id)
    with store.read() as tx:
        for ref, what in tx.connection.execute(query.order_by(log.id)):
            found[ref].append(Step(what))
    return found


def end_of(steps: list[Step]) -> State | None:
    """Where these steps lead from ``pending``; ``None`` when one of them could not be taken."""
    state = State.PENDING
    for step in steps:
        sources, dest = STEPS[step]
        if state not in sources:
            return None
        state = dest
    return state


@pytest.mark.parametrize("resend", [True, False], ids=["resend", "hold"])
def test_killed_workers_lose_nothing_and_repeat_nothing_unsaid(database_url, resend, long):
    found_town(database_url, PEOPLE)

    with moods(seed=1) as server:
        orders = Orders(database_url, server.port, PEOPLE, resend, kills=5_000 if long else 125)
        days = [FIRST_DAY + timedelta(days=n) for n in range(let_loose(orders)["days"])]

    store = open_town(database_url)
    reminders, states, steps = reminders_and_messages(store), outbox(store), logs(store)
    store.close()
    taken = Counter(one.ref for one in server.arrived)
    in_doubt = {Step.UNCERTAIN} | ({Step.POSSIBLE_DUPLICATE} if resend else set())
    _tell(days, states, steps, taken, server.moods)

    # Nothing is lost: everybody was owed a mail on every day, and has it, or may have it.
    ended = {State.SENT} if resend else {State.SENT, State.UNCERTAIN}
    assert [(to, day) for to, day, _, _ in reminders] == sorted(
        (coordinator_of(agency), day.isoformat()) for agency in range(1, PEOPLE + 1) for day in days
    )
    assert {state for _, _, state, stands in reminders if stands} == ended
    last = {to: day for to, day, _, stands in reminders if stands}
    assert [(to, day) for to, day, _, stands in reminders if not stands and day >= last[to]] == []
    assert set(states.values()) - {State.WITHDRAWN} == ended
    # What the server would not take in time is told by the next digest, and only by that.
    merged = {ref for ref, of_it in steps.items() if of_it[-1] is Step.MERGED}
    assert {ref for ref, state in states.items() if state is State.WITHDRAWN} == merged
    assert merged.isdisjoint(taken)
    assert {ref for ref, state in states.items() if state is State.SENT} <= taken.keys()
    # Each step was taken from where it can be taken.
    assert {ref: end_of(of_it) for ref, of_it in steps.items()} == states
    # Repeated is only what is said to be, under the same name.
    assert {ref: n for ref, n in taken.items() if n > 1 + steps[ref].count(Step.POSSIBLE_DUPLICATE)} == {}
    # All this was put to the test.
    assert in_doubt | {Step.LEASE_EXPIRED, Step.DEFERRED} <= set(chain(*steps.values()))
    assert (max(taken.values()) > 1) is resend
    assert set(server.moods) == set(MOODS)


def _tell(days, states, steps, taken, moods) -> None:
    """For `make kills`, which shows what passed tests have written."""
    told = {
        "days": len(days),
        "messages": len(states),
        "taken by the server": taken.total(),
        "taken more than once": sum(n > 1 for n in taken.values()),
        "states": {str(state): n for state, n in Counter(states.values()).items()},
        "steps": {str(step): n for step, n in Counter(chain(*steps.values())).items()},
        "moods": {str(mood): n for mood, n in moods.items()},
    }
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
