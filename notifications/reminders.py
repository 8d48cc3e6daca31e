"""From what is owed to messages: the sweep over due days, the news that changes them, and the digests."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

from engine.endpoints import EVENT, Wish, event_id, message_to
from engine.outbox import NewMessage, Way, event_key
from engine.quarter import WorkCalendar, local_day
from engine.reminders import (
    Contact,
    Gap,
    Owed,
    Plan,
    ReminderPolicy,
    Subject,
    due_range,
    due_windows,
    plan,
    steps,
)
from engine.reminders.notices import Happening, Notice, is_news, notices_of
from engine.reminders.ports import Follows, Ledger, Survey, Window

#: How many indicators with news are dealt with in one transaction.
_NEWS = 100
#: How many reminders a sweep writes in one transaction, on SQLite whoever else writes waits for it meanwhile;
#: and how many it leaves for its last one.
_AT_ONCE, _AT_LAST = 500, 2000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class House:
    """What reminding rests on: policy, calendar and zone of the house, and the name of its server.

    News is gathered for ``gather_minutes``, so that a morning's work is one mail. With ``tells_programs``
    each event that is news goes to the webhook as well.
    """

    policy: ReminderPolicy
    calendar: WorkCalendar
    zone: ZoneInfo
    host: str
    gather_minutes: int = 5
    tells_programs: bool = False


@dataclass(slots=True)
class Swept:
    """What a sweep found: how much came to be owed, rungs that nobody can be told on, and if it was whole."""

    owed: int
    gaps: list[Gap]
    whole: bool


class Reminders:
    """Keeps the outbox in step with what is owed. Safe to run in any number of workers at once."""

    def __init__(self, ledger: Ledger, house: House, pause: Callable[[], None] = lambda: None) -> None:
        self._ledger = ledger
        self._house = house
        self._pause = pause

    def sweep(self, now: datetime, *, whole: bool = False) -> Swept:
        """Write down what came to be owed since the last sweep, up to the local day of ``now``.

        Where that day is not known, or lies ahead (the clock was set back), everything is looked at: what was
        told already is there and stays as it is. On days off nothing is swept: nothing is passed over.
        """
        today = local_day(now, self._house.zone)
        if not self._house.calendar.is_working_day(today):
            return Swept(0, [], whole=False)
        since = self._ledger.swept_on()
        if not whole and since == today:
            return Swept(0, [], whole=False)
        if since is None or since > today or whole:
            since, whole = None, True
        policy, calendar = self._house.policy, self._house.calendar
        # Read when the first of them is found: on most days nothing is.
        survey = cache(lambda: self._ledger.survey(policy.answers_from(calendar, today)))
        swept = Swept(0, [], whole)
        owed: list[Owed] = []
        for subjects in filter(None, self._subjects(since, today)):
            found = self._plan(subjects, survey(), today, since)
            swept.gaps += [gap for gap in found.gaps if gap not in swept.gaps]
            owed += found.owed
            while len(owed) > _AT_LAST:
                swept.owed += self._ledger.owe(owed[:_AT_ONCE])
                del owed[:_AT_ONCE]
                self._pause()
        swept.owed += self._ledger.end_sweep(today, owed)
        return swept

    def _subjects(self, since: date | None, today: date) -> Iterator[list[Subject]]:
        """Everything that may have come to be owed, in portions."""
        if since is None:
            yield from self._ledger.due(
                Window(topic, *due_range(timed, self._house.calendar, today))
                for topic, timed in self._house.policy.topics.items()
            )
            return
        yield from self._ledger.due(self._crossed(since, today))
        yield self._ledger.woken(since, today)

    def _crossed(self, since: date, today: date) -> Iterator[Window]:
        """The due days that have come to a step since then; topics that are timed alike share theirs."""
        alike: dict[tuple[int, ...], list[tuple[date, date]]] = {}
        for topic, timed in self._house.policy.topics.items():
            timing = (timed.until, *steps(timed))
            if timing not in alike:
                alike[timing] = _merged(due_windows(timed, self._house.calendar, since, today))
            for low, high in alike[timing]:
                yield Window(topic, low, high)

    def _plan(self, subjects: list[Subject], survey: Survey, today: date, since: date | None) -> Plan:
        house = self._house
        return plan(
            house.policy,
            house.calendar,
            survey.roster,
            subjects,
            today,
            since=since,
            quiet=survey.quiet,
            narrow=survey.narrow,
        )

    def catch_up(self, now: datetime) -> int:
        """Write down who is told of what happened, and what is owed because of it; returns of how many."""
        today = local_day(now, self._house.zone)
        total = 0
        answers_from = self._house.policy.answers_from(self._house.calendar, today)
        follows = partial(self._follows, today=today, now=now)
        while True:
            done = self._ledger.catch_up(_NEWS, answers_from, follows, now)
            total += done
            if done < _NEWS:
                return total
            self._pause()

    def _follows(
        self, happened: list[Happening], subjects: list[Subject], survey: Survey, today: date, now: datetime
    ) -> Follows:
        notices: list[Notice] = [
            notice for event in happened for notice in notices_of(event, survey.roster, today)
        ]
        owed = self._plan(subjects, survey, today, None).owed
        news = [one for one in happened if is_news(one)] if self._house.tells_programs else []
        messages = [self._event(one, now) for one in news]
        messages += [one for event in happened for one in _to_programs(event, survey.wishes, now)]
        return Follows(notices, owed, messages)

    def gather(self, now: datetime) -> int:
        """Put what waits into messages: a digest for each person at their hour of a working day, and news."""
        house = self._house
        local = now.astimezone(house.zone)
        today = local.date()
        took = 0
        if house.calendar.is_working_day(today):
            ready = [
                self._digest(one, today, now)
                for one in self._ledger.waiting(today)
                if local.hour >= (house.policy.hour if one.hour is None else one.hour)
            ]
            took += self._ledger.gather(ready, today, now) if ready else 0
        news = [self._news(one, now) for one in self._ledger.notified()]
        took += self._ledger.gather_notices(news, now) if news else 0
        return took

    def _digest(self, person: Contact, today: date, now: datetime) -> NewMessage:
        return self._message(f"digest:{person.id}:{today}", "digest", _way(person), person.id, now)

    def _news(self, person: Contact, now: datetime) -> NewMessage:
        minutes = self._house.gather_minutes
        slot = now.replace(minute=now.minute - now.minute % minutes, second=0, microsecond=0)
        slot += timedelta(minutes=minutes)
        key = f"changes:{person.id}:{slot:%Y-%m-%dT%H:%MZ}"
        return self._message(key, "changes", _way(person), person.id, slot)

    def _event(self, event: Happening, now: datetime) -> NewMessage:
        return self._message(event_key(event.indicator, event.seq), "event", Way.WEBHOOK, None, now)

    def _message(self, key: str, kind: str, way: Way, person: int | None, not_before: datetime) -> NewMessage:
        """The message that ``key`` names; its Message-ID follows from that, whoever makes it."""
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        return NewMessage(key, way, kind, person, not_before, f"<{name}@{self._house.host}>")


def _to_programs(event: Happening, wishes: tuple[Wish, ...], now: datetime) -> Iterator[NewMessage]:
    """A message to every endpoint that wants to hear of the event."""
    for wish in wishes:
        if wish.covers(event.what, event.agency, event.at):
            yield message_to(wish.endpoint, event_id(event.indicator, event.seq), EVENT, now)


def _way(person: Contact) -> Way:
    """Everybody is told in one way, so that nobody is told twice."""
    return Way.MAIL if person.line is None else Way.LINE


def _merged(windows: Iterable[tuple[int, date, date]]) -> list[tuple[date, date]]:
    """Windows that touch as one, from the latest on: the plan works out the step of each subject anyway."""
    joined: list[tuple[date, date]] = []
    for _, low, high in windows:
        if joined and joined[-1][0] == high + _DAY:
            joined[-1] = (low, joined[-1][1])
        else:
            joined.append((low, high))
    return joined
