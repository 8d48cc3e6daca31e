"""Programs for tests: a town, a post office wired as by settings, and what an HTTP server was told."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import select

from cli.bootstrap import House
from cli.mail_settings import EndpointsSection, OutboxSection
from cli.post import PostOffice
from cli.settings import Settings
from engine.actions import NewOccurrence, record_occurrence
from engine.outbox import Step
from engine.permissions import Grant, Person, Role
from engine.quarter import local_day
from storage import endpoints, told
from storage import tables as t
from storage.endpoints import Endpoint, New
from storage.evidence import EvidenceFolder, Limits
from storage.store import Store
from tests.cast import YEAR, ZONE
from tests.notifications.http_servers import HttpServer
from tests.office import COORDINATOR, Clock, code_of

_COORDINATOR = Person(COORDINATOR, "ผู้ประสานงาน 1", (Grant(Role.COORDINATOR, 1),))
#: The loopback network, in which the programs of tests live.
HERE = ("127.0.0.0/8",)


@dataclass
class Programs:
    """A town on a store, and whoever tells its programs what happens."""

    store: Store
    clock: Clock = field(default_factory=Clock)
    networks: tuple[str, ...] = HERE
    timeout: float = 5.0
    lease: float = 600.0

    def add(self, server: HttpServer, **wanted: Any) -> tuple[int, str]:
        url = f"http://127.0.0.1:{server.port}/hook"
        with self.store.begin() as tx:
            return endpoints.add(tx, New(url, "hub", **wanted), by=1, now=self.clock.now)

    def happen(self, key: str, agency: int = 1) -> None:
        """The coordinator of the first district records that a step was done there."""
        with self.store.begin() as tx:
            done = NewOccurrence(key, local_day(self.clock.now, ZONE))
            person = _COORDINATOR._replace(grants=(Grant(Role.COORDINATOR, agency),))
            record_occurrence(tx, code_of(agency), YEAR, done, by=person, now=self.clock.now)

    def look(self) -> None:
        """Look through the journal for what is to be told."""
        self.office().reminders.catch_up(self.clock.now)

    def tell(self) -> dict[Step, int]:
        """Look, and tell; how much took which step."""
        self.look()
        return dict(self.office().tell_programs(Event()).steps)

    def office(self) -> PostOffice:
        settings = Settings(
            endpoints=EndpointsSection(networks=self.networks, timeout_seconds=self.timeout),
            outbox=OutboxSection(lease_seconds=self.lease),
        )
        evidence = EvidenceFolder(Path("/nonexistent"), Limits(1, frozenset()))
        return PostOffice(House(settings, self.store, evidence, self.clock))

    def one(self, number: int) -> Endpoint:
        with self.store.read() as tx:
            return endpoints.endpoint(tx.connection, number)

    def states(self, number: int) -> list[tuple[str, str]]:
        """The event of every message to the endpoint, and its state, in their order."""
        with self.store.read() as tx:
            found = told.messages(tx.connection, endpoint=number, limit=10_000)
        return [(one.message_ref, one.state) for one in reversed(found)]

    def journal(self) -> dict[str, Any]:
        """Every event by its id, as rows."""
        with self.store.read() as tx:
            rows = tx.connection.execute(select(t.journal).order_by(t.journal.c.stream, t.journal.c.seq))
            return {f"{row.stream}:{row.seq}": row for row in rows}


def heard(server: HttpServer) -> list[dict[str, Any]]:
    """What the server was told, in the order in which it came."""
    return [json.loads(one.body) for one in server.received]


def ids(server: HttpServer) -> list[str]:
    return [one["id"] for one in heard(server)]
