"""Where work waits, and for how long: a number for each milestone and step, and the list behind it."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.waiting import STEPS, Wait, starts
from engine.wording import Wording
from engine.workflow import MilestoneDefinition
from storage.desk import years
from storage.overview import Waits, waiting
from web.coordinator.scene import path_of
from web.doors import SIGNED_IN, Doors, Visit
from web.evaluator import pictures
from web.evaluator.choice import Choice, choice_of
from web.pages import Pages
from web.reading import whole_number
from web.site import Site

#: So many milestones are listed behind a number.
_MOST = 500


def add_routes(router: Router, site: Site, pages: Pages, doors: Doors) -> None:
    """``/city/waiting``: what is behind a number of the overview."""

    def page(request: Request) -> Response:
        return _page(site, pages, request)

    doors.add(router, "/city/waiting", page, SIGNED_IN)


def _page(site: Site, pages: Pages, request: Request) -> Response:
    """Which indicators wait, since when, and for whom."""
    visit: Visit = request.state.visit
    asked, wording, today = request.query_params, pages.wording(request), site.today()
    wait = next((one for one in Wait if one == asked.get("wait")), None)
    if wait is None:
        raise HTTPException(404)
    step, milestone = whole_number(asked.get("step", ""), 1), asked.get("milestone", "")
    with site.store.read() as tx:
        choice = choice_of(asked, years(tx.connection, visit.person), today)
        what = (choice.year.year, wait, asked.get("workflow", ""), milestone)
        times = between(site, step, today)
        rows = waiting(tx.connection, site.store.workflow, visit.person, *what, times, _MOST)
    values = {
        "current": "city",
        "title": wording.say(f"city.wait_{wait}"),
        "about": next((_title(one.workflow.milestone(milestone), wording) for one in rows), ""),
        "step": "" if step is None else steps_in_words(wording)[min(step, len(STEPS))],
        "when": wording.value(choice.year),
        "back_to": choice.address(f"{site.root}/city") + "#waits",
        "is_cut": len(rows) == _MOST,
        "rows": [
            {
                "href": f"{site.root}{path_of(choice.year.be, one.code)}/milestones/{milestone}",
                "agency": wording.value(one.agency),
                "title": wording.value(one.title),
                "code": one.code,
                "since": site.store.policy.day_of(one.since),
                "days": days_since(site, one.since),
                "waits_for": one.waits_for if wait is Wait.BLOCKED else "",
            }
            for one in rows
        ],
    }
    return pages.show(request, "evaluator/waiting.html", values)


def first_instants(site: Site, today: date) -> list[datetime]:
    """The first instant of each step of waiting but the last, the shortest wait first."""
    policy = site.store.policy
    return [datetime.combine(day, time(), policy.zone) for day in starts(policy.calendar, today)]


def days_since(site: Site, since: datetime) -> int:
    """How many working days something has waited."""
    policy = site.store.policy
    return policy.calendar.working_days_between(policy.day_of(since), site.today())


def between(site: Site, step: int | None, today: date) -> tuple[datetime | None, datetime | None]:
    """The instants between which the waits of a step began; without a step whenever they did."""
    if step is None:
        return None, None
    bounds = [None, *first_instants(site, today), None]
    step = min(step, len(STEPS))
    return bounds[step + 1], bounds[step]


class Cell(NamedTuple):
    """A number with its tone, and the list behind it."""

    number: int
    tone: int
    href: str


class Row(NamedTuple):
    """A milestone: how many of it wait in each step and in all, and how many days the longest does."""

    title: str
    workflow: str
    cells: list[Cell]
    every: Cell
    longest: int


def heat(
    found: Iterable[Waits],
    choice: Choice,
    root: str,
    days: Callable[[datetime], int],
    wording: Wording,
) -> list[tuple[Wait, list[Row]]]:
    """By what holds them up the milestones of which most wait first; nothing for what holds nothing up."""
    of_kind: dict[tuple[Wait, str, str], list[Waits]] = {}
    for one in found:
        of_kind.setdefault((one.wait, one.workflow.key, one.milestone), []).append(one)
    counts = {kind: _by_step(some) for kind, some in of_kind.items()}
    most = max((count for steps in counts.values() for count in steps.values()), default=1)
    rows: dict[Wait, list[Row]] = {}
    for kind, some in of_kind.items():
        wait, workflow, milestone = kind
        more = {"wait": str(wait), "workflow": workflow, "milestone": milestone}
        address = f"{root}/city/waiting"
        cells = [
            Cell(
                counts[kind][step],
                pictures.tone_of(100 * counts[kind][step] // most),
                choice.address(address, step=str(step), **more),
            )
            for step in range(len(STEPS) + 1)
        ]
        every = Cell(counts[kind].total(), 0, choice.address(address, **more))
        definition = some[0].workflow
        row = Row(
            _title(definition.milestone(milestone), wording) or milestone,
            wording.value(definition.title),
            cells,
            every,
            max(days(one.since) for one in some),
        )
        rows.setdefault(wait, []).append(row)
    return [
        (wait, sorted(rows[wait], key=lambda row: (-row.every.number, -row.longest, row.title)))
        for wait in Wait
        if wait in rows
    ]


def _by_step(some: Iterable[Waits]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for one in some:
        counts[one.step] += one.count
    return counts


def _title(definition: MilestoneDefinition | None, wording: Wording) -> str:
    return wording.value(definition.title) if definition else ""


def steps_in_words(wording: Wording) -> list[str]:
    """How long each step is, in working days."""
    lows = [0, *(end + 1 for end in STEPS)]
    found = [wording.say("city.step", low=low, high=high) for low, high in zip(lows, STEPS, strict=False)]
    return [*found, wording.say("city.last_step", low=STEPS[-1])]
