"""A city of up to 1,000,000 open milestones on SQLite, and the three days on which it is swept."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import cycle
from typing import NamedTuple

from benchmarks import schema, work
from cli import bootstrap
from cli.bootstrap import House
from cli.mail_settings import MailSection
from cli.policies import reminder_policy, work_calendar
from cli.settings import Database, Settings
from engine.permissions import Role
from engine.reminders import Topic, due_windows

AGENCIES = 80
"""As many as Bangkok has: its districts, its departments and its offices."""
MILESTONES = len(work.MILESTONES)
BUSY_EVERY = 100
"""One milestone of every hundredth indicator crosses a step on the busy day, of every one on the flood."""

EVE, QUIET, BUSY, FLOOD = (date(2020, 11, day) for day in (2, 3, 4, 5))
"""Working days in a row, long before the first report of the year is due: on the quiet one nothing is."""

EVALUATOR = 999
_OF_AGENCY = (Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD, Role.DIRECTOR)


def house(path: str, mail: MailSection | None = None, now: datetime | None = None) -> House:
    """Put together as for `radap worker`, with the settings of a new house on that file."""
    settings = Settings(database=Database(url=schema.sqlite_url(path)), mail=mail or MailSection())
    return bootstrap.build(settings, (lambda: now) if now else bootstrap.clock)


def at(day: date) -> datetime:
    """The instant of that day at which the city is swept: nine in the morning of Bangkok."""
    return datetime.combine(day, time(2), UTC)


class DueDays(NamedTuple):
    """The days on which milestones of the city are due, by the day on which they cross a step.

    Each of them crosses a step before it, so that the coordinator is told and nobody else.
    """

    never: tuple[date, ...]
    busy: tuple[date, ...]
    flood: tuple[date, ...]


@cache
def due_days() -> DueDays:
    """Worked out from the policy and the calendar that a new house has."""
    default = Settings()
    timed = reminder_policy(default).topics[Topic.MILESTONE]
    calendar = work_calendar(default)
    crossed: dict[date, set[date]] = {}
    early: dict[date, set[date]] = {}
    for before, on in ((EVE, QUIET), (QUIET, BUSY), (BUSY, FLOOD)):
        windows = due_windows(timed, calendar, before, on)
        crossed[on] = {day for _, low, high in windows for day in _year() if low <= day <= high}
        early[on] = {day for step, low, high in windows for day in _year() if step < 0 and low <= day <= high}
    every = set().union(*crossed.values())
    return DueDays(
        tuple(day for day in _year() if day not in every),
        tuple(sorted(early[BUSY] - crossed[QUIET] - crossed[FLOOD])),
        tuple(sorted(early[FLOOD] - crossed[QUIET] - crossed[BUSY])),
    )


def _year() -> list[date]:
    first, last = work.YEAR.quarters[0][0], work.YEAR.quarters[3][1]
    return [first + timedelta(days) for days in range((last - first).days + 1)]


def build(path: str, indicators: int, agencies: int = AGENCIES) -> None:
    """Create the city in a new file."""
    schema.create(schema.sqlite_url(path))
    connection = sqlite3.connect(path, isolation_level=None)
    # It is thrown away if the machine stops: nothing of it need be durable.
    connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-200000")
    connection.execute("BEGIN")
    schema.insert_sqlite(connection, _rows(indicators, agencies))
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def newly_due(indicators: int) -> Iterator[tuple[int, str, str]]:
    """The milestones that cross a step on the busy day, as indicator, key and due day."""
    busy = {day.isoformat() for day in due_days().busy}
    return (one for one in _milestones(indicators) if one[2] in busy)


def agency_of(id_: int, agencies: int = AGENCIES) -> int:
    """The agency of an indicator: neighbours belong to different ones."""
    return id_ % agencies + 1


def _rows(indicators: int, agencies: int) -> Iterator[schema.Table]:
    yield from schema.founded(agencies)
    yield from _people(agencies)
    ids = range(1, indicators + 1)
    created = work.instant_text(work.CREATED_AT)
    yield "indicators", schema.INDICATOR_COLUMNS, (
        (
            id_, work.code_of(id_), work.FISCAL_YEAR, agency_of(id_, agencies), 1, None, "5", "1", "active",
            "not_started", 1, 1, work.first_entry(id_).hash, 0, 0.0, 0, 0.0, work.CREATED_ON.isoformat(),
            None, None, 0, None, None, None, 0, None, None, None, 1,
        )
        for id_ in ids
    )  # fmt: skip # one row, one line
    yield (
        "indicator_details",
        "indicator_id, title_th, title_en, unit",
        ((id_, "การจัดตั้งเครือข่ายประชาสังคมเขต", "District civil-society network", "ระดับ") for id_ in ids),
    )
    yield (
        "milestones",
        "indicator_id, key, state, due_on, since, blocked_by, reason",
        ((id_, key, "open", due_on, created, "", "") for id_, key, due_on in _milestones(indicators)),
    )
    yield "journal", schema.JOURNAL_COLUMNS, (work.first_entry(id_) for id_ in ids)


def _milestones(indicators: int) -> Iterator[tuple[int, str, str]]:
    """Every milestone with the day on which it is due, which is any of the year but for those two."""
    never, busy, flood = (cycle(day.isoformat() for day in days) for days in due_days())
    keys = sorted(work.MILESTONES)
    for id_ in range(1, indicators + 1):
        days = [next(flood), next(never if id_ % BUSY_EVERY else busy)]
        days += [next(never) for _ in keys[2:]]
        yield from ((id_, key, day) for key, day in zip(keys, days, strict=True))


def _people(agencies: int) -> Iterator[schema.Table]:
    """Everybody whom a ladder names: four people of each agency, and an evaluator of all."""
    created = work.instant_text(work.CREATED_AT)
    duties = [(agency, role) for agency in range(1, agencies + 1) for role in _OF_AGENCY]
    ids = {
        (agency, role): work.coordinator_of(agency) if role is Role.COORDINATOR else 1_000 + number
        for number, (agency, role) in enumerate(duties)
    }
    others = [(id_, f"{id_}@example.org") for (_, role), id_ in ids.items() if role is not Role.COORDINATOR]
    yield (
        "people",
        "id, email, name, language, added_at",
        [
            (id_, email, "เจ้าหน้าที่", "th", created)
            for id_, email in [*others, (EVALUATOR, "evaluator@example.org")]
        ],
    )
    yield (
        "grants",
        "person_id, role, agency_id",
        [(id_, str(role), agency) for (agency, role), id_ in ids.items()]
        + [(EVALUATOR, str(Role.EVALUATOR), None)],
    )
