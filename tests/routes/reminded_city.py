"""A city of any size for a driven year: its people and indicators, its mail server, and its clock."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiosmtpd.smtp import SMTP, Envelope, Session

from cli import bootstrap, settings
from cli.bootstrap import House
from cli.post import PostOffice, Ticked
from engine.actions import NewIndicator, create_indicator
from engine.permissions import Grant, Person, Role
from engine.quarter import FiscalYear
from engine.workflow import Text
from storage import duty, registry, schema
from storage.transaction import Tx
from tests.notifications.smtp_servers import MailServer
from workflows.catalogue import parse

YEAR = 2021
FIRST, LAST = date(2020, 10, 1), date(2021, 9, 30)
ZONE = ZoneInfo("Asia/Bangkok")
#: What the cabinet added late, and what the city works on all the same.
ADDED, REMOVED = date(2021, 7, 27), date(2020, 11, 20)
#: So many districts share an evaluator.
EVALUATED_TOGETHER = 5
#: Every third indicator is of a definition that narrows the days before its milestones to 7, 3, 1.
NARROWED_EVERY = 3
#: Of every second district these get their mail at 14 o'clock; all others at the hour of the house, 8.
LATE_READERS, LATE_HOUR = (Role.DEPUTY, Role.DIRECTOR), 14

_LADDER = (Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD, Role.DIRECTOR)
_WORDS = {
    Role.COORDINATOR: "ผู้ประสานงาน",
    Role.DEPUTY: "ผู้ประสานงานสำรอง",
    Role.SECTION_HEAD: "หัวหน้าฝ่าย",
    Role.DIRECTOR: "ผู้อำนวยการ",
}
_CONFIG = """
[database]
url = "{url}"

[calendar]
added_holidays = [{added}]
removed_holidays = [{removed}]

[mail]
mailer = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "radap@radap.example"
per_minute = 0
per_domain_per_minute = 0

[web]
base_url = "https://radap.example"

[reminders.milestone]
repeat_every = {repeat_every}

[reminders.report]
repeat_every = {repeat_every}
"""


@dataclass(frozen=True)
class Size:
    """How large a city is."""

    districts: int
    indicators: int


@dataclass
class Clock:
    """Shows what it is set to."""

    at: datetime = datetime(2020, 9, 30, 17, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def set(self, day: date, hour: int, minute: int = 0) -> datetime:
        """That time of the day in Bangkok."""
        self.at = datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)
        return self.at


@dataclass
class Mailbox(MailServer):
    """A mail server that is too busy for anybody at times, and does not know some addresses any more."""

    busy: bool = False
    unknown: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.busy:
            return "451 4.3.2 too much to do, come back later"
        return await super().handle_DATA(server, session, envelope)

    def emptied(self) -> list[Envelope]:
        """What arrived since it was emptied last; to be asked while nobody sends."""
        found, self.received = self.received, []
        return found


@dataclass(frozen=True)
class City:
    """A house with its post office; its people by role and district, an evaluator's being their first.

    ``agencies`` and ``indicators`` are the ids by their codes.
    """

    house: House
    office: PostOffice
    clock: Clock
    box: Mailbox
    config: Path
    people: dict[tuple[Role, str], Person]
    agencies: dict[str, int]
    indicators: dict[str, int]

    def tick(self, day: date, hour: int, minute: int = 0, *, whole: bool = False) -> Ticked:
        """What the worker does at that time of the day."""
        self.clock.set(day, hour, minute)
        return self.office.tick(threading.Event(), whole=whole)


def district(number: int) -> str:
    """The code of a district."""
    return f"{5000 + number}"


def evaluator_of(agency: str) -> str:
    """The code of the district by which the evaluator of a district is called."""
    return district((int(agency) - 5001) // EVALUATED_TOGETHER * EVALUATED_TOGETHER + 1)


def codes(size: Size, agency: str) -> list[str]:
    """The codes of a district's indicators."""
    return [f"{agency}-{number:04d}" for number in range(1, size.indicators + 1)]


def is_narrowed(code: str) -> bool:
    """Whether the indicator is of the definition that narrows the days before."""
    agency, _, number = code.partition("-")
    return (int(agency) + int(number)) % NARROWED_EVERY == 0


def email_of(role: Role, agency: str) -> str:
    return f"{role.replace('_', '.')}@d{agency}.example"


@contextmanager
def city_of(size: Size, url: str, folder: Path, repeat_every: int) -> Iterator[City]:
    """A founded city on the empty database at ``url``, with a mail server for it."""
    clock = Clock()
    with Mailbox() as box:
        config = folder / "config.toml"
        given = {"url": url, "port": box.port, "added": ADDED, "removed": REMOVED}
        config.write_text(_CONFIG.format(**given, repeat_every=repeat_every), "utf-8")
        house = bootstrap.build(settings.load(config, {}), clock, new=True)
        try:
            schema.upgrade(house.engine)
            with house.store.begin() as tx:
                people = dict(_people(tx, size, clock.at))
                indicators = dict(_indicators(tx, size, people, clock.at))
                agencies = {one.code or "": one.id for one in registry.agencies(tx.connection)}
            yield City(house, PostOffice(house), clock, box, config, people, agencies, indicators)
        finally:
            house.close()


def _people(tx: Tx, size: Size, now: datetime) -> Iterator[tuple[tuple[Role, str], Person]]:
    operator = registry.found_city(tx, now).id
    own: dict[str, int] = {}
    for number in range(1, size.districts + 1):
        code, name = district(number), Text(f"สำนักงานเขตที่ {number}", f"District {number}")
        own[code] = registry.add_agency(tx, name, "district", code=code, by=operator, now=now)

    def added(role: Role, code: str, name: str, language: str, *grants: Grant) -> Any:
        email = email_of(role, code)
        registry.add_person(tx, email, name, language, list(grants), by=operator, now=now)
        return (role, code), registry.person(tx.connection, email)

    for number, (code, agency) in enumerate(own.items(), start=1):
        for role in _LADDER:
            language = "en" if role is Role.SECTION_HEAD else "th"
            key, person = added(role, code, f"{_WORDS[role]}เขตที่ {number}", language, Grant(role, agency))
            if role in LATE_READERS and number % 2 == 0:
                duty.set_hour(tx, person.id, LATE_HOUR, by=operator, now=now)
            yield key, person
    for code in dict.fromkeys(map(evaluator_of, own)):
        grants = [Grant(Role.EVALUATOR, own[one]) for one in own if evaluator_of(one) == code]
        yield added(Role.EVALUATOR, code, f"Evaluator {code}", "en", *grants)
    yield added(Role.ADMINISTRATOR, "", "Administrator", "en", Grant(Role.ADMINISTRATOR))


def _indicators(
    tx: Tx, size: Size, people: dict[tuple[Role, str], Person], now: datetime
) -> Iterator[tuple[str, int]]:
    text = (bootstrap.ROOT / "workflows" / "civil_society_network.toml").read_text("utf-8")
    narrowing = text.replace('key = "civil_society_network"', 'key = "network_told_late"')
    definitions = {False: parse(text), True: parse(narrowing + "\n[reminders]\nbefore = [7, 3, 1]\n")}
    administrator = people[Role.ADMINISTRATOR, ""]
    for one in definitions.values():
        registry.register_workflow(tx, one, one.source, by=administrator.id, now=now)
    for agency in registry.agencies(tx.connection):
        for code in codes(size, agency.code or ""):
            title = Text(f"ตัวชี้วัดที่ {code}", f"Indicator {code}")
            definition = definitions[is_narrowed(code)]
            new = NewIndicator(code, FiscalYear(YEAR), agency.id, definition, title, "ระดับ")
            yield code, create_indicator(tx, new, by=administrator, now=now).id
