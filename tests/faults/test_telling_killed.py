"""Workers killed while they tell a program: it hears every event, in order, and no repeat is unsaid."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict

from sqlalchemy import select

from engine.outbox import Step
from storage import tables as t
from tests.faults.teller import Orders
from tests.faults.test_delivery_killed import ROOT
from tests.notifications.http_servers import HttpServer, Received
from tests.office import found_town, open_town
from tests.programs import Programs

AGENCIES = 8


class Moody(list[Received]):
    """What a server was sent; with each request it decides anew how to answer."""

    def __init__(self, server: HttpServer) -> None:
        super().__init__()
        self.server = server
        self.chance = random.Random(1)
        self.taken: list[str] = []

    def append(self, one: Received) -> None:
        super().append(one)
        mood = self.chance.choices(["take", "busy", "lose"], [88, 6, 6])[0]
        self.server.status = 503 if mood == "busy" else 200
        self.server.raw = b"" if mood == "lose" else None
        if mood != "busy":
            self.taken.append(json.loads(one.body)["id"])
        time.sleep(0.004)  # as long as it lasts a worker may die who has sent and does not know


def test_killed_workers_lose_nothing_and_keep_the_order(database_url, long):
    found_town(database_url, AGENCIES, milestones=5)
    store = open_town(database_url)
    town = Programs(store)
    with HttpServer() as server:
        moody = Moody(server)
        server.received = moody
        number, _ = town.add(server, events=("occurrence_recorded",))
        for agency in range(1, AGENCIES + 1):
            for step in range(1, 6):
                town.happen(f"step_{step}", agency)
        store.close()
        orders = Orders(database_url, kills=400 if long else 15)
        found = subprocess.run(
            [sys.executable, "-m", "tests.faults.teller", json.dumps(asdict(orders))],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
    assert found.stderr == ""

    store = open_town(database_url)
    town = Programs(store)
    states, steps = town.states(number), logged(town)
    store.close()
    wanted = [f"{stream}:{seq}" for stream in range(1, AGENCIES + 1) for seq in range(2, 7)]
    assert sorted(states) == sorted((id_, "sent") for id_ in wanted)
    first = list(dict.fromkeys(moody.taken))
    for stream in range(1, AGENCIES + 1):
        of_it = [int(id_.split(":")[1]) for id_ in first if id_.startswith(f"{stream}:")]
        assert of_it == [2, 3, 4, 5, 6]
    taken = Counter(moody.taken)
    assert {id_: n for id_, n in taken.items() if n > 1 + steps[id_, Step.POSSIBLE_DUPLICATE]} == {}
    assert taken.total() > len(taken)  # something was repeated, or nothing was put to the test


def logged(town: Programs) -> Counter[tuple[str, str]]:
    """How often each step was taken for each event."""
    o, log = t.outbox.c, t.outbox_log.c
    query = select(o.message_ref, log.what).join_from(t.outbox, t.outbox_log, log.message_id == o.id)
    with town.store.read() as tx:
        return Counter((row[0], row[1]) for row in tx.connection.execute(query))
