"""Pages of a city of 50 agencies with 20 indicators each, beside bare ones as large."""

import asyncio
import gzip
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Engine, event

from benchmarks.measure import ratio
from benchmarks.peers.bare_page import bare_page
from benchmarks.radap_adapter import NAME as RADAP
from benchmarks.results import Row, Target, at_least, at_most
from benchmarks.size import Size
from cli import bootstrap
from cli.settings import Settings
from engine import actions
from engine.actions import NewIndicator, NewOccurrence
from engine.permissions import Grant, Role
from engine.quarter import FiscalYear
from engine.workflow import Text
from storage import registry, schema, sessions
from storage.passwords import Passwords
from storage.sessions import Client
from web.app import create_app
from web.pages import FOLDER
from web.site import Site

BENCH = "Pages of 50 agencies with 20 indicators each"
RENDERED, THROUGHPUT, FIRST, LATER = at_most(15), at_least(0.7), at_most(60), at_most(15)
#: A page of a thousand cells takes longer, and nobody opens it on the way to a meeting.
MATRIX = at_most(20)
AGENCIES, INDICATORS = 50, 20
YEAR = FiscalYear(2021)
NOW = datetime(2021, 5, 18, 2, tzinfo=UTC)
_HOST = "127.0.0.1"
_WARM_UP, _PAGES = 20, 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the body, in how many seconds, and how many of them the process worked."""

    body: bytes
    seconds: float
    worked: float


class Heard:
    """Every connection of an engine, so that what is asked on any of them can be listened to."""

    def __init__(self) -> None:
        self._drivers: list[Any] = []

    def follow(self, engine: Engine) -> None:
        event.listen(engine, "connect", lambda driver, _record: self._drivers.append(driver))

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """The statements, with their values, in the order in which they were asked."""
        asked: list[str] = []
        self._trace(asked.append)
        try:
            yield asked
        finally:
            self._trace(None)

    def _trace(self, callback: Callable[[str], None] | None) -> None:
        for driver in self._drivers:
            with suppress(sqlite3.ProgrammingError):  # one that has been closed
                driver.set_trace_callback(callback)


def run(size: Size) -> list[Row]:
    """Ask for each page again and again, in turns with a bare page of the same size and the same queries."""
    rows = []
    with TemporaryDirectory() as folder:
        heard = Heard()
        site, cookies = city(folder, heard)
        app = create_app(site)
        for name, path, role, rendered in (
            ("my work", "/", Role.COORDINATOR, RENDERED),
            ("an indicator", f"/indicators/{YEAR.be}/{_code(1, 1)}", Role.COORDINATOR, RENDERED),
            ("the matrix", f"/matrix?year={YEAR.be}", Role.EVALUATOR, MATRIX),
        ):
            rows += _measured(name, app, path, cookies[role], site, heard, size, rendered)
        site.store.close()
    return rows


def _measured(
    name: str, app: Any, path: str, cookie: str, site: Site, heard: Heard, size: Size, rendered: Target
) -> list[Row]:
    loop = asyncio.new_event_loop()
    headers = [(b"host", _HOST.encode()), (b"cookie", f"radap-session={cookie}".encode())]
    ask = _asker(loop, app, path, headers)
    ask(_WARM_UP)
    with heard.listening() as asked:
        (page,) = ask(1)
    bare = _asker(loop, bare_page(site.store.engine, asked, len(page.body)), "/", headers)
    bare(_WARM_UP)
    ours, theirs, times = [], [], []
    for _round in range(size.rounds):
        answers = ask(_PAGES)
        ours.append(1 / median(one.worked for one in answers))
        times += [one.seconds for one in answers]
        theirs.append(1 / median(one.worked for one in bare(_PAGES)))
    loop.close()
    packed = len(gzip.compress(page.body, 6))
    first = packed + sum(_packed(one) for one in ("radap.css", "radap.js", "radap.svg"))
    throughput = f"{name}: {RADAP} / a bare Starlette and Jinja2 page of {len(page.body) // 1000} kB"
    return [
        Row(
            BENCH,
            f"{name}: rendered, at the median",
            median(times) * 1000,
            "ms",
            rendered,
        ),
        Row(
            BENCH, f"{throughput} with its {len(asked)} statements", ratio(ours, theirs), "times", THROUGHPUT
        ),
        Row(
            BENCH,
            f"{name}: transferred on the first visit, without fonts",
            first / 1000,
            "kB",
            FIRST,
        ),
        Row(BENCH, f"{name}: transferred after it", packed / 1000, "kB", LATER),
    ]


def _asker(
    loop: asyncio.AbstractEventLoop, app: Any, path: str, headers: list[tuple[bytes, bytes]]
) -> Callable[[int], list[Answer]]:
    """What asks an application for a page so many times, without a network between them."""
    plain, _, query = path.partition("?")

    async def once() -> bytes:
        parts: list[bytes] = []
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                parts.append(message.get("body", b""))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": plain,
            "raw_path": plain.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "client": (_HOST, 50000),
            "server": (_HOST, 80),
            "state": {},
        }
        await app(scope, receive, send)
        assert status == 200, status
        return b"".join(parts)

    async def again(times: int) -> list[Answer]:
        answers = []
        for _ in range(times):
            began, idle = time.perf_counter(), time.process_time()
            body = await once()
            answers.append(Answer(body, time.perf_counter() - began, time.process_time() - idle))
        return answers

    # In one task, as in a server: the threads that handlers run in end with the task that asked for them.
    return lambda times: loop.run_until_complete(again(times))


def _packed(name: str) -> int:
    return len(gzip.compress((FOLDER / "static" / name).read_bytes(), 6))


# --- the city --------------------------------------------------------------------------------------------


def _code(agency: int, number: int) -> str:
    return f"{5000 + agency}-{number:04}"


def city(folder: str, heard: Heard) -> tuple[Site, dict[Role, str]]:
    """The city with its pages, and the secret of a session of the first agency's coordinator and others."""
    given = Settings()
    url = f"sqlite:///{Path(folder) / 'radap.db'}"
    database = given.database.model_copy(update={"url": url})
    evidence = given.evidence.model_copy(update={"folder": Path(folder) / "evidence"})
    house = bootstrap.build(
        given.model_copy(update={"database": database, "evidence": evidence}), lambda: NOW, new=True
    )
    heard.follow(house.engine)
    schema.upgrade(house.engine)
    workflow = bootstrap.catalogue().get("civil_society_network")
    founded = datetime(2020, 10, 1, 2, tzinfo=UTC)
    with house.store.begin() as tx:
        operator = registry.found_city(tx, founded)
        registry.register_workflow(tx, workflow, workflow.source, by=operator.id, now=founded)
        for agency in range(1, AGENCIES + 1):
            name = Text(f"สำนักงานเขตที่ {agency}", f"District {agency}")
            code = str(5000 + agency)
            own = registry.add_agency(tx, name, "district", code=code, by=operator.id, now=founded)
            email, grants = f"coordinator@{code}.example", [Grant(Role.COORDINATOR, own)]
            registry.add_person(tx, email, "ผู้ประสานงาน", "th", grants, by=operator.id, now=founded)
            person = registry.person(tx.connection, email)
            for number in range(1, INDICATORS + 1):
                title = Text(f"ระดับความสำเร็จของงานที่ {number} ในพื้นที่เขต", f"Success of work {number}")
                new = NewIndicator(_code(agency, number), YEAR, own, workflow, title, "ระดับ", Decimal(5))
                actions.create_indicator(tx, new, by=operator, now=founded)
                _lived(tx, new.code, number, person)
        evaluator = "evaluator@bench.example"
        registry.add_person(
            tx, evaluator, "ผู้ประเมิน", "th", [Grant(Role.EVALUATOR)], by=operator.id, now=founded
        )
        tokens = {}
        for role, email in ((Role.COORDINATOR, "coordinator@5001.example"), (Role.EVALUATOR, evaluator)):
            person = registry.person(tx.connection, email)
            tokens[role] = sessions.begin(tx, person.id, Client(_HOST, "bench"), NOW, kept=False)
    site = Site(
        store=house.store,
        reminders=house.reminders,
        wordings={one: bootstrap.wording(one, house.policy.zone) for one in bootstrap.LANGUAGES},
        clock=lambda: NOW,
        house="ระบบติดตามตัวชี้วัด",
        base_url=f"http://{_HOST}",
        evidence=house.evidence,
        passwords=Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
    )
    return site, tokens


def _lived(tx: Any, code: str, number: int, person: Any) -> None:
    """What was done of the year so far, more of it at some indicators than at others."""
    facts = [
        ("guidelines_set", date(2020, 11, 2)),
        ("committee_appointed", date(2020, 11, 30)),
        ("meetings_held", date(2021, 1, 19)),
        ("meetings_held", date(2021, 5, 10)),
    ]
    for place, (milestone, day) in enumerate(facts[: number % 5]):
        new = NewOccurrence(milestone, day, document_number=f"{number}{place}/2564", note="ประชุมคณะกรรมการ")
        now = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
        actions.record_occurrence(tx, code, YEAR.year, new, by=person, now=now)
    for quarter, day in ((1, date(2021, 1, 8)), (2, date(2021, 4, 8)))[: number % 3]:
        now = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
        where = (tx, code, YEAR.year, quarter)
        narrative = "จัดประชุมคณะกรรมการและรายงานผลการดำเนินการ"
        actions.write_report(*where, narrative=narrative, self_reported=Decimal(1), by=person, now=now)
        actions.submit_report(*where, by=person, now=now)
