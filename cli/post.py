"""The post office of a house: what is owed becomes messages, and messages leave, wired from the settings."""

import random
import secrets
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from cli import bootstrap
from cli.bootstrap import House
from cli.channels import endpoint_of, line_of, mailer_of, pace_of, webhook_of
from cli.settings import Settings
from engine.actions import refresh_level
from engine.outbox import Way
from engine.quarter import WorkCalendar
from engine.reminders.ports import Queue
from engine.wording import Wording
from notifications.channels import Answer, Channel, Letter
from notifications.delivery import Delivered, Delivery, Terms, Writing, on_threads
from notifications.letters import Letters
from notifications.letters import Terms as LetterTerms
from notifications.messages import Composer, Recipient, Renders, Sender
from notifications.overrides import Overrides
from notifications.pace import Pace
from notifications.programs import PROGRAM_TERMS, ProgramLetters
from notifications.reminders import House as RemindingHouse
from notifications.reminders import Reminders, Swept
from notifications.samples import sample_values
from notifications.templating import Templates
from storage import endpoints, quiets, registry, views
from storage.endpoint_queue import EndpointQueue
from storage.endpoints import Ready
from storage.ledger import StoredLedger
from storage.queue import StoredQueue

#: So long a sweep lets others write between two of its portions: longer than SQLite lets a process sleep that
#: waits for its turn (25 ms, until it has waited for 128), so that whoever waits for a portion is next.
_PAUSE_SECONDS = 0.03
#: How many programs are told at a time, and after how long one that is slow is left until the next time.
_PROGRAMS_AT_ONCE, _PROGRAMS_SECONDS = 4, 30.0


@dataclass(slots=True)
class Ticked:
    """What one tick did."""

    news: int
    swept: Swept
    gathered: int
    delivered: Delivered


def ledger_of(house: House) -> StoredLedger:
    """What is owed in a house, and to whom it can be told."""
    settings = house.settings
    return StoredLedger(house.store, settings.reminders.review_days, by_line=_tells_on_line(settings))


def _tells_on_line(settings: Settings) -> bool:
    return bool(settings.line.channel_token)


class PostOffice:
    """Everything that reminds and delivers, on one house."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._current = house.current
        self._pace = self._paced()

    @property
    def _settings(self) -> Settings:
        return self._current.settings

    def _paced(self) -> Pace:
        mail = self._settings.mail
        # A folder and a terminal take as many as there are.
        return pace_of(mail) if mail.mailer == "smtp" else Pace(0, 0)

    def _follow(self) -> None:
        """Go by what was changed of the settings; what was made of others is made anew when it is needed."""
        before, self._current = self._current, self._house.follow()
        if self._current is before:
            return
        for made in ("reminders", "composer", "letters", "queue"):
            self.__dict__.pop(made, None)
        mail, was = self._settings.mail, before.settings.mail
        if (mail.per_minute, mail.per_domain_per_minute) != (was.per_minute, was.per_domain_per_minute):
            self._pace = self._paced()

    @cached_property
    def reminders(self) -> Reminders:
        ledger = ledger_of(self._house)
        policy = self._house.policy
        return Reminders(
            ledger,
            RemindingHouse(
                self._current.reminders,
                policy.calendar,
                policy.zone,
                self.composer.host,
                self._settings.outbox.gather_minutes,
                tells_programs=bool(self._settings.webhook.url),
            ),
            lambda: time.sleep(_PAUSE_SECONDS),
        )

    @cached_property
    def templates(self) -> Renders:
        """Our wording, or with the house's own where the settings name a folder of it."""
        folder = self._settings.mail.wording
        if not folder:
            return Templates()
        return Overrides(Path(folder), sample_values(*self._composing()))

    def close(self) -> None:
        """Let go of the process that the house's own wording is rendered in, if there is one."""
        templates = self.__dict__.get("templates")
        if isinstance(templates, Overrides):
            templates.close()

    @cached_property
    def composer(self) -> Composer:
        return Composer(self.templates, *self._composing())

    def _composing(self) -> tuple[dict[str, Wording], WorkCalendar, Sender, str]:
        """What mails are composed from besides their templates."""
        mail, policy = self._settings.mail, self._house.policy
        wordings = {one: bootstrap.wording(one, policy.zone) for one in bootstrap.LANGUAGES}
        sender = Sender(mail.sender_name, mail.sender)
        return wordings, policy.calendar, sender, self._settings.web.base_url

    @cached_property
    def letters(self) -> Letters:
        with self._house.store.read() as tx:
            secret = quiets.link_secret(tx.connection)
        policy = self._house.policy
        terms = LetterTerms(policy.calendar, self._current.reminders, policy.day_of, secret)
        return Letters(self.composer, terms)

    def test(self, to: str, language: str, now: datetime) -> Answer:
        """Send one mail at once, past the queue."""
        ref = f"<test-{secrets.token_hex(8)}@{self.composer.host}>"
        composed = self.composer.test(Recipient(to, to, language), ref, now)
        channel = mailer_of(self._settings.mail, sys.stdout)
        try:
            return channel.send(Letter(to, composed.content, ref))
        finally:
            channel.close()

    def tick(self, stopping: threading.Event, *, whole: bool = False) -> Ticked:
        """Levels that change by themselves, news, the sweep, the messages of the hour, and their delivery."""
        now = self._house.clock()
        self._follow()
        self._refresh(now)
        news = self.reminders.catch_up(now)
        swept = self.reminders.sweep(now, whole=whole)
        gathered = self.reminders.gather(now)
        return Ticked(news, swept, gathered, self.deliver(stopping))

    def _refresh(self, now: datetime) -> None:
        """Bring levels to today that change although nobody does anything: a waiver has run out."""
        store = self._house.store
        with store.read() as tx:
            due = views.due_for_refresh(tx.connection, store.policy.day_of(now))
            operator = registry.person(tx.connection, registry.OPERATOR_EMAIL) if due else None
        for code, year in due:
            assert operator is not None
            with store.begin() as tx:
                refresh_level(tx, code, year, by=operator, now=now)

    def deliver(self, stopping: threading.Event) -> Delivered:
        """Send what is pending: mails over as many connections as the settings allow, all else over one.

        Where nothing waits for a channel nobody looks: whoever did would keep others from writing.
        """
        settings, clock = self._settings, self._house.clock
        ready = self.queue.ready(clock())
        channels: list[tuple[Way, Channel | None]] = [
            (Way.MAIL, mailer_of(settings.mail, sys.stdout))
            for _ in range(min(settings.mail.connections, ready[Way.MAIL]))
        ]
        if ready[Way.LINE]:
            channels.append((Way.LINE, line_of(settings.line, clock)))
        if ready[Way.WEBHOOK]:
            channels.append((Way.WEBHOOK, webhook_of(settings.webhook, clock)))
        if not channels:
            return Delivered()
        try:
            return on_threads([self._delivery(way, channel) for way, channel in channels], stopping)
        finally:
            for _, channel in channels:
                if channel is not None:
                    channel.close()

    @cached_property
    def queue(self) -> StoredQueue:
        """The messages of the house; it is shared by threads."""
        outbox = self._settings.outbox
        return StoredQueue(
            self._house.store,
            self._current.reminders,
            lease_seconds=outbox.lease_seconds,
            resend=outbox.on_uncertain == "resend",
            by_line=_tells_on_line(self._settings),
        )

    def tell_programs(self, stopping: threading.Event) -> Delivered:
        """Tell each program what waits for it, a few programs at a time and none for long."""
        store = self._house.store
        with store.read() as tx:
            ready = endpoints.ready(tx.connection, self._house.clock())
        if not ready:
            return Delivered()
        until = time.monotonic() + _PROGRAMS_SECONDS
        deliveries = [self._to_program(one, lambda: time.monotonic() < until) for one in ready]
        return on_threads(deliveries, stopping, most=_PROGRAMS_AT_ONCE)

    def _to_program(self, one: Ready, goes_on: Callable[[], bool]) -> Delivery:
        channel = endpoint_of(one.url, one.secret, self._settings.endpoints, self._house.clock)
        queue = EndpointQueue(
            self._house.store,
            one.id,
            lease_seconds=self._settings.outbox.lease_seconds,
            host=self.composer.host,
            goes_on=goes_on,
        )
        host = urlsplit(one.url).hostname or ""
        return self._made(queue, ProgramLetters(host), Way.PROGRAM, channel, Pace(0, 0), PROGRAM_TERMS)

    def _delivery(self, way: Way, channel: Channel | None) -> Delivery:
        pace = self._pace if way is Way.MAIL else Pace(0, 0)
        return self._made(self.queue, self.letters, way, channel, pace, Terms())

    def _made(
        self, queue: Queue, writing: Writing, way: Way, channel: Channel | None, pace: Pace, terms: Terms
    ) -> Delivery:
        return Delivery(
            queue,
            writing,
            way,
            channel,
            pace,
            terms,
            clock=self._house.clock,
            monotonic=time.monotonic,
            new_token=lambda: secrets.token_hex(16),
            jitter=lambda: random.uniform(0.8, 1.2),  # noqa: S311 - spreads retries, keeps no secret
        )
