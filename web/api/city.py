"""What programs read of more than one indicator: the matrix, the roll-ups, what waits, and search."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any

from starlette.exceptions import HTTPException

from engine.errors import refuse
from engine.levels import Basis
from engine.matrix import Cell, Difference, Sort
from engine.quarter import FiscalYear, Timeliness
from engine.scores import Method, RollUp, leaf_of
from engine.searching import words_of
from engine.waiting import STEPS
from engine.waiting import Wait as Held
from engine.workflow import Text
from storage.choices import choices
from storage.desk import years
from storage.matrix import milestone_matrix
from storage.overview import handed_in, levels_by_quarter, waiting, waits
from storage.rollup import ROOT, Node, Tree, alike, leaves_at, nodes, rolled
from storage.search import find
from web.api import bodies, shapes
from web.api.indicators import wanted_of, year_of
from web.api.operation import Call, Operation
from web.api.paging import cursor_of, cut, number_behind
from web.api.shapes import sights
from web.doors import SIGNED_IN
from web.evaluator.asking import Question, moment_of
from web.evaluator.choice import Choice
from web.evaluator.matrix import beside_of, cells_of
from web.evaluator.rollup import MOST, path_to
from web.evaluator.waits import between, days_since, first_instants
from web.reading import Typed, plain
from web.site import Site


def operations(site: Site) -> Iterator[Operation]:
    """What is read of the whole city, as far as somebody sees it."""
    here = _City(site)
    rows: tuple[tuple[str, str, str, Any, Any, Any], ...] = (
        (
            "get_matrix",
            "/matrix",
            "Agencies by what several of them do: every cell, narrowed by the filters.",
            here.matrix,
            bodies.MatrixAsked,
            sights.Matrix,
        ),
        (
            "get_milestone_matrix",
            "/matrix/{workflow}",
            "The milestones of one definition at every agency.",
            here.milestones,
            bodies.MilestonesAsked,
            sights.Milestones,
        ),
        (
            "get_overview",
            "/city",
            "The city at a glance: levels, reports in time, and where work waits.",
            here.overview,
            bodies.CityAsked,
            sights.Overview,
        ),
        (
            "get_plan_roll_up",
            "/city/plan",
            "The city rolled up along its plan.",
            here.plan,
            bodies.NodeAsked,
            sights.RolledUp,
        ),
        (
            "get_agency_roll_up",
            "/city/agencies",
            "The city rolled up along its agencies.",
            here.agencies,
            bodies.NodeAsked,
            sights.RolledUp,
        ),
        (
            "list_waits",
            "/city/waiting",
            "Which indicators wait with one milestone, since when, and for whom.",
            here.waiting,
            bodies.WaitingAsked,
            sights.WaitList,
        ),
        (
            "search",
            "/search",
            "Texts in which all the words stand, the newest year first.",
            here.search,
            bodies.SearchAsked,
            sights.Hits,
        ),
    )
    for name, path, says, reads, asks, gives in rows:
        yield Operation(name, "GET", path, SIGNED_IN, says, reads=reads, asks=asks, gives=gives)


class _City:
    def __init__(self, site: Site) -> None:
        self._site = site

    # -- the matrix ---------------------------------------------------------------------------------------

    def matrix(self, call: Call) -> sights.Matrix:
        """Cells of so many agencies; of a day, or as known then, computed from the facts."""
        asked: bodies.MatrixAsked = call.asked
        site, today, skip = self._site, self._site.today(), number_behind(asked.cursor) or 0
        with site.store.read() as tx:
            year = FiscalYear(year_of(asked.year, years(tx.connection, call.by), today))
            there = choices(tx.connection)
            workflows = {one: site.store.workflow(one, tx.connection) for one in there.versions}
            wanted = wanted_of(asked, call, workflows, size=asked.limit, skip=skip, sort=Sort(asked.sort))
            question = Question(
                year=year,
                quarter=asked.quarter,
                beside=_reading(asked.beside),
                day=_day_asked(asked, year, today),
                known_at=asked.known_at,
                wanted=wanted,
                moment=moment_of(site.store.policy, year, asked.quarter, today),
                page=1,
                fields={},
                typed=Typed({}),
            )
            cells = cells_of(tx, question, workflows)
            beside = beside_of(tx, question, cells) if question.beside else {}
        more = len({cell.agency_id for cell in cells}) == asked.limit
        return sights.Matrix(
            fiscal_year=year.be,
            quarter=asked.quarter,
            items=[_cell(one, beside.get(one.id)) for one in cells],
            next=cursor_of(skip + asked.limit) if more else None,
        )

    def milestones(self, call: Call) -> sights.Milestones:
        asked: bodies.MilestonesAsked = call.asked
        site, key, skip = self._site, call.part("workflow"), number_behind(asked.cursor) or 0
        with site.store.read() as tx:
            if key not in choices(tx.connection).versions.values():
                raise HTTPException(404)
            year = FiscalYear(year_of(asked.year, years(tx.connection, call.by), site.today()))
            narrow = bodies.IndicatorsAsked(agency=asked.agency, group=asked.group, workflow=key)
            wanted = wanted_of(narrow, call, {}, size=asked.limit, skip=skip)
            cells = milestone_matrix(tx.connection, year.year, wanted)
        more = len({cell.agency_id for cell in cells}) == asked.limit
        rows = []
        for _, own in groupby(cells, key=lambda cell: cell.id):
            of_one = list(own)
            first = of_one[0]
            rows.append(
                sights.MilestonesRow.model_validate(
                    {
                        "code": first.code,
                        "agency": {
                            "id": first.agency_id,
                            "code": None,
                            "th": first.agency_th,
                            "en": first.agency_en,
                        },
                        "title": first.title,
                        "milestones": of_one,
                    }
                )
            )
        return sights.Milestones(
            fiscal_year=year.be,
            workflow=key,
            items=rows,
            next=cursor_of(skip + asked.limit) if more else None,
        )

    # -- roll-ups -----------------------------------------------------------------------------------------

    def _choice(self, asked: bodies.CityAsked, there: list[int]) -> Choice:
        year = FiscalYear(year_of(asked.year, there, self._site.today()))
        return Choice(year, asked.quarter, Basis(asked.basis), Method(asked.method))

    def overview(self, call: Call) -> sights.Overview:
        site, today, person = self._site, self._site.today(), call.by
        workflows = site.store.workflow
        with site.store.read() as tx:
            choice = self._choice(call.asked, years(tx.connection, person))
            year = choice.year.year
            names = nodes(tx.connection, Tree.AGENCIES)
            at = (year, Tree.AGENCIES, choice.basis, choice.quarter)
            counted = alike(tx.connection, workflows, person, *at)
            levels = levels_by_quarter(tx.connection, person, year, choice.basis)
            reports = handed_in(tx.connection, site.store.policy, person, choice.year, today)
            waited = waits(tx.connection, workflows, person, year, first_instants(site, today))
        found = rolled(names, counted, choice.method, begun=choice.has_begun(today))
        words = {one.place.key: one for one in names}
        return sights.Overview(
            **_head(choice),
            value=_value(found.exact),
            counted=found.counted,
            missing=found.missing,
            agencies=[_roll_up(one, words) for one in _groups(found)],
            levels=[
                sights.LevelsOfQuarter(
                    quarter=quarter.number,
                    levels={str(level): count for level, count in sorted(levels[quarter.number].items())}
                    if quarter.first_day <= today
                    else None,
                )
                for quarter in choice.year.quarters
            ],
            reports=[
                sights.ReportsOfQuarter(
                    quarter=number, not_due=counts[None], **{str(how): counts[how] for how in Timeliness}
                )
                for number, counts in sorted(reports.items())
            ],
            waits=[
                sights.Waits(
                    wait=str(one.wait),
                    workflow=one.workflow.key,
                    milestone=one.milestone,
                    step=one.step,
                    count=one.count,
                    since=one.since,
                )
                for one in waited
            ],
        )

    def plan(self, call: Call) -> sights.RolledUp:
        return self._rolled_up(call, Tree.PLAN)

    def agencies(self, call: Call) -> sights.RolledUp:
        return self._rolled_up(call, Tree.AGENCIES)

    def _rolled_up(self, call: Call, tree: Tree) -> sights.RolledUp:
        site, today, workflows = self._site, self._site.today(), self._site.store.workflow
        asked: bodies.NodeAsked = call.asked
        with site.store.read() as tx:
            choice = self._choice(asked, years(tx.connection, call.by))
            names = nodes(tx.connection, tree)
            of_these, at = (call.by, choice.year.year, tree), (choice.basis, choice.quarter)
            counted = alike(tx.connection, workflows, *of_these, *at)
            begun = choice.has_begun(today)
            path = path_to(rolled(names, counted, choice.method, begun=begun), asked.node or ROOT)
            here = path[-1]
            key = here.node.key
            listed = [] if key == ROOT else leaves_at(tx.connection, workflows, *of_these, key, *at, MOST)
        words = {one.place.key: one for one in names}
        return sights.RolledUp(
            **_roll_up(here, words).model_dump(),
            **_head(choice),
            path=[one.node.key for one in path],
            parts=[_roll_up(one, words) for one in here.parts if one.node.children is not None],
            indicators=[
                sights.Leaf.model_validate(
                    {
                        "code": one.code,
                        "title": one.title,
                        "agency": one.agency,
                        "level": one.level if begun else None,
                        "target": one.target,
                        "weight": one.weight,
                        "at_target": leaf_of(
                            one.code,
                            one.level if begun else None,
                            one.workflow,
                            one.target,
                            weight=one.weight,
                            life=one.life,
                        ).at_target,
                        "life": one.life,
                    }
                )
                for one in listed
            ],
        )

    def waiting(self, call: Call) -> sights.WaitList:
        asked: bodies.WaitingAsked = call.asked
        site, today = self._site, self._site.today()
        with site.store.read() as tx:
            choice = self._choice(asked, years(tx.connection, call.by))
            what = (choice.year.year, Held(asked.wait), asked.workflow, asked.milestone)
            step = None if asked.step is None else min(asked.step, len(STEPS))
            times = between(site, step, today)
            rows = waiting(tx.connection, site.store.workflow, call.by, *what, times, MOST)
        return sights.WaitList(
            items=[
                sights.Wait(
                    code=one.code,
                    title=_words(one.title),
                    agency=_words(one.agency),
                    workflow=one.workflow.key,
                    since=one.since,
                    working_days=days_since(site, one.since),
                    waits_for=one.waits_for if what[1] is Held.BLOCKED else None,
                )
                for one in rows
            ]
        )

    # -- search -------------------------------------------------------------------------------------------

    def search(self, call: Call) -> sights.Hits:
        asked: bodies.SearchAsked = call.asked
        words = words_of(" ".join(plain(asked.q).split()))
        hits = []
        if words:
            with self._site.store.read() as tx:
                of = (tx.connection, self._site.store.workflow, call.by, words)
                hits = find(*of, most=asked.limit + 1, before=number_behind(asked.cursor))
        rows, more = cut(hits, asked.limit)
        return sights.Hits(
            items=[
                sights.Hit(
                    fiscal_year=one.fiscal_year.be,
                    code=one.code,
                    agency=_words(one.agency),
                    title=_words(one.title),
                    kind=one.kind.name.lower(),
                    number=one.number,
                    milestone=one.milestone,
                    holds=one.holds,
                    text=one.said,
                )
                for one in rows
            ],
            next=cursor_of(rows[-1].place) if more else None,
        )


def _words(text: Text) -> shapes.Words:
    return shapes.Words(th=text.th, en=text.en)


def _reading(asked: str | None) -> tuple[FiscalYear, int] | None:
    """The end of a quarter, as `beside` names it."""
    if asked is None:
        return None
    be, _, quarter = asked.partition("-")
    return FiscalYear.from_be(int(be)), int(quarter)


def _day_asked(asked: bodies.MatrixAsked, year: FiscalYear, today: date) -> date | None:
    """The day whose levels are to be computed; ``None`` where what is kept answers."""
    if asked.on is not None:
        if not year.first_day <= asked.on <= year.last_day:
            raise refuse(
                "day.outside_year", day=asked.on, year=year, first=year.first_day, last=year.last_day
            )
        return asked.on
    if asked.known_at is None:
        return None
    last = year.quarters[asked.quarter - 1].last_day if asked.quarter else today
    return year.nearest(min(today, last))


def _cell(cell: Cell, difference: Difference | None) -> sights.Cell:
    return sights.Cell.model_validate(
        {
            **cell._asdict(),
            "agency": {
                "id": cell.agency_id,
                "code": cell.agency_code,
                "th": cell.agency_th,
                "en": cell.agency_en,
            },
            "title": cell.title,
            "claimed": {"level": cell.claimed, "fraction": cell.claimed_fraction},
            "verified": {"level": cell.verified},
            "trail": cell.trail,
            "difference": difference,
        }
    )


def _head(choice: Choice) -> dict[str, Any]:
    return {
        "fiscal_year": choice.year.be,
        "quarter": choice.quarter,
        "basis": str(choice.basis),
        "method": str(choice.method),
    }


def _value(exact: Fraction | None) -> float | None:
    return None if exact is None else round(float(exact), 6)


def _roll_up(one: RollUp, words: Mapping[str, Node]) -> sights.RollUp:
    node = words.get(one.node.key)
    return sights.RollUp(
        node=one.node.key,
        code=node.code if node else "",
        title=_words(node.title) if node else None,
        value=_value(one.exact),
        counted=one.counted,
        missing=one.missing,
    )


def _groups(found: RollUp) -> Iterable[RollUp]:
    for part in found.parts:
        if part.node.children is not None:
            yield part
            yield from _groups(part)
