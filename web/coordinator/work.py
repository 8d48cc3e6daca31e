"""My work: of all that is owed, what is mine to do next; and the list of the indicators that I may see."""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from typing import NamedTuple

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.desk import Group, Task, Verb, grouped, tasks_of
from engine.errors import Unmet
from engine.permissions import Action, Role, who_may
from engine.quarter import BE_OFFSET, FiscalYear, Quarter
from engine.reminders import Topic
from engine.wording import Wording, level_text
from engine.workflow import Text
from notifications.phrases import Phrases
from storage.deadlines import read_deadlines
from storage.desk import Head, desk_of, indicators_of_year, years
from storage.registry import these_agencies
from web.coordinator.scene import Counter, path_of
from web.doors import SIGNED_IN, Doors, Visit, agencies_of
from web.reading import year_asked

#: In these groups the rows are folded away: they are there to be looked up.
_FOLDED = (Group.LATER, Group.PAST)
#: So many of them are shown; whoever wants more looks into the indicators.
_SHOWN = 20
#: In these nobody counts the days: they are others', or nobody's any more.
_NOT_COUNTED = (Group.WAITING, Group.PAST)


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """``/`` and ``/indicators``."""
    here = _Work(counter)
    doors.add(router, "/", here.desk, SIGNED_IN)
    doors.add(router, "/indicators", here.indicators, SIGNED_IN)


class _Work:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._site = counter.site
        self._rows = cache(lambda phrases: _Rows(counter, phrases))

    def desk(self, request: Request) -> Response:
        """What is to be done, what waits for others, what is planned."""
        visit: Visit = request.state.visit
        site, wording, phrases = self._site, self._counter.wording(request), self._counter.phrases(request)
        today, policy = site.today(), site.store.policy
        with site.store.read() as tx:
            deadlines = read_deadlines(tx.connection, policy, site.reminders.review_days)
            workflows = site.store.workflow
            owing, heads = desk_of(tx.connection, workflows, deadlines, visit.person, visit.agency, today)
            own = these_agencies(tx.connection, agencies_of(visit.person))
        tasks = grouped(tasks_of(visit.person, owing, site.reminders, policy.calendar, today))
        known, draw = (
            {one: _known(head, phrases, site.root) for one, head in heads.items()},
            self._rows(phrases),
        )
        groups = [
            {
                "key": str(group),
                "title": wording.say(f"desk.{group}"),
                "folded": group in _FOLDED,
                "count": len(rows),
                "rows": [
                    draw.row(one, known[one.indicator], heads[one.indicator].title_of(one.key), today)
                    for one in (rows[:_SHOWN] if group in _FOLDED else rows)
                ],
            }
            for group, rows in tasks.items()
        ]
        values = {
            "current": "work",
            "title": wording.say("page.my_work"),
            "today": phrases.day(today),
            "groups": groups,
            "nothing": _nothing(visit, heads),
            "agencies": [(one.id, wording.value(one.name), one.id == visit.agency) for one in own],
            "agency": next((wording.value(one.name) for one in own if one.id == visit.agency), ""),
            "pressing": sum(len(tasks.get(one, ())) for one in _PRESSING),
        }
        return self._counter.page(request, "work.html", values)

    def indicators(self, request: Request) -> Response:
        """The indicators of a year, as they stand."""
        visit: Visit = request.state.visit
        wording, site = self._counter.wording(request), self._site
        with site.store.read() as tx:
            there = years(tx.connection, visit.person)
            year = year_asked(request.query_params.get("year", ""), there, site.today()).year
            heads = indicators_of_year(tx.connection, site.store.workflow, visit.person, year, visit.agency)
        values = {
            "current": "indicators",
            "title": wording.say("page.indicators_of", year=FiscalYear(year)),
            "years": [(one + BE_OFFSET, wording.value(FiscalYear(one)), one == year) for one in there],
            "gives_results": any(one.role in who_may(Action.WRITE_REPORT) for one in visit.person.grants),
            "rows": [
                {
                    "href": site.root + path_of(one.fiscal_year.be, one.code),
                    "title": wording.value(one.title),
                    "code": one.code,
                    "agency": wording.value(one.agency_name),
                    "claimed": level_text(one.claimed, one.claimed_fraction),
                    "verified": str(one.verified),
                    "top": one.workflow.top_level,
                    "target": _target(one, wording),
                    "due": wording.value(one.next_due_on),
                    "life": wording.word("life", one.life) if one.life != "active" else "",
                }
                for one in heads
            ],
        }
        return self._counter.page(request, "indicators.html", values)


def _target(head: Head, wording: Wording) -> str:
    if head.target is None:
        return ""
    return wording.say("page.target_is", target=wording.amount(head.target, head.unit))


_PRESSING = (Group.RETURNED, Group.TO_DECIDE, Group.DUE, Group.LACKING)


def _nothing(visit: Visit, heads: dict[int, Head]) -> str:
    """Which words explain an empty desk."""
    if not visit.person.grants:
        return "desk.no_role"
    if visit.agency is None:
        evaluates = visit.person.has(Role.EVALUATOR) or visit.person.has(Role.OWNER)
        return "desk.nothing_waits" if evaluates else "desk.only_looks"
    return "desk.nothing_to_do" if heads else "desk.no_indicator"


#: Where each thing is done, below the page of its indicator.
_PLACES: Mapping[str, str] = {
    Verb.RECORD: "/milestones/{key}/record",
    Verb.KEEP: "/milestones/{key}/record?fulfils={number}",
    Verb.APPROVE: "/occurrences/{number}/approve",
    Verb.ATTACH: "/milestones/{key}?attach=yes#attach",
    Verb.DECIDE: "/petitions/{number}",
    Verb.EVALUATE: "/quarters/{key}/evaluate",
}
_OF_QUARTERS = (
    Topic.REPORT,
    Topic.RETURNED_REPORT,
    Topic.ENDORSEMENT,
    Topic.EVALUATION,
    "petition_extension",
    "appeal",
)
#: What the day of a task means, where it is not the day by which it is due.
_DAYS: Mapping[str, str] = {
    Topic.MEETING: "desk.planned_for",
    Topic.ENDORSEMENT: "desk.review_by",
    Topic.EVALUATION: "desk.review_by",
    "appeal": "desk.review_by",
    "undated": "desk.approvable_from",
    "petition_postponement": "desk.asked_until",
    "petition_waiver": "desk.asked_until",
    "petition_extension": "desk.asked_until",
    "petition_cancellation": "desk.asked_until",
}


class _Known(NamedTuple):
    """An indicator as every row about it names it; ``year`` is that of the Common Era."""

    about: str
    path: str
    year: int


def _known(head: Head, phrases: Phrases, root: str) -> _Known:
    about = f"{phrases.value(head.title)} · {head.code}"
    return _Known(about, root + path_of(head.fiscal_year.be, head.code), head.fiscal_year.year)


class _Rows:
    """Draws the tasks in one language: what each is, of which indicator, by when, and the one thing to do.

    All that a row shows follows from its task and the day, and people open the same desk again and again.
    """

    def __init__(self, counter: Counter, phrases: Phrases) -> None:
        self._counter = counter
        self._phrases = phrases
        self.row = lru_cache(8192)(self._row)

    def _row(self, task: Task, known: _Known, title: Text, today: date) -> Markup:
        phrases, due_on, days = self._phrases, task.due_on, task.days
        counts = days is not None and due_on is not None and task.group not in _NOT_COUNTED
        due = ""
        if due_on is not None:
            due = phrases.sentence(Unmet(_DAYS.get(task.topic, "desk.due_by"), {"day": phrases.day(due_on)}))
        return self._counter.piece(
            "task.html",
            what=_what(task, known.year, title, phrases),
            about=known.about,
            due=due,
            left=phrases.left(days, due_on, today) if counts and days is not None and due_on else "",
            is_late=counts and (days or 0) < 0,
            more=_more(task, phrases),
            kind="" if task.topic == Topic.REPORT else phrases.word("topic_of_desk", task.topic),
            do=phrases.word("do", task.verb),
            href=known.path + _place(task),
        )


def _more(task: Task, phrases: Phrases) -> str:
    """For whom a blocked one waits; what is planned."""
    if task.group is Group.BLOCKED and task.note:
        return phrases.sentence(Unmet("desk.waits_for", {"who": task.note}))
    return task.note


def _place(task: Task) -> str:
    if task.topic == "appeal":
        return f"/appeals/{task.number}"
    of_quarter = task.topic in _OF_QUARTERS
    if task.verb in _PLACES:
        return _PLACES[task.verb].format(key=task.key, number=task.number)
    if task.verb is Verb.ANSWER and not of_quarter:
        return f"/milestones/{task.key}/answer"
    return f"/quarters/{task.key}" if of_quarter else f"/milestones/{task.key}"


def _what(task: Task, year: int, title: Text, phrases: Phrases) -> str:
    """What the task is about: the title of the milestone, or the report of the quarter."""
    if task.topic in _OF_QUARTERS:
        return phrases.thing(Quarter(year, int(task.key)))
    return phrases.value(title)
