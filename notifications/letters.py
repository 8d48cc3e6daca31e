"""From what a message has to tell to the letter that goes out: which links, which reasons, which news."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from engine.endpoints import STOPPED
from engine.errors import Unmet
from engine.events import Happened
from engine.indicator import MilestoneState
from engine.jobs import JOB, Job
from engine.outbox import RESET, Claimed, Way
from engine.quarter import FiscalYear, WorkCalendar
from engine.reminders import ReminderPolicy
from engine.reminders.notices import RECEIPTS, level_moved
from engine.reminders.ports import Changed, Contents, Due, Opens
from engine.signing_in import RESET_LASTS
from engine.workflow import Text
from notifications import links, password_links
from notifications.calendar_feed import uid_of
from notifications.channels import Letter
from notifications.delivery import Written
from notifications.links import Link, LinkAction
from notifications.messages import (
    Changes,
    Composer,
    Digest,
    EndpointStopped,
    Finished,
    Item,
    Line,
    News,
    Recipient,
    Reset,
    escalated,
    passed_up,
)
from notifications.password_links import PasswordLink

#: How long the links of a mail work without signing in.
_LINKS_LAST = timedelta(days=14)
#: What stands for a link to set a password in what is kept of its mail.
_LEFT_OUT = "-"

#: The news of an event, where it is news by itself. Of any other only the level is told.
_NEWS: Mapping[str, News] = {
    Happened.MILESTONE_RETURNED: News.RETURNED,
    Happened.MILESTONE_VERIFIED: News.VERIFIED,
    Happened.MILESTONE_REOPENED: News.REOPENED,
    Happened.MILESTONE_POSTPONED: News.POSTPONED,
    Happened.MILESTONE_WAIVED: News.WAIVED,
    Happened.REPORT_SUBMITTED: News.SUBMITTED,
    Happened.REPORT_ENDORSED: News.ENDORSED,
    Happened.REPORT_ACCEPTED: News.ACCEPTED,
    Happened.REPORT_RETURNED: News.RETURNED,
    Happened.APPEAL_MADE: News.APPEALED,
    Happened.APPEAL_UPHELD: News.APPEAL_UPHELD,
    Happened.APPEAL_DISMISSED: News.APPEAL_DISMISSED,
    Happened.EXTENSION_GRANTED: News.EXTENDED,
    Happened.PETITION_MADE: News.PETITIONED,
    Happened.PETITION_GRANTED: News.PETITION_GRANTED,
    Happened.PETITION_DECLINED: News.PETITION_DECLINED,
    Happened.CANCELLATION_DECLINED: News.CANCELLATION_DECLINED,
    Happened.INDICATOR_CANCELLED: News.CANCELLED,
    Happened.INDICATOR_MIGRATED: News.MIGRATED,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What letters rest on besides their contents.

    ``secret`` signs the links; ``random`` makes what nobody can guess of a link to set a password.
    """

    calendar: WorkCalendar
    policy: ReminderPolicy
    day_of: Callable[[datetime], date]
    secret: str
    random: Callable[[], str] = secrets.token_urlsafe


class Letters:
    """Writes the letters of a house; shared by threads."""

    def __init__(self, composer: Composer, terms: Terms) -> None:
        self._composer = composer
        self._terms = terms

    def write(self, message: Claimed, contents: Contents, now: datetime) -> Written | None:
        """The letter of the message; ``None`` when nothing is left to tell; no ``to``: no address."""
        if message.kind == RESET:
            return self._reset(message, contents, now) if contents.link_wanted else None
        if message.kind == JOB:
            job = contents.job
            # One that is tried again has nothing to tell yet.
            return self._job(message, job, contents, now) if job and job.ended_at else None
        if message.kind == STOPPED:
            return self._stopped(message, contents, now) if contents.stopped else None
        if not contents.due and not contents.changed:
            return None
        if message.channel is Way.WEBHOOK:
            (event,) = contents.changed
            body = told_to_programs(event, message.message_ref, self._composer.home)
            return Written(event.happening.what, Letter("", body, message.message_ref))
        reader = contents.reader
        by_line = message.channel is Way.LINE
        address = (reader.line if by_line else reader.email) or ""
        if not address:
            return Written("", Letter("", b"", message.message_ref))
        to = Recipient(reader.name, address, reader.language)
        told = self._digest(to, contents, now) if contents.due else _changes(to, contents)
        if by_line:
            composed = self._composer.text(told, message.message_ref)
        else:
            composed = self._composer.mail(told, message.message_ref, now)
        return Written(composed.subject, Letter(address, composed.content, message.message_ref))

    def _reset(self, message: Claimed, contents: Contents, now: datetime) -> Written:
        """The link to set a password: made here and now, so that nothing of it lay anywhere before."""
        reader, ref = contents.reader, message.message_ref
        if not reader.email:
            return Written("", Letter("", b"", ref))
        ends_at = (now + RESET_LASTS).replace(microsecond=0)
        token = password_links.make(
            self._terms.secret, PasswordLink(reader.id, ends_at), self._terms.random()
        )
        to = Recipient(reader.name, reader.email, reader.language)
        mail, kept = (
            self._composer.reset(Reset(to, password_links.path_of(said), ends_at), ref, now)
            for said in (token, _LEFT_OUT)
        )
        opens = Opens(reader.id, password_links.fingerprint(token), ends_at)
        return Written(mail.subject, Letter(to.email, mail.content, ref), kept.content, opens)

    def _job(self, message: Claimed, job: Job, contents: Contents, now: datetime) -> Written:
        """A job has ended: where its file can be fetched, or why there is none."""
        reader, ref = contents.reader, message.message_ref
        if not reader.email:
            return Written("", Letter("", b"", ref))
        to = Recipient(reader.name, reader.email, reader.language)
        told = Finished(
            to,
            str(job.wanted.product),
            job.name,
            FiscalYear(job.wanted.fiscal_year),
            f"/jobs/{job.id}",
            job.expires_at,
            job.error,
        )
        mail = self._composer.job(told, ref, now)
        return Written(mail.subject, Letter(to.email, mail.content, ref))

    def _stopped(self, message: Claimed, contents: Contents, now: datetime) -> Written:
        """A program is told nothing any more: why, and where an administrator sees to it."""
        reader, stopped, ref = contents.reader, contents.stopped, message.message_ref
        if not reader.email or stopped is None:
            return Written("", Letter("", b"", ref))
        to = Recipient(reader.name, reader.email, reader.language)
        page = f"/administration/webhooks/{stopped.endpoint}"
        told = EndpointStopped(to, stopped.name, stopped.since, stopped.answer, page)
        mail = self._composer.stopped(told, ref, now)
        return Written(mail.subject, Letter(to.email, mail.content, ref))

    def _digest(self, to: Recipient, contents: Contents, now: datetime) -> Digest:
        today = self._terms.day_of(now)
        person = contents.reader.id
        items = tuple(self._item(one, person, today) for one in contents.due)
        optional = sorted(
            {
                one.subject.topic
                for one in contents.due
                if self._terms.policy.topics[one.subject.topic].optional
            }
        )
        unsubscribe = None
        if optional:
            unsubscribe = self._link(LinkAction.UNSUBSCRIBE, person, "-".join(optional), today)
        stands_for = tuple(dict.fromkeys(one.instead_of for one in contents.due if one.instead_of))
        return Digest(to, today, items, unsubscribe, stands_for)

    def _item(self, one: Due, person: int, today: date) -> Item:
        subject = one.subject
        days = self._terms.calendar.working_days_between(today, subject.due_on)
        return Item(
            topic=subject.topic,
            code=one.code,
            title=one.title,
            agency=one.agency,
            what=one.what,
            due_on=subject.due_on,
            days=days,
            link=page_of(one.fiscal_year, one.code),
            state=one.state if one.state == MilestoneState.BLOCKED else "",
            waits_for=one.waits_for,
            why=self._why(one, overdue=-days),
            told_before=one.told_before,
            acknowledge=self._acknowledge(one, person, today),
            snooze=self._link(LinkAction.SNOOZE, person, str(one.reminder), today),
            instead_of=one.instead_of,
            uid=uid_of(subject, self._composer.host),
        )

    def _why(self, one: Due, overdue: int) -> Unmet | str:
        """Why somebody above the first rung is told."""
        first, *above = self._terms.policy.topics[one.subject.topic].ladder
        lacking = first.role
        for rung in above:
            if rung.role is one.role:
                return passed_up(lacking) if one.step < rung.after else escalated(rung.role, overdue)
            if rung.after <= one.step:
                lacking = rung.role
        return ""

    def _acknowledge(self, one: Due, person: int, today: date) -> str | None:
        """Only before the due day: what is overdue is not answered by having seen it."""
        if one.step >= 0:
            return None
        return self._link(LinkAction.ACKNOWLEDGE, person, str(one.reminder), today)

    def _link(self, action: LinkAction, person: int, about: str, today: date) -> str:
        token = links.make(self._terms.secret, Link(action, person, about, today + _LINKS_LAST))
        return f"/links/{token}"


def _changes(to: Recipient, contents: Contents) -> Changes:
    reader = contents.reader.id
    return Changes(to, tuple(line for one in contents.changed for line in _lines(one, reader)))


def page_of(year: FiscalYear, code: str) -> str:
    """The address of an indicator's page; without a code that of one's own work."""
    return f"/indicators/{year.be}/{code}" if code else "/"


def told_to_programs(one: Changed, ref: str, home: str) -> bytes:
    """An event as JSON, for whoever receives the webhook; days and instants as ISO texts, years in CE."""
    data = one.happening.data
    moved = level_moved(data)
    told = {
        "id": ref.strip("<>"),
        "event": one.happening.what,
        "at": one.at.isoformat(),
        "code": one.code,
        "fiscal_year": one.fiscal_year.year,
        "title": _both(one.title),
        "agency": _both(one.agency),
        "milestone": _milestone(data),
        "quarter": data.get("quarter"),
        "until": _until(data),
        "reason": _reason(data),
        "level": {"before": moved[0], "after": moved[1]} if moved else None,
        "page": home + page_of(one.fiscal_year, one.code),
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _milestone(data: Mapping[str, Any]) -> str | None:
    fact = data.get("occurrence")
    return data.get("milestone") or (fact["milestone"] if isinstance(fact, Mapping) else None)


def _both(text: Text) -> dict[str, str]:
    return {"th": text.th, "en": text.en}


def _until(data: Mapping[str, Any]) -> str | None:
    return data.get("fix_by") or data.get("until") or data.get("expires_on")


def _reason(data: Mapping[str, Any]) -> str:
    return data.get("reason") or data.get("remark") or ""


def _lines(one: Changed, reader: int) -> Iterator[Line]:
    """What an event is told as: its own news, or its receipt, and the level that it moved."""
    data = one.happening.data
    line = partial(
        Line,
        code=one.code,
        title=one.title,
        thing=one.thing,
        who=one.who,
        at=one.at,
        link=page_of(one.fiscal_year, one.code),
        agency=one.agency,
    )
    news = _NEWS.get(one.happening.what)
    if one.happening.what in RECEIPTS and one.happening.by == reader:
        news = News.RECEIVED
    if news is not None:
        until = _until(data)
        before, after = data.get("versions", (None, None))
        yield line(
            news,
            reason=_reason(data),
            until=date.fromisoformat(until) if until else None,
            before=before,
            after=after,
        )
    moved = level_moved(data)
    if moved:
        before, after = moved
        rose = News.LEVEL_REACHED if after > before else News.LEVEL_LOST
        yield line(rose, before=before, after=after)
