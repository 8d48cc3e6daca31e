"""One definition across the city: agencies by its milestones, each cell the state of one."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.indicator import MilestoneState
from engine.wording import Wording
from engine.workflow import MilestoneDefinition, Workflow
from storage.choices import choices
from storage.matrix import MilestoneCell, milestone_matrix
from web.coordinator.scene import path_of
from web.coordinator.views import Tag, state_tag
from web.doors import SIGNED_IN, Doors, Visit
from web.evaluator.asking import AGENCIES, group_choices, question_of, year_choices
from web.pages import Pages
from web.site import Site

#: What stands before the word of a state, so that it is found among many without colour.
SIGNS: Mapping[str, str] = {
    MilestoneState.OPEN: "○",
    MilestoneState.IN_PROGRESS: "◐",
    MilestoneState.ACHIEVED: "●",
    MilestoneState.VERIFIED: "✔",
    MilestoneState.RETURNED: "↩",
    MilestoneState.BLOCKED: "■",
    MilestoneState.POSTPONED: "→",
    MilestoneState.WAIVED: "–",
}
_DONE = (MilestoneState.ACHIEVED, MilestoneState.VERIFIED, MilestoneState.WAIVED)


def add_routes(router: Router, site: Site, pages: Pages, doors: Doors) -> None:
    """``/matrix/WORKFLOW``."""
    doors.add(router, "/matrix/{workflow}", _Milestones(site, pages).page, SIGNED_IN)


class State(NamedTuple):
    """A milestone of an indicator: its state, by when it is due, and for whom it waits."""

    tag: Tag
    sign: str
    due: str
    is_late: bool
    waits_for: str
    href: str


class Row(NamedTuple):
    """An indicator with its milestones; ``None`` where its version of the definition has no such one."""

    agency: str
    title: str
    code: str
    href: str
    states: list[State | None]


class _Milestones:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages

    def page(self, request: Request, workflow: str) -> Response:
        """The states of the milestones, and how many indicators are in each."""
        site, wording = self._site, self._pages.wording(request)
        visit: Visit = request.state.visit
        with site.store.read() as tx:
            there = choices(tx.connection)
            workflows = {
                version: site.store.workflow(version, tx.connection)
                for version, key in there.versions.items()
                if key == workflow
            }
            if not workflows:
                raise HTTPException(404)
            question = question_of(
                request, visit.person, site.store.policy, site.today(), there, workflows, workflow
            )
            cells = milestone_matrix(tx.connection, question.year.year, question.wanted)
        *_, newest = workflows.values()
        columns, today = _columns(workflows.values()), question.moment.today
        agencies = len({cell.agency_id for cell in cells})
        values = {
            "current": "matrix",
            "title": wording.value(newest.title),
            "told": wording.say("matrix.milestones_told", year=question.year, day=today),
            "columns": [
                (wording.value(one.title), _tally(cells, one.key, wording)) for one in columns.values()
            ],
            "rows": list(_rows(cells, columns, today, question.year.be, wording, site.root)),
            "matrix": f"{site.root}/matrix?year={question.year.be}",
            "years": year_choices(there, wording),
            "groups": group_choices(there, wording),
            "fields": {**question.fields, "year": str(question.year.be)},
            "nothing": "matrix.nothing_fits" if question.is_narrowed else "matrix.nothing",
            "before": question.address(page=str(question.page - 1)) if question.page > 1 else "",
            "after": question.address(page=str(question.page + 1)) if agencies == AGENCIES else "",
        }
        return self._pages.show(request, "evaluator/milestones.html", values)


def _columns(versions: Iterable[Workflow]) -> dict[str, MilestoneDefinition]:
    """The milestones in the order of the newest version, then those that only an older one has."""
    found: dict[str, MilestoneDefinition] = {}
    for version in reversed(list(versions)):
        for one in version.milestones:
            found.setdefault(one.key, one)
    return found


def _tally(cells: Iterable[MilestoneCell], key: str, wording: Wording) -> list[str]:
    """How many indicators are in each state of the milestone, in the order of the states."""
    counted = Counter(cell.state for cell in cells if cell.key == key)
    return [
        f"{SIGNS[state]} {wording.value(state)} {counted[state]}"
        for state in MilestoneState
        if counted[state]
    ]


def _rows(
    cells: Iterable[MilestoneCell],
    columns: Mapping[str, MilestoneDefinition],
    today: date,
    year: int,
    wording: Wording,
    root: str,
) -> Iterator[Row]:
    for _, group in groupby(cells, key=lambda cell: cell.id):
        own = {cell.key: cell for cell in group}
        first = next(iter(own.values()))
        href = f"{root}{path_of(year, first.code)}"
        yield Row(
            wording.value(first.agency),
            wording.value(first.title),
            first.code,
            href,
            [_state(own[key], today, wording, href) if key in own else None for key in columns],
        )


def _state(cell: MilestoneCell, today: date, wording: Wording, href: str) -> State:
    due_on = cell.postponed_to or cell.due_on
    is_done = cell.state in _DONE
    return State(
        state_tag(cell.state, wording),
        SIGNS[cell.state],
        "" if is_done or due_on is None else wording.say("page.due_by", day=due_on),
        not is_done and due_on is not None and due_on < today,
        cell.blocked_by if cell.state == MilestoneState.BLOCKED else "",
        f"{href}/milestones/{cell.key}",
    )
