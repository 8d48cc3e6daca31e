"""The city at a glance: levels on its map, how they are spread, reports in time, and where work waits."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from functools import partial
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.levels import Basis
from engine.quarter import Timeliness
from engine.scores import RollUp, rounded
from engine.wording import Wording
from engine.workflow import Text
from storage.desk import years
from storage.overview import handed_in, levels_by_quarter, waits
from storage.rollup import Node, Tree, alike, nodes, rolled
from web.doors import SIGNED_IN, Doors, Visit
from web.evaluator import pictures
from web.evaluator.choice import Choice, choice_of, choices
from web.evaluator.rollup import filled, tabs, told
from web.evaluator.waits import days_since, first_instants, heat, steps_in_words
from web.pages import Pages
from web.site import Site

#: So many rows of what waits stand open; the others are folded away.
_OPEN = 10
#: In which order the parts of a quarter's reports are drawn, each with its look; ``None``: not due yet.
_REPORTS: Mapping[Timeliness | None, str] = {
    Timeliness.ON_TIME: "on_time",
    Timeliness.LATE: "late",
    Timeliness.MISSING: "missing",
    None: "not_due",
}


def add_routes(router: Router, site: Site, pages: Pages, doors: Doors) -> None:
    """``/city``."""
    doors.add(router, "/city", _Overview(site, pages).page, SIGNED_IN)


class _Overview:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages

    def page(self, request: Request) -> Response:
        """Everything on one page; a number leads to what is behind it."""
        visit: Visit = request.state.visit
        site, wording = self._site, self._pages.wording(request)
        today, workflows = site.today(), site.store.workflow
        with site.store.read() as tx:
            there = years(tx.connection, visit.person)
            choice = choice_of(request.query_params, there, today)
            year = choice.year.year
            names = nodes(tx.connection, Tree.AGENCIES)
            at = (year, Tree.AGENCIES, choice.basis, choice.quarter)
            counted = alike(tx.connection, workflows, visit.person, *at)
            levels = levels_by_quarter(tx.connection, visit.person, year, choice.basis)
            reports = handed_in(tx.connection, site.store.policy, visit.person, choice.year, today)
            waited = waits(tx.connection, workflows, visit.person, year, first_instants(site, today))
        found = rolled(names, counted, choice.method, begun=choice.has_begun(today))
        top = max((one.workflow.top_level for one in counted), default=0)
        rows = list(_agencies(found, names, choice, site.root, top, wording))
        tiles = [one for row in rows if (one := _tile(row, wording)) is not None]
        values = {
            "current": "city",
            "title": wording.say("city.overview"),
            "tabs": tabs(site.root, choice),
            "choice": choice.fields,
            "choices": choices(wording, there, choice),
            "path": f"{site.root}/city",
            "value": told(found, choice.method, wording),
            "found": found,
            "begun": choice.has_begun(today),
            "method": wording.word("method", choice.method),
            "basis": wording.word("basis", choice.basis),
            "when": wording.value(choice.span),
            "tiles": tiles,
            "size": pictures.map_size(tiles),
            "agencies": sorted(rows, key=lambda row: (row.found.exact is None, row.found.exact or 0)),
            "tops": range(top + 1),
            "levels": _levels(levels, choice, today, top, site.root, wording),
            "kinds": list(_REPORTS.values()),
            "reports": _reports(reports, choice, wording),
            "waits": heat(waited, choice, site.root, partial(days_since, site), wording),
            "open": _OPEN,
            "steps": steps_in_words(wording),
        }
        return self._pages.show(request, "evaluator/overview.html", values)


# --- levels ----------------------------------------------------------------------------------------------


class _Agency(NamedTuple):
    found: RollUp
    href: str
    name: Text
    title: str
    value: str
    filled: int


def _agencies(
    found: RollUp, names: Iterable[Node], choice: Choice, root: str, top: int, wording: Wording
) -> Iterator[_Agency]:
    groups = {one.node.key: one for one in _groups(found)}
    for one in names:
        group = groups.get(one.place.key)
        if group is not None:
            yield _Agency(
                group,
                choice.address(f"{root}/city/{Tree.AGENCIES}", node=one.place.key),
                one.title,
                wording.value(one.title),
                told(group, choice.method, wording),
                filled(group, choice.method, top),
            )


def _groups(found: RollUp) -> Iterator[RollUp]:
    for part in found.parts:
        if part.node.children is not None:
            yield part
            yield from _groups(part)


def _tile(row: _Agency, wording: Wording) -> pictures.Tile | None:
    district = pictures.district_of(row.name)
    if district is None:
        return None
    counted, missing = row.found.counted, row.found.missing
    return pictures.tile(
        district,
        wording.value(district.lines),
        row.href,
        wording.say("city.tile", name=row.title, value=row.value, counted=counted, missing=missing),
        row.value,
        row.filled,
        is_known=row.found.exact is not None,
    )


def _levels(
    found: Mapping[int, Counter[int]], choice: Choice, today: date, top: int, root: str, wording: Wording
) -> list[tuple[pictures.Bar, list[tuple[str, str]]]]:
    """For each quarter a bar and its numbers, each with where it leads; one that has not begun has none."""
    bars = []
    for quarter in choice.year.quarters:
        begun = quarter.first_day <= today
        counts = found[quarter.number] if begun else Counter[int]()
        parts = [(f"tone-{min(level, 5)}", str(level), count) for level, count in sorted(counts.items())]
        note = "" if begun else wording.say("city.quarter_not_begun")
        cells = [
            (str(counts[level]), _matrix_at(root, choice, quarter.number, level) if counts[level] else "")
            for level in range(top + 1)
        ]
        bars.append(
            (pictures.bar(wording.value(quarter), parts, note), cells if begun else [("–", "")] * (top + 1))
        )
    return bars


def _matrix_at(root: str, choice: Choice, quarter: int, level: int) -> str:
    """The indicators at that level; the matrix narrows by the claimed one alone."""
    if choice.basis is not Basis.CLAIMED:
        return ""
    asked = {"year": choice.year.be, "quarter": quarter, "level": level}
    return f"{root}/matrix?{urlencode(asked)}"


# --- reports ---------------------------------------------------------------------------------------------


def _reports(
    found: Mapping[int, Counter[Timeliness | None]], choice: Choice, wording: Wording
) -> list[tuple[pictures.Bar, list[tuple[str, str]]]]:
    """For each quarter a bar and its numbers, at last the rate: what came in time of all that was due."""
    bars = []
    for quarter in choice.year.quarters:
        counts = found[quarter.number]
        parts = [(kind, wording.say(f"city.report_{kind}"), counts[how]) for how, kind in _REPORTS.items()]
        due = sum(counts.values()) - counts[None]
        rate = wording.say("city.percent", number=rounded(_share(counts, due), 1)) if due else "–"
        note = wording.say("city.on_time_rate", rate=rate) if due else wording.say("city.nothing_due")
        cells = [*((str(number), "") for _, _, number in parts), (rate, "")]
        bars.append((pictures.bar(wording.value(quarter), parts, note), cells))
    return bars


def _share(counts: Counter[Timeliness | None], due: int) -> Fraction:
    return Fraction(counts[Timeliness.ON_TIME] * 100, due)
