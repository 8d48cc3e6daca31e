"""A post office for tests: a town in which every coordinator is reminded every day, and a worker by hand."""

import ssl
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from sqlalchemy import update

from engine.actions import NewIndicator, create_indicator
from engine.outbox import Way
from engine.permissions import Grant, Person, Role
from engine.ports import Policy
from engine.quarter import DaysAre, DeadlinePolicy, FiscalYear, Shift, Side, WorkCalendar
from engine.reminders import ReminderPolicy, Rung, Topic, TopicPolicy
from engine.scores import ScoreScale
from engine.workflow import LevelRule, MilestoneDefinition, Order, Reached, Text, Workflow
from notifications.addresses import mailbox_of
from notifications.channels import Channel
from notifications.delivery import Delivered, Delivery, Terms
from notifications.letters import Letters
from notifications.letters import Terms as LetterTerms
from notifications.mailers import SmtpMailer
from notifications.pace import Pace
from notifications.reminders import House, Reminders
from notifications.smtp import Server
from storage import registry, schema
from storage import tables as t
from storage.ledger import StoredLedger
from storage.queue import StoredQueue
from storage.store import Store
from tests.cast import FOUNDED, YEAR, ZONE, at
from tests.engines import engine_at
from tests.notifications.mailroom import composer

#: Everybody works every day, so that days can be counted.
CALENDAR = WorkCalendar(weekend=frozenset())
DUE_ON = date(2021, 1, 10)
FIRST_DAY = DUE_ON + timedelta(days=1)
REVIEW_DAYS = 5

_MILESTONES = tuple(f"step_{number}" for number in range(1, 6))
#: Five milestones, all due by the deadline of the first quarter.
WORKFLOW = Workflow(
    key="town",
    version=1,
    title=Text("งานของเมือง", "Work of the town"),
    order=Order.TOLERANT,
    milestones=tuple(
        MilestoneDefinition(key, Text(f"ขั้น {key[-1]}", f"Step {key[-1]}"), due_quarter=1)
        for key in _MILESTONES
    ),
    levels=tuple(
        LevelRule(level, key, Text(f"ระดับ {level}", f"Level {level}"), Reached(key))
        for level, key in enumerate(_MILESTONES, start=1)
    ),
    source_hash="7" * 64,
)
_POLICY = Policy(
    zone=ZONE,
    calendar=CALENDAR,
    deadlines=DeadlinePolicy(10, Side.AFTER, Shift.NEXT_WORKING_DAY, DaysAre.CALENDAR),
    scale=ScoreScale(),
)
#: The ids of the coordinator of the first district, and of its section head.
COORDINATOR, SECTION_HEAD = 3, 4
_ADMINISTRATOR = Person(2, "ผู้ดูแลระบบ", (Grant(Role.ADMINISTRATOR),))


def reminding(*ladder: Rung) -> ReminderPolicy:
    """Every milestone is told on each day from the first that it is overdue; nothing else ever is."""
    never = TopicPolicy((), (), 0, (Rung(Role.COORDINATOR),))
    daily = TopicPolicy((), (1,), 1, ladder, until=1_000)  # five thousand kills take many days
    return ReminderPolicy(MappingProxyType({**dict.fromkeys(Topic, never), Topic.MILESTONE: daily}))


EVERY_DAY = reminding(Rung(Role.COORDINATOR))


def open_town(url: str) -> Store:
    return Store(engine_at(url, busy_seconds=60), _POLICY, {WORKFLOW.key: WORKFLOW}.__getitem__)


def coordinator_of(agency: int) -> str:
    return f"coordinator@district-{agency}.example"


def head_of(agency: int) -> str:
    return f"head@district-{agency}.example"


def code_of(agency: int, number: int = 1) -> str:
    return f"{agency:04}-{number:04}"


def found_town(url: str, agencies: int, indicators: int = 1, milestones: int = 1) -> None:
    """So many districts with a coordinator, a section head and indicators of so many open milestones each.

    A day's work is agencies * indicators * milestones reminders, in a mail for each coordinator.
    """
    store = open_town(url)
    schema.upgrade(store.engine)
    with store.begin() as tx:
        operator = registry.found_city(tx, FOUNDED).id
        for email, name, grants in (
            ("administrator@town.example", _ADMINISTRATOR.name, list(_ADMINISTRATOR.grants)),
            *_people(agencies),
        ):
            for grant in grants:
                if grant.role is Role.COORDINATOR:
                    names = Text(f"สำนักงานเขตที่ {grant.agency}", f"District {grant.agency}")
                    registry.add_agency(tx, names, "district", by=operator, now=FOUNDED)
            registry.add_person(tx, email, name, "th", grants, by=operator, now=FOUNDED)
        registry.register_workflow(tx, WORKFLOW, WORKFLOW.key, by=operator, now=FOUNDED)
        for agency in range(1, agencies + 1):
            for number in range(1, indicators + 1):
                title = Text(f"งานที่ {number}", f"Work {number}")
                new = NewIndicator(code_of(agency, number), FiscalYear(YEAR), agency, WORKFLOW, title, "ระดับ")
                create_indicator(tx, new, by=_ADMINISTRATOR, now=FOUNDED)
        later = update(t.milestones).where(t.milestones.c.key.in_(_MILESTONES[milestones:]))
        tx.connection.execute(later.values(due_on=None))
        # A town that has been running for long: nothing of its past waits to be told.
        for table in (t.indicators, t.city):
            tx.connection.execute(update(table).values(told_seq=table.c.journal_seq))
    store.close()


def _people(agencies: int) -> list[tuple[str, str, list[Grant]]]:
    return [
        person
        for agency in range(1, agencies + 1)
        for person in (
            (coordinator_of(agency), f"ผู้ประสานงาน {agency}", [Grant(Role.COORDINATOR, agency)]),
            (head_of(agency), f"หัวหน้าฝ่าย {agency}", [Grant(Role.SECTION_HEAD, agency)]),
        )
    ]


class Clock:
    """A clock that goes when it is told to; it begins on the first day on which somebody is reminded."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or at(FIRST_DAY)

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def advance(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


_composer = cache(composer)  # made once: templates take their time to compile


class Office:
    """What `cli.post` puts together from settings, put together by hand."""

    def __init__(
        self,
        store: Store,
        port: int,
        clock: Callable[[], datetime],
        *,
        lease_seconds: float = 60.0,
        resend: bool = True,
        policy: ReminderPolicy = EVERY_DAY,
        terms: Terms | None = None,
        jitter: Callable[[], float] = lambda: 1.0,
        pace: Pace | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        by_line: bool = False,
        tells_programs: bool = False,
        **server: Any,
    ) -> None:
        self.clock = clock
        house = House(policy, CALENDAR, ZONE, "radap.example", tells_programs=tells_programs)
        self.reminders = Reminders(StoredLedger(store, REVIEW_DAYS, by_line=by_line), house)
        self.queue = StoredQueue(store, policy, lease_seconds=lease_seconds, resend=resend, by_line=by_line)
        self.mailer = SmtpMailer(_server(port, **server), time.monotonic)
        self._letters = Letters(_composer(), LetterTerms(CALENDAR, policy, store.policy.day_of, "5" * 64))
        self._rest: dict[str, Any] = {
            "pace": pace or Pace(0, 0),
            "terms": terms or Terms(),
            "clock": clock,
            "monotonic": monotonic,
            "new_token": lambda: uuid4().hex,
            "jitter": jitter,
        }
        self.delivery = self.by(Way.MAIL, self.mailer)

    def by(self, way: Way, channel: Channel | None) -> Delivery:
        """The delivery of another channel, or of one that there is not."""
        return Delivery(self.queue, self._letters, way, channel, **self._rest)

    def prepare(self) -> int:
        """Everything but the sending; returns how many messages there are to send."""
        now = self.clock()
        self.reminders.catch_up(now)
        self.reminders.sweep(now)
        return self.reminders.gather(now)

    def deliver(self, stopping: threading.Event | None = None) -> Delivered:
        return self.delivery.run(stopping or threading.Event())

    def tick(self) -> Delivered:
        self.prepare()
        return self.deliver()

    def close(self) -> None:
        self.mailer.close()


def _server(port: int, **more: Any) -> Server:
    given = {
        "host": "127.0.0.1",
        "security": "none",
        "sender": mailbox_of("radap@town.example"),
        "context": system_trust(),
        "timeout_seconds": 30.0,
        **more,
    }
    return Server(port=port, **given)


@cache
def system_trust() -> ssl.SSLContext:
    """What the system trusts, read once."""
    return ssl.create_default_context()
