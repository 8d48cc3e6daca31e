"""A whole fiscal year against a real mail server: the mails that arrive are those that an oracle expects.

``make year`` is the long form: 50 districts of 20 indicators of 5 milestones. Otherwise the city is small, so
that every run of the tests drives its clock through the year.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.commands import app
from engine.permissions import Role
from tests.routes import reminded_mails
from tests.routes.reminded_city import (
    ADDED,
    FIRST,
    LAST,
    LATE_HOUR,
    LATE_READERS,
    REMOVED,
    City,
    Size,
    city_of,
    district,
    email_of,
    evaluator_of,
    is_narrowed,
)
from tests.routes.reminded_oracle import ENDS, NEWS, POLICY, Act, Days, Item, Oracle, People, Work
from tests.routes.reminded_work import WORKS_AT, do, year_of_work

DAY = timedelta(1)
#: The nightly pass, the hour of the house, when the morning's work is done, and the hour that some chose.
NIGHT, *HOURS = 4, 8, 10, 14
AFTER_WORK = HOURS[1]
FULL = Size(50, 20)


@dataclass
class Year:
    """A city whose days are driven, beside what the oracle says of them."""

    city: City
    oracle: Oracle
    acts: dict[date, list[Act]]
    busy: frozenset[date] = frozenset()
    refs: set[str] = field(default_factory=set)
    digests: dict[tuple[date, str], set[Item]] = field(default_factory=dict)
    news: Counter[str] = field(default_factory=Counter)

    def live(self, day: date) -> None:
        """The whole day: the night, the mails, the work, and what follows from it."""
        for hour in (NIGHT, *HOURS):
            if hour != AFTER_WORK or self.work(day) or day in self.busy:
                self.tick(day, hour)

    def work(self, day: date) -> bool:
        """What people do in the morning; whether they did anything."""
        acts = self.acts.get(day, [])
        self.city.clock.set(day, *WORKS_AT)
        with self.city.house.store.begin() as tx:
            for act in acts:
                do(self.city, tx, act)
        for act in acts:
            self.oracle.hear(act)
        return bool(acts)

    def tick(self, day: date, hour: int, minute: int = 0, *, whole: bool | None = None) -> None:
        """The worker looks, and what arrives then is what must."""
        box = self.city.box
        box.busy = self.oracle.busy = day in self.busy and hour == HOURS[0]
        box.unknown = self.oracle.gone
        self.city.tick(day, hour, minute, whole=hour == NIGHT if whole is None else whole)
        digests, changes = self.oracle.tick(day, hour)
        found = [reminded_mails.read(one) for one in box.emptied()]
        for mail in found:
            assert mail.on == day
            assert mail.ref not in self.refs
            self.refs.add(mail.ref)
            assert mail.events == self._events(mail)
        told = Counter((mail.to, item) for mail in found for item in mail.items)
        assert told == Counter((to, item) for to, items in digests for item in items)
        assert sorted(mail.to for mail in found if mail.items) == sorted(to for to, _ in digests)
        assert {mail.to: mail.changes for mail in found if mail.changes} == changes
        if found:
            assert self.oracle.days.worked(day)
        self.digests |= {(day, to): items for to, items in digests}
        self.news.update(line.news for lines in changes.values() for line in lines)

    def astray(self, day: date) -> list[reminded_mails.Mail]:
        """What a worker sends whose clock shows a wrong day, on which it gathers the news as well."""
        self.city.tick(day, AFTER_WORK)
        self.oracle.gather(day)
        found = [reminded_mails.read(one) for one in self.city.box.emptied()]
        self.refs |= {mail.ref for mail in found}
        return found

    def _events(self, mail: reminded_mails.Mail) -> Counter[tuple[str, int, int, date]]:
        """What the calendar of a mail must hold: whatever of it is still to come."""
        agencies, indicators = self.city.agencies, self.city.indicators
        return Counter(
            (one.topic, agencies[one.agency], indicators.get(one.code, 0), one.due_on)
            for one in mail.items
            if one.due_on >= mail.on
        )


@contextmanager
def year_in(
    url: str, folder: Path, size: Size, *, works_until: date = FIRST, repeat_every: int = 5
) -> Iterator[Year]:
    """The city at the beginning of its year, and the oracle beside it."""
    with city_of(size, url, folder, repeat_every) as city:
        agencies = [district(number) for number in range(1, size.districts + 1)]
        holders = {(str(role), agency): email_of(role, agency) for role, agency in city.people}
        holders |= {
            ("evaluator", agency): email_of(Role.EVALUATOR, evaluator_of(agency)) for agency in agencies
        }
        hours = {email_of(role, agency): LATE_HOUR for agency in agencies[1::2] for role in LATE_READERS}
        days = Days(ADDED, REMOVED, repeat_every)
        work, narrowed = Work.begun(days, city.indicators), set(filter(is_narrowed, city.indicators))
        oracle = Oracle(days, People(holders, hours), work, narrowed)
        yield Year(city, oracle, year_of_work(size, days, works_until))


def each(first: date, last: date) -> Iterator[date]:
    """Every day, those that nobody works on too."""
    yield from (first + count * DAY for count in range((last - first).days + 1))


def quarters(until: date) -> Iterator[tuple[date, date]]:
    """First and last day of each quarter through ``until``."""
    first = FIRST
    for last in ENDS.values():
        if first <= until:
            yield first, min(last, until)
        first = last + DAY


def end_of(url: str, long: bool) -> date:
    """How far a clock is driven: through the year on SQLite, beyond the first deadline on PostgreSQL."""
    return LAST if long or url.startswith("sqlite") else date(2021, 2, 5)


def planned(city: City, first: date, last: date) -> dict[tuple[date, str], Counter[Item]]:
    """What `radap remind plan` says of these days, by day and address."""
    words = ["remind", "plan", "--from", str(first), "--to", str(last), "--json"]
    environment = dict.fromkeys(name for name in os.environ if name.startswith("RADAP_"))
    said = CliRunner().invoke(app, ["--config", str(city.config), *words], env=environment)
    assert said.exit_code == 0, said.stderr
    found: dict[tuple[date, str], Counter[Item]] = {}
    for line in json.loads(said.stdout):
        due_on = date.fromisoformat(line["due_on"])
        item = Item(line["topic"], line["code"][:4], line["code"], line["key"], due_on)
        found.setdefault((date.fromisoformat(line["on"]), line["email"]), Counter())[item] += 1
    return found


def test_of_a_year_in_which_nothing_is_done_every_mail_is_known_before(database_url, tmp_path, long):
    size, until = FULL if long else Size(2, 1), end_of(database_url, long)
    with year_in(database_url, tmp_path, size, repeat_every=20 if long else 5) as year:
        foreseen: dict[tuple[date, str], Counter[Item]] = {}
        for first, last in quarters(until):
            foreseen |= planned(year.city, first, last)
        for day in each(FIRST, until):
            year.live(day)

    assert foreseen == {key: Counter(items) for key, items in year.digests.items()}
    assert {item.topic for items in foreseen.values() for item in items} == {"milestone", "report"}


def test_of_a_year_of_work_everybody_is_told_what_is_left_and_what_became_of_it(database_url, tmp_path, long):
    size, until = FULL if long else Size(4, 1), end_of(database_url, long)
    with year_in(database_url, tmp_path, size, works_until=until) as year:
        # When most is handed in the server lets the mails of the morning wait, and the work is done first.
        year.busy = frozenset(year.oracle.days.deadline(quarter) for quarter in ENDS)
        for day in each(FIRST, until):
            year.live(day)

    assert {item.topic for items in year.digests.values() for item in items} == set(POLICY)
    assert set(year.news) == {*NEWS, "received"}


# --- when the worker or the clock fails --------------------------------------------------------------------

#: Steps -7, -3, -1 and 0 of the first deadline are on 6, 12, 14 and 15 January.
BEFORE_THE_DEADLINE, DEADLINE = date(2021, 1, 5), date(2021, 1, 15)


@pytest.mark.parametrize("whole", [True, False], ids=["with the nightly pass", "by the watermark"])
def test_worker_that_stood_still_for_nine_days_tells_once_what_is_left(database_url, tmp_path, whole):
    one, other = district(1), district(2)
    done = [
        Act(date(2021, 1, 11), "record", "coordinator", f"{one}-0001", "guidelines_set"),
        Act(date(2021, 1, 12), "submit", "coordinator", f"{other}-0001", "1"),
        Act(date(2021, 1, 13), "extend", "evaluator", other, "1", date(2021, 1, 29)),
    ]
    with year_in(database_url, tmp_path, Size(2, 1)) as year:
        year.acts = {act.on: [act] for act in done}
        for day in each(BEFORE_THE_DEADLINE, date(2021, 1, 8)):
            year.live(day)
        for day in each(date(2021, 1, 9), date(2021, 1, 17)):
            year.work(day)
        told = dict(year.digests)
        for hour in (NIGHT, *HOURS):
            year.tick(date(2021, 1, 18), hour, whole=whole and hour == NIGHT)
        missed = {to: items for (day, to), items in year.digests.items() if (day, to) not in told}
        for day in each(date(2021, 1, 19), date(2021, 1, 22)):
            year.live(day)

    coordinator = email_of(Role.COORDINATOR, one)
    assert {item.key for item in missed[coordinator]} == {"committee_appointed", "1"}
    assert {item.due_on for item in missed[email_of(Role.COORDINATOR, other)]} == {date(2021, 1, 29)}
    assert set(year.news) == {"level_reached", "submitted", "received", "extended"}


def test_worker_that_stops_between_the_night_and_the_mails_names_nothing_twice(database_url, tmp_path):
    """What came to be owed on Thursday and again on Friday is told on Friday, once."""
    with year_in(database_url, tmp_path, Size(2, 1)) as year:
        for day in each(BEFORE_THE_DEADLINE, date(2021, 1, 13)):
            year.live(day)
        year.tick(date(2021, 1, 14), NIGHT)
        year.live(DEADLINE)

    assert (date(2021, 1, 14), email_of(Role.COORDINATOR, district(1))) not in year.digests
    assert (DEADLINE, email_of(Role.COORDINATOR, district(1))) in year.digests


def test_clock_that_is_set_back_an_hour_tells_nothing_twice_and_skips_nothing(database_url, tmp_path):
    with year_in(database_url, tmp_path, Size(2, 1)) as year:
        for day in each(BEFORE_THE_DEADLINE, date(2021, 1, 22)):
            year.tick(day, NIGHT)
            for hour, minute in ((8, 5), (7, 5), (8, 0), (14, 5), (13, 5), (14, 0)):
                year.tick(day, hour, minute)
            year.tick(day + DAY, 0, 30)
            year.tick(day, 23, 30)

    assert len(year.digests) > 10


def test_clock_that_was_a_year_ahead_tells_nothing_twice_and_skips_nothing(database_url, tmp_path):
    """Mails of the wrong year go out while it is; what happened then is told, and the days go on as ever."""
    handed_in = Act(date(2021, 1, 11), "submit", "coordinator", f"{district(1)}-0001", "1")
    with year_in(database_url, tmp_path, Size(2, 1)) as year:
        for day in each(BEFORE_THE_DEADLINE, date(2021, 1, 10)):
            year.live(day)
        year.acts = {handed_in.on: [handed_in]}
        for hour in (NIGHT, HOURS[0]):
            year.tick(handed_in.on, hour)
        year.work(handed_in.on)
        year.acts.clear()
        astray = year.astray(handed_in.on + 365 * DAY)
        for day in each(handed_in.on, date(2021, 2, 5)):
            year.live(day)

    assert astray
    assert set(year.news) == {"submitted", "received"}
