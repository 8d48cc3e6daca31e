"""By which channel somebody is told: LINE for who wishes so, else mail; and the webhook for programs."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from engine.actions import NewOccurrence, record_occurrence
from engine.outbox import Way
from engine.permissions import Grant, Person, Role
from engine.quarter import local_day
from notifications.channels import Channel
from notifications.line import Line
from notifications.posting import EVERYWHERE, Wires
from notifications.timed_socket import resolve
from notifications.webhook import Webhook
from storage import duty, told
from storage.store import Store
from tests.cast import YEAR, ZONE
from tests.conftest import Copies
from tests.notifications.http_servers import HttpServer
from tests.notifications.smtp_servers import MailServer
from tests.office import (
    COORDINATOR,
    Clock,
    Office,
    code_of,
    coordinator_of,
    found_town,
    open_town,
    system_trust,
)

USER = "U4af4980629"
_COORDINATOR = Person(COORDINATOR, "ผู้ประสานงาน 1", (Grant(Role.COORDINATOR, 1),))


@dataclass
class Town:
    """Two districts, the coordinator of the first of which is told on LINE."""

    store: Store
    clock: Clock

    def office(self, port: int, **more: Any) -> Office:
        return Office(self.store, port, self.clock, **{"by_line": True, "tells_programs": True, **more})

    def sent(self) -> list[tuple[str, str, str]]:
        """(channel, state, address) of every message."""
        with self.store.read() as tx:
            found = reversed(told.messages(tx.connection))
            return [(one.channel, one.state, one.to_address) for one in found]


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, copy_of: Copies) -> Iterator[Town]:
    store, clock = open_town(copy_of(request.param, found_town, 2)), Clock()
    with store.begin() as tx:
        duty.set_line_id(tx, COORDINATOR, USER, by=1, now=clock.now)
    yield Town(store, clock)
    store.close()


def wires(clock: Clock) -> Wires:
    return Wires(resolve, time.monotonic, clock, system_trust())


def line(server: HttpServer, clock: Clock) -> Channel:
    return Line(f"http://127.0.0.1:{server.port}", "token", wires(clock))


def webhook(server: HttpServer, clock: Clock) -> Channel:
    return Webhook(
        f"http://127.0.0.1:{server.port}/radap", "secret", wires(clock), reach=EVERYWHERE, plain_allowed=True
    )


def deliver(office: Office, way: Way, channel: Callable[[], Channel] | None) -> None:
    office.by(way, channel() if channel else None).run(threading.Event())


def test_who_wishes_so_is_told_on_line_and_by_no_mail(town):
    with (
        HttpServer() as api,
        MailServer() as server,
        closing(town.office(server.port)) as office,
    ):
        office.tick()
        deliver(office, Way.LINE, lambda: line(api, town.clock))

    (pushed,) = (json.loads(one.body) for one in api.received)
    assert pushed["to"] == USER
    assert "ขั้น 1" in pushed["messages"][0]["text"]
    assert [one.rcpt_tos[0] for one in server.received] == [coordinator_of(2)]
    assert town.sent() == [("line", "sent", USER), ("mail", "sent", coordinator_of(2))]


def test_who_blocked_the_account_on_line_is_told_by_mail(town):
    with (
        HttpServer(status=400, body=b'{"message": "Failed to send messages"}') as api,
        MailServer() as server,
        closing(town.office(server.port)) as office,
    ):
        office.prepare()
        deliver(office, Way.LINE, lambda: line(api, town.clock))
        office.deliver()

    assert sorted(one.rcpt_tos[0] for one in server.received) == [coordinator_of(1), coordinator_of(2)]
    assert {state for _, state, _ in town.sent()} == {"sent"}


def test_what_waits_for_a_channel_that_was_taken_away_goes_by_mail(town):
    with MailServer() as server, closing(town.office(server.port)) as office:
        office.prepare()
        deliver(office, Way.LINE, None)
        office.deliver()

    assert len(server.received) == 2
    assert {channel for channel, _, _ in town.sent()} == {"mail"}


def test_where_the_house_has_no_line_everybody_is_told_by_mail(town):
    with MailServer() as server, closing(town.office(server.port, by_line=False)) as office:
        office.tick()

    assert len(server.received) == 2


def record(town: Town) -> None:
    with town.store.begin() as tx:
        today = local_day(town.clock.now, ZONE)
        fact = NewOccurrence("step_1", occurred_on=today)
        record_occurrence(tx, code_of(1), YEAR, fact, by=_COORDINATOR, now=town.clock.now)


def test_programs_are_told_of_news_signed_and_once(town):
    record(town)
    with (
        HttpServer() as receiver,
        MailServer() as server,
        closing(town.office(server.port)) as office,
    ):
        office.prepare()
        office.prepare()
        deliver(office, Way.WEBHOOK, lambda: webhook(receiver, town.clock))
        deliver(office, Way.WEBHOOK, lambda: webhook(receiver, town.clock))

    (posted,) = receiver.received
    at, _, proof = posted.headers["Radap-Signature"].partition(",")
    signed = f"{at.removeprefix('t=')}.".encode() + posted.body
    assert proof == "v1=" + hmac.new(b"secret", signed, hashlib.sha256).hexdigest()
    body = json.loads(posted.body)
    assert body["event"] == "occurrence_recorded"
    assert (body["code"], body["fiscal_year"], body["milestone"]) == (code_of(1), YEAR, "step_1")
    assert body["level"] == {"before": 0, "after": 1}
    assert body["page"].endswith(f"/indicators/{YEAR + 543}/{code_of(1)}")


def test_webhook_that_is_down_keeps_its_news_and_holds_up_no_mail(town):
    record(town)
    with (
        HttpServer(status=503) as receiver,
        MailServer() as server,
        closing(town.office(server.port)) as office,
    ):
        office.prepare()
        deliver(office, Way.WEBHOOK, lambda: webhook(receiver, town.clock))
        office.deliver()
        assert len(server.received) == 1  # the other is told on LINE
        receiver.status = 200
        town.clock.advance(minutes=2)
        deliver(office, Way.WEBHOOK, lambda: webhook(receiver, town.clock))

    assert [state for channel, state, _ in town.sent() if channel == "webhook"] == ["sent"]
    first, second = receiver.received
    assert first.body == second.body


def test_news_for_a_webhook_that_was_taken_away_fails_and_is_shown(town):
    record(town)
    with MailServer() as server, closing(town.office(server.port)) as office:
        office.prepare()
        deliver(office, Way.WEBHOOK, None)

    assert [state for channel, state, _ in town.sent() if channel == "webhook"] == ["failed"]
