"""What waits for evaluators: reports, milestones, petitions, appeals, by the day on which they are due."""

from collections import Counter as Counts
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Unmet
from engine.permissions import Action
from engine.petition import PetitionKind
from engine.ports import Policy
from engine.quarter import BE_OFFSET, FiscalYear, Quarter
from engine.wording import Wording
from engine.workflow import Workflow
from notifications.phrases import Phrases
from storage.deadlines import read_deadlines
from storage.registry import agencies
from storage.review import KINDS, MOST, Filter, Front, Waiting, fronts, waiting_of, workflows
from web.coordinator.scene import Counter, path_of
from web.doors import Doors, Visit, for_city
from web.reading import whole_number

#: So many rows stand on a page.
ROWS = 25
#: By what the list is narrowed.
_FIELDS = ("kind", "agency", "workflow")


class Row(NamedTuple):
    """Something that waits, as the page shows it."""

    kind: str
    what: str
    about: str
    agency: str
    since: str
    age: str
    due: str
    left: str
    is_late: bool
    note: str
    do: str
    href: str


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """``/review``."""
    doors.add(router, "/review", _Waits(counter).page, for_city(Action.ACCEPT_REPORT))


class _Waits:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._site = counter.site

    def page(self, request: Request) -> Response:
        """All of it, or what is of one agency, one workflow, one kind."""
        visit: Visit = request.state.visit
        site, phrases, wording = self._site, self._counter.phrases(request), self._counter.wording(request)
        asked = request.query_params
        kinds = [one for one in KINDS if asked.get("kind", "") in ("", one)] or list(KINDS)
        with site.store.read() as tx:
            known, there = workflows(tx.connection), agencies(tx.connection)
            only = Filter(
                whole_number(asked.get("agency", ""), 9),
                asked["workflow"] if asked.get("workflow") in known else None,
            )
            deadlines = read_deadlines(tx.connection, site.store.policy, site.reminders.review_days)
            found = {kind: waiting_of(tx.connection, kind, only) for kind in kinds}
            ahead = fronts(tx.connection)
            titles = {
                version: site.store.workflow(version, tx.connection)
                for version in {*known.values(), *(one.version for one in ahead)}
                | {one.version for rows in found.values() for one in rows}
            }
        rows = [
            (deadlines.review_due(one.since), one)
            for of_kind in found.values()
            for one in of_kind[:MOST]
            if not _is_own(one, visit)
        ]
        rows.sort(key=lambda row: (row[0], row[1].since, row[1].indicator))
        fields = {name: asked.get(name, "") for name in _FIELDS}
        page = min(whole_number(asked.get("page", ""), 3) or 1, -(-len(rows) // ROWS) or 1)
        first = (page - 1) * ROWS
        look = _Look(site.root, site.today(), phrases, site.store.policy)
        values = {
            "current": "review",
            "title": wording.say("review.title"),
            "rows": [
                look.row(due, one, titles[one.version], visit) for due, one in rows[first : first + ROWS]
            ],
            "total": len(rows),
            "shown": wording.say("review.shown", first=first + 1, last=min(first + ROWS, len(rows)))
            if len(rows) > ROWS
            else "",
            "counts": _counts(rows, fields, wording) if len(kinds) > 1 else [],
            "before": _address(fields, page=page - 1) if page > 1 else "",
            "after": _address(fields, page=page + 1) if first + ROWS < len(rows) else "",
            "cut": [wording.word("waits", kind) for kind, of_kind in found.items() if len(of_kind) > MOST],
            "most": MOST,
            "fronts": [look.front(one, titles[one.version]) for one in ahead],
            "kinds": [("", wording.say("review.any")), *((k, wording.word("waits", k)) for k in KINDS)],
            "agencies": [
                ("", wording.say("review.any")),
                *((str(one.id), wording.value(one.name)) for one in there),
            ],
            "workflows": [
                ("", wording.say("review.any")),
                *((key, wording.value(titles[version].title)) for key, version in known.items()),
            ],
            "fields": fields,
            "is_narrowed": any(fields.values()),
        }
        return self._counter.page(request, "evaluator/review.html", values)


def _address(fields: Mapping[str, str], **more: object) -> str:
    """The same choice, with more to it."""
    return "?" + urlencode({**{name: value for name, value in fields.items() if value}, **more})


def _counts(
    rows: list[tuple[date, Waiting]], fields: Mapping[str, str], wording: Wording
) -> list[tuple[str, int, str]]:
    """How much of each kind waits, with the way to see only that."""
    found = Counts(one.kind for _, one in rows)
    return [
        (wording.word("waits", kind), found[kind], _address(fields, kind=kind))
        for kind in KINDS
        if found[kind]
    ]


def _is_own(one: Waiting, visit: Visit) -> bool:
    """What is to be read again is for others than who read it first."""
    return one.kind == "second" and one.judge == visit.person.id


#: Where each thing is decided, below the page of its indicator.
_PLACES: Mapping[str, str] = {
    "appeal": "/appeals/{number}",
    "report": "/quarters/{key}/evaluate",
    "milestone": "/milestones/{key}",
    "petition": "/petitions/{number}",
    "second": "/quarters/{key}/second",
    "submitted": "/quarters/{key}/evaluate",
}
_OF_QUARTERS = ("appeal", "report", "second", "submitted")


class _Look:
    """From what waits to what is shown of it."""

    def __init__(self, root: str, today: date, phrases: Phrases, policy: Policy) -> None:
        self._root = root
        self._today = today
        self._phrases = phrases
        self._calendar = policy.calendar
        self._day_of = policy.day_of

    def row(self, due: date, one: Waiting, workflow: Workflow, visit: Visit) -> Row:
        phrases = self._phrases
        days = self._calendar.working_days_between(self._today, due)
        base = self._root + path_of(one.fiscal_year + BE_OFFSET, one.code)
        return Row(
            kind=phrases.word("waits", one.kind),
            what=self._what(one, workflow),
            about=f"{phrases.value(one.title)} · {one.code}",
            agency=phrases.value(one.agency),
            since=phrases.short_day(self._day_of(one.since)),
            age=self._age(one),
            due=phrases.short_day(due),
            left=phrases.left(days, due, self._today),
            is_late=days < 0,
            note=self._note(one, visit),
            do=phrases.word("review_do", one.kind),
            href=base + _PLACES[one.kind].format(key=one.key, number=one.number),
        )

    def _what(self, one: Waiting, workflow: Workflow) -> str:
        phrases = self._phrases
        if one.kind in _OF_QUARTERS:
            return phrases.thing(Quarter(one.fiscal_year, int(one.key)))
        if one.kind == "petition":
            return phrases.word("petition_kind", one.key)
        definition = workflow.milestone(one.key)
        return phrases.value(definition.title) if definition else one.key

    def _age(self, one: Waiting) -> str:
        days = (self._today - self._day_of(one.since)).days
        kind = "review.age_one" if days == 1 else "review.age_many"
        return self._phrases.sentence(Unmet(kind if days > 0 else "review.age_today", {"days": days}))

    def _note(self, one: Waiting, visit: Visit) -> str:
        if one.kind == "appeal" and one.judge == visit.person.id:
            return self._phrases.word("review", "own_verdict")
        if one.until is None or one.key == PetitionKind.CORRECTION:  # whose day is that of the fact
            return ""
        return self._phrases.word("review", "run_out") if one.until < self._today else ""

    def front(self, one: Front, workflow: Workflow) -> dict[str, str | int]:
        """A milestone that waits at several agencies, to be gone through at once."""
        definition = workflow.milestone(one.milestone)
        return {
            "what": self._phrases.value(definition.title) if definition else one.milestone,
            "workflow": self._phrases.value(workflow.title),
            "year": self._phrases.value(FiscalYear(one.fiscal_year)),
            "count": one.waiting,
            "since": self._phrases.short_day(self._day_of(one.since)),
            "href": self._root + address_of(one.fiscal_year, one.workflow, one.milestone),
        }


def address_of(fiscal_year: int, workflow: str, milestone: str, **more: object) -> str:
    """The path of the page on which one milestone is gone through at all agencies."""
    path = f"/review/{fiscal_year + BE_OFFSET}/{workflow}/{milestone}"
    return f"{path}?{urlencode(more)}" if more else path
