"""What a mail says, as plain values, and the composer that makes its bytes of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urlsplit

from engine.errors import Unmet
from engine.permissions import Role
from engine.quarter import FiscalYear, Quarter, WorkCalendar
from engine.reminders import Topic
from engine.wording import Wording
from engine.workflow import Text
from notifications import mime
from notifications.calendar_feed import Entry, attachment
from notifications.phrases import Phrases
from notifications.pieces import one_line, shortened
from notifications.views import item_view, line_view

#: What is said in the language of the reader: a title, a quarter, or a text that stands as it is.
Said = str | Text | Quarter
#: Mail programs show about 60 characters of a subject; nobody reads beyond this.
_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom a mail goes; ``language`` is ``th`` or ``en``."""

    name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is owed, as its reader is told of it.

    ``what`` is the title of the milestone, the quarter, or the meeting; ``days`` are the working days left,
    negative when overdue. ``state`` is a state of ours or words. ``waits_for`` names who blocks it. ``why``
    tells the reader of a higher rung why they are told. ``told_before`` says who was told, and on which day.
    Links are whole or begin with ``/``. ``uid`` is its name in calendars (:func:`.calendar_feed.uid_of`).
    """

    topic: Topic
    code: str
    title: Said
    agency: Said
    what: Said
    due_on: date
    days: int
    link: str
    state: str = ""
    waits_for: str = ""
    why: Unmet | str = ""
    told_before: tuple[tuple[str, date], ...] = ()
    acknowledge: str | None = None
    snooze: str | None = None
    instead_of: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything one person is told on one day, at least one item; put into order by the composer.

    ``unsubscribe`` is the link that switches off what may be switched off, ``None`` when nothing of it may.
    """

    to: Recipient
    on: date
    items: tuple[Item, ...]
    unsubscribe: str | None = None
    standing_in_for: tuple[str, ...] = ()


class News(StrEnum):
    """What can have changed, as far as people are told of it."""

    RETURNED = "returned"
    VERIFIED = "verified"
    REOPENED = "reopened"
    POSTPONED = "postponed"
    WAIVED = "waived"
    SUBMITTED = "submitted"
    RECEIVED = "received"  # the same, as whoever handed it in is told of it
    PETITIONED = "petitioned"
    PETITION_GRANTED = "petition_granted"
    PETITION_DECLINED = "petition_declined"
    ENDORSED = "endorsed"
    ACCEPTED = "accepted"
    APPEALED = "appealed"
    APPEAL_UPHELD = "appeal_upheld"
    APPEAL_DISMISSED = "appeal_dismissed"
    EXTENDED = "extended"
    CANCELLATION_DECLINED = "cancellation_declined"
    CANCELLED = "cancelled"
    LEVEL_REACHED = "level_reached"
    LEVEL_LOST = "level_lost"
    MIGRATED = "migrated"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that changed: what became of which milestone, quarter or definition, by whom, when.

    A return has its ``reason`` and the day ``until`` which it is to be mended; an extension, a postponement
    and a waiver the day until which they are given; a level and a definition what they were ``before`` and
    are ``after``. Where it is about the indicator itself, ``thing`` is its title.
    """

    news: News
    code: str
    title: Said
    thing: Said
    who: str
    at: datetime
    link: str
    agency: Said = ""
    reason: str = ""
    until: date | None = None
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """The mail that tells one person what changed, in the order in which it happened."""

    to: Recipient
    lines: tuple[Line, ...]
    unsubscribe: str | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """The mail with the link that sets a new password; it works until that instant."""

    to: Recipient
    link: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """The mail that tells that something was made: what, of what, and until when it can be fetched.

    With an ``error`` it could not be made.
    """

    to: Recipient
    product: str
    name: Text
    year: FiscalYear
    link: str
    until: datetime | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class EndpointStopped:
    """The mail that tells an administrator that a program is told nothing any more: since when, and why."""

    to: Recipient
    name: str
    since: datetime
    answer: str
    link: str


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail as it goes out and is kept: its subject, its bytes word for word, and its Message-ID."""

    subject: str
    content: bytes
    ref: str


class Renders(Protocol):
    """Where the words of mails come from: our templates, or those with the house's own wording."""

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """The text of that template with the values in it."""


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom mails come: the ``address``, and the name of the ``house`` that is shown with it."""

    house: str
    address: str


class Composer:
    """Makes mails; built once, shared by threads. The day and the moment are handed in."""

    def __init__(
        self,
        templates: Renders,
        wordings: Mapping[str, Wording],
        calendar: WorkCalendar,
        sender: Sender,
        base_url: str,
    ) -> None:
        self._templates = templates
        self._working_day_before = lru_cache(1024)(lambda day: calendar.add_working_days(day, -1))
        self._house = one_line(sender.house)
        self._home = mime.checked_link(base_url.rstrip("/"))
        self._phrases = {language: Phrases(wording) for language, wording in wordings.items()}
        self._headers = (
            mime.mailbox_header("From", sender.house, sender.address),
            mime.plain_header("Auto-Submitted", "auto-generated"),
        )

    @property
    def host(self) -> str:
        """The name of this house's server, which ends every Message-ID and every name in a calendar."""
        return urlsplit(self._home).hostname or "radap"

    @property
    def home(self) -> str:
        """The address under which people reach the pages."""
        return self._home

    def mail(self, told: Digest | Changes, ref: str, at: datetime) -> Composed:
        """What is owed, the most urgent first, with the days to come as a calendar; or what changed.

        ``ref`` is the Message-ID, the same however often the mail is made. Raises ``ValueError`` for nothing
        to tell, an address or a link that is none.
        """
        name, values = self._values(told)
        attached = self._calendar(told, values["items"], at) if isinstance(told, Digest) else None
        return self._composed(name, told.to, values, ref, at, told.unsubscribe, attached)

    def text(self, told: Digest | Changes, ref: str) -> Composed:
        """The same as plain text in UTF-8, for who is not told by mail; raises as :meth:`mail` does."""
        name, values = self._values(told)
        body = self._part(name, "body", told.to.language, values)
        return Composed(self._subject(name, told.to, values), body.encode(), ref)

    def _values(self, told: Digest | Changes) -> tuple[str, dict[str, Any]]:
        """The name of the templates, and what they are given."""
        if isinstance(told, Digest):
            return "digest", self._digest(told)
        return "changes", self._changes(told)

    def _digest(self, digest: Digest) -> dict[str, Any]:
        items = in_order(digest.items)
        phrases = self._phrases[digest.to.language]
        shown = [item_view(item, digest.on, phrases, self._whole) for item in items]
        for before, item, view in zip((None, *items), items, shown, strict=False):
            if before is None or before.topic is not item.topic:
                view["heading"] = phrases.word("heading", item.topic)
        return {
            **self._frame(digest.to, digest.unsubscribe),
            "items": shown,
            "first": shown[0],
            "count": len(items),
            "more": len(items) - 1,
            "overdue": sum(view["overdue"] for view in shown),
            "standing_in_for": ", ".join(map(one_line, digest.standing_in_for)),
        }

    def _calendar(self, digest: Digest, shown: list[dict[str, Any]], at: datetime) -> bytes | None:
        entries = [
            self._entry(item, view)
            for item, view in zip(in_order(digest.items), shown, strict=True)
            if item.due_on >= digest.on and item.uid
        ]
        return attachment(entries, at) if entries else None

    def _changes(self, changes: Changes) -> dict[str, Any]:
        if not changes.lines:
            raise ValueError("nothing changed")
        phrases = self._phrases[changes.to.language]
        shown = [line_view(line, phrases, self._whole) for line in changes.lines]
        return {
            **self._frame(changes.to, changes.unsubscribe),
            "lines": shown,
            "first": shown[0],
            "count": len(shown),
            "more": len(shown) - 1,
        }

    def reset(self, told: Reset, ref: str, at: datetime) -> Composed:
        """A mail that lets its reader set a new password. Raises ``ValueError`` as :meth:`mail` does."""
        values = self._frame(told.to, None) | {
            "link": self._whole(told.link),
            "until": self._phrases[told.to.language].value(told.until),
        }
        return self._composed("reset", told.to, values, ref, at)

    def job(self, told: Finished, ref: str, at: datetime) -> Composed:
        """A mail that tells that something was made, or why not."""
        phrases = self._phrases[told.to.language]
        made = {
            "product": phrases.word("product", told.product),
            "of": one_line(phrases.value(told.name)),
            "year": phrases.value(told.year),
            "link": self._whole(told.link),
            "until": phrases.value(told.until) if told.until else "",
            "error": one_line(told.error),
        }
        return self._composed("job", told.to, self._frame(told.to, None) | made, ref, at)

    def stopped(self, told: EndpointStopped, ref: str, at: datetime) -> Composed:
        """A mail that tells that a program is told nothing any more."""
        phrases = self._phrases[told.to.language]
        values = self._frame(told.to, None) | {
            "program": one_line(told.name),
            "since": phrases.value(told.since),
            "answer": phrases.said(told.answer),
            "link": self._whole(told.link),
        }
        return self._composed("stopped", told.to, values, ref, at)

    def test(self, to: Recipient, ref: str, at: datetime) -> Composed:
        """A mail that proves that mails arrive and that their Thai is whole."""
        values = self._frame(to, None) | {"at": self._phrases[to.language].value(at)}
        return self._composed("test", to, values, ref, at)

    def _composed(
        self,
        mail: str,
        to: Recipient,
        values: Mapping[str, Any],
        ref: str,
        at: datetime,
        unsubscribe: str | None = None,
        attached: bytes | None = None,
    ) -> Composed:
        subject = self._subject(mail, to, values)
        headers = [
            *self._headers,
            mime.mailbox_header("To", to.name, to.email),
            mime.text_header("Subject", subject),
            mime.date_header(at.astimezone(self._phrases[to.language].zone)),
            mime.reference_header(ref),
            mime.plain_header("Content-Language", to.language),
        ]
        if unsubscribe is not None:
            headers += mime.unsubscribe_headers(self._whole(unsubscribe))
        text = self._part(mail, "body", to.language, values)
        page = self._part(mail, "body", to.language, values, "html")
        return Composed(subject, mime.assembled(headers, text, page, attached), ref)

    def _subject(self, mail: str, to: Recipient, values: Mapping[str, Any]) -> str:
        return shortened(one_line(self._part(mail, "subject", to.language, values)), _SUBJECT)

    def _part(
        self, mail: str, name: str, language: str, values: Mapping[str, Any], ending: str = "txt"
    ) -> str:
        return self._templates.render(f"{mail}/{name}.{language}.{ending}", values)

    def _frame(self, to: Recipient, unsubscribe: str | None) -> dict[str, Any]:
        return {
            "language": to.language,
            "name": one_line(to.name),
            "house": self._house,
            "home": self._home,
            "unsubscribe": self._whole(unsubscribe) if unsubscribe else "",
        }

    def _entry(self, item: Item, view: Mapping[str, Any]) -> Entry:
        code = f" ({item.code})" if item.code else ""
        return Entry(
            uid=item.uid,
            on=item.due_on,
            summary=f"{view['what']}{code}",
            description=f"{view['title']}\n{view['agency']}\n{view['link']}",
            link=view["link"],
            alarm_on=self._working_day_before(item.due_on),
        )

    def _whole(self, link: str) -> str:
        return mime.checked_link(self._home + link if link.startswith("/") else link)


def escalated(role: Role, after: int) -> Unmet:
    """Why somebody higher up is told: nobody did it for ``after`` working days beyond the due day."""
    return Unmet("why.escalated_one" if after == 1 else "why.escalated", {"role": role, "days": after})


def passed_up(role: Role) -> Unmet:
    """Why somebody higher up is told: nobody of that role can be."""
    return Unmet("why.passed_up", {"role": role})


def in_order(items: tuple[Item, ...]) -> list[Item]:
    """By topic, that with the most overdue item first, and then by day. Raises ``ValueError`` for none."""
    if not items:
        raise ValueError("a digest of nothing")
    worst: dict[Topic, int] = {}
    for item in items:
        worst[item.topic] = min(item.days, worst.get(item.topic, item.days))
    place = {topic: number for number, topic in enumerate(Topic)}
    return sorted(
        items, key=lambda item: (worst[item.topic], place[item.topic], item.days, item.due_on, item.code)
    )
