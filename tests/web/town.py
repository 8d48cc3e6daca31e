"""A small city with its pages: reminders, the links of their mails, and a client that opens them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from argon2 import PasswordHasher
from sqlalchemy import select, update
from starlette import routing
from starlette.applications import Starlette

from engine.permissions import Role
from engine.reminders import DEFAULT, Owed, Subject, Topic
from notifications.links import Link, LinkAction, make
from storage import quiets
from storage import tables as t
from storage.evidence import EvidenceFolder, Limits
from storage.passwords import Passwords
from storage.reminding import add_owed
from storage.store import Store
from tests.cast import COORDINATOR, GUIDELINES, THUNG_KHRU, at
from tests.notifications.mailroom import WORDINGS
from tests.office import Clock
from web.app import create_app
from web.site import Site

#: A Monday; the first milestone is due on the Monday after it.
TODAY = date(2021, 1, 4)
NOW = at(TODAY)
DUE = date(2021, 1, 11)
#: The last day of `overdue`, seven working days after it.
LIMIT = date(2021, 1, 20)
GOOD_UNTIL = TODAY + timedelta(14)
SUBJECT = Subject(Topic.MILESTONE, THUNG_KHRU, 1, GUIDELINES, DUE)
P = COORDINATOR.id
ACKNOWLEDGE, SNOOZE, UNSUBSCRIBE = LinkAction
HOME = "https://radap.example"


# The routes of every town are the same: their patterns need not be worked out for each.
routing.compile_path = cache(routing.compile_path)

#: As weak as hashes can be: what is tested is who comes in.
QUICK = Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
LIMITS = Limits(200_000, frozenset({"application/pdf", "image/jpeg", "image/png", "text/plain"}))


class _AtOnce(httpx2.BaseTransport):
    """Has the loop answer a request as a whole: a client that takes it piece by piece waits seven times."""

    def __init__(self, app: Starlette, loop: BlockingPortal | None) -> None:
        self._pages = httpx2.ASGITransport(app, raise_app_exceptions=False, client=("testclient", 50000))
        self._loop = loop

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        if self._loop is not None:
            return self._loop.call(self._answered, request)
        with start_blocking_portal() as loop:
            return loop.call(self._answered, request)

    async def _answered(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._pages.handle_async_request(request)
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        body = httpx2.ByteStream(b"".join([part async for part in answer.stream]))
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=body)


class Visitor(httpx2.Client):
    """Whoever opens the pages of an application; goes on to where an answer leads."""

    def __init__(self, app: Starlette, base_url: str, loop: BlockingPortal | None) -> None:
        self.app = app
        of_everybody = {"user-agent": "testclient"}
        super().__init__(
            transport=_AtOnce(app, loop),
            base_url=base_url,
            headers=of_everybody,
            follow_redirects=True,
            trust_env=False,
        )


@dataclass
class Town:
    """A store and its pages, at a time that the test chooses."""

    store: Store
    evidence: Path
    clock: Clock = field(default_factory=lambda: Clock(NOW))
    #: The loop in which requests are answered; without it each request starts one of its own.
    loop: BlockingPortal | None = None
    site: Site = field(init=False)

    def __post_init__(self) -> None:
        self.open(
            Site(
                self.store,
                DEFAULT,
                WORDINGS,
                self.clock,
                "ระบบติดตามตัวชี้วัด",
                HOME,
                EvidenceFolder(self.evidence, LIMITS),
                QUICK,
            )
        )

    def open(self, site: Site) -> None:
        """Serve these pages instead."""
        self.site = site
        self.__dict__.pop("client", None)

    @cached_property
    def client(self) -> Visitor:
        """Whoever opens its pages, which are put together for the first who does."""
        own = urlsplit(self.site.base_url)
        return Visitor(create_app(self.site), f"{own.scheme}://{own.netloc}", self.loop)

    def with_policy(self, topic: Topic, **changed: Any) -> None:
        """Serve pages of a house whose policy of the topic differs."""
        topics = {**DEFAULT.topics, topic: replace(DEFAULT.topics[topic], **changed)}
        self.open(replace(self.site, reminders=replace(DEFAULT, topics=topics)))

    def remind(self, subject: Subject = SUBJECT, person: int = P, step: int = -3) -> int:
        """Owe somebody a reminder; returns its id."""
        r = t.reminders.c
        with self.store.begin() as tx:
            add_owed(tx.connection, [Owed(subject, step, person, Role.COORDINATOR, TODAY, None)])
            found = select(r.id).where(r.person_id == person, r.key == subject.key, r.step == step)
            return int(tx.connection.execute(found).scalar_one())

    def token(self, action: LinkAction, about: object, person: int = P, through: date = GOOD_UNTIL) -> str:
        with self.store.read() as tx:
            secret = quiets.link_secret(tx.connection)
        return make(secret, Link(action, person, str(about), through))

    def link(self, action: LinkAction, about: object, person: int = P, through: date = GOOD_UNTIL) -> str:
        """The path of a link as a mail carries it."""
        return f"/links/{self.token(action, about, person, through)}"

    def each_link(self) -> list[str]:
        """One link of every kind."""
        reminder = self.remind()
        return [
            self.link(ACKNOWLEDGE, reminder),
            self.link(SNOOZE, reminder),
            self.link(UNSUBSCRIBE, "extension-meeting"),
        ]

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.client.get(path, headers=headers)

    def post(self, path: str, data: dict[str, str] | None = None) -> httpx2.Response:
        return self.client.post(path, data=data or {})

    def written(self) -> dict[str, list[Any]]:
        """Everything that an answer may write."""
        tables = (t.quiets, t.used_links, t.people, t.reminders, t.outbox, t.city, t.journal)
        with self.store.read() as tx:
            return {table.name: sorted(map(repr, tx.connection.execute(select(table)))) for table in tables}

    @contextmanager
    def nothing_changes(self) -> Iterator[None]:
        before = self.written()
        yield
        assert self.written() == before

    def quiets(self) -> list[tuple[int, str, str, date, date, bool]]:
        """Every answer: person, topic, key, due day, until when, whether snoozed."""
        q = t.quiets.c
        with self.store.read() as tx:
            query = select(q.person_id, q.topic, q.key, q.due_on, q.until_on, q.snoozed).order_by(q.id)
            return [tuple(row) for row in tx.connection.execute(query)]

    def used(self) -> int:
        """How many links were used."""
        with self.store.read() as tx:
            return len(tx.connection.execute(select(t.used_links.c.digest)).all())

    def change(self, **values: Any) -> None:
        """Change the coordinator's row."""
        with self.store.begin() as tx:
            tx.connection.execute(update(t.people).where(t.people.c.id == P).values(**values))
