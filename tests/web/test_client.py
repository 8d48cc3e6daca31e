"""The client of the documents, against the pages as they are served; and the signatures of webhooks."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from docs.client.radap_client import NotOurs, Problem, Radap, verify_webhook
from engine.actions import create_indicator
from notifications.webhook import signature
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COORDINATOR,
    FOUNDED,
    MEETINGS,
    at,
    found_city,
    new_indicator,
    new_store,
)
from tests.notifications.http_servers import HttpServer
from tests.office import Clock, found_town, open_town
from tests.programs import Programs
from tests.web.coordinators import DAY
from tests.web.programs import token_for
from tests.web.town import Town
from web.reports.worker import Maker

BE = 2564


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Town, str]]:
    """Pages on a founded city, at an address of this machine."""
    store = new_store(f"sqlite:///{tmp_path / 'radap.db'}")
    found_city(store)
    town = Town(store, tmp_path / "evidence")
    town.clock.now = at(DAY)

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        await town.client.app(scope, receive, send)  # those of the address, once it is known

    server = uvicorn.Server(
        uvicorn.Config(pages, port=0, log_level="error", lifespan="off", access_log=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    town.open(replace(town.site, base_url=address))
    yield town, address
    server.should_exit = True
    thread.join()
    store.close()


@pytest.fixture
def radap(served) -> Radap:
    town, address = served
    return Radap(address, token_for(town, COORDINATOR.id), language="en", tries=1)


def test_lists_go_on_behind_their_pages(served, radap):
    town, _ = served
    with town.store.begin() as tx:
        for number in range(60):
            create_indicator(tx, new_indicator(f"5049-{number:04}"), by=ADMINISTRATOR, now=FOUNDED)

    found = list(radap.indicators(BE, limit=25))

    assert [one.code for one in found] == sorted([CODE, *(f"5049-{number:04}" for number in range(60))])
    assert {one.agency.en for one in found} == {"Thung Khru District"}


def test_fact_is_recorded_once_under_a_key_and_the_indicator_read_again(radap):
    one = radap.indicator(BE, CODE)
    fact = {"occurred_on": date(2021, 5, 3), "document_number": "2/2564", "key": "minutes-812"}

    done = radap.record(one, MEETINGS, **fact)
    again = radap.record(one, MEETINGS, **fact)

    assert done == again
    assert (done.event, done.version) == ("occurrence_recorded", one.version + 1)
    found = radap.indicator(BE, CODE)
    (kept,) = found.facts
    assert (kept.number, kept.occurred_on, kept.document_number) == (done.number, date(2021, 5, 3), "2/2564")
    assert kept.recorded_at == at(DAY)
    assert found.title.en == "Success of building the network"
    newest = next(radap.history(BE, CODE))
    assert (newest.what, newest.by, newest.at) == ("occurrence_recorded", COORDINATOR.id, at(DAY))


def test_whoever_read_it_before_it_changed_is_told(radap):
    one = radap.indicator(BE, CODE)
    radap.record(one, MEETINGS, occurred_on=date(2021, 5, 3))

    with pytest.raises(Problem) as refused:
        radap.record(one, MEETINGS, occurred_on=date(2021, 5, 4))

    assert refused.value.changed_meanwhile
    (condition,) = refused.value.conditions
    assert condition.kind == "indicator.changed_meanwhile"
    radap.act(one, f"/milestones/{MEETINGS}/record", {"occurred_on": "2021-05-04"}, whatever_version=True)


def test_spreadsheet_is_filled_in_tried_and_confirmed(served, radap):
    town, _ = served
    template = radap.template(year=BE, filled=True, format="csv").decode("utf-8-sig")
    (row,) = [line for line in template.splitlines() if line.endswith(",2,,")]
    given = template.replace(row, f"{row.removesuffix(',,')},3,Met").encode()

    tried = radap.give("results.csv", given, year=BE, kind="results", dry_run=True)
    assert (tried.state, tried.result) == ("waiting", None)
    assert Maker(town.site).run_one(threading.Event())
    tried = radap.wait(tried)

    assert tried.result is not None
    (difference,) = tried.result.differences
    assert (difference.how, difference.after["narrative"], tried.result.written) == ("added", "Met", False)
    written = radap.confirm(tried)
    assert Maker(town.site).run_one(threading.Event())
    assert radap.wait(written).result.written
    (report,) = [one for one in radap.indicator(BE, CODE).reports if one.quarter == 2]
    assert (report.narrative, report.self_reported) == ("Met", 3)
    with pytest.raises(TimeoutError):
        radap.wait(radap.give("again.csv", given, year=BE, kind="results"), seconds=0)


def test_everything_that_is_in_the_way_is_told(radap):
    one = radap.indicator(BE, CODE)

    with pytest.raises(Problem, match="nonsense") as refused:
        radap.record(one, MEETINGS, occurred_on=date(2021, 12, 1), kind="nonsense")

    assert refused.value.status == 409
    assert {one.kind for one in refused.value.conditions} >= {"day.outside_year", "occurrence.kind_unknown"}
    with pytest.raises(Problem) as wrong:
        radap.get("/indicators", nonsense=1)
    assert [fault.at for fault in wrong.value.errors] == ["query.nonsense"]


def test_level_says_what_is_missing(radap):
    level = radap.level(BE, CODE, on=date(2021, 3, 31))

    assert (level.on, level.claimed.level) == (date(2021, 3, 31), 0)
    assert level.next is not None
    assert (level.next.level, level.next.missing[0].rule) == (1, "guidelines_set")
    assert level.raw["proof"]["levels"]


def test_stranger_is_not_let_in(served):
    _, address = served
    with pytest.raises(Problem) as refused:
        Radap(address, "nonsense", tries=1).indicator(BE, CODE)
    assert refused.value.status == 401


def test_busy_server_is_waited_for_and_a_redirect_is_not_followed():
    with HttpServer(status=503, headers={"Retry-After": "0"}, body=b"") as server:
        radap = Radap(f"http://127.0.0.1:{server.port}", "x", tries=3)
        with pytest.raises(Problem):
            radap._ask("POST", "/x", {}, {})
        assert len(server.received) == 3
        server.status, server.headers = 307, {"Location": f"http://127.0.0.1:{server.port}/elsewhere"}
        with pytest.raises(Problem) as refused:
            radap._ask("POST", "/x", {}, {})
        assert refused.value.status == 307


def test_webhook_is_verified_by_what_it_was_told(tmp_path):
    url = f"sqlite:///{tmp_path / 'town.db'}"
    found_town(url, agencies=1)
    town = Programs(open_town(url), Clock(datetime(2021, 5, 18, 2, tzinfo=UTC)))
    with HttpServer() as server:
        _, secret = town.add(server, events=("occurrence_recorded",))
        town.happen("step_1")
        town.tell()
    town.store.close()
    (request,) = server.received
    signed, now = request.headers["Radap-Signature"], town.clock.now.timestamp()

    told = verify_webhook(secret, signed, request.body, now=now)

    assert (told.id, told.event, told.code, told.fiscal_year) == (
        "1:2",
        "occurrence_recorded",
        "0001-0001",
        BE,
    )
    assert (told.at, told.stream, told.seq) == (town.clock.now, 1, 2)
    assert told.agency is not None
    assert told.agency.name.en == "District 1"
    for secret_, signed_, body, then in (
        ("other", signed, request.body, now),
        (secret, signed, request.body + b" ", now),
        (secret, signed, request.body, now + 301),
        (secret, signed, request.body, now - 301),
        (secret, signed.replace("t=", "t=x"), request.body, now),
        (secret, "", request.body, now),
        (secret, "v1=ระดับ,t=1", request.body, now),
    ):
        with pytest.raises(NotOurs):
            verify_webhook(secret_, signed_, body, now=then)


def test_test_message_is_verified():
    body = b'{"id":"test:0","event":"test","at":"2021-05-18T02:00:00+00:00"}'
    proof = hmac.new(b"s", b"100." + body, hashlib.sha256).hexdigest()
    assert signature(b"s", 100, body) == f"t=100,v1={proof}"
    assert verify_webhook("s", signature(b"s", 100, body), body, now=120).event == "test"
