"""Workers that remind and deliver, each a process, and some are killed while they do: for tests of faults.

Run as a process of its own, because it forks: ``python -m tests.faults.deliverer ORDERS``, with the fields of
:class:`Orders` as JSON. What it did is written as JSON; a worker that fails by itself writes its traceback to
stderr, and all is over.
"""

import gc
import json
import mmap
import os
import random
import signal
import struct
import sys
import threading
import time
import traceback
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from engine.outbox import State
from notifications.delivery import Terms
from storage import tables as t
from tests.cast import at
from tests.office import FIRST_DAY, Office, open_town

#: Portions as small as the work between two kills. What is tried again is tried soon and never given up: some
#: messages are killed so often that days go by, which last seconds here.
_TERMS = Terms(batch=2, back_off=(0.05, 0.2), give_up_after=timedelta(days=10_000))
_ON_ITS_WAY = (State.PENDING, State.CLAIMED, State.SENDING)
#: With so few messages on their way the next day may begin, so that nobody is killed for doing nothing.
_FEW = 80
#: What has not ended by then is stuck.
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Orders:
    """What is to be done on the database at ``url``, with the mail server at the port.

    So many ``workers`` live at any time. After the ``kills``, one about every ``mean_seconds``, those that
    are left finish the work. ``owed`` are the reminders of a day; the next day begins when all of them are
    in messages and few of those are left to be sent. With ``alone`` the process itself does one tick.
    """

    url: str
    port: int
    owed: int
    resend: bool = True
    workers: int = 3
    kills: int = 0
    mean_seconds: float = 0.01
    lease_seconds: float = 1.0
    seed: int = 1
    alone: bool = False


class Crew:
    """The workers. What they need is made once and inherited, so that one is born in no time."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.store = open_town(orders.url)
        self.day = SharedDay(FIRST_DAY)
        self.began = time.monotonic()
        self.chance = random.Random(orders.seed)
        self.alive: list[int] = []

    def now(self) -> datetime:
        """A time in the morning of the day; it goes on as time does."""
        return at(self.day.get()) + timedelta(seconds=time.monotonic() - self.began)

    def office(self) -> Office:
        return Office(
            self.store,
            self.orders.port,
            self.now,
            lease_seconds=self.orders.lease_seconds,
            resend=self.orders.resend,
            terms=_TERMS,
            jitter=lambda: random.uniform(0.5, 1.5),
        )

    def campaign(self) -> int:
        """Kill as ordered, then let the others finish; returns how many days have passed."""
        if self.orders.kills:
            self._warm_up()
        for _ in range(self.orders.workers):
            self._spawn()
        days = 1
        for number in range(self.orders.kills):
            time.sleep(self.chance.expovariate(1 / self.orders.mean_seconds))
            self._kill(self.chance.choice(self.alive))
            if number % 5 == 0 and self._left() <= (0, _FEW):
                self.day.set(FIRST_DAY + timedelta(days=days))
                days += 1
            self._spawn()
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while any(self._left()) and time.monotonic() < give_up:
            time.sleep(0.02)
        for worker in list(self.alive):
            self._kill(worker)
        return days

    def _warm_up(self) -> None:
        """Do a little of everything, so that what is compiled for it is inherited."""
        office = self.office()
        office.prepare()
        office.deliver(_After(5))
        office.close()
        self.store.close()
        gc.freeze()  # a child that ends at once need not look through what it inherits

    def _spawn(self) -> None:
        parent = os.getpid()
        child = os.fork()
        if child:
            self.alive.append(child)
            return
        try:
            office = self.office()
            while os.getppid() == parent:
                office.tick()
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

    def _left(self) -> tuple[int, int]:
        """What is to be done: of the day's reminders those in no message, and all messages on their way."""
        r, o = t.reminders.c, t.outbox.c
        told = select(func.count()).where(r.owed_on == self.day.get(), r.message_id.is_not(None))
        unsent = select(func.count()).where(o.state.in_(_ON_ITS_WAY))
        with self.store.read() as tx:
            counts = [int(tx.connection.execute(query).scalar_one()) for query in (told, unsent)]
        self.store.close()  # nobody is connected while a child is born
        return self.orders.owed - counts[0], counts[1]


class SharedDay:
    """A day that all workers look up, and only their parent moves."""

    def __init__(self, day: date) -> None:
        self._memory = mmap.mmap(-1, struct.calcsize("q"))
        self.set(day)

    def get(self) -> date:
        return date.fromordinal(struct.unpack("q", self._memory[:])[0])

    def set(self, day: date) -> None:
        self._memory[:] = struct.pack("q", day.toordinal())


class _After(threading.Event):
    """Asks to stop when it has been looked at so often."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    def is_set(self) -> bool:
        self._looks -= 1
        return self._looks < 0


def main() -> None:
    crew = Crew(Orders(**json.loads(sys.argv[1])))
    if crew.orders.alone:
        with closing(crew.office()) as office:
            did = {str(step): count for step, count in office.tick().steps.items()}
    else:
        did = {"days": crew.campaign()}
    sys.stdout.write(json.dumps(did))


if __name__ == "__main__":
    main()
