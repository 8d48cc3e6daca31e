"""The private calendar of a person: the days by which their agencies owe something, for any calendar program.

Whoever knows its address sees it, so an address that is not known, or is no longer, says nothing at all.
"""

from hashlib import sha256
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.quarter import WorkCalendar
from engine.reminders import Subject, Topic
from notifications.calendar_feed import Entry, feed, uid_of
from notifications.letters import page_of
from notifications.messages import News
from notifications.phrases import Phrases
from notifications.pieces import one_line
from storage.calendars import calendar_of
from storage.contents import Words
from web.doors import OPEN, Doors
from web.ranges import names_tag
from web.site import Site

_TO_MEND = (Topic.RETURNED_MILESTONE, Topic.RETURNED_REPORT)


def routes(site: Site, doors: Doors) -> Router:
    """The feeds under ``/calendar``."""
    router = Router()
    phrases = {language: Phrases(wording) for language, wording in site.wordings.items()}

    def calendar(request: Request, token: str) -> Response:
        """The calendar, or only that it has not changed since it was last fetched."""
        policy = site.store.policy
        with site.store.read() as tx:
            found = calendar_of(tx.connection, site.store.workflow, policy, site.reminders.review_days, token)
        if found is None:
            raise HTTPException(404)
        said = phrases[found.language]
        entries = [entry_of(one, words, said, policy.calendar, site.base_url) for one, words in found.entries]
        # A feed carries the instant at which it was made: the tag tells what it holds, so it is a weak one.
        held = repr((found.language, entries)).encode()
        tag = f'W/"{sha256(held).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if names_tag(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        name = site.wordings[found.language].say("calendar.name")
        content = feed(entries, name, site.clock())
        headers["Content-Disposition"] = 'inline; filename="radap.ics"'
        return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)

    doors.add(router, "/calendar/{token}.ics", calendar, OPEN)
    return router


def entry_of(
    subject: Subject, words: Words, phrases: Phrases, calendar: WorkCalendar, base_url: str
) -> Entry:
    """The day in the calendar; it has the name that the calendar of a mail gives it."""
    home = base_url.rstrip("/")
    link = home + page_of(words.fiscal_year, words.code)
    title, agency = (one_line(phrases.value(one)) for one in (words.title, words.agency))
    what = phrases.thing(words.what)
    if subject.topic in _TO_MEND:
        what = phrases.news(News.RETURNED, what, None, None)
    return Entry(
        uid=uid_of(subject, urlsplit(home).hostname or "radap"),
        on=subject.due_on,
        summary=f"{what} ({words.code})",
        description=f"{title}\n{agency}\n{link}",
        link=link,
        alarm_on=calendar.add_working_days(subject.due_on, -1),
    )
