"""The city rolled up along its plan and its agencies: every number opens down to its parts and indicators."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.scores import Method, RollUp, leaf_of, rounded
from engine.wording import Wording
from storage.desk import years
from storage.rollup import NOWHERE, ROOT, Leaf, Node, Tree, alike, leaves_at, nodes, rolled
from web.coordinator.scene import path_of
from web.doors import SIGNED_IN, Doors, Visit, sees_everything
from web.evaluator.choice import Choice, choice_of, choices
from web.pages import Pages
from web.site import Site

#: So many indicators are listed at one place; whoever wants the rest looks into its parts.
MOST = 500


def add_routes(router: Router, site: Site, pages: Pages, doors: Doors) -> None:
    """``/city/plan`` and ``/city/agencies``."""
    here = _RollUps(site, pages)
    doors.add(router, "/city/plan", here.plan, SIGNED_IN)
    doors.add(router, "/city/agencies", here.agencies, SIGNED_IN)


def tabs(root: str, choice: Choice) -> list[tuple[str, str]]:
    """The pages about the city, each with its address: what was chosen on one stays chosen."""
    overview = ("overview", choice.address(f"{root}/city"))
    return [overview, *((str(tree), choice.address(f"{root}/city/{tree}")) for tree in Tree)]


def told(found: RollUp, method: Method, wording: Wording) -> str:
    """A number as it is shown; a dash where nothing is counted."""
    if found.exact is None:
        return "–"
    if method is Method.SHARE_AT_TARGET:
        return wording.say("city.percent", number=rounded(found.exact * 100, 1))
    return wording.value(rounded(found.exact, 2))


def filled(found: RollUp, method: Method, top: int) -> int:
    """How many hundredths of the whole a number is: of all indicators, or of the highest level."""
    if found.exact is None:
        return 0
    part = found.exact if method is Method.SHARE_AT_TARGET else found.exact / max(top, 1)
    return min(max(int(part * 100), 0), 100)


class _Row(NamedTuple):
    """A part of what is rolled up, or one of its indicators."""

    href: str
    code: str
    title: str
    value: str
    filled: int
    counted: int
    missing: int


class _LeafRow(NamedTuple):
    href: str
    proof: str
    code: str
    title: str
    agency: str
    level: str
    target: str
    weight: str
    is_at_target: bool | None
    life: str


class _RollUps:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages

    def plan(self, request: Request) -> Response:
        """By areas, dimensions, goals and strategies of the city's plan."""
        return self._page(request, Tree.PLAN)

    def agencies(self, request: Request) -> Response:
        """By agencies."""
        return self._page(request, Tree.AGENCIES)

    def _page(self, request: Request, tree: Tree) -> Response:
        visit: Visit = request.state.visit
        site, wording = self._site, self._pages.wording(request)
        today, workflows = site.today(), site.store.workflow
        with site.store.read() as tx:
            there = years(tx.connection, visit.person)
            choice = choice_of(request.query_params, there, today)
            names = nodes(tx.connection, tree)
            of_these = (visit.person, choice.year.year, tree)
            at = (choice.basis, choice.quarter)
            counted = alike(tx.connection, workflows, *of_these, *at)
            found = rolled(names, counted, choice.method, begun=choice.has_begun(today))
            path = path_to(found, request.query_params.get("node", ROOT))
            here = path[-1]
            key = here.node.key
            listed = (
                leaves_at(tx.connection, workflows, *of_these, key, *at, MOST) if _has_leaves(here) else []
            )
        titles = self._titles(names, wording, visit)
        top = max((one.workflow.top_level for one in counted), default=0)
        where = f"{site.root}/city/{tree}"
        values = {
            "current": "city",
            "part": str(tree),
            "tabs": tabs(site.root, choice),
            "title": titles[key],
            "code": next((one.code for one in names if one.place.key == key), ""),
            "trail": [(choice.address(where, node=one.node.key), titles[one.node.key]) for one in path[:-1]],
            "choice": choice.fields,
            "choices": choices(wording, there, choice),
            "node": key,
            "path": where,
            "value": told(here, choice.method, wording),
            "found": here,
            "method": wording.word("method", choice.method),
            "how": f"city.how_{choice.method}",
            "begun": choice.has_begun(today),
            "when": wording.value(choice.span),
            "rows": list(_rows(here, choice, names, titles, where, top, wording)),
            "leaves": [self._leaf(one, choice, today, wording) for one in listed],
            "more": here.counted + here.missing - MOST if len(listed) == MOST else 0,
            "basis": wording.word("basis", choice.basis),
        }
        return self._pages.show(request, "evaluator/rollup.html", values)

    def _titles(self, names: Iterable[Node], wording: Wording, visit: Visit) -> dict[str, str]:
        whole = "city.whole" if sees_everything(visit.person) else "city.whole_seen"
        return {
            ROOT: wording.say(whole),
            NOWHERE: wording.say("city.nowhere"),
            **{one.place.key: wording.value(one.title) for one in names},
        }

    def _leaf(self, one: Leaf, choice: Choice, today: date, wording: Wording) -> _LeafRow:
        level = one.level if choice.has_begun(today) else None
        leaf = leaf_of(one.code, level, one.workflow, one.target, weight=one.weight, life=one.life)
        href = self._site.root + path_of(choice.year.be, one.code)
        asked = {"basis": str(choice.basis)}
        if choice.quarter is not None:
            asked["on"] = min(choice.span.last_day, today).isoformat()
        return _LeafRow(
            href,
            f"{href}/proof?{urlencode(asked)}" if leaf.value is not None else "",
            one.code,
            wording.value(one.title),
            wording.value(one.agency),
            wording.value(leaf.value),
            wording.value(leaf.target),
            wording.value(one.weight),
            leaf.at_target,
            wording.word("life", one.life) if one.life != "active" else "",
        )


def path_to(found: RollUp, key: str) -> list[RollUp]:
    """From the city down to the node of that key; one that is not there, or not for them, leads nowhere."""
    path = _down_to(found, key)
    if path is None:
        raise HTTPException(404)
    return path


def _down_to(found: RollUp, key: str) -> list[RollUp] | None:
    if found.node.children is None:
        return None
    if found.node.key == key:
        return [found]
    for part in found.parts:
        below = _down_to(part, key)
        if below is not None:
            return [found, *below]
    return None


def _has_leaves(found: RollUp) -> bool:
    return found.node.key != ROOT and any(part.node.children is None for part in found.parts)


def _rows(
    here: RollUp,
    choice: Choice,
    names: Sequence[Node],
    titles: dict[str, str],
    where: str,
    top: int,
    wording: Wording,
) -> Iterable[_Row]:
    codes = {one.place.key: one.code for one in names}
    for part in here.parts:
        if part.node.children is not None:
            key = part.node.key
            yield _Row(
                choice.address(where, node=key),
                codes.get(key, ""),
                titles[key],
                told(part, choice.method, wording),
                filled(part, choice.method, top),
                part.counted,
                part.missing,
            )
