"""What the links of a mail open: first what they will do, and after one press of a button that it is done.

Opening a link changes nothing, for programs that look into mails open every link of them.
"""

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Refusal
from engine.reminders import (
    Topic,
    check_acknowledgement,
    check_snooze,
    may_be_switched_off,
    snooze_days,
    snooze_limit,
)
from engine.reminders.ports import Due
from notifications import links
from notifications.links import Link, LinkAction
from notifications.phrases import Phrases
from notifications.pieces import one_line
from storage.answers import Reader, StoredAnswers, Use
from web.doors import OPEN, Doors
from web.pages import Pages
from web.site import Site

#: So many days to choose from: two weeks of work, and no more than a thumb scrolls past.
_DAYS = 10
#: What is wrong with a chosen day, so that another can be chosen.
_CHOOSE_AGAIN = frozenset({"snooze.no_day", "snooze.past", "snooze.day_off", "snooze.beyond"})


def routes(site: Site, pages: Pages, doors: Doors) -> Router:
    """The pages under ``/links``."""
    router = Router()
    here = _Links(site, pages)
    doors.add(router, "/links/{token}", here.ask, OPEN)
    doors.add(router, "/links/{token}", here.answer, OPEN, ["POST"])
    return router


class _Links:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages

    @property
    def _answers(self) -> StoredAnswers:
        return StoredAnswers(self._site.store, self._site.reminders)

    def ask(self, request: Request, token: str) -> Response:
        """What the link will do, and the button that does it."""
        link, reader = self._read(request, token)
        self._answers.check_unused(links.fingerprint(token))
        return self._asked(request, link, reader)

    def answer(self, request: Request, token: str) -> Response:
        """Do it, once; a mail program that unsubscribes for its reader (RFC 8058) does the same."""
        link, reader = self._read(request, token)
        use = Use(links.fingerprint(token), link.person, link.action, self._site.clock())
        match link.action:
            case LinkAction.ACKNOWLEDGE:
                return self._acknowledged(request, self._answers.acknowledge(use, int(link.about)))
            case LinkAction.SNOOZE:
                day = _day(str(request.state.form.get("until", "")))
                try:
                    due = self._answers.snooze(use, int(link.about), day)
                except Refusal as refused:
                    if refused.conditions[0].kind not in _CHOOSE_AGAIN:
                        raise
                    return self._asked(request, link, reader, refused)
                return self._snoozed(request, due, day)
            case LinkAction.UNSUBSCRIBE:
                return self._switched_off(request, self._answers.switch_off(use, _topics(link)))

    def _read(self, request: Request, token: str) -> tuple[Link, Reader]:
        """What the link says and for whom; from now on their language is spoken."""
        link = links.read(self._answers.secret(), token, self._site.today())
        reader = self._answers.reader(link.person)
        self._pages.speak(request, reader.language)
        return link, reader

    # -- before ------------------------------------------------------------------------------------------

    def _asked(
        self, request: Request, link: Link, reader: Reader, refused: Refusal | None = None
    ) -> Response:
        wording, phrases = self._pages.wording(request), self._pages.phrases(request)
        asked: dict[str, Any] = {"facts": [], "topics": [], "days": []}
        match link.action:
            case LinkAction.ACKNOWLEDGE:
                asked |= self._seen(self._answers.due(link.person, int(link.about)), phrases)
            case LinkAction.SNOOZE:
                asked |= self._later(self._answers.due(link.person, int(link.about)), phrases)
            case LinkAction.UNSUBSCRIBE:
                topics = may_be_switched_off(self._site.reminders, _topics(link))
                asked["topics"] = [wording.word("heading", topic) for topic in topics]
        values = {
            "action": str(link.action),
            "title": wording.say(f"page.{link.action}"),
            "name": one_line(reader.name),
            "good_until": phrases.day(link.expires_on),
            "faults": wording.refusal(refused) if refused else [],
            **asked,
        }
        return self._pages.show(request, "link.html", values, 422 if refused else 200)

    def _seen(self, due: Due, phrases: Phrases) -> dict[str, Any]:
        calendar, due_on = self._site.store.policy.calendar, due.subject.due_on
        check_acknowledgement(calendar, due_on, self._site.today())
        return {"facts": self._facts(due, phrases), "due": phrases.day(due_on)}

    def _later(self, due: Due, phrases: Phrases) -> dict[str, Any]:
        calendar, due_on = self._site.store.policy.calendar, due.subject.due_on
        policy, today = self._site.reminders.topics[due.subject.topic], self._site.today()
        days = snooze_days(policy, calendar, due_on, today, _DAYS)
        if not days:
            check_snooze(policy, calendar, due_on, None, today)
        return {
            "facts": self._facts(due, phrases),
            "limit": phrases.day(snooze_limit(policy, calendar, due_on)),
            "days": [
                {
                    "iso": day.isoformat(),
                    "said": phrases.day(day),
                    "is_due": day == due_on,
                    "late": day > due_on,
                }
                for day in days
            ],
        }

    def _facts(self, due: Due, phrases: Phrases) -> list[tuple[str, str, str]]:
        """What the link is about, as (kind of the label, text, note beside it)."""
        subject = due.subject
        today = self._site.today()
        days = self._site.store.policy.calendar.working_days_between(today, subject.due_on)
        facts = [
            ("label.thing", self._thing(due, phrases), ""),
            ("page.indicator", one_line(f"{due.code} {phrases.value(due.title)}"), ""),
            ("page.agency", one_line(phrases.value(due.agency)), ""),
            ("page.due", phrases.day(subject.due_on), phrases.left(days, subject.due_on, today)),
        ]
        return [fact for fact in facts if fact[1]]

    # -- after -------------------------------------------------------------------------------------------

    def _acknowledged(self, request: Request, due: Due) -> Response:
        phrases = self._pages.phrases(request)
        what = self._thing(due, phrases)
        return self._done(request, "page.acknowledged", what=what, due=phrases.day(due.subject.due_on))

    def _snoozed(self, request: Request, due: Due, until: date | None) -> Response:
        assert until is not None  # which is refused before
        phrases = self._pages.phrases(request)
        what = self._thing(due, phrases)
        return self._done(request, "page.snoozed", what=what, until=phrases.day(until))

    def _switched_off(self, request: Request, topics: list[Topic]) -> Response:
        return self._done(request, "page.unsubscribed", topics=[str(topic) for topic in topics])

    def _done(self, request: Request, kind: str, **params: Any) -> Response:
        wording = self._pages.wording(request)
        said = [wording.say(f"{kind}_next", params), wording.say("page.close")]
        return self._pages.tell(request, wording.say(kind), said)

    def _thing(self, due: Due, phrases: Phrases) -> str:
        return phrases.thing(due.what, extension=due.subject.topic is Topic.EXTENSION)


def _topics(link: Link) -> list[str]:
    return link.about.split("-")


def _day(text: str) -> date | None:
    """The day of a radio button; ``None`` where none was chosen, or what came is no day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
