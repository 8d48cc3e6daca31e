"""Workers that tell a program what happens, each a process, and killed while they do: for tests of faults.

Run as a process of its own, because it forks: ``python -m tests.faults.teller ORDERS``, with the fields of
:class:`Orders` as JSON. A worker that fails by itself writes its traceback to stderr, and all is over.
"""

import gc
import json
import os
import random
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import func, select

from storage import tables as t
from tests.cast import at
from tests.office import FIRST_DAY, open_town
from tests.programs import Programs

#: A second of ours is so many of theirs, so that what is tried again in a minute is tried soon.
_FASTER = 1000
#: What has not ended by then is stuck.
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Orders:
    """What is to be done on the database at ``url``: two workers live, and ``kills`` die on the way."""

    url: str
    kills: int
    mean_seconds: float = 0.03
    seed: int = 1


class Crew:
    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.store = open_town(orders.url)
        self.began = time.monotonic()
        self.chance = random.Random(orders.seed)
        self.alive: list[int] = []

    def now(self) -> datetime:
        return at(FIRST_DAY) + timedelta(seconds=(time.monotonic() - self.began) * _FASTER)

    def campaign(self) -> None:
        """Kill as ordered, then let the others finish."""
        self.store.close()
        gc.freeze()
        for _ in range(2):
            self._spawn()
        for _ in range(self.orders.kills):
            time.sleep(self.chance.expovariate(1 / self.orders.mean_seconds))
            self._kill(self.chance.choice(self.alive))
            self._spawn()
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while self._left() and time.monotonic() < give_up:
            time.sleep(0.05)
        for worker in list(self.alive):
            self._kill(worker)

    def _spawn(self) -> None:
        parent = os.getpid()
        child = os.fork()
        if child:
            self.alive.append(child)
            return
        try:
            office = Programs(self.store, self.now, lease=1.0).office()  # type: ignore[arg-type]  # tells the time
            while os.getppid() == parent:
                office.reminders.catch_up(self.now())
                office.tell_programs(Event())
                time.sleep(0.005)
        except BaseException:  # noqa: BLE001 - whatever it was is told, and nobody goes on as a second parent
            traceback.print_exc()
        os._exit(1)

    def _kill(self, worker: int) -> None:
        os.kill(worker, signal.SIGKILL)
        self.alive.remove(worker)
        code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
        if code != -signal.SIGKILL:
            raise RuntimeError(f"a worker ended by itself with {code}")

    def _left(self) -> int:
        """What is not told yet, and what was not looked through."""
        o = t.outbox.c
        unsent = select(func.count()).where(o.endpoint_id.is_not(None), o.state != "sent")
        unseen = select(func.count()).where(t.UNTOLD)
        with self.store.read() as tx:
            left = sum(int(tx.connection.execute(query).scalar_one()) for query in (unsent, unseen))
        self.store.close()  # nobody is connected while a child is born
        return left


def main() -> None:
    Crew(Orders(**json.loads(sys.argv[1]))).campaign()


if __name__ == "__main__":
    main()
